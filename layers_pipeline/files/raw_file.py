"""A table as it lies in a file: its columns, and its rows batch by batch, as often as asked for.

Belongs here: going over the rows of a table without holding all of them.
Does not belong here: how a kind of file is read (``formats``, ``csv_rows``, ``json_rows``).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Self

import polars as pl

from transforms.staging.parsing import LINE

BATCH_ROWS: Final = 200_000
JOINED_ROWS: Final = 30_000
"""Rows from which on a batch is worth what a batch costs, however few rows it has."""
SAMPLED: Final = 100_000
"""Rows of a file of which a sample holds fewer."""
Part = tuple[pl.DataFrame, int]
"""Some rows, and how many rows the file has in all, as far as can be told by then."""


@dataclass(frozen=True, kw_only=True)
class RawFile:
    """A file as read.

    Args:
        columns: Every column of the file by name, also those that are not read.
        parts: Its rows from the first to the last: line number and columns; text, except in
            Parquet, which has types of its own. Called anew it reads anew.
    """

    columns: tuple[str, ...]
    parts: Callable[[], Iterator[Part]]

    @classmethod
    def of(cls, rows: pl.DataFrame, columns: tuple[str, ...]) -> Self:
        """A table whose rows are in memory."""
        return cls(columns=columns, parts=lambda: iter([(rows, rows.height)]))

    def counted(self) -> Iterator[Part]:
        """Batches of rows, none larger than ``BATCH_ROWS``; small parts are joined."""
        held: list[pl.DataFrame] = []
        known = 0
        for rows, known in self.parts():
            held.append(rows)
            if sum(part.height for part in held) >= JOINED_ROWS:
                yield from _batches(held, known)
                held = []
        yield from _batches(held, known)

    def batches(self) -> Iterator[pl.DataFrame]:
        """The same without the count."""
        for rows, _ in self.counted():
            yield rows

    @cached_property
    def rows(self) -> pl.DataFrame:
        """All rows at once, for tables that are small."""
        return pl.concat([rows for rows, _ in self.parts()], how="vertical")

    def filled(self, values: Mapping[str, str]) -> Self:
        """The same with columns that hold one value each."""
        added = {name: pl.lit(value) for name, value in values.items()}
        parts = self.parts

        def with_values() -> Iterator[Part]:
            return ((rows.with_columns(**added), total) for rows, total in parts())

        return replace(self, parts=with_values)


def _batches(parts: list[pl.DataFrame], total: int) -> Iterator[Part]:
    if parts:
        for batch in pl.concat(parts, rechunk=False).iter_slices(BATCH_ROWS):
            yield batch, total


def select_of(raw: RawFile, *columns: str) -> pl.DataFrame:
    """The lines and some columns of all rows."""
    return pl.concat([batch.select(LINE, *columns) for batch in raw.batches()])


class Sample:
    """Rows from all over a file: all of it, or every second, fourth, and so on of a large one."""

    def __init__(self) -> None:
        self._step, self._seen = 1, 0
        self._parts: list[pl.DataFrame] = []

    def add(self, rows: pl.DataFrame) -> None:
        """Some more rows of the file."""
        first = -self._seen % self._step
        self._seen += rows.height
        if first < rows.height:
            self._parts.append(rows.gather_every(self._step, first).rechunk())
        while self.rows.height >= SAMPLED:
            self._parts, self._step = [self.rows.gather_every(2)], self._step * 2

    @property
    def rows(self) -> pl.DataFrame:
        """The rows taken so far."""
        return pl.concat(self._parts) if self._parts else pl.DataFrame()
