"""What was known of accounts' posts before they are read, so that a reading asks for less.

Belongs here: reading it once per sync, and handing each account its own.
Does not belong here: what a client leaves out for it (``sources``), how it came to be known.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.store import Lake
from layers_pipeline.sources.client import KnownPost
from transforms.contracts.columns import ACTIVITIES
from transforms.facts.snapshots import POST
from transforms.vocabulary import Platform

COUNTS: Final = ("likes", "comments", "shares", "saves")
TOTAL: Final = "profile_activity"
TOLD: Final = ("has_all_parts", "is_expected", "is_moving")
OF_POST: Final = ("media_type", "published_at", "first_seen_at", "deleted_at")
PARTS: Final = tuple(f"profile_activity_{name}" for name in ACTIVITIES)
STORY_LIFE: Final = timedelta(hours=24)
"""So long a story is listed."""
OF_LATE: Final = timedelta(hours=3)
"""A post whose counts moved so shortly before it was last looked at will have moved again."""


def known_posts(
    lake: Lake, platform: Platform, account_keys: Collection[str], *, now: datetime
) -> Mapping[str, pl.DataFrame]:
    """What is known of accounts' posts, by account key.

    Returns:
        Grain: one row per post, the newest first. Columns: platform_post_id, media_type,
        ``COUNTS``, profile_activity, has_all_parts, whether the parts of that, which are left out
        where they are zero, add up, is_expected and is_moving (``KnownPost``).
    """
    posts = lake.read(catalog.PLATFORM_POSTS).filter(
        pl.col("platform") == platform, pl.col("account_key").is_in(list(account_keys))
    )
    is_story = pl.col("media_type") == "story"
    is_listed = ~is_story | (pl.col("published_at") > now - STORY_LIFE)
    known = (
        lake.read(catalog.PLATFORM_POST_METRICS_LATEST)
        .join(posts.select(*POST, "account_key", *OF_POST), on=POST, how="inner")
        .with_columns(
            is_expected=(pl.col("deleted_at").is_null() & is_listed).fill_null(value=False),
            media_type=pl.col("media_type").fill_null(""),
            has_all_parts=_has_all_parts(),
            is_moving=_has_moved() | ~_has_all_parts(),
        )
        .sort("published_at", "platform_post_id", descending=True, nulls_last=True)
        .select("account_key", "platform_post_id", "media_type", *COUNTS, TOTAL, *TOLD)
        .collect()
    )
    by_account = known.partition_by("account_key", as_dict=True, include_key=False)
    return {str(account_key): rows for (account_key,), rows in by_account.items()}


def _has_all_parts() -> pl.Expr:
    return (pl.col(TOTAL) == pl.sum_horizontal(PARTS)).fill_null(value=False)


def _has_moved() -> pl.Expr:
    """Whether any count was seen to change, a short time ago."""
    moved_at = pl.max_horizontal(f"{name}_at" for name in (*COUNTS, TOTAL))
    since = pl.max_horizontal("first_seen_at", pl.col("last_checked_at") - OF_LATE)
    return (moved_at > since).fill_null(value=False)


def by_post(rows: pl.DataFrame | None) -> dict[str, KnownPost]:
    """One account's rows of ``known_posts`` by the post's id; none: nothing is known."""
    if rows is None:
        return {}
    return {row.pop("platform_post_id"): KnownPost(**row) for row in rows.iter_rows(named=True)}
