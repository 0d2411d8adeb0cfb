"""How long rows are kept as platforms sent them.

Belongs here: which landed rows go, what of them must stay, what a replay can still read.
Does not belong here: deleting files (``publish``), scores (``retention``).

What a platform said stays in the tables that were made of it; what goes is the way back to it: a
replay begins no earlier than the oldest row that is whole. Rows that tables are made of anew from
the beginning stay: of rows that list a post, all but their text, as deletions are proved by them;
collaborations whole. Rows that any table has not read yet are never touched.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final

import polars as pl

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.progress import report
from layers_pipeline.steps.ad_platforms import AD_PLATFORMS
from layers_pipeline.steps.derive.staging import TAKEN_OUT
from layers_pipeline.steps.platforms import PLATFORMS, STAGED_SOURCES
from layers_pipeline.steps.stores import Stores
from transforms.staging.instagram_collaborations import ENTITY

KEPT_FROM: Final = "kept_from"
"""Application of a raw table under which it is noted from which day on its rows are whole."""
RAW: Final = (
    *(source.raw for source in STAGED_SOURCES),
    *(platform.raw for platform in AD_PLATFORMS.values()),
)
LISTED: Final = {platform.raw.name: platform.listed for platform in PLATFORMS.values()}
"""By table: the entity of rows that list a post."""


def drop_old_landings(stores: Stores) -> int:
    """Drop what landed before ``raw_history_days``; a repeat, also after a crash, changes nothing.

    Returns:
        Rows that went, or lost their text.
    """
    days = stores.settings.raw_history_days
    if not days:
        return 0
    first_kept = (stores.clock.now() - timedelta(days=days)).date()
    with stores.lake.write_lock():
        return sum(_drop(stores, raw, first_kept) for raw in RAW if _is_read(stores, raw))


def require_whole(stores: Stores, start: datetime) -> None:
    """Refuse to replay from a moment from which rows are not there any more.

    Raises:
        InputRefusedError: Rows that landed then were dropped.
    """
    marks = {raw.name: stores.lake.watermark(raw, KEPT_FROM) for raw in RAW}
    name = max(marks, key=marks.__getitem__)
    if marks[name] < 0:
        return
    first = datetime.combine(date.fromordinal(marks[name]), datetime.min.time(), UTC)
    if start < first:
        raise InputRefusedError(
            f"replay: {name} keeps what landed since {first:%Y-%m-%d} (LAYERS_RAW_HISTORY_DAYS), "
            f"not since {start:%Y-%m-%d}. Begin with --from {first:%Y-%m-%dT%H:%M:%SZ}; what was "
            "made of earlier rows stays as it is."
        )


def _is_read(stores: Stores, raw: Table) -> bool:
    """Whether every table that is made of these rows has read all of them."""
    at = stores.lake.version(raw)
    readers = [table for table in catalog.TABLES if raw.name in table.remembers]
    return at >= 0 and all(stores.lake.watermark(one, raw.name) == at for one in readers)


def _drop(stores: Stores, raw: Table, first_kept: date) -> int:
    """Partition by partition, so that a day's rows are all that is in memory."""
    lake, (column,) = stores.lake, raw.partition_by
    days = sorted(day for day in lake.partitions(raw, column) if day < first_kept.isoformat())
    if days:
        # First: a crash may leave rows that no replay reads, never a replay that lacks rows.
        lake.record_marks(raw, {KEPT_FROM: first_kept.toordinal()})
    changed = 0
    for done, day in enumerate(days, start=1):
        rows = lake.read(raw).filter(pl.col(column) == date.fromisoformat(day)).collect()
        left = _left(raw, rows, first_kept)
        if not left.equals(rows):
            lake.replace(raw, left, where={column: [day]})
            changed += _whole(rows) - _whole(left)
        report(f"days of {raw.name} looked at", done, len(days))
    return changed


def _whole(rows: pl.DataFrame) -> int:
    return rows.filter(pl.col("body") != TAKEN_OUT).height


def _left(raw: Table, rows: pl.DataFrame, first_kept: date) -> pl.DataFrame:
    """What stays of a day's rows, in their order."""
    is_whole = pl.col("known_at").dt.date() >= first_kept
    if raw.name not in LISTED:
        return rows.filter(is_whole)
    is_whole |= pl.col("entity") == ENTITY
    text = pl.when(is_whole).then("body").otherwise(pl.lit(TAKEN_OUT))
    is_listed = pl.col("entity") == LISTED[raw.name]
    return rows.filter(is_whole | is_listed).with_columns(body=text)
