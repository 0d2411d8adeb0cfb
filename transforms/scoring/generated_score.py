"""The organic score of generated and manual content, taken apart.

Belongs here: decay, the boost of ad spend, and their sum.
Does not belong here: how spend is known (``transforms.facts.spend``), posts, eligibility.
"""

from datetime import datetime
from typing import Final

import polars as pl

from transforms.contracts.columns import COUNTS
from transforms.contracts.scoring import CREATIVE_PART_COLUMNS, PART_COLUMNS
from transforms.facts.snapshots import POST
from transforms.scoring.organic_score import age_days, over_constant
from transforms.scoring.rules import SCORE_MAX, GeneratedRules, ScoringRules

RANKS: Final = (
    "engagement_rate",
    "engagement_rate_rank_pct",
    "views_rank_pct",
    "outperformance",
    "baseline_views",
)
"""Columns of a score that only a pool of posts fills."""
DIGITS: Final = 12
"""Decimals of a sum of parts. 26 days and $44.40 make 4 points exactly, and in binary a little
less; what reaches the threshold on paper must reach it here."""


def decay_points(*, rules: GeneratedRules) -> pl.Expr:
    """Points lost to age, 0 or less: 5 in 30 days in a straight line.

    Where the rules floor the decay before the boost, no more is lost than leads to the floor.
    """
    lost = rules.decay * over_constant(pl.col("age_days"), rules.decay_days)
    if rules.is_floored_before_boost:
        lost = lost.clip(upper_bound=rules.start - rules.floor)
    return 0.0 - lost


def boost_points(*, rules: GeneratedRules) -> pl.Expr:
    """Points that ad spend of the trailing 30 days earns: 1 per $33.30, in [0, 3]."""
    points = over_constant(pl.col("spend_30d_usd"), rules.usd_per_boost_point)
    return points.clip(0.0, rules.boost_max)


def score_creatives(members: pl.LazyFrame, *, as_of: datetime, rules: ScoringRules) -> pl.LazyFrame:
    """Score every generated and manual creative; no other creative moves its score.

    Args:
        members: Rows of ``CreativeMembers`` as of the tick.
    Returns:
        Rows of ``OrganicScores`` without the partition, one per member. A creative that failed
        its safety review has 0 points and no parts.
    Source: organic-scoring, "Generated content scoring", "Manual scoring" and "Safety
        failures"; R22, R25, R26.
    """
    generated = rules.generated
    return (
        members.with_columns(
            scored_at=pl.lit(as_of),
            scoring_version=pl.lit(rules.version),
            unscored_reason=pl.when("safety_failed").then(pl.lit("safety_failed")),
            pool_size=pl.len().over("project_id", "scoring_pool").cast(pl.Int64),
            age_days=age_days("created_at", as_of=as_of),
        )
        .with_columns(
            start_points=_if_safe(pl.lit(generated.start)),
            decay_points=_if_safe(decay_points(rules=generated)),
            boost_points=_if_safe(boost_points(rules=generated)),
        )
        .with_columns(
            score_before_clamp=_if_safe(pl.sum_horizontal(*CREATIVE_PART_COLUMNS).round(DIGITS)),
        )
        .with_columns(
            organic_score=pl.col("score_before_clamp")
            .clip(generated.floor, SCORE_MAX)
            .fill_null(0.0)
        )
        .with_columns(
            clamp_points=pl.col("organic_score") - pl.col("score_before_clamp"),
            missing_metrics=pl.lit([], pl.List(pl.String)),
            **_of_posts_only(),
        )
    )


def _if_safe(value: pl.Expr) -> pl.Expr:
    return pl.when(pl.col("unscored_reason").is_null()).then(value)


def _of_posts_only() -> dict[str, pl.Expr]:
    """The columns of a score that creatives leave empty."""
    return {
        **dict.fromkeys(POST, pl.lit(None, pl.String)),
        **dict.fromkeys((*PART_COLUMNS, *RANKS), pl.lit(None, pl.Float64)),
        **dict.fromkeys(COUNTS, pl.lit(None, pl.Int64)),
    }
