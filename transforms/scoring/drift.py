"""What another version of the rules would change: scores of two versions at one tick, compared.

Belongs here: how many scores change, by how much, across the threshold, and in rank.
Does not belong here: making the scores of either version.
"""

from typing import Final

import polars as pl

CONTENT: Final = ("project_id", "ads_content_id")
LEAST_CHANGE: Final = 1e-9
"""Points. A smaller difference is one of rounding, as in the sum of parts (R26)."""
LEAST_RANKED: Final = 3
"""A correlation of fewer pairs says nothing."""


def score_drift(
    before: pl.LazyFrame,
    after: pl.LazyFrame,
    *,
    threshold: float,
) -> pl.LazyFrame:
    """Compare the scores that two versions of the rules give at one tick.

    Args:
        before: Rows of ``OrganicScores`` of one tick and the version that is in force.
        after: Those of the same tick and the version that may replace it.
        threshold: Points from which content is eligible.
    Returns:
        Rows of ``ScoreDrift``: one per project.
    Source: organic-scoring, "Score drift across versions"; R27.
    """
    paired = _of(before, "before").join(_of(after, "after"), on=CONTENT, how="full", coalesce=True)
    change = pl.col("score_after") - pl.col("score_before")
    has_changed = change.abs() > LEAST_CHANGE
    was, is_now = (pl.col(name) >= threshold for name in ("score_before", "score_after"))
    in_both = pl.col("is_scored_before") & pl.col("is_scored_after")
    # Sorted, so that sums come out the same in whatever order the rows came.
    return (
        paired.sort(CONTENT)
        .group_by("project_id", maintain_order=True)
        .agg(
            scores=change.count().cast(pl.Int64),
            only_before=pl.col("score_after").is_null().sum().cast(pl.Int64),
            only_after=pl.col("score_before").is_null().sum().cast(pl.Int64),
            changed=has_changed.sum().cast(pl.Int64),
            mean_change_points=change.abs().filter(has_changed).mean(),
            max_change_points=change.abs().filter(has_changed).max(),
            crossed_up=(~was & is_now).sum().cast(pl.Int64),
            crossed_down=(was & ~is_now).sum().cast(pl.Int64),
            rank_correlation=_spearman("score_before", "score_after", among=in_both),
        )
    )


def _of(scores: pl.LazyFrame, name: str) -> pl.LazyFrame:
    return scores.select(
        *CONTENT,
        pl.col("organic_score").alias(f"score_{name}"),
        pl.col("unscored_reason").is_null().alias(f"is_scored_{name}"),
    )


def _spearman(one: str, other: str, *, among: pl.Expr) -> pl.Expr:
    """Correlation of ranks, -1 to 1, ties sharing their mean rank; null where there is none."""
    # A whole number for each pair of equal ranks: twice the mean rank.
    ranks = [(2 * pl.col(name).filter(among).rank("average")) for name in (one, other)]
    correlation = pl.corr(*ranks).clip(-1.0, 1.0).fill_nan(None)
    return pl.when(among.sum() >= LEAST_RANKED).then(correlation)
