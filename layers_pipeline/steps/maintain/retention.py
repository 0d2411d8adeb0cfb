"""How long the scores of every tick are kept.

Belongs here: what goes once a day is old, and what must stay.
Does not belong here: deleting files (``publish.upkeep``).

A day that is thinned out keeps its last tick, and of content that this tick did not score the
newest score of the day, because that score stands until there is another (R24).
"""

from datetime import datetime, timedelta
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.progress import report
from layers_pipeline.steps.stores import Stores
from transforms.scoring.ticks import tick_from_text

OF_TICKS_ONLY: Final = (
    catalog.UGC_POOL_PERCENTILES,
    catalog.AD_SELECTIONS,
    catalog.CONTENT_STATUS,
    catalog.AD_ELIGIBILITY,
)
"""Tables of which a thinned day keeps the last tick and nothing else."""
THINNED: Final = (catalog.ORGANIC_SCORES, *OF_TICKS_ONLY)


def thin_out_scores(stores: Stores) -> int:
    """Leave one tick of each day that is older than ``score_history_days``.

    A repeat, also after a crash, changes nothing.

    Returns:
        Ticks thinned out.
    """
    days = stores.settings.score_history_days
    if not days:
        return 0
    with stores.lake.scoring():
        old = _ticks_before(stores, stores.clock.now() - timedelta(days=days))
        due = {day: ticks for day, ticks in old.items() if len(ticks) > 1}
        for done, ticks in enumerate(due.values(), start=1):
            _thin_out(stores, sorted(ticks))
            report("days thinned out", done, len(due))
    return sum(len(ticks) - 1 for ticks in due.values())


def _ticks_before(stores: Stores, moment: datetime) -> dict[str, set[str]]:
    """Ticks of whole days before a moment, as text by day: those of tables that keep only one."""
    found: dict[str, set[str]] = {}
    for table in OF_TICKS_ONLY:
        for tick in stores.lake.partitions(table, "tick"):
            if tick_from_text(tick).date() < moment.date():
                found.setdefault(tick[:8], set()).add(tick)
    return found


def _thin_out(stores: Stores, ticks: list[str]) -> None:
    """Scores first: until the last table is thinned out, the day is due."""
    lake, scores = stores.lake, catalog.ORGANIC_SCORES
    *earlier, last = ticks
    of_day = lake.read(scores).filter(pl.col("tick").is_in(ticks))
    lasting = of_day.filter(pl.col("unscored_reason").ne_missing("safety_failed"))
    kept = pl.concat([_newest(of_day), _newest(lasting)]).unique().collect()
    rows = of_day.filter(pl.col("tick") != last).collect()
    stay = rows.join(kept, on=list(scores.key), how="semi")
    lake.replace(scores, stay, where={"tick": earlier})
    for table in OF_TICKS_ONLY:
        lake.replace(table, table.empty(), where={"tick": earlier})


def _newest(scores: pl.LazyFrame) -> pl.LazyFrame:
    """The keys of the newest score of each content and version."""
    of_content = ("ads_content_id", "scoring_version")
    return (
        scores.group_by(of_content)
        .agg(pl.col("scored_at").max())
        .select(catalog.ORGANIC_SCORES.key)
    )
