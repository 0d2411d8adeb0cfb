"""Rows in parts that each fit into memory: on disk where they are many, in memory where not.

Belongs here: taking rows apart by the key that what follows from them follows from, reading parts.
Does not belong here: what follows (``posts``, ``followers``).

A row's part is its key's for good: rows of one post are in one part, whichever table they are of,
and all rows of a part are in one bucket of the tables that are divided so.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.steps.stores import Stores

PART: Final = "part_of_row"
LEFT_BEHIND_S: Final = 86_400
"""A folder that nobody has written to for a day is a killed process's."""
GROUP_ROWS: Final = 20_000
"""Rows that a reader skips or takes together; what is asked for by day is a few of these."""


class Parts:
    """Rows of one shape in numbered parts; where it is one alone, it stays in memory.

    Args:
        folder: Where they are written; nobody else's.
        empty: No rows of their shape.
        number: How many parts there are at most.
    """

    def __init__(self, folder: Path, empty: pl.DataFrame, *, number: int) -> None:
        self.number = number
        self.rows: dict[int, int] = {}
        """How many rows each part has."""
        self._folder, self._empty = folder, empty
        self._kept: dict[int, list[pl.LazyFrame]] = {}

    def like(self, name: str, empty: pl.DataFrame) -> "Parts":
        """As many parts of other rows, none of them there yet."""
        return Parts(self._folder.with_name(name), empty, number=self.number)

    def add(self, part: int, rows: pl.DataFrame) -> None:
        """Add rows to a part."""
        if rows.is_empty():
            return
        kept = self._kept.setdefault(part, [])
        if self.number == 1:
            kept.append(rows.select(self._empty.columns).lazy())
        else:
            kept.append(self._on_disk(f"{part}-{len(kept)}", rows))
        self.rows[part] = self.rows.get(part, 0) + rows.height

    def _on_disk(self, name: str, rows: pl.DataFrame) -> pl.LazyFrame:
        """The rows on disk, without columns that hold nothing; most captures lack most metrics."""
        self._folder.mkdir(exist_ok=True)
        path = self._folder / f"{name}.parquet"
        names = [one for one in self._empty.columns if rows[one].null_count() < rows.height]
        some = rows.select(names)
        some.write_parquet(path, compression="lz4", row_group_size=GROUP_ROWS)
        return pl.scan_parquet(path, schema=dict(some.schema), glob=False)

    def scan(self, parts: Iterable[int] | None = None) -> pl.LazyFrame:
        """Rows of some parts, lazily; of all by default."""
        chosen = self._kept if parts is None else parts
        found = [frame for part in chosen for frame in self._kept.get(part, ())]
        if self.number == 1 and found:
            return pl.concat(found)
        return pl.concat([self._empty.lazy(), *found], how="diagonal")

    def groups(self, at_once: int) -> list[list[int]]:
        """The parts, as many together as have so many rows, those of one bucket side by side."""
        ordered = sorted(self.rows, key=lambda part: (part % catalog.BUCKETS, part))
        return grouped([(part, self.rows[part]) for part in ordered], at_once)


def grouped(sizes: Iterable[tuple[int, int]], at_once: int) -> list[list[int]]:
    """Numbers, in their order, as many together as come to so much; at least one group."""
    groups: list[list[int]] = [[]]
    total = 0
    for number, size in sizes:
        if groups[-1] and total + size > at_once:
            groups.append([])
            total = 0
        groups[-1].append(number)
        total += size
    return groups


def take_apart(
    rows: Iterable[pl.LazyFrame],
    parts: Parts,
    *,
    key: str,
    at_once: int,
    shorten: Callable[[pl.DataFrame], pl.DataFrame] = lambda rows: rows,
) -> None:
    """Put rows into parts by a column, holding so many of them at a time.

    Args:
        rows: In pieces that are read one after the other: Polars reads ahead within one.
        shorten: Leaves out rows that change nothing, of those that are held.
    """
    for piece in rows:
        if parts.number == 1:
            parts.add(0, shorten(piece.collect()))
            continue
        for batch in piece.collect_batches(chunk_size=at_once, maintain_order=False):
            some = shorten(batch)
            placed = some.with_columns(catalog.places(some[key], parts.number).alias(PART))
            for (part,), own in placed.partition_by(
                PART, as_dict=True, maintain_order=False
            ).items():
                parts.add(int(str(part)), own)


def parts_for(rows: int, at_once: int) -> int:
    """How many parts so many rows are taken apart into: one, or the same number per bucket."""
    if rows <= at_once:
        return 1
    return catalog.BUCKETS * -(-rows // (catalog.BUCKETS * at_once))


def bucket_groups(rows: int, at_once: int) -> Iterator[Sequence[int]]:
    """Buckets of a table of so many rows, as many together as memory easily holds."""
    groups = min(catalog.BUCKETS, max(1, -(-rows // at_once)))
    of_each = -(-catalog.BUCKETS // groups)
    for first in range(0, catalog.BUCKETS, of_each):
        yield range(first, min(first + of_each, catalog.BUCKETS))


@contextmanager
def scratch(stores: Stores) -> Generator[Path]:
    """A folder of this run's own below ``LAYERS_HOME``, gone afterwards.

    What a killed run left behind goes with a later one.
    """
    place = stores.settings.root / "scratch"
    place.mkdir(parents=True, exist_ok=True)
    for folder in place.iterdir():
        if time.time() - folder.stat().st_mtime > LEFT_BEHIND_S:
            shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="derive-", dir=place) as folder:
        yield Path(folder)
