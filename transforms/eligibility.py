"""Whether content may run as an ad, and the one reason why.

Belongs here: eligibility and its precedence.
Does not belong here: approval, rights, slots: they gate selection, not eligibility.
"""

from datetime import datetime

import polars as pl

from transforms.organic_score import is_scorable
from transforms.scoring_rules import ScoringRules
from transforms.snapshots import POST


def standing_scores(before: pl.LazyFrame, now: pl.LazyFrame) -> pl.LazyFrame:
    """The newest score of each content: this tick's, else the one that stood before.

    Args:
        before: Standing scores of an earlier tick.
        now: Rows of ``OrganicScores`` of the tick.
    Returns:
        One row per ads content: organic_score, unscored_reason, score_of, scoring_version.
    """
    fresh = now.select(
        "ads_content_id",
        "organic_score",
        "unscored_reason",
        "scoring_version",
        score_of="scored_at",
    )
    kept = before.join(fresh, on="ads_content_id", how="anti")
    return pl.concat([fresh, kept.select(fresh.collect_schema().names())])


def eligibility_reason(rules: ScoringRules) -> pl.Expr:
    """The reason, read top to bottom; a score at the threshold is enough.

    Source: R40; R24 for content that has no score of its own.
    """
    return (
        pl.when(pl.col("organic_score").is_null() & (pl.col("scorable") < rules.ugc.min_pool))
        .then(pl.lit("pool_too_small"))
        .when(pl.col("organic_score").is_null())
        .then(pl.lit("never_scored"))
        .when(pl.col("unscored_reason").is_not_null())
        .then(pl.col("unscored_reason"))
        .when(pl.col("organic_score") >= rules.eligibility_threshold)
        .then(pl.lit("score"))
        .otherwise(pl.lit("below_threshold"))
    )


def judge_eligibility(
    members: pl.LazyFrame, standing: pl.LazyFrame, *, as_of: datetime, rules: ScoringRules
) -> pl.LazyFrame:
    """Judge every post of every pool as of a tick.

    Args:
        members: Rows of ``PoolMembers`` as of the tick.
        standing: Newest score of each content at the tick (``standing_scores``).
        as_of: The tick.
        rules: The version of the rules.
    Returns:
        Rows of ``AdEligibility`` without the partition.
    """
    scorable = is_scorable(rules.ugc).sum().over("project_id")
    judged = (
        members.with_columns(scorable=scorable)
        .join(standing, on="ads_content_id", how="left")
        .with_columns(reason=eligibility_reason(rules))
    )
    return judged.select(
        "ads_content_id",
        "project_id",
        *POST,
        "reason",
        "organic_score",
        "score_of",
        "scoring_version",
        scored_at=pl.lit(as_of),
        is_eligible=pl.col("reason").is_in(["score", "included"]),
    )
