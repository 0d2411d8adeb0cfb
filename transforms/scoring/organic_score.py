"""The organic score of UGC posts, taken apart.

Belongs here: percentiles of a pool, the parts of the score, and why a post has none.
Does not belong here: which posts a pool has (``transforms.facts.posts``), eligibility.
"""

from datetime import datetime
from typing import Final

import polars as pl

from transforms.contracts.columns import COUNTS
from transforms.contracts.scoring import CREATIVE_PART_COLUMNS, PART_COLUMNS
from transforms.scoring.rules import SCORE_MAX, ScoringRules, UgcRules

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
    """Counts, each times its weight; an unknown count contributes nothing."""
    weights = {
        "likes": rules.like_weight,
        "comments": rules.comment_weight,
        "shares": rules.share_weight,
        "saves": rules.save_weight,
    }
    parts = [pl.col(name).fill_null(0) * weight for name, weight in weights.items()]
    return pl.sum_horizontal(parts).cast(pl.Float64)


def percentile_rank(column: str) -> pl.Expr:
    """Share of the other ranked posts of the pool strictly below each value, in [0, 1].

    Ties share the lowest rank, so this equals SQL ``percent_rank()``. A post without a value is
    not ranked, and a pool of one has no rank to give.
    """
    below = _in_pool(pl.col(column).rank("min")) - 1
    others = pl.col("pool_size") - 1
    return pl.when(pl.col("has_pool") & (others > 0)).then(below / others)


def is_scorable(rules: UgcRules) -> pl.Expr:
    """True where a post is not deleted and has enough known views."""
    return ~pl.col("is_deleted") & (pl.col("views") >= rules.min_views).fill_null(value=False)


def rank_pools(members: pl.LazyFrame, *, rules: UgcRules) -> pl.LazyFrame:
    """Where each post stands in its project's pool.

    Args:
        members: Rows of ``PoolMembers`` as of the tick.
    Returns:
        The members in their order, and: pool_size (scorable posts of the pool), is_ranked
        (whether the post is one of at least 3 of them), has_pool (whether there are so many),
        and of those ranked weighted_engagements, engagement_rate and the two percent ranks;
        of every post of such a pool baseline_views.
    Source: organic-scoring, "UGC scoring"; R23, R24.
    """
    is_counted = is_scorable(rules)
    has_pool = pl.col("pool_size") >= rules.min_pool
    return (
        members.with_columns(is_ranked=is_counted, missing_code=missing_code())
        .with_columns(
            pool_size=_in_pool(pl.col("is_ranked").sum()).cast(pl.Int64),
            weighted_engagements=pl.when("is_ranked").then(weighted_engagements(rules)),
            ranked_views=pl.when("is_ranked").then("views"),
        )
        .with_columns(
            has_pool=has_pool,
            is_ranked=pl.col("is_ranked") & has_pool,
            weighted_engagements=pl.when(has_pool).then("weighted_engagements"),
            engagement_rate=pl.when(has_pool).then(
                pl.col("weighted_engagements") / pl.col("views")
            ),
            baseline_views=pl.when(has_pool).then(_in_pool(pl.col("ranked_views").median())),
        )
        .with_columns(
            engagement_rate_rank_pct=percentile_rank("engagement_rate"),
            views_rank_pct=percentile_rank("ranked_views"),
        )
    )


def ugc_pool_percentiles(ranked: pl.LazyFrame, *, as_of: datetime) -> pl.LazyFrame:
    """Rows of ``UgcPoolPercentiles`` without the partition: the posts that have a rank.

    Args:
        ranked: Members with their place in the pool (``rank_pools``).
    """
    return ranked.filter("is_ranked").select(
        "ads_content_id",
        "project_id",
        "views",
        "weighted_engagements",
        "engagement_rate",
        "pool_size",
        "engagement_rate_rank_pct",
        "views_rank_pct",
        "baseline_views",
        scored_at=pl.lit(as_of),
    )


def _in_pool(value: pl.Expr) -> pl.Expr:
    return value.over("project_id")


def outperformance(rules: UgcRules) -> pl.Expr:
    """How far views beat the pool's median, in doublings up to three, as a ratio in [0, 1]."""
    doublings = (pl.col("views") / pl.col("baseline_views")).log(2)
    return over_constant(doublings, rules.outperformance_cap_doublings).clip(0.0, 1.0)


def freshness_points(*, rules: UgcRules) -> pl.Expr:
    """Points for youth: 1.5 at publication, falling to none at 90 days or unknown age."""
    left = 1.0 - over_constant(pl.col("age_days"), rules.freshness_days)
    return (rules.freshness_max * left.clip(lower_bound=0.0)).fill_null(0.0)


INPUTS: Final = (*COUNTS[1:], "published_at")
"""What a score is made of besides views; where one is unknown, it contributes nothing."""
MISSING: Final = pl.Series(
    [
        [name for place, name in enumerate(INPUTS) if code >> place & 1]
        for code in range(2 ** len(INPUTS))
    ],
    dtype=pl.List(pl.String),
)
"""Every choice of unknown inputs, by code."""


def missing_code() -> pl.Expr:
    """Which inputs are unknown, as one number (``MISSING``)."""
    return pl.sum_horizontal(
        pl.col(name).is_null().cast(pl.UInt32) * 2**place for place, name in enumerate(INPUTS)
    )


def missing_metrics() -> pl.Expr:
    """Names of the inputs that were unknown and contributed nothing."""
    return pl.lit(MISSING).gather(pl.col("missing_code"))


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


def score_members(ranked: pl.LazyFrame, *, as_of: datetime, rules: ScoringRules) -> pl.LazyFrame:
    """Score every post of the pools that are large enough, and say why some have none.

    Args:
        ranked: Members with their place in the pool (``rank_pools``) as of the tick.
    Returns:
        The members in their order with the columns of ``OrganicScores``, but for the partition
        and missing_metrics, and has_row: whether the score table has a row of them. Deleted posts
        have none, nor has any post of a pool with fewer than 3 scorable ones; but one that failed
        its safety review always has one, of 0 points.
    Source: organic-scoring, "UGC scoring" and "Safety failures"; R23, R24, R25, R26.
    """
    ugc = rules.ugc
    return (
        ranked.with_columns(
            has_row=pl.col("safety_failed") | (~pl.col("is_deleted") & pl.col("has_pool")),
            unscored_reason=unscored_reason(ugc),
            age_days=age_days("published_at", as_of=as_of),
            scored_at=pl.lit(as_of),
            scoring_version=pl.lit(rules.version),
            scoring_pool=pl.lit("ugc"),
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


def scores_of(scored: pl.LazyFrame) -> pl.LazyFrame:
    """Rows of ``OrganicScores`` without the partition, from ``score_members``."""
    return scored.filter("has_row").with_columns(missing_metrics=missing_metrics())


def score_ugc(members: pl.LazyFrame, *, as_of: datetime, rules: ScoringRules) -> pl.LazyFrame:
    """Rows of ``OrganicScores`` without the partition, of the members of UGC pools.

    Args:
        members: Rows of ``PoolMembers`` as of the tick.
    """
    ranked = rank_pools(members, rules=rules.ugc)
    return scores_of(score_members(ranked, as_of=as_of, rules=rules))


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
