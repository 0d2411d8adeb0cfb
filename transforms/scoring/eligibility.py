"""Whether content may run as an ad, and the one reason why.

Belongs here: eligibility and its precedence.
Does not belong here: approval, rights, slots: they gate selection, not eligibility.
"""

from datetime import datetime
from typing import Final

import polars as pl

from transforms.facts.snapshots import POST
from transforms.scoring.reasons import ELIGIBLE
from transforms.scoring.rules import ScoringRules

EFFECTIVE: Final = {
    "ads_content_id": pl.String,
    "organic_score": pl.Float64,
    "unscored_reason": pl.String,
    "scoring_version": pl.String,
    "score_of": pl.Datetime("us", "UTC"),
}
"""An effective score: the one that decides, which an earlier tick may have made (``score_of``)."""


def carried_forward(scores: pl.LazyFrame) -> pl.LazyFrame:
    """Scores that stay effective at later ticks: all but those that a failed review forced to 0.

    Once such content is safe again, the score before that is effective again (R24, R25).

    Args:
        scores: Rows of ``OrganicScores``, or as ``EFFECTIVE`` describes.
    """
    return scores.filter(pl.col("unscored_reason").ne_missing("safety_failed"))


def eligibility_reason(rules: ScoringRules) -> pl.Expr:
    """The reason, read top to bottom: safety, exclude, include, score.

    A score at the threshold is enough.

    Source: organic-scoring, "Overrides" and "Safety failures"; R40; R24 for content that has no
    score of its own.
    """
    return (
        pl.when("safety_failed")
        .then(pl.lit("safety_failed"))
        .when(pl.col("override") == "exclude")
        .then(pl.lit("excluded"))
        .when(pl.col("override") == "include")
        .then(pl.lit("included"))
        .when(pl.col("organic_score").is_null() & (pl.col("scorable") < rules.ugc.min_pool))
        .then(pl.lit("pool_too_small"))
        .when(pl.col("organic_score").is_null())
        .then(pl.lit("never_scored"))
        .when(pl.col("unscored_reason").is_not_null())
        .then(pl.col("unscored_reason"))
        .when(pl.col("organic_score") >= rules.eligibility_threshold)
        .then(pl.lit("score"))
        .otherwise(pl.lit("below_threshold"))
    )


def judge_creatives(scored: pl.LazyFrame, *, as_of: datetime, rules: ScoringRules) -> pl.LazyFrame:
    """Judge every generated and manual creative, each by the score that the tick gave it.

    Args:
        scored: Members with the scores of the tick (``score_creatives``).
    Returns:
        Rows of ``AdEligibility`` without the partition, in the members' order.
    """
    # No creative waits for others to fill its pool.
    creatives = scored.with_columns(score_of="scored_at", scorable=pl.lit(None, pl.UInt32))
    return _reasoned(creatives, as_of=as_of, rules=rules)


def judge_posts(
    scored: pl.LazyFrame, earlier: pl.LazyFrame, *, as_of: datetime, rules: ScoringRules
) -> pl.LazyFrame:
    """Judge every post of the UGC pools by its effective score.

    Args:
        scored: Members with the scores of the tick (``score_members``).
        earlier: Effective scores of before, of members that the tick gives none.
    Returns:
        Rows of ``AdEligibility`` without the partition, in the members' order.
    """
    own = {
        "organic_score": pl.col("organic_score"),
        "unscored_reason": pl.col("unscored_reason"),
        "scoring_version": pl.col("scoring_version"),
        "score_of": pl.col("scored_at"),
    }
    before = earlier.rename({name: f"{name}_before" for name in own})
    effective = {
        name: pl.when("has_row").then(value).otherwise(pl.col(f"{name}_before"))
        for name, value in own.items()
    }
    posts = scored.join(before, on="ads_content_id", how="left", maintain_order="left")
    return _reasoned(
        posts.with_columns(**effective, scorable="pool_size"), as_of=as_of, rules=rules
    )


def judge_again(rows: pl.LazyFrame, *, rules: ScoringRules) -> pl.LazyFrame:
    """Judge posts again by another effective score than the one that stored rows name.

    What people decided of a post is told by the reason that its row gave: it goes before scores.

    Args:
        rows: Rows of ``AdEligibility`` of posts that their tick gave no score, with columns of
            ``EFFECTIVE`` that hold the score which is effective, and has_pool: whether the pool
            had enough scorable posts at the tick.
        rules: The version that judged the tick.
    Returns:
        The rows in their order, with the reason and is_eligible that follow.
    """
    said = pl.col("reason").replace_strict(
        {"excluded": "exclude", "included": "include"}, default=None, return_dtype=pl.String
    )
    scorable = pl.when("has_pool").then(rules.ugc.min_pool).otherwise(0)
    known = rows.with_columns(
        safety_failed=pl.col("reason") == "safety_failed", override=said, scorable=scorable
    )
    return _with_verdict(known, rules)


def _reasoned(rows: pl.LazyFrame, *, as_of: datetime, rules: ScoringRules) -> pl.LazyFrame:
    return _with_verdict(rows, rules).select(
        "ads_content_id",
        "project_id",
        "scoring_pool",
        *POST,
        "is_eligible",
        "reason",
        "organic_score",
        "score_of",
        "scoring_version",
        rules_version=pl.lit(rules.version),
        scored_at=pl.lit(as_of),
    )


def _with_verdict(rows: pl.LazyFrame, rules: ScoringRules) -> pl.LazyFrame:
    judged = rows.with_columns(reason=eligibility_reason(rules))
    return judged.with_columns(is_eligible=pl.col("reason").is_in(ELIGIBLE))
