"""Reports of ads: one file in; its sound rows, its broken rows, or a refusal out.

Belongs here: what makes a whole report unusable, and what identifies a report.
Does not belong here: file formats, reading of single values (``transforms``), storage.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import polars as pl

from layers_pipeline.files.formats import RawFile, read_raw_file
from layers_pipeline.files.reader import (
    ReadFile,
    fingerprint,
    missing_columns,
    read_file,
    refuse,
    report_rows,
    split_rows,
    spreadsheet_errors,
    unusable_types,
)
from transforms.contracts.ads import StgImportAdMetrics
from transforms.facts.ad_metrics import AHEAD, COLUMNS, REQUIRED, read_ad_metrics

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
    """

    ad_platform: str
    spent_on: date | None
    is_history: bool
    read_at: datetime
    run_id: str


def read_ad_file(path: Path, reading: AdReading) -> ReadFile:
    """Read a report of ads whole, its sound rows of ``StgImportAdMetrics``; nothing is written.

    Args:
        path: A Parquet, CSV or NDJSON file, see docs/ad_reports.md.
    Raises:
        InputRefusedError: The file as a whole cannot be used; names line, value and remedy.
    """
    raw = read_raw_file(path, columns=COLUMNS, required=REQUIRED)
    refuse(path, _faults(raw, reading))
    typed = []
    for batch in raw.rows.iter_slices(BATCH_ROWS):
        typed.append(_typed(batch, reading))
        report_rows(path, sum(part.height for part in typed), raw)
    file_id = _file_id(path, reading)
    # All rows at once: an ad's day that stands twice is set aside wherever its rows stand.
    parts = split_rows(
        StgImportAdMetrics,
        pl.concat(typed).with_columns(file_id=pl.lit(file_id)),
        table_name=TABLE,
        read_at=reading.read_at,
        run_id=reading.run_id,
    )
    return read_file(path, raw, [parts], file_id=file_id, columns=COLUMNS)


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


def _file_id(path: Path, reading: AdReading) -> str:
    """The same content tells something else if it is read for another platform or day."""
    how = [reading.ad_platform, str(reading.spent_on or ""), "history" * reading.is_history]
    identity = "/".join([fingerprint(path), *how])
    return hashlib.sha256(identity.encode()).hexdigest()[:16]
