"""Answers of commands: rows as a table for people, as CSV or JSON for programs.

Belongs here: the option that chooses, column names for programs, printing in each form.
Does not belong here: drawing (``terminal``), what is answered (one module per group).
"""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import typer

from layers_pipeline.cli.terminal import print_table

Format = Literal["table", "csv", "json"]
FormatOption = Annotated[
    Format, typer.Option("--format", help="table for people; csv or json for programs.")
]
NO_LETTER: Final = re.compile(r"[^a-z0-9]+")


def print_rows(
    form: Format,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    title: str = "",
    things: Iterable[Mapping[str, Any]] | None = None,
) -> None:
    """Print rows under headings that people read; programs get them in snake case.

    Args:
        things: What the rows tell of, where JSON can say more than rows: one within another.
    """
    if form == "table":
        print_table(columns, rows, title=title)
    else:
        print_for_programs(form, [in_snake_case(name) for name in columns], rows, things=things)


def print_for_programs(
    form: Literal["csv", "json"],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    things: Iterable[Mapping[str, Any]] | None = None,
) -> None:
    """Print rows under names of columns as they are."""
    from layers_pipeline.serving.query import as_csv, as_json, as_nested_json

    if form == "csv":
        sys.stdout.write(as_csv(columns, rows))
    else:
        sys.stdout.write(as_json(columns, rows) if things is None else as_nested_json(things))


def in_snake_case(heading: str) -> str:
    """A heading as the name of a column: ``when (UTC)`` is ``when_utc``."""
    return NO_LETTER.sub("_", heading.lower()).strip("_")


def as_thing(headings: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    """A row by the names that programs read."""
    return dict(zip(map(in_snake_case, headings), row, strict=True))
