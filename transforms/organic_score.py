"""The organic score of UGC posts, taken apart.

Belongs here: percentiles of a pool, the parts of the score, and why a post has none.
Does not belong here: which posts a pool has (``transforms.posts``), eligibility.
"""

from datetime import datetime

import polars as pl

from transforms.contracts.columns import COUNTS
from transforms.contracts.scoring import CREATIVE_PART_COLUMNS, PART_COLUMNS
from transforms.scoring_rules import SCORE_MAX, ScoringRules, UgcRules

SECONDS_PER_DAY = 86_400.0
MICROSECONDS_PER_DAY = 86_400_000_000.0


def age_days(column: str, *, as_of: datetime) -> pl.Expr:
    """Fractional days from an instant to ``as_of``; null stays null."""
    age = (pl.lit(as_of) - pl.col(column)).dt.total_microseconds()
    return over_constant(age.cast(pl.Float64), MICROSECONDS_PER_DAY)


def over_constant(value: pl.Expr, constant: float) -> pl.Expr:
    """The value divided by a constant, to the same last digit however the rows are batched.

    Polars divides a batch of one row, but multiplies a longer one by the reciprocal.
    """
    return value * (1.0 / constant)


def weighted_engagements(rules: UgcRules) -> pl.Expr:
    """Likes + 3 comments + 5 shares + 6 saves; an unknown count contributes nothing."""
    weights = {
        "likes": rules.like_weight,
        "comments": rules.comment_weight,
        "shares": rules.share_weight,
        "saves": rules.save_weight,
    }
    parts = [pl.col(name).fill_null(0) * weight for name, weight in weights.items()]
    return pl.sum_horizontal(parts).cast(pl.Float64)


def percentile_rank(column: str, *, within: str) -> pl.Expr:
    """Share of the other pool members strictly below each value, in [0, 1].

    Ties share the lowest rank, so this equals SQL ``percent_rank()``. A pool of one has no
    rank to give, and is null.
    """
    below = pl.col(column).rank("min").over(within) - 1
    others = pl.len().over(within) - 1
    return pl.when(others > 0).then(below / others)


def is_scorable(rules: UgcRules) -> pl.Expr:
    """True where a post is not deleted and has at least 50 known views."""
    return ~pl.col("is_deleted") & (pl.col("views") >= rules.min_views).fill_null(value=False)


def ugc_pool_percentiles(
    members: pl.LazyFrame, *, as_of: datetime, rules: UgcRules
) -> pl.LazyFrame:
    """Rank every scorable post within its project's pool.

    Args:
        members: Rows of ``PoolMembers`` as of the tick.
        as_of: The tick.
        rules: Numbers of the UGC score.
    Returns:
        Rows of ``UgcPoolPercentiles`` without the partition, of pools with at least 3
        scorable posts.
    Source: organic-scoring, "UGC scoring"; R23, R24.
    """
    pool = members.filter(is_scorable(rules)).with_columns(
        weighted_engagements=weighted_engagements(rules),
        pool_size=pl.len().over("project_id").cast(pl.Int64),
    )
    pool = pool.filter(pl.col("pool_size") >= rules.min_pool).with_columns(
        engagement_rate=pl.col("weighted_engagements") / pl.col("views")
    )
    return pool.select(
        "ads_content_id",
        "project_id",
        "views",
        "weighted_engagements",
        "engagement_rate",
        "pool_size",
        scored_at=pl.lit(as_of),
        engagement_rate_rank_pct=percentile_rank("engagement_rate", within="project_id"),
        views_rank_pct=percentile_rank("views", within="project_id"),
        baseline_views=pl.col("views").median().over("project_id"),
    )


def outperformance(rules: UgcRules) -> pl.Expr:
    """How far views beat the pool's median, in doublings up to three, as a ratio in [0, 1]."""
    doublings = (pl.col("views") / pl.col("baseline_views")).log(2)
    return over_constant(doublings, rules.outperformance_cap_doublings).clip(0.0, 1.0)


def freshness_points(*, rules: UgcRules) -> pl.Expr:
    """Points for youth: 1.5 at publication, falling to none at 90 days or unknown age."""
    left = 1.0 - over_constant(pl.col("age_days"), rules.freshness_days)
    return (rules.freshness_max * left.clip(lower_bound=0.0)).fill_null(0.0)


def missing_metrics() -> pl.Expr:
    """Names of the inputs that were unknown and contributed nothing."""
    inputs = [name for name in COUNTS if name != "views"] + ["published_at"]
    named = [pl.when(pl.col(name).is_null()).then(pl.lit(name)) for name in inputs]
    return pl.concat_list(named).list.drop_nulls()


def unscored_reason(rules: UgcRules) -> pl.Expr:
    """Why a post has no score of its own: unsafe, or too few views; null if it has one."""
    return (
        pl.when("safety_failed")
        .then(pl.lit("safety_failed"))
        .when(pl.col("views").is_null())
        .then(pl.lit("views_unknown"))
        .when(pl.col("views") < rules.min_views)
        .then(pl.lit("below_min_views"))
    )


def score_ugc(
    members: pl.LazyFrame, percentiles: pl.LazyFrame, *, as_of: datetime, rules: ScoringRules
) -> pl.LazyFrame:
    """Score every post of the pools that are large enough, and say why some have none.

    Args:
        members: Rows of ``PoolMembers`` as of the tick.
        percentiles: Rows of ``UgcPoolPercentiles`` of the same tick.
        as_of: The tick.
        rules: The version of the rules.
    Returns:
        Rows of ``OrganicScores`` without the partition. Deleted posts are left out, and so
        is every post of a pool with fewer than 3 scorable ones; but one that failed its safety
        review always has a row, of 0 points.
    Source: organic-scoring, "UGC scoring" and "Safety failures"; R23, R24, R25, R26.
    """
    ugc = rules.ugc
    pools = _pools(members, percentiles, ugc)
    ranks = percentiles.select(
        "ads_content_id", "engagement_rate", "engagement_rate_rank_pct", "views_rank_pct"
    )
    return (
        members.join(pools, on="project_id", how="inner")
        .filter(pl.col("safety_failed") | (~pl.col("is_deleted") & pl.col("is_ranked")))
        .join(ranks, on="ads_content_id", how="left")
        .with_columns(
            scored_at=pl.lit(as_of),
            scoring_version=pl.lit(rules.version),
            scoring_pool=pl.lit("ugc"),
            unscored_reason=unscored_reason(ugc),
            missing_metrics=missing_metrics(),
            age_days=age_days("published_at", as_of=as_of),
        )
        .with_columns(outperformance=_if_scored(outperformance(ugc)))
        .with_columns(**_parts(ugc))
        .with_columns(score_before_clamp=_if_scored(pl.sum_horizontal(*PART_COLUMNS)))
        .with_columns(
            organic_score=pl.col("score_before_clamp").clip(0.0, SCORE_MAX).fill_null(0.0)
        )
        .with_columns(
            clamp_points=pl.col("organic_score") - pl.col("score_before_clamp"),
            **dict.fromkeys((*CREATIVE_PART_COLUMNS, "spend_30d_usd"), pl.lit(None, pl.Float64)),
        )
    )


def _pools(members: pl.LazyFrame, percentiles: pl.LazyFrame, rules: UgcRules) -> pl.LazyFrame:
    """Pools of which a row is due: those ranked, and those too small that hold unsafe posts."""
    ranked = percentiles.select(
        "project_id", "pool_size", "baseline_views", is_ranked=pl.lit(value=True)
    ).unique()
    unsafe = members.filter("safety_failed").select("project_id").unique()
    too_small = (
        members.join(unsafe, on="project_id", how="semi")
        .join(ranked, on="project_id", how="anti")
        .group_by("project_id")
        .agg(pool_size=is_scorable(rules).sum().cast(pl.Int64))
        .with_columns(baseline_views=pl.lit(None, pl.Float64), is_ranked=pl.lit(value=False))
    )
    return pl.concat([ranked, too_small])


def _parts(rules: UgcRules) -> dict[str, pl.Expr]:
    """The four parts of the score, in points."""
    base = rules.base_multiplier
    parts = {
        "quality_points": base * rules.quality_weight * pl.col("engagement_rate_rank_pct"),
        "reach_points": base * rules.reach_weight * pl.col("views_rank_pct"),
        "outperformance_points": base * rules.outperformance_weight * pl.col("outperformance"),
        "freshness_points": freshness_points(rules=rules),
    }
    return {name: _if_scored(points) for name, points in parts.items()}


def _if_scored(value: pl.Expr) -> pl.Expr:
    return pl.when(pl.col("unscored_reason").is_null()).then(value)
