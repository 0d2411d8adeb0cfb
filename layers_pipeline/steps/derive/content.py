"""Containers and ads content: what may become an ad, in which project, with which score.

Belongs here: making them for posts and creatives, once, and giving them their newest score.
Does not belong here: what posts are (``posts``), what creatives are (``creatives``), scoring.
"""

from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.partition_commit import place_of
from layers_pipeline.lake.table import Written
from layers_pipeline.steps.derive.creatives import (
    derive_containers_of_creatives,
    derive_content_of_creatives,
)
from layers_pipeline.steps.derive.latest_scores import newest_scores
from layers_pipeline.steps.derive.versions import rules_in_force
from layers_pipeline.steps.stores import Stores
from transforms.facts.posts import ads_content_of, containers_of
from transforms.scoring.ticks import tick_from_text

SCORE: Final = ("organic_score", "scored_at", "scoring_version", "unscored_reason")


def derive_containers(stores: Stores) -> Written:
    """Make a container for every post and every creative that has none (R11)."""
    return _derive_containers_of_posts(stores) + derive_containers_of_creatives(stores)


def _derive_containers_of_posts(stores: Stores) -> Written:
    lake, posts, containers = stores.lake, catalog.PLATFORM_POSTS, catalog.CONTENT_CONTAINERS
    with lake.write_lock():
        at = lake.version(posts)
        if at == lake.watermark(containers, posts.name):
            return Written()
        found = lake.added_since(posts, lake.watermark(containers, posts.name)).collect()
        rows = containers_of(
            found.with_columns(bucket=catalog.buckets(found["platform_post_id"])).lazy()
        )
        known = lake.read(containers).select("container_id")
        missing = rows.join(known, on="container_id", how="anti").collect()
        return lake.insert_absent(containers, missing, marks={posts.name: at})


def derive_ads_content(stores: Stores) -> Written:
    """Make the ads content that posts and creatives call for, and give it its newest score.

    Scores come from the history, which is written first; a score replaces an older one only,
    so a backfill of an old tick never overwrites a newer score (R28).
    """
    lake, table = stores.lake, catalog.ADS_CONTENT
    with lake.write_lock():
        wanted = ads_content_of(
            lake.read(catalog.PLATFORM_POSTS), lake.read(catalog.PROJECT_ALLOWLIST)
        )
        known = lake.read(table).select("ads_content_id")
        made = lake.insert_absent(
            table, wanted.join(known, on="ads_content_id", how="anti").collect()
        )
        made += derive_content_of_creatives(stores)
        return made + _give_newest_scores(stores)


def _give_newest_scores(stores: Stores) -> Written:
    lake, table, scores = stores.lake, catalog.ADS_CONTENT, catalog.ORGANIC_SCORES
    at = lake.version(scores)
    if at == lake.watermark(table, scores.name):
        return Written()
    since = lake.watermark(table, scores.name)
    added = lake.added_since(scores, since).filter(
        pl.col("scoring_version") == rules_in_force(stores).active.version
    )
    newest = newest_scores(
        added,
        {tick_from_text(place_of(uri)[0]) for uri in lake.files_since(scores, since)},
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
