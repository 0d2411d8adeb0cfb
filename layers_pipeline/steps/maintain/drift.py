"""What another version of the rules would change, tick by tick.

Belongs here: comparing stored scores of shadows, and scores made only to be compared.
Does not belong here: the comparison (``transforms.scoring.drift``), which versions are in force.
"""

from datetime import datetime

import polars as pl

from layers_pipeline.errors import NotFoundError
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Written
from layers_pipeline.steps.derive.versions import InForce, rules_in_force
from layers_pipeline.steps.score.tick_scorer import open_scorer
from layers_pipeline.steps.stores import Stores
from transforms.scoring.drift import score_drift
from transforms.scoring.rules import ScoringRules
from transforms.scoring.ticks import tick_from_text, tick_text


def derive_drift(stores: Stores) -> Written:
    """Compare what shadows scored with what was in force, at ticks that were written since."""
    lake, table, scores = stores.lake, catalog.SCORE_DRIFT, catalog.ORGANIC_SCORES
    with lake.scoring():
        at, mark = lake.version(scores), lake.watermark(table, scores.name)
        if at == mark:
            return Written()
        rules = rules_in_force(stores)
        fresh = lake.added_since(scores, mark).select("scored_at", "scoring_version").unique()
        shadows = [one.version for one in rules.shadows]
        due = fresh.filter(pl.col("scoring_version").is_in(shadows)).collect()
        found = [
            drift_between(_stored(stores, tick), rules.active, other, tick=tick)
            for tick in due["scored_at"].unique().sort()
            for other in rules.shadows
        ]
        rows = pl.concat([table.empty(), *found])
        columns = [name for name in table.columns if name not in table.key]
        return lake.merge(table, rows, update="true", columns=columns, marks={scores.name: at})


def drift_at(stores: Stores, tick: datetime, *, other: ScoringRules) -> pl.DataFrame:
    """Rows of ``ScoreDrift`` of one tick, also of a version that never ran; writes nothing.

    Args:
        tick: The tick; it has passed.
        other: The version that may replace the one in force.
    """
    active = rules_in_force(stores).active
    both = InForce(active=active, shadows=(other,))
    scorer = open_scorer(stores, first=tick, last=tick, in_force=both)
    scores = scorer.step(tick)[catalog.ORGANIC_SCORES.name]
    return drift_between(scores, active, other, tick=tick)


def newest_tick(stores: Stores) -> datetime:
    """The newest tick that has scores."""
    ticks = stores.lake.partitions(catalog.ORGANIC_SCORES, "tick")
    if not ticks:
        raise NotFoundError("scoring: nothing was scored yet. Score a tick first.")
    return tick_from_text(max(ticks))


def drift_between(
    scores: pl.DataFrame, active: ScoringRules, other: ScoringRules, *, tick: datetime
) -> pl.DataFrame:
    """Rows of ``ScoreDrift`` that one tick's scores of both versions give."""
    before, after = (
        scores.lazy().filter(pl.col("scoring_version") == rules.version)
        for rules in (active, other)
    )
    rows = score_drift(before, after, threshold=other.eligibility_threshold)
    compared = rows.with_columns(
        scored_at=pl.lit(tick, pl.Datetime("us", "UTC")),
        version_before=pl.lit(active.version),
        version_after=pl.lit(other.version),
    )
    return catalog.SCORE_DRIFT.shape(compared.collect())


def _stored(stores: Stores, tick: datetime) -> pl.DataFrame:
    scores = stores.lake.read(catalog.ORGANIC_SCORES).filter(pl.col("tick") == tick_text(tick))
    return scores.select(
        "project_id", "ads_content_id", "scoring_version", "organic_score", "unscored_reason"
    ).collect()
