"""What people see in a terminal: tables, progress bars, numbers.

Belongs here: drawing.
Does not belong here: what is drawn, and the commands.
"""

import logging
import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from layers_pipeline.progress import reporting

WIDTH_OF_FILES: Final = 160


def _console(*, stderr: bool) -> Console:
    """A console as wide as the terminal, or wide enough for tables where there is none."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(
        stderr=stderr, highlight=False, width=None if stream.isatty() else WIDTH_OF_FILES
    )


console: Final = _console(stderr=False)
errors: Final = _console(stderr=True)


def say(text: str) -> None:
    """Print lines in which names and values of strangers may stand, each as one line."""
    for line in text.split("\n"):
        console.print(_as_text(line), soft_wrap=True)


def complain(text: str) -> None:
    """Print one line on standard error, whatever line breaks the text has."""
    errors.print(_as_text(" ".join(text.split())), soft_wrap=True)


class _Complaining(logging.Handler):
    """Says what is logged as a warning of ours in one line, and once."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{record.levelname.lower()}: {record.getMessage()}"
        if text not in self._said:
            self._said.add(text)
            complain(text)


@contextmanager
def warnings_said() -> Generator[None]:
    """Print warnings of the pipeline's own modules on standard error while the block runs."""
    ours, handler = logging.getLogger("layers_pipeline"), _Complaining()
    ours.addHandler(handler)
    try:
        yield
    finally:
        ours.removeHandler(handler)


@contextmanager
def progress_bars() -> Generator[None]:
    """Draw reports of progress as bars while the block runs; nothing where no terminal is."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def draw(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        with reporting(draw):
            yield


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = ""
) -> None:
    """Print rows as a table; null as a dash, numbers to the right."""
    listed = [list(row) for row in rows]
    table = Table(title=title or None, title_justify="left")
    for position, name in enumerate(columns):
        numeric = any(_is_number(row[position]) for row in listed)
        table.add_column(_as_text(name), justify="right" if numeric else "left", overflow="fold")
    for row in listed:
        table.add_row(*(_as_text(_shown(value)) for value in row))
    console.print(table)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: object) -> str:
    match value:
        case None:
            return "\N{EN DASH}"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.2f}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case _:
            return str(value)


def _as_text(value: str) -> Text:
    """Text of strangers: no markup is read into it and no control character reaches the screen."""
    return Text("".join(char if char.isprintable() else " " for char in value))
