"""Capture files: one file in; its sound captures, its broken rows, or a refusal out.

Belongs here: what makes a whole file unusable, and saying so.
Does not belong here: file formats, reading of single values, storage, registering accounts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl
from polars.exceptions import PolarsError

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.capture_ways import (
    filled,
    identity_of,
    mapping_of,
    refuse_before_publication,
    way_of,
    with_findings,
)
from layers_pipeline.files.formats import RawFile, read_table
from layers_pipeline.files.members import Member, members_of
from layers_pipeline.files.reader import (
    ReadFile,
    fingerprint,
    places,
    read_as,
    read_file,
    refuse,
    report_rows,
    split_rows,
    spreadsheet_errors,
    unusable_types,
)
from layers_pipeline.files.recognition import Own, Table, recognise
from transforms.contracts.captures import Quarantine, StgImportCaptures
from transforms.exports.captures import Way, as_capture_rows, with_publication_of_ids
from transforms.exports.catalog import ROWS_AT, WORDS
from transforms.exports.ids import lost_digits
from transforms.exports.told import NOTHING, Told
from transforms.staging.captures import COLUMNS, IDS, REQUIRED, TIME_COLUMNS, read_captures
from transforms.staging.parsing import BREACHES, LINE
from transforms.staging.quarantine import RECEIVED, is_sound

BATCH_ROWS: Final = 200_000
TABLE: Final = "stg_import__captures"
OWN_CAPTURES: Final = Own(
    subject="captures", columns=COLUMNS, required=REQUIRED, page="docs/captures.md"
)

MANGLED_ID: Final = (
    r"^\s*(?:[0-9]+[.,][0-9]+[eE]\+?[0-9]+|[0-9]+[eE]\+[0-9]+|[0-9]{15,}\.[0-9]+)\s*$"
)
"""``7.50E+18``, ``7,50E+18``, ``7e+18``, ``7500000000000000000.0``."""
SIGN_OF_NUMBERS: Final = "[.,+]"
"""What a mangled id has, and few other ids have."""
REFUSING_RULES: Final = {
    "no_time_zone": "has no time zone: name the one it was written in with --timezone, for "
    "example --timezone UTC",
    "epoch_number": "is an epoch number, which does not say its unit: write ISO 8601 with an "
    "offset, for example 2025-05-14T08:55:00Z",
}
"""Breaches for which the whole file is refused, because one word or one export mends them all."""


def read_capture_file(
    path: Path,
    *,
    time_zone: str | None,
    now: datetime,
    run_id: str,
    told: Told = NOTHING,
    format_name: str | None = None,
) -> ReadFile:
    """Read a file of one table of captures whole; as ``read_capture_files`` does.

    Raises:
        InputRefusedError: The file as a whole cannot be used; names line, value and remedy.
    """
    (file,) = read_capture_files(
        path, time_zone=time_zone, now=now, run_id=run_id, told=told, format_name=format_name
    )
    return file


def read_capture_files(
    path: Path,
    *,
    time_zone: str | None,
    now: datetime,
    run_id: str,
    told: Told = NOTHING,
    format_name: str | None = None,
) -> list[ReadFile]:
    """Read a capture file whole, its sound rows of ``StgImportCaptures``; nothing is written.

    Args:
        path: A table, or an archive of tables, see docs/captures.md and docs/formats.md.
        time_zone: IANA zone of times that are written without an offset.
        now: The current instant; later captures are broken.
        run_id: The run that reads.
        told: What the user says of files that do not say it themselves.
        format_name: The format, if the user names it.
    Returns:
        What was read of each table; of an archive, those that are no captures are left out.
    Raises:
        InputRefusedError: The file as a whole cannot be used; names line, value and remedy.
    """
    require_zone(time_zone)
    told = replace(told, time_zone=time_zone)
    reading = _Reading(time_zone=time_zone, now=now, run_id=run_id, told=told)
    members = members_of(path)
    read: list[ReadFile] = []
    refused: list[InputRefusedError] = []
    for member in members:
        try:
            table = _recognised(member, told, format_name)
        except InputRefusedError as error:
            if len(members) == 1:
                raise
            refused.append(error)
            continue
        read.append(_read(table, reading))
    if not read:
        raise refused[0]
    return read


def _recognised(member: Member, told: Told, format_name: str | None) -> Table:
    raw = read_table(member, columns=COLUMNS, required=REQUIRED, words=WORDS, rows_at=ROWS_AT)
    given = {
        "platform": told.platform,
        "account_key": told.account,
        "captured_at": told.captured_at,
    }
    said = [name for name, value in given.items() if value is not None]
    try:
        recognised = recognise(member.path, raw, OWN_CAPTURES, given=said, name=format_name)
    except InputRefusedError as error:
        # What happened to the file comes first, columns that it lacks after that.
        if mangled := list(_mangled_ids(raw.rows, raw.columns)):
            rest = str(error).removeprefix(f"{member.path}: ")
            raise InputRefusedError(f"{member.path}: {'; '.join(mangled)}; {rest}") from error
        raise
    return Table(member=member, raw=raw, recognised=recognised)


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """How captures are to be read."""

    time_zone: str | None
    now: datetime
    run_id: str
    told: Told


def _read(table: Table, reading: _Reading) -> ReadFile:
    path, export = table.path, table.recognised.export
    way, file_id = Way(), fingerprint(table.member)
    if export is None:
        raw, said = filled(table.raw, reading.told)
        table = replace(table, raw=raw)
        file_id = read_as(file_id, *said) if said else file_id
        _refuse_unusable(path, raw)
    else:
        refuse(path, _mangled_ids(_ids_of(table), IDS))
        way = way_of(table, reading.told, now=reading.now)
        file_id = read_as(file_id, export.name, *identity_of(reading.told, way))
    parts: list[tuple[pl.DataFrame, pl.DataFrame]] = []
    for batch in table.raw.rows.iter_slices(BATCH_ROWS):
        parts.append(_split(batch, table, way, reading, file_id))
        report_rows(path, sum(good.height + bad.height for good, bad in parts), table.raw)
    mapping = mapping_of(table.recognised)
    columns = COLUMNS if export is None else list(mapping)
    file = read_file(path, table.raw, parts, file_id=file_id, columns=columns)
    refuse_before_publication(table, way, file.sound)
    return with_findings(file, table.recognised, way, mapping)


def _split(
    batch: pl.DataFrame, table: Table, way: Way, reading: _Reading, file_id: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Some rows of a table, the sound ones and the broken ones."""
    export, rows = table.recognised.export, batch
    if export is not None:
        rows = as_capture_rows(batch, export, table.recognised.header, reading.told, way)
    typed = read_captures(
        rows,
        time_zone=reading.time_zone,
        now=reading.now,
        file_id=file_id,
        run_id=reading.run_id,
    )
    if not typed[BREACHES].list.len().sum():
        # A batch without any breach is looked at as a whole, which is cheaper than row by row.
        plain = typed.drop(BREACHES, RECEIVED)
        if is_sound(StgImportCaptures, plain):
            return plain, Quarantine.create_empty()
    _refuse_times(table.path, rows, typed)
    return split_rows(
        StgImportCaptures,
        with_publication_of_ids(typed),
        table_name=TABLE,
        read_at=reading.now,
        run_id=reading.run_id,
    )


def _ids_of(table: Table) -> pl.DataFrame:
    """The ids of an export as they are written, those taken out of addresses left out."""
    recognised = table.recognised
    columns = recognised.export.columns if recognised.export else {}
    plain = {
        ours: found[0].name
        for ours in IDS
        if (found := recognised.header.found(columns.get(ours, ())))
        and found[0].column.pattern is None
    }
    absent = {ours: pl.lit(None, pl.String) for ours in IDS if ours not in plain}
    return table.raw.rows.select(LINE, **plain).with_columns(**absent)


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
    """What happened to the file."""
    faults = [
        *_mangled_ids(raw.rows, IDS),
        *spreadsheet_errors(raw.rows, [name for name in COLUMNS if name != "caption"]),
        *unusable_types(raw.rows, COLUMNS),
        *_dates_without_time(raw.rows),
    ]
    refuse(path, faults)


def _mangled_ids(rows: pl.DataFrame, columns: Sequence[str]) -> Iterator[str]:
    remedy = "Export the file again with ids as text; the lost digits cannot be recovered"
    for name in columns:
        dtype = rows.schema.get(name, pl.Null())
        if dtype.is_float() and name in IDS:
            yield f"ids in column {name} are floating-point numbers, which round them. {remedy}"
        elif dtype == pl.String:
            text = rows.select(LINE, name).filter(pl.col(name).str.contains(SIGN_OF_NUMBERS))
            found = text.filter(pl.col(name).str.contains(MANGLED_ID))
            if found.is_empty() and name == "post_key":
                found = lost_digits(rows.select(LINE, name), name)
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
                if RECEIVED in shown.columns:
                    shown = shown.select(LINE, pl.col(RECEIVED).struct.field(name))
                raise InputRefusedError(f"{path}: {places(shown, name)}: {remedy}.")
