"""From landed rows to typed captures, source by source.

Belongs here: which landed rows are not staged yet, and reading them again on demand.
Does not belong here: how a row is read (``transforms``), what follows from captures (``posts``).

A staged row is a function of its landed row alone, its time of knowledge included, so staging
may be repeated, or done again from the beginning, and gives the same rows.
"""

from collections.abc import Mapping
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Written, differ
from layers_pipeline.steps.platforms import STAGED_SOURCES, Source
from layers_pipeline.steps.stores import Stores
from transforms.contracts.captures import Capture

CAPTURE: Final = tuple(Capture.column_names())


def stage_all(stores: Stores) -> dict[str, Written]:
    """Type the landed rows of every source; what was written, by table name."""
    return {source.staged.name: stage(stores, source) for source in STAGED_SOURCES}


def stage(stores: Stores, source: Source) -> Written:
    """Type the landed rows of a source that are not staged yet."""
    lake = stores.lake
    with lake.write_lock():
        at = lake.version(source.raw)
        if at == lake.watermark(source.staged, source.raw.name):
            return Written()
        landed = lake.added_since(source.raw, lake.watermark(source.staged, source.raw.name))
        rows = source.stage(landed.with_columns(source.day).collect(), stores.settings)
        return lake.insert_absent(source.staged, rows, marks={source.raw.name: at})


def stage_again(stores: Stores, source: Source, landed: pl.DataFrame) -> Written:
    """Read landed rows again: a staged row that comes out otherwise is put right."""
    rows = source.stage(landed, stores.settings)
    columns = [name for name in source.staged.columns if name not in source.staged.key]
    return stores.lake.merge(source.staged, rows, update=differ(columns), columns=columns)


def captures(stores: Stores) -> pl.LazyFrame:
    """Every staged capture, of every source."""
    return pl.concat([stores.lake.read(table).select(CAPTURE) for table in catalog.STAGED_TABLES])


def captures_since(stores: Stores, versions: Mapping[str, int]) -> pl.LazyFrame:
    """Captures that were staged after the versions, by staging table."""
    return pl.concat(
        [
            stores.lake.added_since(table, versions[table.name]).select(CAPTURE)
            for table in catalog.STAGED_TABLES
        ]
    )
