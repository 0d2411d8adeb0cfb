"""Capture files: one file in; its sound captures, its broken rows, or a refusal out.

Belongs here: what makes a whole file unusable, and saying so.
Does not belong here: file formats, reading of single values, storage, registering accounts.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl
from polars.exceptions import PolarsError

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.formats import RawFile, read_raw_file
from layers_pipeline.files.reader import (
    ReadFile,
    fingerprint,
    missing_columns,
    places,
    read_file,
    refuse,
    report_rows,
    split_rows,
    spreadsheet_errors,
    unusable_types,
)
from transforms.contracts.captures import StgImportCaptures
from transforms.staging.captures import COLUMNS, IDS, REQUIRED, TIME_COLUMNS, read_captures
from transforms.staging.parsing import BREACHES, LINE

BATCH_ROWS: Final = 200_000
TABLE: Final = "stg_import__captures"

MANGLED_ID: Final = (
    r"^\s*(?:[0-9]+[.,][0-9]+[eE]\+?[0-9]+|[0-9]+[eE]\+[0-9]+|[0-9]{15,}\.[0-9]+)\s*$"
)
"""``7.50E+18``, ``7,50E+18``, ``7e+18``, ``7500000000000000000.0``."""
REFUSING_RULES: Final = {
    "no_time_zone": "has no time zone: name the one it was written in with --timezone, for "
    "example --timezone UTC",
    "epoch_number": "is an epoch number, which does not say its unit: write ISO 8601 with an "
    "offset, for example 2025-05-14T08:55:00Z",
}
"""Breaches for which the whole file is refused, because one word or one export mends them all."""


def read_capture_file(path: Path, *, time_zone: str | None, now: datetime, run_id: str) -> ReadFile:
    """Read a capture file whole, its sound rows of ``StgImportCaptures``; nothing is written.

    Args:
        path: A Parquet, CSV or NDJSON file, see docs/captures.md.
        time_zone: IANA zone of times that are written without an offset.
        now: The current instant; later captures are broken.
    Raises:
        InputRefusedError: The file as a whole cannot be used; names line, value and remedy.
    """
    require_zone(time_zone)
    raw = read_raw_file(path, columns=COLUMNS, required=REQUIRED)
    _refuse_unusable(path, raw)
    file_id = fingerprint(path)
    parts = []
    for batch in raw.rows.iter_slices(BATCH_ROWS):
        typed = read_captures(batch, time_zone=time_zone, now=now, file_id=file_id, run_id=run_id)
        _refuse_times(path, batch, typed)
        parts.append(
            split_rows(StgImportCaptures, typed, table_name=TABLE, read_at=now, run_id=run_id)
        )
        report_rows(path, sum(good.height + bad.height for good, bad in parts), raw)
    return read_file(path, raw, parts, file_id=file_id, columns=COLUMNS)


def require_zone(time_zone: str | None) -> None:
    """Refuse the name of a time zone that there is not.

    Raises:
        InputRefusedError: Python or Polars does not know it.
    """
    if time_zone is None:
        return
    try:
        ZoneInfo(time_zone)
        pl.Series([None], dtype=pl.Datetime("us")).dt.replace_time_zone(time_zone)
    except (ValueError, OSError, KeyError, PolarsError) as error:
        raise InputRefusedError(
            f"--timezone {time_zone!r}: no such time zone. Give an IANA name, for example "
            "Asia/Ho_Chi_Minh or UTC."
        ) from error


def _refuse_unusable(path: Path, raw: RawFile) -> None:
    """What happened to the file comes first, columns that it lacks after that."""
    missing = list(missing_columns(raw, REQUIRED, page="docs/captures.md"))
    suspects = raw.rows.columns if missing else IDS
    faults = [
        *_mangled_ids(raw.rows, suspects),
        *spreadsheet_errors(raw.rows, [name for name in COLUMNS if name != "caption"]),
        *missing,
        *unusable_types(raw.rows, COLUMNS),
        *_dates_without_time(raw.rows),
    ]
    refuse(path, faults)


def _mangled_ids(rows: pl.DataFrame, columns: tuple[str, ...] | list[str]) -> Iterator[str]:
    remedy = "Export the file again with ids as text; the lost digits cannot be recovered"
    for name in columns:
        dtype = rows.schema[name]
        if dtype.is_float() and name in IDS:
            yield f"ids in column {name} are floating-point numbers, which round them. {remedy}"
        elif dtype == pl.String:
            found = rows.filter(pl.col(name).str.contains(MANGLED_ID))
            if not found.is_empty():
                yield f"{places(found, name)}: ids rounded by a spreadsheet. {remedy}"


def _dates_without_time(rows: pl.DataFrame) -> Iterator[str]:
    for name in TIME_COLUMNS:
        dtype = rows.schema.get(name)
        if dtype in (pl.Date, pl.Time):
            yield f"column {name} has the type {dtype}. Write the date with the time of day"


def _refuse_times(path: Path, batch: pl.DataFrame, typed: pl.DataFrame) -> None:
    for name in TIME_COLUMNS:
        for rule, remedy in REFUSING_RULES.items():
            found = typed.filter(pl.col(BREACHES).list.contains(f"{name}|{rule}"))
            if not found.is_empty():
                shown = batch.join(found.select(LINE), on=LINE, how="semi", maintain_order="left")
                raise InputRefusedError(f"{path}: {places(shown, name)}: {remedy}.")
