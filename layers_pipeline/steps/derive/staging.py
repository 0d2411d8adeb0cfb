"""From landed rows to typed captures, source by source.

Belongs here: which landed rows are not staged yet, and reading them again on demand.
Does not belong here: how a row is read (``transforms``), what follows from captures (``posts``).

A staged row is a function of its landed row alone, its time of knowledge included, so staging
may be repeated, or done again from the beginning, and gives the same rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table, Written, differ
from layers_pipeline.settings import Settings
from layers_pipeline.steps.stores import Stores
from transforms.contracts.captures import Capture
from transforms.staging.instagram_posts import stage_instagram_posts
from transforms.staging.sift_posts import stage_sift_posts
from transforms.staging.tiktok_posts import stage_tiktok_posts

CAPTURE: Final = tuple(Capture.column_names())


@dataclass(frozen=True, kw_only=True)
class Staging:
    """One source: where its rows land, where they are staged, and how they are read."""

    raw: Table
    staged: Table
    day: pl.Expr
    """The landing table's partition, which its files do not hold."""
    read: Callable[[pl.DataFrame, Settings], pl.DataFrame]


SIFT: Final = Staging(
    raw=catalog.RAW_SIFT__POSTS,
    staged=catalog.STG_SIFT__POSTS,
    day=pl.col("submitted_at").dt.date().alias("scraped_on"),
    read=lambda landed, _settings: stage_sift_posts(landed),
)
INSTAGRAM: Final = Staging(
    raw=catalog.RAW_INSTAGRAM__RESPONSES,
    staged=catalog.STG_INSTAGRAM__POSTS,
    day=pl.col("known_at").dt.date().alias("landed_on"),
    read=lambda landed, settings: stage_instagram_posts(
        landed, skip_rate_unit=settings.instagram_skip_rate
    ),
)
TIKTOK: Final = Staging(
    raw=catalog.RAW_TIKTOK__RESPONSES,
    staged=catalog.STG_TIKTOK__POSTS,
    day=pl.col("known_at").dt.date().alias("landed_on"),
    read=lambda landed, _settings: stage_tiktok_posts(landed),
)
SOURCES: Final = (INSTAGRAM, TIKTOK, SIFT)


def stage_all(stores: Stores) -> dict[str, Written]:
    """Type the landed rows of every source; what was written, by table name."""
    return {source.staged.name: stage(stores, source) for source in SOURCES}


def stage(stores: Stores, source: Staging) -> Written:
    """Type the landed rows of a source that are not staged yet."""
    lake = stores.lake
    with lake.write_lock():
        at = lake.version(source.raw)
        if at == lake.watermark(source.staged, source.raw.name):
            return Written()
        landed = lake.added_since(source.raw, lake.watermark(source.staged, source.raw.name))
        rows = source.read(landed.with_columns(source.day).collect(), stores.settings)
        return lake.insert_absent(source.staged, rows, marks={source.raw.name: at})


def stage_again(stores: Stores, source: Staging, landed: pl.DataFrame) -> Written:
    """Read landed rows anew: a staged row that comes out otherwise is put right."""
    rows = source.read(landed, stores.settings)
    columns = [name for name in source.staged.columns if name not in source.staged.key]
    return stores.lake.merge(source.staged, rows, update=differ(columns), columns=columns)


def captures(stores: Stores) -> pl.LazyFrame:
    """Every staged capture, of every source."""
    return pl.concat([stores.lake.read(table).select(CAPTURE) for table in catalog.STAGED])


def captures_since(stores: Stores, versions: Mapping[str, int]) -> pl.LazyFrame:
    """Captures that were staged after the versions, by staging table."""
    return pl.concat(
        [
            stores.lake.added_since(table, versions[table.name]).select(CAPTURE)
            for table in catalog.STAGED
        ]
    )
