"""Publishing the lake to analysts.

Belongs here: pinning one consistent set of versions, publishing it.
Does not belong here: how the file is built (``serving``), compacting and vacuuming (``upkeep``).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

import polars as pl

from layers_pipeline.errors import PublicationError
from layers_pipeline.lake import catalog
from layers_pipeline.lake.reading import ADDED
from layers_pipeline.lake.table import Table, Written, add_up
from layers_pipeline.serving import generations
from layers_pipeline.serving.history import History
from layers_pipeline.serving.pinned import Pinned
from layers_pipeline.steps.derive.everything import (
    OnWritten,
    bring_up_to_date,
    unheard,
)
from layers_pipeline.steps.derive.payouts import copy_payouts
from layers_pipeline.steps.score.scoring import copy_current_eligibility, score_ticks
from layers_pipeline.steps.score.selecting import select_ticks
from layers_pipeline.steps.score.settling import settle
from layers_pipeline.steps.score.tick_scorer import WRITTEN
from layers_pipeline.steps.stores import Stores

TICKS_AT_ONCE: Final = 6
SCORE: Final = ("ads_content_id", "organic_score", "scoring_version")
RANK: Final = ("ads_content_id", "views_rank_pct", "engagement_rate_rank_pct", "pool_size")


def publish(
    stores: Stores, *, on_written: OnWritten = unheard, rolls: bool = False
) -> generations.Generation:
    """Publish what the lake holds now as the next generation of the analysts' file.

    Whatever a crashed run left half way is finished first, and what has landed is derived, while
    nobody else scores or derives; so the tables of one generation agree. Rows go on landing: the
    generation has those of one moment, and of rows set aside (``quarantine``) perhaps a few more.

    Args:
        on_written: Called with what was written before the tables were pinned, by table name.
        rolls: Whether months that are over are rolled into a file each.
    """
    written: dict[str, Written] = {}
    collect = partial(add_up, written)
    with stores.lake.lock("publish"):
        # Most of it first, beside which rows may go on landing.
        collect(bring_up_to_date(stores))
        with stores.lake.scoring():
            for scored in score_ticks(stores, _half_written_ticks(stores), on_written=collect):
                collect({name: Written(inserted=rows) for name, rows in scored.rows.items()})
            collect({catalog.AD_ELIGIBILITY.name: Written(updated=settle(stores).rows)})
            collect(select_ticks(stores).written())
            collect({catalog.AD_ELIGIBILITY_CURRENT.name: copy_current_eligibility(stores)})
            with stores.lake.deriving():
                collect(bring_up_to_date(stores))
                collect(copy_payouts(stores))
                shown = (*catalog.PUBLISHED, *catalog.STAGED_TABLES)
                pinned = [_pin(stores, table) for table in shown]
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
