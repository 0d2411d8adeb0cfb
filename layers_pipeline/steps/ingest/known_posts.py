"""What was known of accounts' posts before they are read, so that a reading asks for less.

Belongs here: reading it once per sync, and handing each account its own.
Does not belong here: what a client leaves out for it (``sources``), how it came to be known.
"""

from collections.abc import Collection, Mapping
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
PARTS: Final = tuple(f"profile_activity_{name}" for name in ACTIVITIES)


def known_posts(
    lake: Lake, platform: Platform, account_keys: Collection[str]
) -> Mapping[str, pl.DataFrame]:
    """What is known of accounts' posts, by account key.

    Returns:
        Grain: one row per post. Columns: platform_post_id, ``COUNTS``, profile_activity and
        has_all_parts, whether the parts of that, which are left out where they are zero, add up.
    """
    posts = lake.read(catalog.PLATFORM_POSTS).filter(
        pl.col("platform") == platform, pl.col("account_key").is_in(list(account_keys))
    )
    has_all_parts = (pl.col(TOTAL) == pl.sum_horizontal(PARTS)).fill_null(value=False)
    known = (
        lake.read(catalog.PLATFORM_POST_METRICS_LATEST)
        .select(*POST, *COUNTS, TOTAL, has_all_parts=has_all_parts)
        .join(posts.select(*POST, "account_key"), on=POST, how="inner")
        .drop("platform")
        .collect()
    )
    by_account = known.partition_by("account_key", as_dict=True, include_key=False)
    return {str(account_key): rows for (account_key,), rows in by_account.items()}


def by_post(rows: pl.DataFrame | None) -> dict[str, KnownPost]:
    """One account's rows of ``known_posts`` by the post's id; none: nothing is known."""
    if rows is None:
        return {}
    return {row.pop("platform_post_id"): KnownPost(**row) for row in rows.iter_rows(named=True)}
