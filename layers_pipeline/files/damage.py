"""What happened to a file as a whole, found while its rows go by.

Belongs here: lost digits of ids, errors of spreadsheets, posts without an account.
Does not belong here: rows that are set aside one by one; what leaves a file open (``settling``).
"""

from collections.abc import Callable, Collection, Iterator
from typing import Final

import polars as pl

from layers_pipeline.files.reader import SHOWN_LINES, SPREADSHEET_ERROR, places
from transforms.exports.ids import has_others, likely_rounded, looked_at, lost_digits
from transforms.staging.captures import IDS
from transforms.staging.parsing import LINE

MANGLED_ID: Final = (
    r"^\s*(?:[0-9]+[.,][0-9]+[eE]\+?[0-9]+|[0-9]+[eE]\+[0-9]+|[0-9]{15,}\.[0-9]+)\s*$"
)
"""``7.50E+18``, ``7,50E+18``, ``7e+18``, ``7500000000000000000.0``."""
SIGN_OF_NUMBERS: Final = "[.,+]"
"""What a mangled id has, and few other ids have."""
REMEDY: Final = "Export the file again with ids as text; the lost digits cannot be recovered"
FIRST_ROWS: Final = 200_000
"""Rows whose ids are kept, to be looked at once it is known how many look rounded."""


class Sightings:
    """Rows with a fault in one column: the first ones, and how many there are."""

    def __init__(self, name: str) -> None:
        self.name, self.count = name, 0
        self._first: list[pl.DataFrame] = []

    def add(self, found: pl.DataFrame) -> None:
        """Some more rows, in the order of their lines. Reads line_number and the column."""
        if found.is_empty():
            return
        if self.count < SHOWN_LINES:
            self._first.append(found.select(LINE, self.name).head(SHOWN_LINES))
        self.count += found.height

    def shown(self) -> str:
        """Their lines and values."""
        return places(pl.concat(self._first), self.name, count=self.count)


class LostDigits:
    """Ids of a column, most of which a table program may have rounded."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._likely: list[pl.DataFrame] = []
        self._first: list[pl.DataFrame] = []
        self._rows = 0

    def add(self, rows: pl.DataFrame) -> None:
        """Some more rows. Reads line_number and the column."""
        if self._rows < FIRST_ROWS:
            self._first.append(rows.select(LINE, self._name))
        self._rows += rows.height
        if (likely := likely_rounded(rows, self._name)).height:
            self._likely.append(likely)

    def found(self, all_rows: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """The rows whose ids have lost digits.

        Args:
            all_rows: Line number and the column of the whole file, if the first do not tell.
        """
        first = pl.concat(self._first) if self._first else all_rows()
        likely = pl.concat(self._likely).n_unique() if self._likely else 0
        is_enough = min(looked_at(likely), self._rows) <= first.height
        if is_enough and has_others(first, self._name, likely):
            return first.clear()
        return lost_digits(first if first.height == self._rows else all_rows(), self._name)


class Damage:
    """What happened to a file, as its rows tell that went by.

    Args:
        ids: Columns of ids, those that hold the posts' as ``post_key``.
        values: Columns in which an error of a spreadsheet is a fault.
    """

    def __init__(self, ids: Collection[str], values: Collection[str] = ()) -> None:
        self._mangled = {name: Sightings(name) for name in ids}
        self._errors = {name: Sightings(name) for name in values}
        self._digits = LostDigits("post_key")
        self._schema = pl.Schema()

    @property
    def is_seen(self) -> bool:
        """Whether some was found by now."""
        return any(seen.count for seen in (*self._mangled.values(), *self._errors.values()))

    def look(self, rows: pl.DataFrame) -> None:
        """Some more rows of the file."""
        self._schema = rows.schema
        for name, mangled in self._mangled.items():
            if rows.schema.get(name) == pl.String:
                text = rows.select(LINE, name)
                signed = text.filter(pl.col(name).str.contains(SIGN_OF_NUMBERS))
                mangled.add(signed.filter(pl.col(name).str.contains(MANGLED_ID)))
                if name == "post_key":
                    self._digits.add(text)
        for name, errors in self._errors.items():
            if rows.schema.get(name) == pl.String:
                errors.add(rows.filter(pl.col(name).str.contains(SPREADSHEET_ERROR)))

    def mangled_ids(self, all_rows: Callable[[str], pl.DataFrame]) -> Iterator[str]:
        """A fault per column of ids that lost digits.

        Args:
            all_rows: Line number and a column of the whole file.
        """
        for name, mangled in self._mangled.items():
            dtype = self._schema.get(name, pl.Null())
            if dtype.is_float() and name in IDS:
                yield f"ids in column {name} are floating-point numbers, which round them. {REMEDY}"
            elif dtype == pl.String:
                if not mangled.count and name == "post_key":
                    mangled.add(self._digits.found(lambda: all_rows("post_key")))
                if mangled.count:
                    yield f"{mangled.shown()}: ids rounded by a spreadsheet. {REMEDY}"

    def spreadsheet_errors(self) -> Iterator[str]:
        """A fault per column in which a spreadsheet's error stands in place of a value."""
        for errors in self._errors.values():
            if errors.count:
                yield (
                    f"{errors.shown()}: a spreadsheet's error in place of a value. "
                    "Export the file again from its source, not through a spreadsheet"
                )
