"""Reports of ads: one file in; its sound rows, its broken rows, or a refusal out.

Belongs here: what makes a whole report unusable, and what tells it from other reports.
Does not belong here: file formats, reading of single values (``transforms``), storage.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import polars as pl

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.formats import RawFile, read_raw_file
from layers_pipeline.files.reader import (
    ReadFile,
    fingerprint,
    ignore,
    ignored,
    missing_columns,
    nothing_usable,
    spreadsheet_errors,
    unusable_types,
)
from transforms.contracts.creatives import StgImportAdMetrics
from transforms.facts.ad_metrics import AHEAD, COLUMNS, REQUIRED, read_ad_metrics
from transforms.staging.parsing import LINE
from transforms.staging.quarantine import split

BATCH_ROWS: Final = 200_000
TABLE: Final = "stg_import__ad_metrics"
PAGE: Final = "docs/ad_reports.md"


@dataclass(frozen=True, kw_only=True)
class AdReading:
    """How reports of ads are to be read.

    Args:
        ad_platform: Where the ads run, unless a row says so itself.
        spent_on: The day, for reports that carry no date.
        is_history: Rows that do not say when they were known were known when their day was over.
        read_at: The current instant.
        run_id: The run that imports.
    """

    ad_platform: str
    spent_on: date | None
    is_history: bool
    read_at: datetime
    run_id: str


@dataclass(frozen=True, kw_only=True)
class AdFile(ReadFile):
    """A report of ads as read: ``days`` are the sound rows, of ``StgImportAdMetrics``."""

    days: pl.DataFrame


def read_ad_file(
    path: Path, reading: AdReading, *, on_rows: Callable[[int, int], None] = ignore
) -> AdFile:
    """Read a report of ads whole; nothing is written anywhere.

    Args:
        path: A Parquet, CSV or NDJSON file, see docs/ad_reports.md.
        reading: How it is to be read.
        on_rows: Called with the rows done and the rows of the file, after each batch.
    Raises:
        InputRefusedError: The file as a whole cannot be used; names line, value and remedy.
    """
    raw = read_raw_file(path, columns=COLUMNS, required=REQUIRED)
    if faults := list(_faults(raw, reading)):
        raise InputRefusedError(f"{path}: {'; '.join(faults)}.")
    typed = []
    for batch in raw.rows.iter_slices(BATCH_ROWS):
        typed.append(_typed(batch, reading))
        on_rows(sum(part.height for part in typed), raw.rows.height)
    file_id = _file_id(path, reading)
    days, quarantined = _split(pl.concat(typed), reading, file_id=file_id)
    if days.is_empty():
        raise InputRefusedError(nothing_usable(path, quarantined))
    return AdFile(
        path=path,
        file_id=file_id,
        rows=raw.rows.height,
        days=days,
        quarantined=quarantined,
        ignored_columns=ignored(raw, COLUMNS),
    )


def _faults(raw: RawFile, reading: AdReading) -> Iterator[str]:
    yield from spreadsheet_errors(raw.rows, COLUMNS)
    yield from missing_columns(raw, REQUIRED, page=PAGE)
    yield from unusable_types(raw.rows, COLUMNS)
    if "date" in raw.columns and reading.spent_on is not None:
        yield f"has a column date, and --day names {reading.spent_on} for all rows. Leave --day out"
    if reading.spent_on is not None and reading.spent_on > (reading.read_at + AHEAD).date():
        yield f"--day {reading.spent_on} has not begun anywhere. Name the day that it tells of"
    if "date" not in raw.columns and reading.spent_on is None:
        yield "has no column date. Name the day that it tells of with --day YYYY-MM-DD"


def _typed(batch: pl.DataFrame, reading: AdReading) -> pl.DataFrame:
    return read_ad_metrics(
        batch,
        ad_platform=reading.ad_platform,
        now=reading.read_at,
        run_id=reading.run_id,
        spent_on=reading.spent_on,
        is_history=reading.is_history,
    )


def _split(
    typed: pl.DataFrame, reading: AdReading, *, file_id: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    return split(
        StgImportAdMetrics,
        typed.with_columns(file_id=pl.lit(file_id)),
        table_name=TABLE,
        origin=pl.concat_str(pl.lit(f"{file_id}:"), pl.col(LINE).cast(pl.String)),
        quarantined_at=reading.read_at,
        run_id=reading.run_id,
    )


def _file_id(path: Path, reading: AdReading) -> str:
    """The same content tells something else if it is read for another platform or day."""
    how = [reading.ad_platform, str(reading.spent_on or ""), "history" * reading.is_history]
    told = "/".join([fingerprint(path), *how])
    return hashlib.sha256(told.encode()).hexdigest()[:16]
