"""Capture files: one file in; its sound captures, its broken rows, or a refusal out.

Belongs here: what makes a whole file unusable, and saying so.
Does not belong here: file formats, reading of single values, storage, registering accounts.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl
from polars.exceptions import PolarsError

from layers_pipeline.ahead import ahead
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.capture_rows import CaptureRows, Reading, Take
from layers_pipeline.files.capture_watch import Watch, mangled_ids
from layers_pipeline.files.capture_ways import (
    filled,
    identity_of,
    leaves_open,
    mapping_of,
    refuse_before_publication,
    settled,
    with_findings,
    with_moment,
)
from layers_pipeline.files.formats import read_table
from layers_pipeline.files.members import Member, members_of
from layers_pipeline.files.reader import ReadFile, fingerprint, read_as, read_file, report_rows
from layers_pipeline.files.recognition import Own, Table, recognise
from transforms.exports.captures import Way
from transforms.exports.catalog import ROWS_AT, WORDS
from transforms.exports.told import NOTHING, Told
from transforms.staging.captures import COLUMNS, REQUIRED

OWN_CAPTURES: Final = Own(
    subject="captures", columns=COLUMNS, required=REQUIRED, page="docs/captures.md"
)


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
    take: Take = None,
) -> list[ReadFile]:
    """Read a capture file whole, its sound rows of ``StgImportCaptures``; nothing is written.

    Args:
        path: A table, or an archive of tables, see docs/captures.md and docs/formats.md.
        time_zone: IANA zone of times that are written without an offset.
        now: The current instant; later captures are broken.
        run_id: The run that reads.
        told: What the user says of files that do not say it themselves.
        format_name: The format, if the user names it.
        take: Called with the identity of each table; what it gives is called with its sound rows
            and those of ``Quarantine`` batch by batch. A table may still be refused after that.
            None: the result holds all of them.
    Returns:
        What was read of each table; of an archive, those that are no captures are left out.
    Raises:
        InputRefusedError: The file as a whole cannot be used; names line, value and remedy.
    """
    require_zone(time_zone)
    told = replace(told, time_zone=time_zone)
    reading = Reading(time_zone=time_zone, now=now, run_id=run_id, told=told, take=take)
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
        if mangled := list(mangled_ids(raw)):
            rest = str(error).removeprefix(f"{member.path}: ")
            raise InputRefusedError(f"{member.path}: {'; '.join(mangled)}; {rest}") from error
        raise
    return Table(member=member, raw=raw, recognised=recognised)


def _read(table: Table, reading: Reading) -> ReadFile:
    export, said = table.recognised.export, list[object]()
    if export is None:
        raw, said = filled(table.raw, reading.told)
        table = replace(table, raw=raw)
    way, refusal = _settled(table, reading)
    if export is not None:
        said = [export.name, *identity_of(reading.told, way)]
    file_id = fingerprint(table.member)
    file_id = read_as(file_id, *said) if said else file_id
    watch, read = Watch(table, reading.told), CaptureRows(table, way, reading, file_id, refusal)
    for rows in ahead(read.typed, _looked_at(table, watch, read)):
        read.add(rows)
    # What happened to the file comes first, what it leaves open after that.
    watch.refuse()
    if read.refusal is not None:
        raise read.refusal
    mapping = mapping_of(table.recognised)
    columns = COLUMNS if export is None else list(mapping)
    file = read_file(
        table.path, table.raw, read.kept, read.tally, file_id=file_id, rows=watch.rows,
        columns=columns,
    )  # fmt: skip
    refuse_before_publication(table, way, read.newest)
    return with_findings(file, table.recognised, way, mapping, read.sample.rows)


def _looked_at(table: Table, watch: Watch, read: CaptureRows) -> Iterator[pl.DataFrame]:
    """The batches of a table that are worth reading, each once it was looked at for damage."""
    for batch, total in table.raw.counted():
        watch.look(batch)
        if read.refusal is None and not watch.is_damaged:
            yield batch
        report_rows(table.path, watch.rows, total)


def _settled(table: Table, reading: Reading) -> tuple[Way, InputRefusedError | None]:
    """How a table is to be read, or why that is open."""
    way = Way()
    if leaves_open(table.recognised.export):
        watch = Watch(table, reading.told)
        for batch in table.raw.batches():
            watch.look(batch)
        watch.refuse_damage()
        way = settled(table, reading.told)
        watch.refuse_nameless()
    try:
        return with_moment(table, reading.told, way, now=reading.now), None
    except InputRefusedError as refusal:
        return way, refusal


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
