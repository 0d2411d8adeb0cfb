"""Who is picked for each ad set at a tick, in which slot, and what blocks everybody else.

Belongs here: ranks within pools, slots, capacity, the platform's limit (R44).
Does not belong here: gates before that (``gates``), what follows for a content (``status``).
"""

from typing import Final

import polars as pl

from transforms.facts.content_ids import container_id
from transforms.facts.rights import right_blockers
from transforms.selection.gates import blockers_before_slots
from transforms.selection.rules import SELECTION, SHOWS
from transforms.vocabulary import POOLS

AD_SET: Final = ("layer_id", "ad_set_id")
OF_POOL: Final = (*AD_SET, "scoring_pool")
POOL_PLACE: Final = {pool: place for place, pool in enumerate(POOLS)}


def select_content(
    content: pl.LazyFrame, *, ad_sets: pl.LazyFrame, rights: pl.LazyFrame, ads: pl.LazyFrame
) -> pl.LazyFrame:
    """Pick content for every ad set; the order of rows does not matter.

    Args:
        content: Grain: ads content of one tick. Reads the columns of ``AdEligibility``, and
            made_at (publication or creation), is_deleted, override, approval, account_id,
            creator_id.
        ad_sets: Grain: ad set that needs creatives. Reads layer_id, ad_set_id, project_id,
            ad_platform, mode, capacity, slots_generated, slots_ugc, slots_manual.
        rights: ``rights_at`` of the tick.
        ads: Grain: ad that is not deleted. Reads ad_platform, ad_set_id, ads_content_id (null:
            nothing that we know), is_running.
    Returns:
        One row per ad set and content that its layer could show: columns of ``AdSelections`` but
        for the tick.
    """
    considered = _considered(content, ad_sets)
    pools = content.select("ads_content_id", "project_id", "scoring_pool")
    judged = _with_rights(considered, rights).pipe(_with_ads, ads, pools=pools)
    blocked = judged.with_columns(before=blockers_before_slots())
    return _with_slots(blocked).select(
        *AD_SET,
        "ads_content_id",
        "scored_at",
        "project_id",
        "ad_platform",
        "scoring_pool",
        "platform",
        "platform_post_id",
        "organic_score",
        is_picked=pl.col("blockers").list.len() == 0,
        rank=pl.when("is_cleared").then("rank"),
        slot=pl.when(pl.col("blockers").list.len() == 0).then("slot"),
        blocked_by=pl.col("blockers").list.first(),
        also_blocked_by=pl.col("blockers").list.slice(1),
    )


def _considered(content: pl.LazyFrame, ad_sets: pl.LazyFrame) -> pl.LazyFrame:
    """Content of each ad set's project that its platform can show: creatives and its own posts."""
    shows = pl.col("ad_platform").replace_strict(SHOWS, return_dtype=pl.String)
    of_sets = ad_sets.with_columns(shows=shows)
    pairs = content.with_columns(container_id=container_id()).join(of_sets, on="project_id")
    return pairs.filter(pl.col("platform").is_null() | (pl.col("platform") == pl.col("shows")))


def _with_rights(considered: pl.LazyFrame, rights: pl.LazyFrame) -> pl.LazyFrame:
    subjects = ("project_id", "ads_content_id", "container_id", "creator_id", "account_id")
    posts = considered.filter(pl.col("platform").is_not_null()).select(subjects).unique()
    known = right_blockers(posts, rights).with_columns(has_right_row=pl.lit(value=True))
    return considered.join(known, on=["ads_content_id", "ad_platform", "mode"], how="left")


def _with_ads(considered: pl.LazyFrame, ads: pl.LazyFrame, *, pools: pl.LazyFrame) -> pl.LazyFrame:
    """What is in each ad set already: ads that are there, that run, of the pool, of the content."""
    place = ["ad_platform", "ad_set_id"]
    running = ads.filter("is_running")
    there = ads.group_by(place).agg(ads_there=pl.len(), ads_running=pl.col("is_running").sum())
    pool = [*place, "project_id", "scoring_pool"]  # content of others takes no slot of a pool
    of_pool = running.join(pools, on="ads_content_id").group_by(pool)
    shown = running.select(*place, "ads_content_id", runs_there=pl.lit(value=True)).unique()
    none = pl.col("ads_there", "ads_running", "pool_running").fill_null(0).cast(pl.Int64)
    return (
        considered.join(there, on=place, how="left")
        .join(of_pool.agg(pool_running=pl.len()), on=pool, how="left")
        .join(shown, on=[*place, "ads_content_id"], how="left")
        .with_columns(none, pl.col("runs_there").fill_null(value=False))
    )


def _with_slots(blocked: pl.LazyFrame) -> pl.LazyFrame:
    """Rank what is cleared, give out slots, and say of the rest whether slots would block it.

    Content that something else blocks takes nobody's place: its rank is the one that it would
    have if only that were gone.
    """
    cleared = pl.col("is_cleared").cast(pl.Int64)
    is_better = ["organic_score", "made_at", "ads_content_id"]
    ranked = (
        blocked.with_columns(is_cleared=pl.col("before").list.len() == 0)
        .sort(is_better, descending=[True, True, False], nulls_last=True)
        .with_columns(rank=(cleared.cum_sum() - cleared + 1).over(OF_POOL))
        .with_columns(slot=pl.col("pool_running") + pl.col("rank"))
        .with_columns(fits=pl.col("slot") <= _slots_of_pool())
    )
    takes = (pl.col("is_cleared") & pl.col("fits")).cast(pl.Int64)
    pool_place = pl.col("scoring_pool").replace_strict(POOL_PLACE, return_dtype=pl.Int8)
    # At one place, content that is blocked stands before the one whose place it would take.
    placed = ranked.sort("rank", pool_place, "is_cleared", "ads_content_id").with_columns(
        position=(takes.cum_sum() - takes + 1).over(AD_SET)
    )
    by_slots = (
        pl.when(~pl.col("fits"))
        .then(pl.lit("slots_full"))
        .when(pl.col("ads_there") + pl.col("position") > SELECTION.platform_capacity)
        .then(pl.lit("platform_full"))
        .when(pl.col("ads_running") + pl.col("position") > pl.col("capacity"))
        .then(pl.lit("capacity_full"))
    )
    blockers = pl.concat_list("before", pl.concat_list(by_slots)).list.drop_nulls()
    return placed.with_columns(blockers=blockers)


def _slots_of_pool() -> pl.Expr:
    """Slots that the ad set gives to the content's pool."""
    chosen = pl.coalesce(
        pl.when(pl.col("scoring_pool") == pool).then(f"slots_{pool}") for pool in POOLS
    )
    return chosen.cast(pl.Int64)
