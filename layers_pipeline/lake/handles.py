"""Opened Delta tables: with addresses as they are, and kept open while nobody writes.

Belongs here: what a handle knows, and whether it is still the newest.
Does not belong here: rows (``reading``), writing (``store``).
"""

from collections import Counter
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import polars as pl
from deltalake import DeltaTable
from deltalake.table import FilePruningPredicateType, FilterType

LOCAL: Final = "file://"
PARTITION: Final = "partition."


class Handle(DeltaTable):
    """A Delta table whose file addresses can be opened as they are.

    deltalake escapes the folder of a local table as in a URL (a space becomes ``%20``), and
    neither Polars nor DuckDB takes that back.
    """

    def file_uris(
        self,
        partition_filters: FilterType | None = None,
        *,
        file_pruning_predicate: FilePruningPredicateType | None = None,
    ) -> list[str]:
        """Full addresses of the data files; plain paths for a local table."""
        found = super().file_uris(partition_filters, file_pruning_predicate=file_pruning_predicate)
        if not self.table_uri.startswith(LOCAL):
            return found
        escaped = self.table_uri.removeprefix(LOCAL)
        return [unquote(escaped) + uri.removeprefix(escaped) for uri in found]


def in_several_files(handle: DeltaTable) -> list[list[tuple[str, str, str]]]:
    """Filters of each partition that has more than one file, in order."""
    files = pl.DataFrame(handle.get_add_actions(flatten=True))
    columns = [name for name in files.columns if name.startswith(PARTITION)]
    counted = Counter(files.select(pl.col(columns).cast(pl.String)).rows())
    return [
        [
            (name.removeprefix(PARTITION), "=", value)
            for name, value in zip(columns, values, strict=True)
        ]
        for values, number in sorted(counted.items())
        if number > 1
    ]


class Opened:
    """An opened table, kept for as long as nobody writes it.

    Opening a table lists its log and reads the end of it, some milliseconds each time; whether
    there is a newer version is told by the name that its commit would have.
    """

    def __init__(self, handle: DeltaTable, *, log: Path | None) -> None:
        self.handle = handle
        self._newest, self._next = (
            log and commit_path(log, handle.version() + number) for number in (0, 1)
        )
        self._checkpoint = log and log / "_last_checkpoint"
        self._written = self._state()

    def is_newest(self) -> bool:
        """Whether the table is still at this version; no where that takes longer than opening."""
        return (
            self._next is not None
            and self._written[0] is not None
            and not self._next.exists()
            and self._state() == self._written
        )

    def _state(self) -> tuple[tuple[int, int] | None, ...]:
        """What the log shows: a newer checkpoint may stand for commits that are deleted then."""
        return _identity(self._newest), _identity(self._checkpoint)


def commit_path(log: Path, version: int) -> Path:
    """The file of a version in a table's log."""
    return log / f"{version:020}.json"


def _identity(path: Path | None) -> tuple[int, int] | None:
    """What tells a file from another one of the same name, as in a table that is made anew."""
    try:
        found = path.stat() if path else None
    except FileNotFoundError:
        return None
    return (found.st_ino, found.st_ctime_ns) if found else None
