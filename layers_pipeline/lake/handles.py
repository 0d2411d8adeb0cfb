"""Opened Delta tables: with addresses as they are, and kept open for as long as that is right.

Belongs here: what a handle knows, and whether it is still the newest.
Does not belong here: rows (``reading``), writing (``store``).
"""

import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident
from typing import Final
from urllib.parse import unquote

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from deltalake.table import FilePruningPredicateType, FilterType

LOCAL: Final = "file://"


class Handle(DeltaTable):
    """A Delta table whose file addresses can be opened as they are.

    deltalake escapes the folder of a local table as in a URL (a space becomes ``%20``), and
    neither Polars nor DuckDB takes that back.
    """

    def transaction_version(self, app_id: str) -> int | None:
        """The number that an application recorded up to this version; None before its first.

        Asked for once: deltalake reads the log anew for each answer.
        """
        version = self.version()
        if self.__dict__.get("_marks_of") != version:
            self.__dict__.update(_marks_of=version, _marks={})
        known: dict[str, int | None] = self.__dict__["_marks"]
        if app_id not in known:
            known[app_id] = super().transaction_version(app_id)
        return known[app_id]

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

    def latest_version(self) -> int:
        """The newest version that there is by now; one request to an object store."""
        return int(self._table.get_latest_version())


class Opened:
    """An opened table, kept for as long as nobody writes it.

    Opening a table lists its log and reads the end of it: some milliseconds each time in a folder,
    some dozens of requests to an object store. Whether there is a newer version is told by the
    name that its commit would have; an object store is asked for the end of its list.
    """

    def __init__(self, handle: Handle, *, log: Path | None) -> None:
        self.handle = handle
        self._newest, self._next = (
            log and commit_path(log, handle.version() + number) for number in (0, 1)
        )
        self._checkpoint = log and log / "_last_checkpoint"
        self._written = self._state()

    def is_newest(self) -> bool:
        """Whether the table is still at this version."""
        if self._next is None:
            return self.told_version() == self.handle.version()
        return (
            self._written[0] is not None
            and not self._next.exists()
            and self._state() == self._written
        )

    def told_version(self) -> int | None:
        """The newest version by one request to an object store; None where opening has to tell."""
        try:
            return self.handle.latest_version() if self._next is None else None
        except DeltaError:  # the log was cleaned beyond this version, or is gone
            return None

    def _state(self) -> tuple[tuple[int, int] | None, ...]:
        """What the log shows: a newer checkpoint may stand for commits that are deleted then."""
        return _identity(self._newest), _identity(self._checkpoint)


class _Mine(threading.local):
    """Tables as a thread found them, and after how many writes of this process; None: unheld."""

    found: dict[str, tuple[int, DeltaTable | None]] | None = None
    there: frozenset[str] | None = None
    """Names of the tables that lay there at the first look; None where nobody looked yet."""


class Steady:
    """Tables that nobody but this process writes for a while: each is looked at once.

    To look whether a table is still the newest takes a request to an object store, and two if it
    is not there; a derivation asks some hundred times.
    """

    def __init__(self) -> None:
        self._mine = _Mine()
        self._writes = Counter[str]()
        self._being_written = Counter[str]()

    @contextmanager
    def held(self) -> Generator[None]:
        """While the thread holds a lock that keeps other writers out; also within itself."""
        if self._mine.found is not None:
            yield
            return
        self._mine.found = {}
        try:
            yield
        finally:
            self._mine.found = self._mine.there = None

    @contextmanager
    def written(self, name: str) -> Generator[None]:
        """While this process writes a table; its other threads look again afterwards."""
        self._being_written[name] += 1
        try:
            yield
        finally:
            self._writes[name] += 1
            self._being_written[name] -= 1

    def has(self, name: str) -> bool:
        """Whether what the thread found of a table is still so."""
        found = self._mine.found or {}
        return (
            name in found and not self._being_written[name] and found[name][0] == self._writes[name]
        )

    def is_absent(self, name: str, names: Callable[[], Iterable[str]]) -> bool:
        """Whether a table was not there at the first look, and this process never made it.

        Args:
            names: Lists the tables that lie there, by one request for all of them.
        """
        if self._mine.found is None or self._writes[name] or self._being_written[name]:
            return False
        if self._mine.there is None:
            self._mine.there = frozenset(names())
        return name not in self._mine.there

    def find(self, name: str, look: Callable[[], DeltaTable | None]) -> DeltaTable | None:
        """The table as the thread found it, or finds it now."""
        if self._mine.found is None:
            return look()
        if not self.has(name):
            writes = self._writes[name]
            self._mine.found[name] = (writes, look())
        return self._mine.found[name][1]


class KeptToWrite:
    """Handles with which tables in an object store were written, one for each thread.

    Opening such a table costs some dozens of requests, each commit since then two.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int], DeltaTable] = {}

    def keep(self, name: str, handle: DeltaTable) -> None:
        """Keep a handle, which nobody else has, for what this thread writes next."""
        self._kept[name, get_ident()] = handle

    def newest(self, name: str) -> DeltaTable | None:
        """The kept handle, brought up to now; None where the table has to be opened."""
        kept = self._kept.get((name, get_ident()))
        if kept is None:
            return None
        try:
            kept.update_incremental()
        except (DeltaError, OSError):  # whoever opens it anew is told why
            del self._kept[name, get_ident()]
            return None
        return kept


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
