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

from rich.cells import cell_len
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
READABLE: Final = 24
"""Characters of a line below which text is hard to read."""
WORD: Final = 40
"""Characters of a word above which it is broken to pieces."""
BORDER: Final = "│  "
"""What stands round a column: its border, a blank before it and one after it."""


def _console(*, stderr: bool) -> Console:
    """A console as wide as the terminal, or wide enough for tables where there is none."""
    stream = sys.stderr if stderr else sys.stdout
    is_terminal = stream.isatty()
    return Console(
        stderr=stderr,
        highlight=False,
        force_terminal=is_terminal,  # whatever FORCE_COLOR says: no colours in files
        width=None if is_terminal else WIDTH_OF_FILES,
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
        from layers_pipeline import logs

        text = f"{record.levelname.lower()}: {record.getMessage()}"
        if text not in self._said and not logs.is_json():  # which says it already
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
    """Print rows as a table; null as a dash, numbers to the right.

    Where a table would break its columns to pieces, each row is a block of name and value.
    """
    listed = [list(row) for row in rows]
    texts = [[_as_text(_shown(value)) for value in row] for row in listed]
    of_columns = list(zip(map(_as_text, columns), *texts, strict=True))
    widths = widths_within(
        console.width - len(BORDER) * len(columns) - 1,
        needed=[
            max([_longest_word(heading), *map(_readable, values)])
            for heading, *values in of_columns
        ],
        wanted=[max(text.cell_len for text in of_column) for of_column in of_columns],
    )
    if widths is None:
        return _print_blocks(columns, texts, title=title)
    table = Table(title=title or None, title_justify="left")
    for position, (name, width) in enumerate(zip(columns, widths, strict=True)):
        numeric = any(_is_number(row[position]) for row in listed)
        justify = "right" if numeric else "left"
        table.add_column(_as_text(name), justify=justify, overflow="fold", width=width)
    for row in texts:
        table.add_row(*row)
    return console.print(table)


def widths_within(space: int, *, needed: Sequence[int], wanted: Sequence[int]) -> list[int] | None:
    """How wide columns are drawn that need so much and want so much; None if they do not fit."""
    spare = space - sum(needed)
    if spare < 0:
        return None
    widths = list(needed)
    for still, place in zip(
        range(len(widths), 0, -1), sorted(range(len(widths)), key=wanted.__getitem__), strict=True
    ):
        more = min(wanted[place] - widths[place], spare // still)
        widths[place] += more
        spare -= more
    return widths


def _readable(text: Text) -> int:
    """The width at which text can still be read: lines of some words, words in one piece."""
    return min(text.cell_len, max(READABLE, _longest_word(text)))


def _longest_word(text: Text) -> int:
    return min(WORD, max((cell_len(word) for word in text.plain.split()), default=0))


def _print_blocks(columns: Sequence[str], rows: Sequence[Sequence[Text]], *, title: str) -> None:
    if title:
        console.print(_as_text(title), soft_wrap=True)
    for number, row in enumerate(rows, start=1):
        table = Table(title=f"{number:,} of {len(rows):,}", title_justify="left", show_header=False)
        table.add_column("name", no_wrap=True)
        table.add_column("value", overflow="fold")
        for name, text in zip(columns, row, strict=True):
            table.add_row(_as_text(name), text)
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
