"""The upkeep of the lake, which must respect what was published and what others are writing.

Belongs here: the order of thinning out, compacting, publishing and vacuuming, and whom each keeps
out.
Does not belong here: what goes (``steps.maintain``), how files are joined (``lake.compaction``).

Rows go on landing. Tables are compacted one after the other, each under its own lock; nobody scores
or derives while one is, as their tables note up to which version they have read others.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final

from layers_pipeline.lake import catalog
from layers_pipeline.lake.log import shorten_log
from layers_pipeline.lake.table import Table, Written, add_up
from layers_pipeline.progress import report
from layers_pipeline.serving import generations
from layers_pipeline.steps.derive.everything import OnWritten, bring_up_to_date, unheard
from layers_pipeline.steps.maintain.drift import derive_drift
from layers_pipeline.steps.maintain.raw_retention import RAW, drop_old_landings
from layers_pipeline.steps.maintain.retention import THINNED, thin_out_scores
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.score.selecting import select_ticks
from layers_pipeline.steps.score.settling import settle
from layers_pipeline.steps.stores import Stores

SMALL_FILES: Final = 100
BESIDE_LANDINGS: Final = 3
"""Attempts to compact a table that rows land in, before nobody else may land any meanwhile."""


def maintain(stores: Stores, *, on_written: OnWritten = unheard) -> dict[str, int]:
    """Keep the lake small and quick to read: thin out, compact, publish, then delete files.

    Old scores are thinned out (``retention``), old landings dropped (``raw_retention``), and tables
    of many small files compacted. The order matters: a published generation names files, so files
    are deleted only after the generations that are kept have been asked which versions they read.

    Args:
        on_written: Called with what was derived, by table name; twice, as publishing derives too.

    Returns:
        Files deleted, by table name.
    """
    lake, written = stores.lake, dict[str, Written]()
    with lake.lock("maintenance"):
        _thin_out(stores, written)
        for done, table in enumerate(catalog.TABLES, start=1):
            if len(lake.files(table)) > SMALL_FILES:
                _compact(stores, table, written)
            report("tables compacted", done, len(catalog.TABLES))
        on_written(written)
        publish(stores, on_written=on_written, rolls=True)
        kept = generations.pinned_versions(stores.settings.serve_location)
        there = [table for table in catalog.TABLES if lake.version(table) >= 0]
        deleted = {
            table.name: len(lake.vacuum(table, keep_versions=kept.get(table.name, ())))
            for table in there
        }
        _shorten_logs(stores, there, kept)
        return deleted


def _catch_up(stores: Stores, written: dict[str, Written]) -> None:
    """Write whatever follows from what there is; so each table has read those it is made from."""
    collect = partial(add_up, written)
    collect(bring_up_to_date(stores))
    collect({catalog.SCORE_DRIFT.name: derive_drift(stores)})
    collect({catalog.AD_ELIGIBILITY.name: Written(updated=settle(stores).rows)})
    collect(select_ticks(stores).written())


def _thin_out(stores: Stores, written: dict[str, Written]) -> None:
    lake = stores.lake
    with lake.scoring(), lake.deriving():
        # Before scores go that rows might follow from.
        _catch_up(stores, written)
        with _nothing_new(stores, THINNED):
            thin_out_scores(stores)
    if stores.settings.raw_history_days:
        # Rows that some table has not read yet may not go: none are to land meanwhile.
        with lake.write_lock():
            add_up(written, bring_up_to_date(stores))
            with _nothing_new(stores, RAW):
                drop_old_landings(stores)


def _compact(stores: Stores, table: Table, written: dict[str, Written]) -> None:
    """Join a table's files, and spare its readers the rows that come back in other files.

    That takes a moment at which they have read all there is. Where rows land in it again and again,
    the last attempt lets none land, in no table.
    """
    lake = stores.lake
    for left in reversed(range(BESIDE_LANDINGS + 1)):
        with lake.scoring(), lake.deriving() if left else lake.write_lock():
            _catch_up(stores, written)
            before = lake.version(table)
            after = lake.compact(table, at=before)
            if after is not None:
                _mark_as_read(stores, {table: (before, after)})
                return


@contextmanager
def _nothing_new(stores: Stores, tables: Sequence[Table]) -> Generator[None]:
    """Commits within it tell their tables' readers nothing; nobody else writes the tables."""
    before = {table: stores.lake.version(table) for table in tables}
    yield
    _mark_as_read(stores, {table: (at, stores.lake.version(table)) for table, at in before.items()})


def _mark_as_read(stores: Stores, versions: Mapping[Table, tuple[int, int]]) -> None:
    """Spare the readers of tables the rows that only came back in other files.

    Args:
        versions: Each table's version before and after. Who had read the one has read the other.
    """
    lake = stores.lake
    for reader in catalog.TABLES:
        marks = {
            table.name: after
            for table, (before, after) in versions.items()
            if table.name in reader.remembers and lake.watermark(reader, table.name) == before
        }
        lake.record_marks(reader, marks)


def _shorten_logs(
    stores: Stores, tables: Sequence[Table], published: Mapping[str, Sequence[int]]
) -> None:
    """Keep of each log what kept generations read, and what other tables go on from.

    Others may read on meanwhile: what they go on from then is newer, and stays as well.
    """
    lake = stores.lake
    for table in tables:
        readers = [one for one in catalog.TABLES if table.name in one.remembers]
        read = {lake.watermark(one, table.name) for one in readers} - {-1}
        shorten_log(lake, table, keep=read.union(published.get(table.name, ())))
