"""From landed rows to posts, snapshots, containers and ads content.

Belongs here: which captures are new to a table, and writing what follows from them.
Does not belong here: how a row is read or compared (``transforms``).

Every table remembers how far it has read the staging tables (a watermark, recorded with its own
commit), reads all captures of the posts that moved since, and writes what they give. So a
crash between two tables heals with the next run, and a repeat changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import polars as pl

from layers_pipeline import tables
from layers_pipeline.lake import Restamp
from layers_pipeline.lake_table import Table, Written, differ
from layers_pipeline.steps.stores import Stores
from transforms.contracts.captures import Capture
from transforms.contracts.columns import COUNTS
from transforms.posts import ads_content_of, containers_of, posts_of
from transforms.sift_posts import stage_sift_posts
from transforms.snapshots import ACCOUNT, INSTANT, POST, followers_of, snapshots_of

STAGING: Final = (tables.STG_SIFT__POSTS, tables.STG_IMPORT__CAPTURES)
CAPTURE: Final = tuple(Capture.column_names())
KEPT: Final = frozenset({"platform", "platform_post_id", "deleted_at", "bucket"})
"""Columns of a post that its captures do not change."""


def stage_sift(stores: Stores, *, run_id: str) -> Written:
    """Type the landed rows that are not staged yet (``stg_sift__posts``)."""
    lake, raw, staged = stores.lake, tables.RAW_SIFT__POSTS, tables.STG_SIFT__POSTS
    with lake.unit():
        at = lake.version(raw)
        landed = lake.added_since(raw, lake.watermark(staged, raw.name)).collect()
        landed = landed.with_columns(scraped_on=pl.col("submitted_at").dt.date())
        rows = stage_sift_posts(landed, known_at=stores.clock.now(), run_id=run_id)
        return lake.insert_absent(staged, rows, marks={raw.name: at}, restamp=_stamp_live(stores))


def derive_posts(stores: Stores) -> Written:
    """Bring ``platform_posts`` up to the staged captures (R8)."""

    def write(captures: pl.LazyFrame, moved: pl.DataFrame, marks: Mapping[str, int]) -> Written:
        del moved  # posts carry no time of knowledge of their own
        posts = posts_of(captures).collect()
        posts = posts.with_columns(bucket=tables.buckets(posts["platform_post_id"]))
        columns = [name for name in tables.PLATFORM_POSTS.columns if name not in KEPT]
        return stores.lake.merge(
            tables.PLATFORM_POSTS, posts, update=differ(columns), columns=columns, marks=marks
        )

    return _derive(stores, tables.PLATFORM_POSTS, by=POST, write=write)


def derive_snapshots(stores: Stores) -> Written:
    """Bring ``platform_post_metrics`` up to the staged captures (R9)."""

    def write(captures: pl.LazyFrame, moved: pl.DataFrame, marks: Mapping[str, int]) -> Written:
        return stores.lake.merge(
            tables.PLATFORM_POST_METRICS,
            snapshots_of(captures).collect(),
            update=f"s.source = 'import' AND ({differ(COUNTS)})",
            columns=COUNTS,
            marks=marks,
            restamp=_stamp_live(stores, moved=moved),
        )

    return _derive(stores, tables.PLATFORM_POST_METRICS, by=POST, write=write)


def derive_followers(stores: Stores) -> Written:
    """Bring ``platform_account_metrics`` up to the staged captures."""

    def write(captures: pl.LazyFrame, moved: pl.DataFrame, marks: Mapping[str, int]) -> Written:
        return stores.lake.merge(
            tables.PLATFORM_ACCOUNT_METRICS,
            followers_of(captures).collect(),
            update=f"s.source = 'import' AND ({differ(('followers',))})",
            columns=("followers",),
            marks=marks,
            restamp=_stamp_live(stores, moved=moved),
        )

    return _derive(stores, tables.PLATFORM_ACCOUNT_METRICS, by=ACCOUNT, write=write)


def derive_containers(stores: Stores) -> Written:
    """Make a container for every post that has none (R11)."""
    lake, posts, containers = stores.lake, tables.PLATFORM_POSTS, tables.CONTENT_CONTAINERS
    with lake.unit():
        at = lake.version(posts)
        found = lake.added_since(posts, lake.watermark(containers, posts.name)).collect()
        found = found.with_columns(bucket=tables.buckets(found["platform_post_id"]))
        rows = containers_of(found.lazy(), created_at=stores.clock.now()).collect()
        return lake.insert_absent(containers, rows, marks={posts.name: at})


def derive_ads_content(stores: Stores) -> Written:
    """Make the ads content that allowlists and posts call for, and give it its newest score.

    Scores come from the history, which is written first; a score replaces an older one only,
    so a backfill of an old tick never overwrites a newer score (R28).
    """
    lake, table = stores.lake, tables.ADS_CONTENT
    with lake.unit():
        wanted = ads_content_of(
            lake.read(tables.PLATFORM_POSTS),
            lake.read(tables.PROJECT_ALLOWLIST),
            created_at=stores.clock.now(),
        )
        known = lake.read(table).select("ads_content_id")
        made = lake.insert_absent(
            table, wanted.join(known, on="ads_content_id", how="anti").collect()
        )
        return made + _give_newest_scores(stores)


def _give_newest_scores(stores: Stores) -> Written:
    lake, table, scores = stores.lake, tables.ADS_CONTENT, tables.ORGANIC_SCORES
    at = lake.version(scores)
    fields = ("organic_score", "scored_at", "scoring_version", "unscored_reason")
    newest = (
        lake.added_since(scores, lake.watermark(table, scores.name))
        .sort("scored_at", "scoring_version")
        .group_by("ads_content_id")
        .agg(pl.col(*fields).last())
        .rename({name: f"new_{name}" for name in fields})
    )
    given = lake.read(table).join(newest, on="ads_content_id", how="inner")
    given = given.filter(
        pl.col("scored_at").is_null() | (pl.col("new_scored_at") >= pl.col("scored_at"))
    ).with_columns(pl.col(f"new_{name}").alias(name) for name in fields)
    return lake.merge(
        table,
        given.select(table.columns).collect(),
        update="t.scored_at IS NULL OR s.scored_at >= t.scored_at",
        columns=fields,
        marks={scores.name: at},
    )


def derive_everything(stores: Stores, *, run_id: str) -> dict[str, Written]:
    """Bring every table up to what has landed; cheap where nothing is new."""
    return {
        "stg_sift__posts": stage_sift(stores, run_id=run_id),
        "platform_posts": derive_posts(stores),
        "platform_post_metrics": derive_snapshots(stores),
        "platform_account_metrics": derive_followers(stores),
        "content_containers": derive_containers(stores),
        "ads_content": derive_ads_content(stores),
    }


def captures(stores: Stores) -> pl.LazyFrame:
    """Every staged capture, of every source."""
    return pl.concat([stores.lake.read(table).select(CAPTURE) for table in STAGING])


def _derive(
    stores: Stores,
    table: Table,
    *,
    by: Sequence[str],
    write: Callable[[pl.LazyFrame, pl.DataFrame, Mapping[str, int]], Written],
) -> Written:
    """Write what all captures of the things say that moved since the table's watermarks.

    ``write`` is given those captures, which of them are new to the table, and the new
    watermarks.
    """
    lake = stores.lake
    with lake.unit():
        marks = {source.name: lake.version(source) for source in STAGING}
        moved = pl.concat(
            lake.added_since(source, lake.watermark(table, source.name)).select(*by, *INSTANT)
            for source in STAGING
        )
        new = moved.unique().collect()
        touched = new.lazy().select(by).unique()
        return write(captures(stores).join(touched, on=by, how="semi"), new, marks)


def _stamp_live(stores: Stores, *, moved: pl.DataFrame | None = None) -> Restamp:
    """Stamps ``known_at`` with the moment of the commit, except for imports of history (R9).

    Args:
        stores: Open stores.
        moved: Captures that are new to the table; only they become known now. A capture that
            was left out as an equal repeat, and matters since a late one came in before it,
            was known when it was staged. None: every row is new.
    """

    def restamp(rows: pl.DataFrame) -> pl.DataFrame:
        live = pl.col("source") != "import"
        now = pl.when(live).then(pl.lit(stores.clock.now())).otherwise("known_at")
        if moved is None:
            return rows.with_columns(known_at=now)
        fresh = rows.join(moved, on=moved.columns, how="semi").with_columns(known_at=now)
        return pl.concat([fresh, rows.join(moved, on=moved.columns, how="anti")])

    return restamp
