"""How each content stands at a tick: it runs, it is picked, or what blocks it first.

Belongs here: one answer per content out of its rows for many ad sets (R45).
Does not belong here: gates and picks themselves, words for people (``blockers``).
"""

from typing import Final

import polars as pl

from transforms.selection.gates import blockers_of_content
from transforms.selection.rules import SHOWS
from transforms.vocabulary import BLOCKERS

PLACE: Final = {blocker: place for place, blocker in enumerate(BLOCKERS)}
FROM_SYNCS: Final = (
    "views_unknown",
    "below_min_views",
    "pool_too_small",
    "never_scored",
    "below_threshold",
)
"""Blockers that newer captures might lift: a sync that fails stands before them."""
SELECTED: Final = ("layer_id", "ad_set_id", "is_picked", "rank", "blockers")


def content_statuses(
    content: pl.LazyFrame,
    selections: pl.LazyFrame,
    *,
    layers: pl.LazyFrame,
    ads: pl.LazyFrame,
) -> pl.LazyFrame:
    """One answer for each content of projects that have a layer.

    Args:
        content: As ``select_content`` reads it, and sync_fails.
        selections: What that gave.
        layers: Grain: layer in force. Reads project_id, ad_platform.
        ads: Grain: ad that is not deleted. Reads ads_content_id, is_running.
    Returns:
        One row per content: columns of ``ContentStatus`` but for the tick.
    """
    projects = layers.select("project_id").unique()
    judged = (
        content.join(projects, on="project_id", how="semi")
        .pipe(_with_layers, layers)
        .join(_furthest(selections), on="ads_content_id", how="left")
        .join(_shown(ads), on="ads_content_id", how="left")
        .with_columns(
            pl.col("ads", "ads_running").fill_null(0).cast(pl.Int64),
            pl.col("is_picked").fill_null(value=False),
        )
    )
    answered = judged.with_columns(status=_status(), said=_said())
    return answered.select(
        "ads_content_id",
        "scored_at",
        "project_id",
        "scoring_pool",
        "platform",
        "platform_post_id",
        "status",
        "layer_id",
        "ad_set_id",
        "rank",
        "ads",
        "ads_running",
        blocked_by=pl.col("said").list.first(),
        also_blocked_by=pl.col("said").list.slice(1),
    )


def _with_layers(content: pl.LazyFrame, layers: pl.LazyFrame) -> pl.LazyFrame:
    """Whether the project has a layer that could show the content at all."""
    shows = pl.col("ad_platform").replace_strict(SHOWS, return_dtype=pl.String)
    shown = layers.select("project_id", platform=shows, has_layer=pl.lit(value=True)).unique()
    found = content.join(shown, on=["project_id", "platform"], how="left")
    has_layer = pl.col("platform").is_null() | pl.col("has_layer").fill_null(value=False)
    return found.with_columns(has_layer=has_layer)


def _furthest(selections: pl.LazyFrame) -> pl.LazyFrame:
    """The ad set at which each content got furthest: picked, or blocked last; then by its id."""
    place = pl.col("blocked_by").replace_strict(PLACE, default=len(PLACE), return_dtype=pl.Int16)
    blockers = pl.concat_list(pl.concat_list("blocked_by").list.drop_nulls(), "also_blocked_by")
    placed = selections.with_columns(place=place, blockers=blockers)
    in_order = placed.sort(
        "is_picked", "place", "layer_id", "ad_set_id", descending=[True, True, False, False]
    )
    return in_order.group_by("ads_content_id", maintain_order=True).agg(
        pl.col(name).first() for name in SELECTED
    )


def _shown(ads: pl.LazyFrame) -> pl.LazyFrame:
    known = ads.filter(pl.col("ads_content_id").is_not_null())
    return known.group_by("ads_content_id").agg(
        ads=pl.len(), ads_running=pl.col("is_running").sum()
    )


def _status() -> pl.Expr:
    return (
        pl.when(pl.col("ads_running") > 0)
        .then(pl.lit("running"))
        .when("is_picked")
        .then(pl.lit("picked"))
        .otherwise(pl.lit("blocked"))
    )


def _said() -> pl.Expr:
    """All that keeps the content from running, in order; empty where it runs."""
    nothing = pl.lit([], pl.List(pl.String))
    not_there = (
        pl.when(pl.col("ads") > 0).then(pl.lit("ad_not_running")).otherwise(pl.lit("not_launched"))
    )
    no_place = pl.when("has_layer").then(pl.lit("no_ad_set")).otherwise(pl.lit("no_layer"))
    blockers = (
        pl.when(pl.col("blockers").is_not_null())
        .then("blockers")
        .otherwise(pl.concat_list(blockers_of_content(), pl.concat_list(no_place)))
    )
    is_from_syncs = blockers.list.first().is_in(FROM_SYNCS) & pl.col("sync_fails")
    sync = pl.concat_list(pl.when(is_from_syncs).then(pl.lit("account_sync"))).list.drop_nulls()
    return (
        pl.when(pl.col("ads_running") > 0)
        .then(nothing)
        .when("is_picked")
        .then(pl.concat_list(not_there))
        .otherwise(pl.concat_list(sync, blockers))
    )
