"""Containers and ads content: what may become an ad, in which project, with which score.

Belongs here: making them for posts and creatives, once, and giving them their newest score.
Does not belong here: what posts are (``posts``), copying creatives (``dimensions``), scoring.

Both tables are made from the lake's copy of the creatives, so that what is published together
agrees. What is there is never written again, so a crash heals with the next run.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table, Written
from layers_pipeline.steps.derive.latest_scores import latest_scores
from layers_pipeline.steps.derive.parts import bucket_groups
from layers_pipeline.steps.derive.staging import captures
from layers_pipeline.steps.derive.versions import rules_in_force
from layers_pipeline.steps.stores import Stores
from transforms.facts.creatives import ads_content_of_creatives, containers_of_creatives
from transforms.facts.posts import ads_content_of, containers_of, further_accounts_of
from transforms.facts.snapshots import POST
from transforms.scoring.ticks import tick_from_text

SCORE: Final = ("organic_score", "scored_at", "scoring_version", "unscored_reason")


def derive_containers(stores: Stores) -> dict[str, Written]:
    """Make a container for every post and every creative that has none (R11)."""
    lake, posts, table = stores.lake, catalog.PLATFORM_POSTS, catalog.CONTENT_CONTAINERS
    with lake.write_lock():
        marks = _marks(stores, table, (posts, catalog.CREATIVES))
        if not marks:
            return {table.name: Written()}
        found = lake.whole_rows_since(posts, lake.watermark(table, posts.name))
        wanted = (containers_of(found), containers_of_creatives(_creatives(stores)))
        rows = int(found.select(pl.len()).collect().item())
        return {table.name: _insert(stores, table, wanted, marks, rows=rows)}


def derive_ads_content(stores: Stores) -> dict[str, Written]:
    """Make the ads content that posts and creatives call for, and give it its newest score.

    Scores come from the history, which is written first; a score replaces an older one only,
    so a backfill of an old tick never overwrites a newer score (R28).
    """
    lake, table = stores.lake, catalog.ADS_CONTENT
    sources = (catalog.PLATFORM_POSTS, catalog.PROJECT_ALLOWLIST, catalog.CREATIVES)
    with lake.write_lock():
        made = Written()
        if marks := _marks(stores, table, sources):
            allowlist = lake.read(catalog.PROJECT_ALLOWLIST)
            wanted = (
                ads_content_of(_posts_of_accounts(stores), allowlist),
                ads_content_of_creatives(_creatives(stores)),
            )
            rows = lake.row_count(catalog.PLATFORM_POSTS)
            made = _insert(stores, table, wanted, marks, rows=rows)
        return {table.name: made + _give_newest_scores(stores)}


def _marks(stores: Stores, table: Table, sources: Sequence[Table]) -> dict[str, int]:
    """Versions of the sources, to be noted with the table; nothing if it notes them already."""
    versions = {source.name: stores.lake.version(source) for source in sources}
    is_level = all(stores.lake.watermark(table, name) == at for name, at in versions.items())
    return {} if is_level else versions


def _insert(
    stores: Stores,
    table: Table,
    wanted: Sequence[pl.LazyFrame],
    marks: dict[str, int],
    *,
    rows: int,
) -> Written:
    """Insert wanted rows that are not there, those of some buckets after the other.

    Args:
        rows: About how many are wanted; where they are few, all buckets are written at once.
    """
    (key,) = table.key
    every = pl.concat([part.select(table.columns) for part in wanted])
    there = stores.lake.read(table).select(key, "bucket")
    groups = list(bucket_groups(rows, stores.settings.derive_rows))
    written = Written()
    for left, buckets in zip(reversed(range(len(groups))), groups, strict=True):
        of_buckets = pl.col("bucket").is_in(buckets)
        missing = every.filter(of_buckets).join(there.filter(of_buckets), on=key, how="anti")
        some = missing.collect()
        written += stores.lake.insert_absent(table, some, marks={} if left else marks)
    return written


def _posts_of_accounts(stores: Stores) -> pl.LazyFrame:
    """Posts with each account that captures name: collaborations have several."""
    fields = (*POST, "account_key", "is_identity_settled", "first_seen_at", "bucket")
    posts = stores.lake.read(catalog.PLATFORM_POSTS).select(fields)
    unsettled = posts.filter(~pl.col("is_identity_settled")).collect()
    own = posts.drop("is_identity_settled")
    if unsettled.is_empty():
        return own
    others = further_accounts_of(unsettled.lazy(), captures(stores))
    return pl.concat([own, others.select(own.collect_schema().names())])


def _creatives(stores: Stores) -> pl.LazyFrame:
    rows = stores.lake.read(catalog.CREATIVES).collect()
    return rows.with_columns(bucket=catalog.buckets(rows["container_id"])).lazy()


def _give_newest_scores(stores: Stores) -> Written:
    lake, table, scores = stores.lake, catalog.ADS_CONTENT, catalog.ORGANIC_SCORES
    at, since = lake.version(scores), lake.watermark(table, scores.name)
    if at == since:
        return Written()
    added = lake.added_since(scores, since).filter(
        pl.col("scoring_version") == rules_in_force(stores).active.version
    )
    newest = latest_scores(
        added,
        map(tick_from_text, lake.partitions_since(scores, since)),
        lake.read(table).select("ads_content_id", "scored_at").collect(),
        columns=SCORE,
    )
    new = newest.lazy().rename({name: f"new_{name}" for name in SCORE})
    given = lake.read(table).join(new, on="ads_content_id", how="inner")
    given = given.filter(
        pl.col("scored_at").is_null() | (pl.col("new_scored_at") >= pl.col("scored_at"))
    ).with_columns(pl.col(f"new_{name}").alias(name) for name in SCORE)
    return lake.merge(
        table,
        given.select(table.columns).collect(),
        update="t.scored_at IS NULL OR s.scored_at >= t.scored_at",
        columns=SCORE,
        marks={scores.name: at},
    )
