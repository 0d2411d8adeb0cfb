"""Publishing the lake to analysts, and the upkeep that must respect what was published.

Belongs here: pinning one consistent set of versions, publishing it, compacting, vacuuming.
Does not belong here: how the file is built (``serving``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

import polars as pl

from layers_pipeline.errors import PublicationError
from layers_pipeline.lake import catalog
from layers_pipeline.lake.log import shorten_log
from layers_pipeline.lake.reading import ADDED
from layers_pipeline.lake.table import Table, Written, add_up
from layers_pipeline.progress import report
from layers_pipeline.serving import generations
from layers_pipeline.serving.history import History
from layers_pipeline.serving.pinned import Pinned
from layers_pipeline.steps.derive.everything import (
    OnWritten,
    bring_up_to_date,
    unheard,
)
from layers_pipeline.steps.derive.payouts import copy_payouts
from layers_pipeline.steps.maintain.drift import derive_drift
from layers_pipeline.steps.maintain.raw_retention import drop_old_landings
from layers_pipeline.steps.maintain.retention import thin_out_scores
from layers_pipeline.steps.score.scoring import copy_current_eligibility, score_ticks
from layers_pipeline.steps.score.selecting import select_ticks
from layers_pipeline.steps.score.settling import settle
from layers_pipeline.steps.score.tick_scorer import WRITTEN
from layers_pipeline.steps.stores import Stores

SMALL_FILES: Final = 100
TICKS_AT_ONCE: Final = 6
SCORE: Final = ("ads_content_id", "organic_score", "scoring_version")
RANK: Final = ("ads_content_id", "views_rank_pct", "engagement_rate_rank_pct", "pool_size")


def publish(
    stores: Stores, *, on_written: OnWritten = unheard, rolls: bool = False
) -> generations.Generation:
    """Publish what the lake holds now as the next generation of the analysts' file.

    Whatever a crashed run left half way is finished first, and what has landed is derived, while
    nobody else writes; so the tables of one generation agree.

    Args:
        on_written: Called with what was written before the tables were pinned, by table name.
        rolls: Whether months that are over are rolled into a file each.
    """
    written: dict[str, Written] = {}
    collect = partial(add_up, written)
    with stores.lake.lock("publish"):
        # Most of it first, beside which rows may go on landing.
        collect(bring_up_to_date(stores))
        with stores.lake.write_lock():
            for scored in score_ticks(stores, _half_written_ticks(stores), on_written=collect):
                collect({name: Written(inserted=rows) for name, rows in scored.rows.items()})
            collect({catalog.AD_ELIGIBILITY.name: Written(updated=settle(stores).rows)})
            collect(select_ticks(stores).written())
            collect({catalog.AD_ELIGIBILITY_CURRENT.name: copy_current_eligibility(stores)})
            collect(bring_up_to_date(stores))
            collect(copy_payouts(stores))
            pinned = [_pin(stores, table) for table in (*catalog.PUBLISHED, *catalog.STAGED_TABLES)]
        on_written(written)
        return generations.publish(
            stores.settings.serve_location,
            pinned=pinned,
            at=stores.clock.now(),
            kept=stores.settings.generations_kept,
            history=History.of(stores.settings),
            rolls=rolls,
        )


def _half_written_ticks(stores: Stores) -> list[datetime]:
    """Ticks whose tables disagree, because a crash fell between their writes.

    Only ticks written since the newest generation are looked at.
    """
    lake = stores.lake
    versions = generations.pinned_versions(stores.settings.serve_location)
    touched = {
        tick
        for table in WRITTEN
        for tick in lake.partitions_since(table, max(versions.get(table.name, [-1])))
    }
    unsure = sorted(touched - _ticks_of_one_batch(stores))
    rows = [lake.read(table) for table in WRITTEN]
    halves: list[datetime] = []
    for start in range(0, len(unsure), TICKS_AT_ONCE):
        is_in = pl.col("tick").is_in(unsure[start : start + TICKS_AT_ONCE])
        halves += _halves_of(*(of_table.filter(is_in) for of_table in rows))
    return halves


def _ticks_of_one_batch(stores: Stores) -> set[str]:
    """Ticks, as text, of which every table has rows, all written by the same batch."""
    by_table = [stores.lake.batches(table) for table in WRITTEN]
    return {
        tick
        for tick, batch in by_table[0].items()
        if None not in batch
        and len(batch) == 1
        and all(of_table.get(tick) == batch for of_table in by_table)
    }


def _halves_of(ranked: pl.LazyFrame, scores: pl.LazyFrame, judged: pl.LazyFrame) -> list[datetime]:
    """Ticks at which the rows of the three tables disagree."""
    own = judged.filter(pl.col("score_of") == pl.col("scored_at"))
    deciding = _deciding(scores, own)
    placed = deciding.filter(pl.col("views_rank_pct").is_not_null())
    halves = pl.concat(
        [
            _disagreeing(deciding, own, SCORE),
            _disagreeing(placed, ranked, RANK),
        ]
    )
    return halves.unique().collect()["scored_at"].sort().to_list()


def _deciding(scores: pl.LazyFrame, own: pl.LazyFrame) -> pl.LazyFrame:
    """The scores that eligibility follows from: shadows, of other versions, decide nothing."""
    versions = own.select("scored_at", decides="scoring_version").unique()
    return scores.join(versions, on="scored_at", how="left").filter(
        pl.col("decides").is_null() | (pl.col("decides") == pl.col("scoring_version"))
    )


def _disagreeing(left: pl.LazyFrame, right: pl.LazyFrame, columns: Sequence[str]) -> pl.LazyFrame:
    """Ticks at which two tables do not hold the same rows, by number and by fingerprint."""
    sums = [
        rows.group_by("scored_at").agg(
            rows=pl.len(), mark=pl.struct(pl.col(columns)).hash().bitwise_xor()
        )
        for rows in (left, right)
    ]
    both = sums[0].join(sums[1], on="scored_at", how="full", coalesce=True, suffix="_right")
    differs = pl.col("rows").ne_missing(pl.col("rows_right")) | pl.col("mark").ne_missing(
        pl.col("mark_right")
    )
    return both.filter(differs).select("scored_at")


def _pin(stores: Stores, table: Table) -> Pinned:
    pinned = Pinned(table=table, version=-1, files=())
    handle = stores.lake.handle(table)
    if handle is None:
        return pinned
    if handle.protocol().min_reader_version > 1:
        raise PublicationError(
            f"{table.name}: the Delta table needs a reader of protocol "
            f"{handle.protocol().min_reader_version}, so its files alone are not its rows. "
            "Undo the table feature (deletion vectors or column mapping) that another tool set."
        )
    files = tuple(sorted(handle.file_uris()))
    added = tuple(field.name for field in handle.schema().fields if ADDED in field.metadata)
    found = replace(pinned, version=handle.version(), files=files, added=added)
    if found.is_local:
        return found
    rows, options = int(handle.count()), stores.lake.storage_options
    return replace(found, rows=rows, options=options)


def _mark_as_read(stores: Stores) -> None:
    """Spare the readers of compacted tables the rows that only came back in other files."""
    versions = {table.name: stores.lake.version(table) for table in catalog.TABLES}
    for table in catalog.TABLES:
        stores.lake.record_marks(table, {name: versions[name] for name in table.remembers})


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
    with stores.lake.lock("maintenance"):
        with stores.lake.write_lock():
            written = bring_up_to_date(stores)
            written[catalog.SCORE_DRIFT.name] = derive_drift(stores)
            # Before scores go that rows might follow from.
            judged_again = Written(updated=settle(stores).rows)
            add_up(written, {catalog.AD_ELIGIBILITY.name: judged_again})
            add_up(written, select_ticks(stores).written())
            thin_out_scores(stores)
            drop_old_landings(stores)
            for done, table in enumerate(catalog.TABLES, start=1):
                if len(stores.lake.files(table)) > SMALL_FILES:
                    stores.lake.compact(table)
                report("tables compacted", done, len(catalog.TABLES))
            _mark_as_read(stores)
        on_written(written)
        publish(stores, on_written=on_written, rolls=True)
        kept = generations.pinned_versions(stores.settings.serve_location)
        there = [table for table in catalog.TABLES if stores.lake.version(table) >= 0]
        deleted = {
            table.name: len(stores.lake.vacuum(table, keep_versions=kept.get(table.name, ())))
            for table in there
        }
        _shorten_logs(stores, there, kept)
        return deleted


def _shorten_logs(
    stores: Stores, tables: Sequence[Table], published: Mapping[str, Sequence[int]]
) -> None:
    """Keep of each log what kept generations read, and what other tables go on from."""
    lake = stores.lake
    with lake.write_lock():
        for table in tables:
            readers = [one for one in catalog.TABLES if table.name in one.remembers]
            read = {lake.watermark(one, table.name) for one in readers} - {-1}
            shorten_log(lake, table, keep=read.union(published.get(table.name, ())))
