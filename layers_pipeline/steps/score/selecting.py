"""Selections and the status of content, which follow from eligibility tick by tick.

Belongs here: finding ticks whose selections do not follow from their eligibility, writing them.
Does not belong here: what selection reads (``selection_history``), gates and slots
(``transforms.selection``).

``ad_selections`` and ``content_status`` note up to which version of ``ad_eligibility`` they follow
from it. Whatever was written since is selected anew, whether a tick was scored, or judged again
because earlier ones were (``settling``). A tick before the first layer has no selections, so
without layers this costs one question to the operational database.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.store import Lake
from layers_pipeline.lake.table import Written
from layers_pipeline.operations.layers import Layer
from layers_pipeline.progress import report
from layers_pipeline.steps.score.selection_history import (
    SelectionHistory,
    load_selection_history,
)
from layers_pipeline.steps.stores import Stores
from transforms.scoring.ticks import tick_from_text
from transforms.selection.picks import select_content
from transforms.selection.status import content_statuses

JUDGED: Final = catalog.AD_ELIGIBILITY
FOLLOWING: Final = (catalog.AD_SELECTIONS, catalog.CONTENT_STATUS)
TICKS_AT_ONCE: Final = 36
Rows = tuple[pl.DataFrame, pl.DataFrame]
"""Of one tick: selections, statuses."""


@dataclass(frozen=True, kw_only=True)
class SelectedTick:
    """What selecting a tick came to, in rows."""

    considered: int = 0
    picked: int = 0
    statuses: int = 0

    def rows(self) -> dict[str, int]:
        """Rows of the tick, by table name."""
        counts = (self.considered, self.statuses)
        return {table.name: count for table, count in zip(FOLLOWING, counts, strict=True)}


@dataclass(frozen=True, kw_only=True)
class Selected:
    """What was selected anew, by tick."""

    ticks: dict[datetime, SelectedTick] = field(default_factory=dict[datetime, SelectedTick])

    def written(self) -> dict[str, Written]:
        """Rows written, by table name."""
        return {
            table.name: Written(inserted=sum(one.rows()[table.name] for one in self.ticks.values()))
            for table in FOLLOWING
        }


def unselected_ticks(lake: Lake) -> list[str]:
    """Ticks whose selections may not follow from their eligibility, as text, in order."""
    at = lake.version(JUDGED)
    since = min(lake.watermark(table, JUDGED.name) for table in FOLLOWING)
    if since == at:
        return []
    # Eligibility that was made anew from nothing counts its versions from the beginning.
    return sorted(lake.partitions_changed_since(JUDGED, since if since < at else -1))


def unselected_since_layers(stores: Stores) -> list[str]:
    """Of those ticks the ones that have selections: none before the first layer was known."""
    layers = stores.operations.layers.all()
    return _since_layers(stores.lake, layers) if layers else []


def newest_selections(lake: Lake) -> pl.LazyFrame:
    """Selections of the newest tick that has any."""
    ticks = lake.partitions(catalog.AD_SELECTIONS, "tick")
    return lake.read(catalog.AD_SELECTIONS).filter(pl.col("tick") == max(ticks, default=""))


def select_ticks(stores: Stores) -> Selected:
    """Make selections follow from the eligibility that is stored; a repeat changes nothing."""
    layers = stores.operations.layers.all()
    if not layers:
        return Selected()
    lake = stores.lake
    with lake.scoring():
        at, done = lake.version(JUDGED), dict[datetime, SelectedTick]()
        due = _since_layers(lake, layers)
        if due:
            done = _select(stores, due, layers)
        for table in FOLLOWING:
            lake.record_marks(table, {JUDGED.name: at})
    return Selected(ticks=done)


def _since_layers(lake: Lake, layers: Sequence[Layer]) -> list[str]:
    first = min(row.known_at for row in layers)
    return [tick for tick in unselected_ticks(lake) if tick_from_text(tick) >= first]


def _select(
    stores: Stores, due: Sequence[str], layers: Sequence[Layer]
) -> dict[datetime, SelectedTick]:
    projects = sorted({row.project_id for row in layers})
    judged = stores.lake.read(JUDGED).filter(
        pl.col("tick").is_in(due), pl.col("project_id").is_in(projects)
    )
    with stores.lake.deriving():  # all tables as they are between two derivations
        history = load_selection_history(
            stores, projects=projects, judged=judged, until=tick_from_text(due[-1])
        )
    done: dict[datetime, SelectedTick] = {}
    for ticks in _some_at_a_time(due):
        of_ticks = judged.filter(pl.col("tick").is_in(ticks)).collect()
        made = {tick: _tick(history, of_ticks.filter(tick=tick), tick) for tick in ticks}
        for place, table in enumerate(FOLLOWING):
            rows = pl.concat([table.empty(), *(made[tick][place] for tick in ticks)])
            stores.lake.replace(table, rows, where={"tick": ticks})
        done |= {tick_from_text(tick): _counted(made[tick]) for tick in ticks}
        report("ticks selected", len(done), len(due))
    return done


def _some_at_a_time(due: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(due), TICKS_AT_ONCE):
        yield list(due[start : start + TICKS_AT_ONCE])


def _tick(history: SelectionHistory, judged: pl.DataFrame, text: str) -> Rows:
    """Rows of both tables for one tick, each in the order of its key."""
    tick = tick_from_text(text)
    layers = history.layers_at(tick).collect().lazy()
    content = history.content_at(judged.drop("tick").lazy(), tick).collect().lazy()
    ads = history.ads_at(judged.lazy(), tick).collect().lazy()
    picks = select_content(
        content, ad_sets=history.ad_sets_at(tick), rights=history.rights_at(tick), ads=ads
    ).collect()
    statuses = content_statuses(content, picks.lazy(), layers=layers, ads=ads).collect()
    selections, status = (
        table.shape(rows.with_columns(tick=pl.lit(text))).sort(table.key)
        for table, rows in zip(FOLLOWING, (picks, statuses), strict=True)
    )
    return selections, status


def _counted(rows: Rows) -> SelectedTick:
    selections, statuses = rows
    return SelectedTick(
        considered=selections.height,
        picked=int(selections["is_picked"].sum()),
        statuses=statuses.height,
    )
