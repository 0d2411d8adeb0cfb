"""Questions to the analysts' file, and answers in the forms that other programs read.

Belongs here: asking read-only, CSV and JSON.
Does not belong here: tables for people (``terminal``), how the file is made (``serving``).
"""

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import duckdb

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.serving import generations
from layers_pipeline.settings import load_settings

RUN_BY_SPREADSHEETS: Final = re.compile(r"[\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
"""How text begins that a spreadsheet takes for a formula, full-width signs included."""


def asked(
    sql: str, parameters: Mapping[str, Any] | None = None
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Columns and rows of the published file's answer to one SELECT.

    Raises:
        InputRefusedError: The statement is no single SELECT, or cannot be run.
        NotFoundError: Nothing was published yet.
    """
    path = generations.current(load_settings().serve_location)
    try:
        with duckdb.connect(str(path), read_only=True, config=generations.CONFIG) as connection:
            connection.execute("set timezone = 'UTC'")
            # The file is opened read-only, but COPY and ATTACH could still write others.
            kinds = [statement.type for statement in connection.extract_statements(sql)]
            if kinds != [duckdb.StatementType.SELECT]:
                raise InputRefusedError("query: ask with one SELECT; nothing else is run.")
            answer = connection.sql(sql, params=dict(parameters or {})).pl()
            return answer.columns, answer.rows()
    except duckdb.Error as error:
        raise InputRefusedError(f"query: {error}") from error


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
