"""Writing what was made in parts: as many rows at a time as memory easily holds, in few commits.

Belongs here: which rows are written together, and that the last commit says how far was read.
Does not belong here: making them (``posts``, ``followers``), how a merge is done (``lake``).

Rows are written together that are stored together. So no partition is looked into or written
twice, but one that alone is larger than what is held at a time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from layers_pipeline.lake.table import Table, Written
from layers_pipeline.steps.derive.parts import Parts, grouped
from layers_pipeline.steps.stores import Stores

DAY: Final = "captured_on"


@dataclass(frozen=True, kw_only=True)
class Merge:
    """How rows of a table are brought into it; of each as of ``Lake.merge``."""

    table: Table
    update: str
    columns: Sequence[str]


def merge_all(
    stores: Stores, merge: Merge, pieces: Iterator[pl.DataFrame], *, marks: Mapping[str, int]
) -> Written:
    """Merge pieces one after the other; the last commit records the marks, none before it."""
    written, held = Written(), next(pieces)
    for piece in pieces:
        written += _merge(stores, merge, held, {})
        held = piece
    return written + _merge(stores, merge, held, marks)


def _merge(stores: Stores, merge: Merge, rows: pl.DataFrame, marks: Mapping[str, int]) -> Written:
    table = merge.table
    return stores.lake.merge(
        table,
        rows.sort(*table.prune_by, *table.key),
        update=merge.update,
        columns=merge.columns,
        marks=marks,
    )


def by_bucket(made: Parts, at_once: int) -> Iterator[pl.DataFrame]:
    """What was made, those of one bucket of a table together."""
    for group in made.groups(at_once):
        yield made.scan(group).collect()


def by_day(made: Parts, at_once: int) -> Iterator[pl.DataFrame]:
    """What was made, in the order of the days it is of; at least one piece."""
    total = sum(made.rows.values())
    if total <= at_once:
        yield made.scan().collect()
        return
    days = made.scan().group_by(DAY).agg(rows=pl.len()).sort(DAY).collect().rows()
    for span in grouped(((number, rows) for number, (_, rows) in enumerate(days)), at_once):
        first, last = days[span[0]][0], days[span[-1]][0]
        rows = sum(days[number][1] for number in span)
        # Of a day that is too large alone, those of some parts after the other.
        groups = made.groups(at_once * total // rows) if rows > at_once else [None]
        for group in groups:
            of_days = made.scan(group).filter(pl.col(DAY).is_between(first, last))
            yield of_days.collect()
