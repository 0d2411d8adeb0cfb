"""Files of rows as they lie on disk: Parquet, delimited text, JSON, workbooks; no guess at types.

Belongs here: which reader a table needs, encodings, damage, which line of the file a row stands on.
Does not belong here: archives (``members``); what columns mean, and what is wrong with values.
"""

import codecs
import csv
import zlib
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, cast

import polars as pl
import pyarrow as pa
from polars.exceptions import PolarsError
from pyarrow import csv as arrow_csv

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.delimited import Dialect, csv_reader, dialect_of, likeness
from layers_pipeline.files.instants import beyond_calendar, odd_instants
from layers_pipeline.files.json_rows import json_rows
from layers_pipeline.files.members import Member, members_of, unreadable
from layers_pipeline.files.workbooks import sheet_rows
from transforms.exports.headers import header_word
from transforms.staging.parsing import LINE

DAMAGE: Final = (OSError, EOFError, zlib.error, csv.Error, PolarsError)
JSON_BATCH_ROWS: Final = 50_000
HEADER_ROWS: Final = 20
"""Rows among which the header is looked for, behind titles and periods."""
WIDE: Final = 24
"""Of tables with more columns, only those are kept whose names are known."""
DECODED_BYTES: Final = 2**20
CLEAR: Final = (b"", 0)
"""The state of a decoder that waits for nothing."""


@dataclass(frozen=True, kw_only=True)
class RawFile:
    """A file as read.

    Args:
        rows: Line number and columns; text, except in Parquet, which has types of its own.
        columns: Every column of the file by name, also those that were not read.
    """

    rows: pl.DataFrame
    columns: tuple[str, ...]


def read_raw_file(path: Path, *, columns: Collection[str], required: Collection[str]) -> RawFile:
    """Read a file that holds one table.

    Args:
        path: A table, packed or not.
        columns: Columns that mean something.
        required: Columns without which the file is of no use.
    Raises:
        InputRefusedError: It cannot be read, is damaged, has no rows, or holds several tables.
    """
    members = members_of(path)
    if len(members) > 1:
        raise InputRefusedError(f"{path}: holds {len(members)} files. Give them one by one.")
    return read_table(members[0], columns=columns, required=required)


def read_table(
    member: Member,
    *,
    columns: Collection[str],
    required: Collection[str],
    words: Collection[str] = (),
    rows_at: Collection[str] = (),
) -> RawFile:
    """Read a table by its suffix.

    Args:
        member: The table.
        columns: Columns of ours; of Parquet, only these are read.
        required: Columns of ours without which the table is not one of ours.
        words: Header words that are known besides; of nested JSON only they are read.
        rows_at: Where in a JSON document its rows may stand.
    Raises:
        InputRefusedError: It cannot be read, is damaged, or has no rows.
    """
    try:
        if member.suffix == ".parquet":
            raw = _parquet(member, columns=columns, required=required)
        elif member.suffix in {".xlsx", ".xlsm"}:
            raw = _workbook(member, {*words, *columns})
        else:
            raw = _text(member, columns=columns, required=required, words=words, rows_at=rows_at)
    except DAMAGE as error:
        raise unreadable(member.path, error) from error
    if raw.rows.is_empty():
        raise InputRefusedError(f"{member.path}: has no rows. Export it again.")
    return raw


def _parquet(member: Member, *, columns: Collection[str], required: Collection[str]) -> RawFile:
    source = member.path if member.content is None else member.content
    if refused := odd_instants(source):
        raise InputRefusedError(f"{member.path}: {refused}")
    schema = pl.read_parquet_schema(source)
    # Without its required columns a file is refused: then any column may tell what happened.
    is_usable = all(name in schema for name in required)
    wanted = [name for name in schema if name in columns] if is_usable else [*schema]
    rows = pl.read_parquet(source, columns=[name for name in wanted if name != LINE], glob=False)
    if refused := beyond_calendar(rows):
        raise InputRefusedError(f"{member.path}: {refused}")
    rows = rows.with_columns(
        pl.col(name).cast(pl.String)
        for name, dtype in rows.schema.items()
        if dtype in (pl.Categorical, pl.Enum)
    )
    return RawFile(rows=rows.with_row_index(LINE, offset=1), columns=tuple(schema))


def _workbook(member: Member, words: Collection[str]) -> RawFile:
    rows = sheet_rows(member, lambda row: likeness(row, words))
    first = max(range(min(len(rows), HEADER_ROWS)), key=lambda at: likeness(rows[at], words))
    header = [name.strip() for name in rows[first]]
    _refuse_twice(member.path, header, line=first + 1)
    named = {at: name for at, name in enumerate(header) if name and name != LINE}
    body = [(line, row) for line, row in enumerate(rows[first + 1 :], first + 2) if any(row)]
    table = {name: [row[at] for _, row in body] for at, name in named.items()}
    frame = pl.DataFrame({LINE: [line for line, _ in body], **table}).cast({LINE: pl.Int64})
    return RawFile(rows=frame, columns=tuple(named.values()))


def _text(
    member: Member,
    *,
    columns: Collection[str],
    required: Collection[str],
    words: Collection[str],
    rows_at: Collection[str],
) -> RawFile:
    path, content = member.path, member.read()
    if not content or content.isspace():
        raise InputRefusedError(f"{path}: is empty. Export it again.")
    _refuse_other_text(path, content)
    if member.suffix in {".json", ".ndjson", ".jsonl"}:
        rows = json_rows(
            path,
            content,
            is_document=member.suffix == ".json",
            plain=frozenset(required),
            words=frozenset(words),
            rows_at=tuple(rows_at),
        )
        return _json(rows)
    dialect = dialect_of(path, content, {*words, *columns})
    return _csv(path, content, dialect, {*words, *columns})


def _refuse_other_text(path: Path, content: bytes) -> None:
    """Refuse what is not UTF-8; looked at in blocks, so that no copy of all is made."""
    decoder, seen = codecs.getincrementaldecoder("utf-8")(), 0
    try:
        for first in range(0, len(content), DECODED_BYTES):
            block = content[first : first + DECODED_BYTES]
            if decoder.getstate() == CLEAR and block.isascii():
                continue
            seen = first - len(decoder.getstate()[0])
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, seen + error.start) + 1
        raise InputRefusedError(
            f"{path}: line {line}: is not UTF-8 text. Save it as UTF-8 (in Excel: CSV UTF-8)."
        ) from error


def _csv(path: Path, content: bytes, dialect: Dialect, words: Collection[str]) -> RawFile:
    header = [name.strip() for name in dialect.header]
    if not header:
        raise InputRefusedError(f"{path}: line 1: is blank. Begin with the column names.")
    _refuse_twice(path, header, line=dialect.header_line)
    names = [f"column {position}" for position in range(len(header))]
    _refuse_torn_quotes(path, content, dialect)
    named = {name: column for name, column in zip(header, names, strict=True) if name}
    known = [column for name, column in named.items() if header_word(name) in words]
    rows = None
    if len(names) > WIDE and known:
        rows = _narrow(_arrow_rows(path, content, dialect, names, known), content, dialect)
    if rows is None:
        known = names
        rows = _arrow_rows(path, content, dialect, names, names)
        rows = rows.with_columns(_csv_lines(first=dialect.lines + 1))
        rows = rows.filter(~pl.all_horizontal(pl.col(names) == ""))
    values = {
        name: pl.col(column) for name, column in named.items() if name != LINE and column in known
    }
    return RawFile(rows=rows.select(LINE, **values), columns=tuple(named))


def _narrow(rows: pl.DataFrame, content: bytes, dialect: Dialect) -> pl.DataFrame | None:
    """The known columns with their lines; None where those tell neither lines nor blank rows."""
    lines = content.count(b"\n") + (not content.endswith(b"\n"))
    has_blank = rows.select(pl.all_horizontal(pl.all() == "").any()).item()
    if has_blank or lines != rows.height + dialect.lines:
        return None
    return rows.with_row_index(LINE, offset=dialect.lines + 1).cast({LINE: pl.Int64})


def _arrow_rows(
    path: Path, content: bytes, dialect: Dialect, names: list[str], wanted: list[str]
) -> pl.DataFrame:
    """Rows of delimited text, all of them text, of the wanted columns."""
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(content),
            read_options=arrow_csv.ReadOptions(column_names=names, skip_rows=dialect.lines),
            parse_options=arrow_csv.ParseOptions(
                delimiter=dialect.delimiter, newlines_in_values=True, ignore_empty_lines=False
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=wanted,
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        raise InputRefusedError(
            _csv_damage(path, content, dialect) or f"{path}: {error}"
        ) from error
    return cast("pl.DataFrame", pl.from_arrow(table, rechunk=False))


def _refuse_twice(path: Path, header: list[str], *, line: int) -> None:
    twice = [name for name, times in Counter(header).items() if name and times > 1]
    if twice:
        raise InputRefusedError(
            f"{path}: line {line}: column {twice[0]} appears twice. Remove or rename one of them."
        )


def _csv_lines(*, first: int) -> pl.Expr:
    """The line that each row begins on: rows before it, and line breaks within their values."""
    breaks = pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True))
    lines = (breaks + 1).cast(pl.Int64)
    return (lines.cum_sum() - lines + first).alias(LINE)


def _refuse_torn_quotes(path: Path, content: bytes, dialect: Dialect) -> None:
    if content.count(b'"') % 2 and (damage := _csv_damage(path, content, dialect)):
        raise InputRefusedError(damage)


def _csv_damage(path: Path, content: bytes, dialect: Dialect) -> str | None:
    """The first row with too few or too many values, or a quote that is never closed."""
    reader = csv_reader(content, dialect.delimiter)
    while reader.line_num < dialect.lines:
        next(reader)
    expected, begins = len(dialect.header), reader.line_num + 1
    try:
        for row in reader:
            if row and len(row) != expected:
                return (
                    f"{path}: line {begins}: has {len(row)} values where the header has "
                    f"{expected} columns. The file is cut off, or a value with a comma lacks "
                    "its quotes: export it again."
                )
            begins = reader.line_num + 1
    except csv.Error as error:
        return f"{path}: line {begins}: cannot be read as CSV: {error}. Export it again."
    return None


def _json(rows: Iterator[dict[str, str | int | None]]) -> RawFile:
    parts = [pl.DataFrame(schema={LINE: pl.Int64})]
    while batch := list(islice(rows, JSON_BATCH_ROWS)):
        names = dict.fromkeys(name for row in batch for name in row)
        schema = dict.fromkeys(names, pl.String()) | {LINE: pl.Int64()}
        parts.append(pl.DataFrame(batch, schema=schema))
    table = pl.concat(parts, how="diagonal")
    return RawFile(rows=table, columns=tuple(name for name in table.columns if name != LINE))
