"""Whether content may run as an ad, and the one reason why.

Belongs here: eligibility and its precedence.
Does not belong here: approval, rights, slots: they gate selection, not eligibility.
"""

from datetime import datetime
from typing import Final

import polars as pl

from transforms.facts.snapshots import POST
from transforms.scoring.organic_score import is_scorable
from transforms.scoring.rules import ScoringRules

ELIGIBLE: Final = ("score", "included")
"""Reasons for which content may run as an ad; every other reason says why not."""


def lasting_scores(scores: pl.LazyFrame) -> pl.LazyFrame:
    """Scores that go on standing at later ticks: all but those that a failed review forced to 0.

    Once such content is safe again, the score that stood before stands again (R24, R25).

    Args:
        scores: Rows of ``OrganicScores``, or of standing scores.
    """
    return scores.filter(pl.col("unscored_reason").ne_missing("safety_failed"))


def standing_scores(before: pl.LazyFrame, now: pl.LazyFrame) -> pl.LazyFrame:
    """The newest score of each content: this tick's, else the one that stood before.

    Args:
        before: Standing scores of an earlier tick (``lasting_scores``).
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
    kept = lasting_scores(before).join(fresh, on="ads_content_id", how="anti")
    return pl.concat([fresh, kept.select(fresh.collect_schema().names())])


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


def judge_eligibility(
    members: pl.LazyFrame, standing: pl.LazyFrame, *, as_of: datetime, rules: ScoringRules
) -> pl.LazyFrame:
    """Judge every post of every UGC pool as of a tick.

    Args:
        members: Rows of ``PoolMembers`` as of the tick.
        standing: Newest score of each content at the tick (``standing_scores``).
        as_of: The tick.
        rules: The version of the rules.
    Returns:
        Rows of ``AdEligibility`` without the partition.
    """
    posts = members.with_columns(
        scoring_pool=pl.lit("ugc"), scorable=is_scorable(rules.ugc).sum().over("project_id")
    )
    return _judged(posts, standing, as_of=as_of, rules=rules)


def judge_creatives(
    members: pl.LazyFrame, standing: pl.LazyFrame, *, as_of: datetime, rules: ScoringRules
) -> pl.LazyFrame:
    """Judge every generated and manual creative as of a tick.

    Args:
        members: Rows of ``CreativeMembers`` as of the tick.
        standing: Newest score of each content at the tick (``standing_scores``).
        as_of: The tick.
        rules: The version of the rules.
    Returns:
        Rows of ``AdEligibility`` without the partition.
    """
    none = dict.fromkeys(POST, pl.lit(None, pl.String))
    # No creative waits for others to fill its pool.
    creatives = members.with_columns(scorable=pl.lit(None, pl.UInt32), **none)
    return _judged(creatives, standing, as_of=as_of, rules=rules)


def judge_scored(
    scored: pl.LazyFrame, kept: pl.LazyFrame, *, as_of: datetime, rules: ScoringRules
) -> pl.LazyFrame:
    """Judge every post of every UGC pool, as ``judge_eligibility`` does, right after scoring.

    Args:
        scored: Members with the scores of the tick (``score_members``).
        kept: Scores that stood before, of members that the tick gives none.
        as_of: The tick.
        rules: The version of the rules.
    Returns:
        Rows of ``AdEligibility`` without the partition, in the members' order.
    """
    own = {
        "organic_score": pl.col("organic_score"),
        "unscored_reason": pl.col("unscored_reason"),
        "scoring_version": pl.col("scoring_version"),
        "score_of": pl.col("scored_at"),
    }
    before = kept.rename({name: f"{name}_before" for name in own})
    standing = {
        name: pl.when("has_row").then(value).otherwise(pl.col(f"{name}_before"))
        for name, value in own.items()
    }
    posts = scored.join(before, on="ads_content_id", how="left", maintain_order="left")
    return _reasoned(posts.with_columns(**standing, scorable="pool_size"), as_of=as_of, rules=rules)


def _judged(
    members: pl.LazyFrame, standing: pl.LazyFrame, *, as_of: datetime, rules: ScoringRules
) -> pl.LazyFrame:
    joined = members.join(standing, on="ads_content_id", how="left")
    return _reasoned(joined, as_of=as_of, rules=rules)


def _reasoned(rows: pl.LazyFrame, *, as_of: datetime, rules: ScoringRules) -> pl.LazyFrame:
    judged = rows.with_columns(reason=eligibility_reason(rules))
    return judged.select(
        "ads_content_id",
        "project_id",
        "scoring_pool",
        *POST,
        "reason",
        "organic_score",
        "score_of",
        "scoring_version",
        scored_at=pl.lit(as_of),
        is_eligible=pl.col("reason").is_in(ELIGIBLE),
    )
