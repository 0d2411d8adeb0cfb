"""What reports and pay are made of, pinned at one moment.

Belongs here: reading the lake as it was known then, whose each ad is, sums month by month.
Does not belong here: what follows (``creators``, ``accrual``).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.latest_scores import latest_scores
from layers_pipeline.steps.derive.versions import rules_in_force
from layers_pipeline.steps.stores import Stores
from transforms.facts.ads_shown import ads_shown
from transforms.facts.attribution import (
    attributed_ads,
    by_content,
    by_creator,
    creators_of_posts,
    days_known,
)
from transforms.facts.deletions import deleted_posts
from transforms.facts.snapshots import POST
from transforms.scoring.ticks import tick_from_text
from transforms.vocabulary import UNATTRIBUTED


@dataclass(frozen=True, kw_only=True)
class Known:
    """Frames of the lake as known at one moment; no file of theirs changes any more."""

    as_of: datetime
    zones: dict[str, str]
    """IANA zone by project."""
    posts: pl.LazyFrame
    snapshots: pl.LazyFrame
    allowlist: pl.LazyFrame
    scores: pl.LazyFrame
    daily: pl.LazyFrame
    months: tuple[str, ...]
    """Months, as text, of which ads have figures."""
    owners: pl.LazyFrame
    """Whose each post is in each project."""
    attributed: pl.DataFrame
    """Rows of ``AdAttribution``."""


def read_known(stores: Stores, *, at: datetime | None = None) -> Known:
    """Read what is known; callers have brought the lake up to date, and hold its write lock.

    Args:
        at: As it was known at a moment; none: now. Names, zones of projects and publication times
            of posts have no history, and are those of now.
    """
    lake, as_of = stores.lake, at or stores.clock.now()
    projects = lake.read(catalog.PROJECTS).select("project_id", "time_zone").collect()
    allowlist = lake.read(catalog.PROJECT_ALLOWLIST)
    posts = lake.read(catalog.PLATFORM_POSTS).filter(pl.col("first_seen_at") <= as_of)
    if at is not None:
        gone = deleted_posts(lake.read(catalog.POST_ABSENCES), as_of=at)
        posts = posts.drop("deleted_at").join(gone, on=POST, how="left")
    owners = creators_of_posts(posts, allowlist, as_of=as_of).collect().lazy()
    daily = lake.read_as_known(catalog.AD_DAILY_METRICS, as_of)
    return Known(
        as_of=as_of,
        zones=dict(projects.iter_rows()),
        posts=posts,
        snapshots=lake.read_as_known(catalog.PLATFORM_POST_METRICS, as_of),
        allowlist=allowlist.filter(pl.col("allowed_from") <= as_of),
        scores=lake.read(catalog.ADS_CONTENT) if at is None else _scores_at(stores, at),
        daily=daily,
        months=tuple(sorted(lake.partitions(catalog.AD_DAILY_METRICS, "spent_in"))),
        owners=owners,
        attributed=_attributed(stores, daily, owners, as_of=as_of),
    )


def _scores_at(stores: Stores, at: datetime) -> pl.LazyFrame:
    """The newest score of each content at a moment, of the version in force."""
    lake, table = stores.lake, catalog.ORGANIC_SCORES
    is_known = pl.col("scored_at") <= at
    is_active = pl.col("scoring_version") == rules_in_force(stores).active.version
    ticks = [tick_from_text(tick) for tick in lake.partitions(table, "tick")]
    contents = lake.read(catalog.ADS_CONTENT).drop("organic_score")
    newest = latest_scores(
        lake.read(table).filter(is_known, is_active),
        [tick for tick in ticks if tick <= at],
        contents.select("ads_content_id").collect(),
        columns=("organic_score",),
    )
    return contents.join(newest.lazy(), on="ads_content_id", how="left")


def _attributed(
    stores: Stores, daily: pl.LazyFrame, owners: pl.LazyFrame, *, as_of: datetime
) -> pl.DataFrame:
    lake = stores.lake
    shown = ads_shown(
        lake.read_as_known(catalog.AD_STATES, as_of),
        links=lake.read_as_known(catalog.AD_CONTENT, as_of),
        accounts=lake.read(catalog.AD_ACCOUNTS),
        layers=lake.read(catalog.LAYERS),
        ad_sets=lake.read(catalog.AD_SETS),
        contents=lake.read(catalog.ADS_CONTENT),
        as_of=as_of,
    )
    rows = attributed_ads(daily, shown, owners).sort("ad_platform", "ad_id")
    return catalog.AD_ATTRIBUTION.shape(rows.collect())


def spend_of_creators(known: Known) -> pl.DataFrame:
    """What ads brought and cost by project, creator, day and currency, one month at a time."""
    whose = known.attributed.lazy()
    parts = [
        by_creator(days_known(_of_month(known, month), as_of=known.as_of), whose).collect(
            engine="streaming"
        )
        for month in known.months
    ]
    empty = by_creator(days_known(known.daily.clear(), as_of=known.as_of), whose.clear())
    return pl.concat([empty.collect(), *parts])


def spend_of_posts(known: Known, projects: Collection[str]) -> pl.DataFrame:
    """The same by post, of some projects and of creators' posts alone."""
    whose = known.attributed.lazy().filter(
        pl.col("project_id").is_in(list(projects)), pl.col("creator_id") != UNATTRIBUTED
    )
    of_posts = whose.select("ad_platform", "ad_id")
    parts: list[pl.DataFrame] = []
    for month in ("", *known.months):
        own = _of_month(known, month).join(of_posts, on=["ad_platform", "ad_id"], how="semi")
        found = by_content(days_known(own, as_of=known.as_of), whose)
        parts.append(found.collect(engine="streaming"))
    return pl.concat(parts)


def _of_month(known: Known, month: str) -> pl.LazyFrame:
    return known.daily.filter(pl.col("spent_in") == month)
