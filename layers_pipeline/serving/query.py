"""Questions to the analysts' file, and answers in the forms that other programs read.

Belongs here: asking read-only, CSV and JSON.
Does not belong here: tables for people (``terminal``), how the file is made (``serving``).
"""

import csv
import io
import json
import math
import re
import threading
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb

from layers_pipeline.errors import (
    InputRefusedError,
    LayersError,
    LockTimeoutError,
    StoreError,
)
from layers_pipeline.lake.object_store import options_of
from layers_pipeline.serving import generations
from layers_pipeline.serving.remote import reach_what_is_shown
from layers_pipeline.settings import Settings

RUN_BY_SPREADSHEETS: Final = re.compile(r"[\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
"""How text begins that a spreadsheet takes for a formula, full-width signs included."""
DATA_FILE: Final = re.compile(r"'((?:[^']|'')*\.parquet)'")
"""A file of the lake in the text of a published view, as SQL writes it."""
WILDCARD: Final = re.compile(r"\[([*?\[])\]")
"""A sign that views write so that it is no wildcard (``serving.database``)."""
ALONE: Final = r"\1"
ONE_AT_A_TIME: Final = threading.Lock()
"""Connections of one process to one file are one DuckDB, whose limits must not change meanwhile."""
PUBLISHED_ALONE: Final = "A question reads the published tables, and no other file."
PUBLISH_AGAIN: Final = (
    "Run `layers-pipeline publish`: it makes another file, or says what is amiss."
)


def asked(
    settings: Settings, sql: str, parameters: Mapping[str, Any] | None = None
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Columns and rows of the published file's answer to one SELECT.

    Raises:
        InputRefusedError: The statement is no single SELECT, or cannot be run.
        NotFoundError: Nothing was published yet.
        StoreError: The published file, or a file of the lake that it names, cannot be read.
    """
    path = generations.current(settings.serve_location)
    with ONE_AT_A_TIME, _opened(path, options_of(settings)) as (connection, shown):
        try:
            # The file is opened read-only, but COPY and ATTACH could still write others.
            kinds = [statement.type for statement in connection.extract_statements(sql)]
            if kinds != [duckdb.StatementType.SELECT]:
                raise InputRefusedError("query: ask with one SELECT; nothing else is run.")
            answer = connection.sql(sql, params=dict(parameters or {})).pl()
            return answer.columns, answer.rows()
        except (duckdb.PermissionException, duckdb.IOException) as error:
            raise _unreadable(path, shown, error) from error
        except duckdb.Error as error:
            raise InputRefusedError(f"query: {error}") from error


def _unreadable(path: Path, shown: Collection[str], error: duckdb.Error) -> LayersError:
    """What is said of a file that was not read: one of the lake's that is gone, or any other."""
    gone = next((name for name in shown if name in str(error)), None)
    if gone is not None:
        return StoreError(f"query: {path} shows {gone}, which cannot be read. {PUBLISH_AGAIN}")
    if isinstance(error, duckdb.PermissionException):
        return InputRefusedError(f"query: {_said(error)}. {PUBLISHED_ALONE}")
    return StoreError(f"query: {path}: {_said(error)}. {PUBLISH_AGAIN}")


@contextmanager
def _opened(
    path: Path, options: Mapping[str, str]
) -> Generator[tuple[duckdb.DuckDBPyConnection, set[str]]]:
    """The published file, from which no other file can be reached but those that it shows."""
    try:
        connection = duckdb.connect(str(path), read_only=True, config=generations.CONFIG)
    except duckdb.IOException as error:
        if "lock" in str(error):
            raise LockTimeoutError(
                f"query: {path}: another program has opened it to write ({_said(error)}). Close it "
                "there, and open it read-only: duckdb -readonly."
            ) from error
        raise StoreError(f"query: {path}: {_said(error)}. {PUBLISH_AGAIN}") from error
    except duckdb.Error as error:
        raise StoreError(f"query: {path}: {_said(error)}. {PUBLISH_AGAIN}") from error
    with connection:
        reach_what_is_shown(connection, options)
        yield connection, _keep_within(connection)


def _keep_within(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Let a question read the files that the published views name, and no others, for good.

    Returns:
        Those files, as SQL writes them, with and without what makes their signs no wildcards.
    """
    views = connection.execute("select sql from duckdb_views() where not internal").fetchall()
    named = {found for (sql,) in views for found in DATA_FILE.findall(sql)}
    named |= {WILDCARD.sub(ALONE, found) for found in named}
    allowed = ", ".join(f"'{found}'" for found in sorted(named))
    connection.execute("set timezone = 'UTC'")
    connection.execute(f"set allowed_paths = [{allowed}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return named


def _said(error: duckdb.Error) -> str:
    return " ".join(str(error).split()).rstrip(".")


def as_json(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """The answer as one JSON list of objects."""
    return as_nested_json(dict(zip(columns, row, strict=True)) for row in rows)


def as_nested_json(things: Iterable[Mapping[str, Any]]) -> str:
    """Things, in which others may lie, as one JSON list."""
    listed = [_json_value(dict(thing)) for thing in things]
    return json.dumps(listed, default=str, ensure_ascii=False) + "\n"


def _json_value(value: object) -> object:
    """The value as JSON knows it: decimals are numbers, and what is no number is null."""
    match value:
        case float() if not math.isfinite(value):
            return None
        case Decimal():
            return float(value)
        case list():
            return [_json_value(item) for item in value]
        case dict():
            return {name: _json_value(item) for name, item in value.items()}
        case _:
            return value


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """The answer as CSV; text that a spreadsheet would run is neutralised, numbers stay."""
    return "".join(_csv_line(map(_harmless, row)) for row in (columns, *rows))


def _csv_line(row: Iterable[object]) -> str:
    """One line; written with CRLF first, because only then a lone CR in a value is quoted."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(row)
    return text.getvalue().removesuffix("\r\n") + "\n"


def _harmless(value: object) -> object:
    runs = isinstance(value, str) and RUN_BY_SPREADSHEETS.match(value)
    return f"'{value}" if runs else value
