"""Files of rows as they lie on disk: Parquet, delimited text, JSON, workbooks; no guess at types.

Belongs here: which reader a table needs, encodings, damage, which line of the file a row stands on.
Does not belong here: archives (``members``); what columns mean, and what is wrong with values.
"""

import csv
import io
import zlib
from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Final

import polars as pl
from polars.exceptions import PolarsError

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.blocks import blocks_of, refuse_blank
from layers_pipeline.files.csv_rows import csv_table, refuse_twice
from layers_pipeline.files.delimited import dialect_of, likeness
from layers_pipeline.files.instants import beyond_calendar, odd_instants
from layers_pipeline.files.json_rows import json_rows
from layers_pipeline.files.kept_rows import KeptRows
from layers_pipeline.files.members import Member, members_of, unreadable
from layers_pipeline.files.raw_file import BATCH_ROWS, Part, RawFile
from layers_pipeline.files.workbooks import sheet_rows
from transforms.staging.parsing import LINE

DAMAGE: Final = (OSError, EOFError, zlib.error, csv.Error, PolarsError)
JSON_BATCH_ROWS: Final = 50_000
HEADER_ROWS: Final = 20
"""Rows among which the header is looked for, behind titles and periods."""


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
    return _begun(member, raw)


def _begun(member: Member, raw: RawFile) -> RawFile:
    """The table, its first rows read already: a file without any is refused."""
    parts, first = _watched(member, raw), list[Part]()
    for part in parts:
        first.append(part)
        if not part[0].is_empty():
            break
    else:
        raise InputRefusedError(f"{member.path}: has no rows. Export it again.")
    begun = [chain(first, parts)]
    return replace(raw, parts=lambda: begun.pop() if begun else _watched(member, raw))


def _watched(member: Member, raw: RawFile) -> Iterator[Part]:
    """The parts of a file, damage told as such wherever it is met."""
    try:
        yield from raw.parts()
    except DAMAGE as error:
        raise unreadable(member.path, error) from error


def _parquet(member: Member, *, columns: Collection[str], required: Collection[str]) -> RawFile:
    source = member.path if member.content is None else member.content
    if refused := odd_instants(source):
        raise InputRefusedError(f"{member.path}: {refused}")
    schema = pl.read_parquet_schema(source)
    # Without its required columns a file is refused: then any column may tell what happened.
    is_usable = all(name in schema for name in required)
    wanted = [name for name in schema if name in columns] if is_usable else [*schema]
    names = [name for name in wanted if name != LINE]
    return RawFile(columns=tuple(schema), parts=lambda: _parquet_parts(member, names))


def _parquet_parts(member: Member, names: list[str]) -> Iterator[Part]:
    source = member.path if member.content is None else io.BytesIO(member.content)
    rows = pl.scan_parquet(source, glob=False)
    total = rows.select(pl.len()).collect().item()
    for first in range(0, total, BATCH_ROWS):
        batch = rows.select(names).slice(first, BATCH_ROWS).collect()
        if refused := beyond_calendar(batch, first):
            raise InputRefusedError(f"{member.path}: {refused}")
        batch = batch.with_columns(
            pl.col(name).cast(pl.String)
            for name, dtype in batch.schema.items()
            if dtype in (pl.Categorical, pl.Enum)
        )
        yield batch.with_row_index(LINE, offset=first + 1), total


def _workbook(member: Member, words: Collection[str]) -> RawFile:
    rows = sheet_rows(member, lambda row: likeness(row, words))
    first = max(range(min(len(rows), HEADER_ROWS)), key=lambda at: likeness(rows[at], words))
    header = [name.strip() for name in rows[first]]
    refuse_twice(member.path, header, line=first + 1)
    named = {at: name for at, name in enumerate(header) if name and name != LINE}
    body = [(line, row) for line, row in enumerate(rows[first + 1 :], first + 2) if any(row)]
    table = {name: [row[at] for _, row in body] for at, name in named.items()}
    frame = pl.DataFrame({LINE: [line for line, _ in body], **table}).cast({LINE: pl.Int64})
    return RawFile.of(frame, tuple(named.values()))


def _text(
    member: Member,
    *,
    columns: Collection[str],
    required: Collection[str],
    words: Collection[str],
    rows_at: Collection[str],
) -> RawFile:
    with member.opened() as text:
        refuse_blank(member.path, text)
    try:
        if member.suffix in {".json", ".ndjson", ".jsonl"}:
            rows = json_rows(
                member,
                is_document=member.suffix == ".json",
                plain=frozenset(required),
                words=frozenset(words),
                rows_at=tuple(rows_at),
            )
            return _json(rows)
        return csv_table(member, dialect_of(member, {*words, *columns}), {*words, *columns})
    except UnicodeDecodeError:
        for _ in blocks_of(member):  # refuses what is no UTF-8, with its line
            pass
        raise


def _json(rows: Iterator[dict[str, str | int | None]]) -> RawFile:
    kept, names = KeptRows(), dict[str, None]()
    while batch := list(islice(rows, JSON_BATCH_ROWS)):
        of_batch = dict.fromkeys(name for row in batch for name in row)
        schema = dict.fromkeys(of_batch, pl.String()) | {LINE: pl.Int64()}
        kept.add(pl.DataFrame(batch, schema=schema))
        names |= of_batch
    names.pop(LINE, None)

    def parts() -> Iterator[Part]:
        for frame in kept.frames():
            absent = {name: pl.lit(None, pl.String) for name in names if name not in frame.columns}
            yield frame.with_columns(**absent).select(LINE, *names), kept.height

    return RawFile(columns=tuple(names), parts=parts)
