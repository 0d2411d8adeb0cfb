"""Files of rows as they lie on disk: Parquet, CSV and NDJSON, read without a guess at types.

Belongs here: formats, encodings, damage, and which line of the file a row stands on.
Does not belong here: what columns mean, and what is wrong with values.
"""

import csv
import gzip
import io
import json
import zlib
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa
from polars.exceptions import PolarsError
from pyarrow import csv as arrow_csv

from layers_pipeline.errors import InputRefusedError
from transforms.staging.parsing import LINE

SUFFIXES: Final = (".parquet", ".csv", ".csv.gz", ".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz")
DAMAGE: Final = (OSError, EOFError, zlib.error, csv.Error, PolarsError)
JSON_BATCH_ROWS: Final = 50_000


@dataclass(frozen=True, kw_only=True)
class RawFile:
    """A file as read.

    Args:
        rows: Line number and columns; text, except in Parquet, which has types of its own.
        columns: Every column of the file by name, also those that were not read.
    """

    rows: pl.DataFrame
    columns: tuple[str, ...]


def require_file(path: Path) -> None:
    """Refuse what cannot be opened, or is of no kind that is read here.

    Raises:
        InputRefusedError: Says why, with the remedy.
    """
    if not path.name.lower().endswith(SUFFIXES):
        known = ", ".join(SUFFIXES)
        raise InputRefusedError(f"{path}: unknown kind of file: save it as one of {known}.")
    try:
        path.open("rb").close()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> InputRefusedError:
    why = _first_line(error)
    return InputRefusedError(f"{path}: cannot be read: {why}. Check that it is there and complete.")


def read_raw_file(path: Path, *, columns: Collection[str], required: Collection[str]) -> RawFile:
    """Read a file by its suffix.

    Args:
        path: A Parquet, CSV or NDJSON file.
        columns: Columns that mean something; of Parquet, only these are read.
        required: Columns without which the file is of no use.
    Raises:
        InputRefusedError: It cannot be read, is damaged, or has no rows.
    """
    require_file(path)
    try:
        if path.name.lower().endswith(".parquet"):
            raw = _parquet(path, columns=columns, required=required)
        else:
            raw = _text_file(path)
    except DAMAGE as error:
        raise _unreadable(path, error) from error
    if raw.rows.is_empty():
        raise InputRefusedError(f"{path}: has no rows. Export it again.")
    return raw


def _first_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__


def _parquet(path: Path, *, columns: Collection[str], required: Collection[str]) -> RawFile:
    schema = pl.read_parquet_schema(path)
    # Without its required columns a file is refused: then any column may tell what happened.
    is_usable = all(name in schema for name in required)
    wanted = [name for name in schema if name in columns] if is_usable else [*schema]
    rows = pl.read_parquet(path, columns=[name for name in wanted if name != LINE], glob=False)
    rows = rows.with_columns(
        pl.col(name).cast(pl.String)
        for name, dtype in rows.schema.items()
        if dtype in (pl.Categorical, pl.Enum)
    )
    return RawFile(rows=rows.with_row_index(LINE, offset=1), columns=tuple(schema))


def _text_file(path: Path) -> RawFile:
    name = path.name.lower()
    content = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
    if not content.strip():
        raise InputRefusedError(f"{path}: is empty. Export it again.")
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputRefusedError(
            f"{path}: line {line}: is not UTF-8 text. Save it as UTF-8 (in Excel: CSV UTF-8)."
        ) from error
    return _csv(path, content) if name.endswith((".csv", ".csv.gz")) else _ndjson(path, content)


def _csv(path: Path, content: bytes) -> RawFile:
    header, header_lines = _csv_header(path, content)
    names = [f"column {position}" for position in range(len(header))]
    _refuse_torn_quotes(path, content)
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(content),
            read_options=arrow_csv.ReadOptions(column_names=names, skip_rows=header_lines),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise InputRefusedError(_csv_damage(path, content) or f"{path}: {error}") from error
    rows = pl.DataFrame(table).with_columns(_csv_lines(first=header_lines + 1))
    is_blank = pl.all_horizontal(pl.col(names) == "")
    named = {name: column for name, column in zip(header, names, strict=True) if name}
    values = {name: pl.col(column) for name, column in named.items() if name != LINE}
    rows = rows.filter(~is_blank).select(LINE, **values)
    return RawFile(rows=rows, columns=tuple(named))


def _csv_header(path: Path, content: bytes) -> tuple[list[str], int]:
    reader = _csv_reader(content)
    header = [name.strip() for name in next(reader)]
    if not header:
        raise InputRefusedError(f"{path}: line 1: is blank. Begin with the column names.")
    twice = [name for name, times in Counter(header).items() if name and times > 1]
    if twice:
        raise InputRefusedError(
            f"{path}: line 1: column {twice[0]} appears twice. Remove or rename one of them."
        )
    return header, reader.line_num


def _csv_reader(content: bytes) -> Any:  # noqa: ANN401 - the csv module's reader has no public type
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
    return csv.reader(text, strict=True)


def _csv_lines(*, first: int) -> pl.Expr:
    """The line that each row begins on: rows before it, and line breaks within their values."""
    breaks = pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True))
    lines = (breaks + 1).cast(pl.Int64)
    return (lines.cum_sum() - lines + first).alias(LINE)


def _refuse_torn_quotes(path: Path, content: bytes) -> None:
    if content.count(b'"') % 2 and (damage := _csv_damage(path, content)):
        raise InputRefusedError(damage)


def _csv_damage(path: Path, content: bytes) -> str | None:
    """The first row with too few or too many values, or a quote that is never closed."""
    reader = _csv_reader(content)
    expected, begins = len(next(reader)), reader.line_num + 1
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


def _ndjson(path: Path, content: bytes) -> RawFile:
    rows = _json_rows(path, content)
    parts = [pl.DataFrame(schema={LINE: pl.Int64})]
    while batch := list(islice(rows, JSON_BATCH_ROWS)):
        names = dict.fromkeys(name for row in batch for name in row)
        schema = dict.fromkeys(names, pl.String()) | {LINE: pl.Int64()}
        parts.append(pl.DataFrame(batch, schema=schema))
    table = pl.concat(parts, how="diagonal")
    return RawFile(rows=table, columns=tuple(name for name in table.columns if name != LINE))


def _json_rows(path: Path, content: bytes) -> Iterator[dict[str, Any]]:
    # Numbers stay the text that they are written in: an id is never rounded.
    decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
    lines = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="\n")
    for line, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            row = decoder.decode(text)
        except json.JSONDecodeError as error:
            raise InputRefusedError(
                f"{path}: line {line}: is not JSON ({error.msg}). The file is cut off or "
                "damaged: export it again, one object per line."
            ) from error
        if not isinstance(row, dict):
            raise InputRefusedError(f"{path}: line {line}: is not a JSON object.")
        yield {name: _as_text(value) for name, value in row.items()} | {LINE: line}


def _as_text(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
