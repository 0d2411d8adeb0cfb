"""Commits to the lake's tables: made by one thread under its locks, again where another was first.

Belongs here: which locks a thread takes, tables opened to write or as they were, the attempts.
Does not belong here: what a commit holds (``store``), the locks' order (``writing``), how a lock
is held (``locks``).
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Final, TypeVar

import stamina
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError, SchemaMismatchError

from layers_pipeline.clock import Clock, SystemClock
from layers_pipeline.errors import LakeConflictError, StoreError
from layers_pipeline.lake.catalog import BY_NAME, IMPORT_FILES, LANDED, ORGANIC_SCORES
from layers_pipeline.lake.handles import KeptToWrite, Steady
from layers_pipeline.lake.locks import Locks
from layers_pipeline.lake.object_store import StoredFiles
from layers_pipeline.lake.reading import MIGRATE, LakeReader, damaged
from layers_pipeline.lake.table import Table
from layers_pipeline.lake.writing import SCORING, TABLE, Writing
from layers_pipeline.seen import Seen

T = TypeVar("T")
COMMIT_ATTEMPTS: Final = 12
LOG_KEPT: Final = "interval 8 days"
"""A day longer than files that no version needs any more; on this machine it is kept much shorter
(``log``)."""
CHECKPOINT_EVERY: Final = 20
"""Commits: each one since the last checkpoint is read whenever the table is opened, which takes a
tenth of a millisecond, and a checkpoint takes some milliseconds once."""
CHECKPOINT_EVERY_THERE: Final = 10
"""In an object store a commit is read with two requests, a checkpoint with eleven, and written with
two dozen."""
CHECKPOINT: Final = "delta.checkpointInterval"
PROPERTIES: Final = {
    "delta.logRetentionDuration": LOG_KEPT,
    CHECKPOINT: str(CHECKPOINT_EVERY),
}


class LakeCommits(LakeReader):
    """The tables of a lake, and the locks under which a thread commits to them."""

    def __init__(
        self,
        location: str,
        *,
        locks: Locks,
        clock: Clock | None = None,
        storage_options: Mapping[str, str] | None = None,
        seen: Seen | None = None,
    ) -> None:
        super().__init__(location, storage_options=storage_options, seen=seen)
        self._writing = Writing(locks)
        self._clock = clock or SystemClock()
        self._to_write = KeptToWrite()
        self._steady = Steady()

    @contextmanager
    def write_lock(self) -> Generator[None]:
        """Held while reads and writes that belong together are made: nobody else writes.

        Two derivations at once could each write what follows from what they read, and the one
        that read less could write last. Taken again within itself or within ``deriving``, it is
        part of the first.
        """
        with self._writing.alone(), self._steady.held():
            yield

    @contextmanager
    def deriving(self) -> Generator[None]:
        """Held by who derives: rows go on landing, and are not seen within it.

        Ticks go on being scored, too, and no newer scores are seen, unless ``scoring`` is held.
        """
        with self._writing.deriving(self._of_others), self._steady.held():
            yield

    def _of_others(self) -> Mapping[str, DeltaTable | None]:
        """What others may write beside a derivation, as it is now."""
        scores = () if self._writing.holds(SCORING) else (ORGANIC_SCORES,)
        return {one.name: self.handle(one) for one in (*LANDED, IMPORT_FILES, *scores)}

    def scoring(self) -> AbstractContextManager[None]:
        """Held by who writes what ticks come to; rows go on landing and being derived."""
        return self._writing.scoring()

    def going_by(self, versions: Mapping[str, int]) -> AbstractContextManager[None]:
        """Read tables as they were at versions, by name; those that were not there yet at -1."""
        return self._writing.going_by(
            {
                name: None if at < 0 else self.handle(BY_NAME[name], version=at)
                for name, at in versions.items()
            }
        )

    def landing(self, table: Table | None = None) -> AbstractContextManager[None]:
        """Held while rows land that belong together; others land theirs at the same time.

        Args:
            table: One that nobody else may land rows in meanwhile.
        """
        return self._writing.landing(table and table.name)

    def lock(self, name: str) -> AbstractContextManager[None]:
        """An exclusive lock of the lake's, by name."""
        return self._writing.lock(name)

    def handle(self, table: Table, *, version: int | None = None) -> DeltaTable | None:
        """As of ``LakeReader``; within ``deriving`` and ``going_by``, tables as they were."""
        pins = self._writing.pins
        if version is None and table.name in pins:
            return pins[table.name]
        if version is not None:
            return super().handle(table, version=version)
        return self._steady.find(table.name, partial(super().handle, table))

    def _is_absent(self, table: Table) -> bool:
        if self.log_folder(table) is not None:
            return False
        return self._steady.is_absent(table.name, self._names)

    def _names(self) -> list[str]:
        """Names of the folders in an object store that have anything in them."""
        return StoredFiles(self._location, self._options or {}).folders()

    def version(self, table: Table) -> int:
        """As of ``LakeReader``; of a table that ``handle`` gives as it was, the version then."""
        if table.name in self._writing.pins:
            pinned = self._writing.pins[table.name]
            return -1 if pinned is None else pinned.version()
        if self._steady.has(table.name):
            found = self.handle(table)
            return -1 if found is None else found.version()
        return super().version(table)

    def ensure(self, table: Table) -> DeltaTable:
        """The table as it is now, made if it is not there; opened for the caller alone."""
        is_here = self.log_folder(table) is not None
        opened = None if is_here else self._to_write.newest(table.name)
        if opened is None and (opened := self._open(table)) is not None and not is_here:
            self._to_write.keep(table.name, opened)
        return opened or self._make(table)

    def _make(self, table: Table) -> DeltaTable:
        is_here = self.log_folder(table) is not None
        there = {} if is_here else {CHECKPOINT: str(CHECKPOINT_EVERY_THERE)}
        with self._steady.written(table.name):
            return DeltaTable.create(
                self.uri(table),
                schema=table.empty().to_arrow().schema,
                mode="ignore",
                partition_by=list(table.partition_by) or None,
                configuration={**PROPERTIES, **there},
                storage_options=self._options,
            )

    def commit(self, table: Table, attempt: Callable[[DeltaTable], T]) -> T:
        """Run an attempt to commit to the table as it is, again if another writer was first.

        That the thread's locks still hold is asked after the table was opened. So whoever takes
        them over commits a newer version, which the late commit does not fit (``fenced``).

        Raises:
            StoreError: The stored columns are not those of the contract, or the table is damaged.
            LakeConflictError: Every attempt lost; nothing was written.
            LockLostError: A lock that the thread held was lost; nothing was written.
        """

        def held_attempt() -> T:
            handle = self.ensure(table)
            self.require()
            return attempt(handle)

        retried = stamina.retry(on=CommitFailedError, attempts=COMMIT_ATTEMPTS, timeout=None)
        try:
            with self.lock(f"{TABLE}{table.name}"), self._steady.written(table.name):
                done = retried(held_attempt)()
                if self._seen:
                    self._seen.note(table.name, self.version(table))
                return done
        except SchemaMismatchError as error:
            raise StoreError(
                f"{table.name}: the columns stored in {self.uri(table)} are not those of its "
                f"contract: another version of this package wrote them. {MIGRATE}"
            ) from error
        except CommitFailedError as error:
            raise LakeConflictError(
                f"{table.name}: {COMMIT_ATTEMPTS} attempts to commit lost against other writers. "
                "Nothing was written; repeat the run."
            ) from error
        except (DeltaError, OSError) as error:
            raise damaged(table.name, self.uri(table), error) from error

    def require(self) -> None:
        """See to it that the thread still holds its locks.

        Raises:
            LockLostError: One was lost.
        """
        self._writing.require()
