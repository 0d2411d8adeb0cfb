"""What a creator's posts did on each day of each project's time zone.

Belongs here: posts published, counts and their changes by day, in the projects' zones.
Does not belong here: ads (``attribution``), periods (``creator_reports``), what is paid.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from transforms.contracts.columns import COUNTS
from transforms.facts.snapshots import MOMENT, POST

OF_DAY: Final = ("project_id", "creator_id", "day_on")
CHANGES: Final = tuple(f"{name}_change" for name in COUNTS)
GAINS: Final = tuple(f"{name}_gain" for name in COUNTS)
"""Changes, and a post's first known value where it has no change: they add up to what is known."""


def with_local_day(
    rows: pl.LazyFrame, instant: str, *, zones: Mapping[str, str], name: str = "day_on"
) -> pl.LazyFrame:
    """Rows with the day of an instant in their project's time zone.

    Args:
        zones: IANA zone by project; rows of other projects are left out.
    """
    projects: defaultdict[str, list[str]] = defaultdict(list)
    for project, zone in zones.items():
        projects[zone].append(project)
    parts = [
        rows.filter(pl.col("project_id").is_in(of_zone)).with_columns(
            pl.col(instant).dt.convert_time_zone(zone).dt.date().alias(name)
        )
        for zone, of_zone in sorted(projects.items())
    ]
    return (
        pl.concat(parts) if parts else rows.clear().with_columns(pl.lit(None, pl.Date).alias(name))
    )


def posts_by_day(
    posts: pl.LazyFrame,
    owners: pl.LazyFrame,
    scores: pl.LazyFrame,
    *,
    zones: Mapping[str, str],
    threshold: float,
) -> pl.LazyFrame:
    """How many posts each creator published, and how many of them score well.

    Args:
        posts: Rows of ``PlatformPosts``; one without a publication counts where it was first seen.
        owners: ``creators_of_posts``.
        scores: The newest score known of content. Reads project_id, container_id, organic_score.
        zones: IANA zone by project.
        threshold: Score from which on a post counts as good (``eligibility_threshold``).
    Returns:
        One row per project, creator and day with a post: posts_synced, posts_deleted,
        posts_from_threshold.
    """
    born = posts.select(
        *POST,
        born_at=pl.coalesce("published_at", "first_seen_at"),
        is_deleted=pl.col("deleted_at").is_not_null(),
    )
    whose = owners.join(born, on=POST, how="inner").join(
        scores.select("project_id", "container_id", "organic_score"),
        on=["project_id", "container_id"],
        how="left",
    )
    is_good = (pl.col("organic_score") >= threshold).fill_null(value=False)
    return (
        with_local_day(whose, "born_at", zones=zones)
        .group_by(OF_DAY)
        .agg(
            posts_synced=pl.len().cast(pl.Int64),
            posts_deleted=pl.col("is_deleted").sum().cast(pl.Int64),
            posts_from_threshold=is_good.sum().cast(pl.Int64),
        )
    )


def counts_by_day(
    snapshots: pl.LazyFrame, owners: pl.LazyFrame, *, zones: Mapping[str, str]
) -> pl.LazyFrame:
    """What captures of each day showed of each creator's posts, against the captures before.

    A change stands on the day of the later capture; a post's first known value is no change.

    Args:
        snapshots: Rows of ``PlatformPostMetrics`` that were known at the moment of the report.
        owners: ``creators_of_posts``.
        zones: IANA zone by project.
    Returns:
        One row per project, creator and day with a capture: ``CHANGES`` and ``GAINS``; null where
        no capture of the day says anything.
    """
    ordered = snapshots.select(*POST, *MOMENT, *COUNTS).sort(*POST, *MOMENT)
    before = {name: pl.col(name).forward_fill().shift(1).over(POST) for name in COUNTS}
    moved = ordered.with_columns(
        **{f"{name}_change": pl.col(name) - before[name] for name in COUNTS},
        **{f"{name}_gain": pl.col(name) - before[name].fill_null(0) for name in COUNTS},
    )
    whose = moved.join(owners.select(*POST, "project_id", "creator_id"), on=POST, how="inner")
    in_days = with_local_day(whose, "captured_at", zones=zones)
    return in_days.group_by(OF_DAY).agg(known_sum(name) for name in (*CHANGES, *GAINS))


def known_sum(name: str) -> pl.Expr:
    """The sum of what is known; null where nothing is."""
    return pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum()).alias(name)


def side_by_side(
    organic: pl.LazyFrame, money: pl.LazyFrame, *, key: Sequence[str], no_currency: str
) -> pl.LazyFrame:
    """What posts did beside what ads did, so that no figure stands twice.

    Ads may spend in several currencies, each a row of its own; the posts' figures stand in the
    first of them by code, and are null in the others.

    Args:
        organic: One row per key.
        money: One row per key and currency.
        no_currency: The currency of rows without ads.
    """
    first = pl.col("currency") == pl.col("currency").min().over(key)
    of_ads = money.with_columns(is_first_currency=first)
    alone = organic.join(money, on=key, how="anti")
    beside = of_ads.join(organic, on=key, how="left")
    shown = [name for name in organic.collect_schema().names() if name not in key]
    kept = beside.with_columns(
        pl.when("is_first_currency").then(name).alias(name) for name in shown
    )
    rest = alone.with_columns(currency=pl.lit(no_currency), is_first_currency=pl.lit(value=True))
    return pl.concat([kept, rest], how="diagonal")
