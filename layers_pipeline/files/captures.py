"""Capture files: one file in; its sound captures, its broken rows, or a refusal out.

Belongs here: what makes a whole file unusable, and saying so.
Does not belong here: file formats, reading of single values, storage, registering accounts.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl
from polars.exceptions import PolarsError

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.capture_ways import (
    Nameless,
    filled,
    identity_of,
    leaves_open,
    mapping_of,
    newest_of,
    refuse_before_publication,
    settled,
    with_findings,
    with_moment,
)
from layers_pipeline.files.damage import Damage
from layers_pipeline.files.formats import read_table
from layers_pipeline.files.members import Member, members_of
from layers_pipeline.files.raw_file import RawFile, Sample, select_of
from layers_pipeline.files.reader import (
    ReadFile,
    Tally,
    fingerprint,
    places,
    read_as,
    read_file,
    refuse,
    report_rows,
    split_rows,
    unusable_types,
)
from layers_pipeline.files.recognition import Own, Table, recognise
from transforms.contracts.captures import Quarantine, StgImportCaptures
from transforms.exports.captures import Way, as_capture_rows, with_publication_of_ids
from transforms.exports.catalog import ROWS_AT, WORDS
from transforms.exports.told import NOTHING, Told
from transforms.staging.captures import COLUMNS, IDS, REQUIRED, TIME_COLUMNS, read_captures
from transforms.staging.parsing import BREACHES, LINE
from transforms.staging.quarantine import RECEIVED, is_sound

TABLE: Final = "stg_import__captures"
Take = Callable[[str], Callable[[pl.DataFrame, pl.DataFrame], None]] | None
"""What takes the rows of tables as they are read."""
OWN_CAPTURES: Final = Own(
    subject="captures", columns=COLUMNS, required=REQUIRED, page="docs/captures.md"
)

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
    reading = _Reading(time_zone=time_zone, now=now, run_id=run_id, told=told, take=take)
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
        if mangled := list(_mangled_ids(raw)):
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
    take: Take


def _read(table: Table, reading: _Reading) -> ReadFile:
    export, said = table.recognised.export, list[object]()
    if export is None:
        raw, said = filled(table.raw, reading.told)
        table = replace(table, raw=raw)
    watch = _Watch(table, reading.told)
    way, refusal = _settled(table, reading, watch)
    if export is not None:
        said = [export.name, *identity_of(reading.told, way)]
    file_id = fingerprint(table.member)
    file_id = read_as(file_id, *said) if said else file_id
    read = _Read(table, way, reading, file_id)
    for batch, total in table.raw.counted():
        watch.look(batch)
        if refusal is None and not watch.is_damaged:
            refusal = read.add(batch)
        report_rows(table.path, watch.rows, total)
    # What happened to the file comes first, what it leaves open after that.
    watch.refuse()
    if refusal is not None:
        raise refusal
    mapping = mapping_of(table.recognised)
    columns = COLUMNS if export is None else list(mapping)
    file = read_file(
        table.path, table.raw, read.kept, read.tally, file_id=file_id, rows=watch.rows,
        columns=columns,
    )  # fmt: skip
    refuse_before_publication(table, way, read.newest)
    return with_findings(file, table.recognised, way, mapping, read.sample.rows)


def _settled(
    table: Table, reading: _Reading, watch: "_Watch"
) -> tuple[Way, InputRefusedError | None]:
    """How a table is to be read, or why that is open."""
    way = Way()
    if leaves_open(table.recognised.export):
        for batch in table.raw.batches():
            watch.look(batch)
        watch.refuse_damage()
        way = settled(table, reading.told)
        watch.refuse_nameless()
    try:
        return with_moment(table, reading.told, way, now=reading.now), None
    except InputRefusedError as refusal:
        return way, refusal


class _Watch:
    """What happened to a table, as the rows tell that went by."""

    def __init__(self, table: Table, told: Told) -> None:
        self.rows = 0
        self._table = table
        self._is_own = table.recognised.export is None
        values = [name for name in COLUMNS if name != "caption"] if self._is_own else []
        self._damage, self._nameless = Damage(IDS, values), Nameless(table, told)
        self._types: list[str] = []

    @property
    def is_damaged(self) -> bool:
        """Whether it is known by now that the table is refused."""
        return bool(self._types) or self._damage.is_seen

    def look(self, rows: pl.DataFrame) -> None:
        """Some more rows of the table."""
        self.rows += rows.height
        self._damage.look(self._ids(rows))
        self._nameless.look(rows)
        if self._is_own:
            self._types = [*unusable_types(rows.schema, COLUMNS), *_dates_without_time(rows.schema)]

    def refuse(self) -> None:
        """Refuse the table for what happened to it."""
        self.refuse_damage()
        self.refuse_nameless()

    def refuse_damage(self) -> None:
        """Refuse ids that lost digits, errors of spreadsheets, types that hold no values."""
        damage = self._damage
        mangled = damage.mangled_ids(self._all_ids)
        refuse(self._table.path, [*mangled, *damage.spreadsheet_errors(), *self._types])

    def refuse_nameless(self) -> None:
        """Refuse posts that do not say whose they are."""
        self._nameless.refuse()

    def _ids(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows if self._is_own else _ids_of(self._table, rows)

    def _all_ids(self, name: str) -> pl.DataFrame:
        return pl.concat([self._ids(rows).select(LINE, name) for rows in self._table.raw.batches()])


class _Read:
    """Rows of a table as they were read, and what is to be known of all of them."""

    def __init__(self, table: Table, way: Way, reading: _Reading, file_id: str) -> None:
        self._table, self._way, self._reading, self._file_id = table, way, reading, file_id
        self.kept: list[tuple[pl.DataFrame, pl.DataFrame]] = [
            (StgImportCaptures.create_empty(), Quarantine.create_empty())
        ]
        self._take = reading.take(file_id) if reading.take else self._keep
        self.tally, self.sample, self.newest = Tally(), Sample(), newest_of(self.kept[0][0])

    def add(self, batch: pl.DataFrame) -> InputRefusedError | None:
        """Read some more rows; what refuses the table is given back."""
        try:
            sound, broken = _split(batch, self._table, self._way, self._reading, self._file_id)
        except InputRefusedError as refusal:
            return refusal
        self.tally.add(sound, broken)
        self.sample.add(sound)
        self.newest = newest_of(pl.concat([self.newest, newest_of(sound)]))
        self._take(sound, broken)
        return None

    def _keep(self, sound: pl.DataFrame, broken: pl.DataFrame) -> None:
        self.kept.append((sound, broken))


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


def _ids_of(table: Table, rows: pl.DataFrame) -> pl.DataFrame:
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
    return rows.select(LINE, **plain).with_columns(**absent)


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


def _mangled_ids(raw: RawFile) -> Iterator[str]:
    """What happened to the ids of a file of no known format."""
    damage = Damage(raw.columns)
    for rows in raw.batches():
        damage.look(rows)
    return damage.mangled_ids(lambda name: select_of(raw, name))


def _dates_without_time(schema: pl.Schema) -> Iterator[str]:
    for name in TIME_COLUMNS:
        dtype = schema.get(name)
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
