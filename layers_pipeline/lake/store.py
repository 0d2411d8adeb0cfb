"""The lake: Delta tables with contracts, written so that a repeat or a crash changes nothing.

Belongs here: append, insert, merge, replace, compact, vacuum.
Does not belong here: reading (``reading``), what rows mean (``transforms``).
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Final, TypeVar

import polars as pl
import stamina
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, SchemaMismatchError

from layers_pipeline.clock import Clock, SystemClock
from layers_pipeline.errors import LakeConflictError, NotFoundError, StoreError
from layers_pipeline.lake.catalog import BY_NAME, IMPORT_FILES, LANDED, ORGANIC_SCORES, QUARANTINE
from layers_pipeline.lake.compaction import compact
from layers_pipeline.lake.handles import KeptToWrite, Steady
from layers_pipeline.lake.locks import Locks
from layers_pipeline.lake.object_store import StoredFiles
from layers_pipeline.lake.partition_commit import Replacement
from layers_pipeline.lake.reading import MIGRATE, LakeReader, damaged, fenced
from layers_pipeline.lake.table import Table, Written, in_partitions, same_row
from layers_pipeline.lake.writing import SCORING, TABLE, Writing
from layers_pipeline.seen import Seen
from transforms.staging.quarantine import split

T = TypeVar("T")
Restamp = Callable[[pl.DataFrame], pl.DataFrame]
COMMIT_ATTEMPTS: Final = 12
VACUUM_AFTER_H: Final = 168
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


class Lake(LakeReader):
    """Delta tables under one location, a folder or an object-store URL.

    Every write is held to its table's contract: rows that break it go to ``quarantine`` with
    the rules they broke, and the others are written.
    """

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

    def append(self, table: Table, rows: pl.DataFrame, *, restamp: Restamp) -> Written:
        """Append rows that nobody else can have: facts made by the caller, with keys of their own.

        A crash loses the whole batch or none of it, and nobody repeats it.

        Args:
            restamp: Called on the rows before each attempt to commit, to stamp them again.
        """
        kept, refused = self.hold_to_contract(table, restamp(rows))

        def attempt(handle: DeltaTable) -> Written:
            write_deltalake(
                handle,
                table.shape(restamp(kept)),
                mode="append",
                commit_properties=fenced(handle, {}),
            )
            return Written(inserted=kept.height)

        written = Written() if kept.is_empty() else self.commit(table, attempt)
        return written + Written(quarantined=refused)

    def insert_absent(
        self,
        table: Table,
        rows: pl.DataFrame,
        *,
        marks: Mapping[str, int] | None = None,
        restamp: Restamp | None = None,
    ) -> Written:
        """Insert the rows whose key is not there; the others change nothing.

        Args and result as of ``merge``.
        """
        return self.merge(table, rows, update=None, marks=marks, restamp=restamp)

    def merge(
        self,
        table: Table,
        rows: pl.DataFrame,
        *,
        update: str | None,
        columns: Sequence[str] | None = None,
        marks: Mapping[str, int] | None = None,
        restamp: Restamp | None = None,
    ) -> Written:
        """Insert rows whose key is new and update those whose key is there.

        Args:
            rows: Rows of the table's contract, unique by key.
            update: SQL condition on ``t`` (stored) and ``s`` (given) under which a stored row
                is updated; None never updates.
            columns: Columns to update; all but the key by default.
            marks: Numbers to record with the same commit, by application.
            restamp: Called on the rows before each attempt to commit, to stamp them again.
        """
        fields = columns or [name for name in table.columns if name not in table.key]
        wanted = self._newer(table, marks or {})
        kept, refused = self.hold_to_contract(table, rows)

        def attempt(handle: DeltaTable) -> Written:
            given = restamp(kept) if restamp else kept
            mark = fenced(handle, wanted)
            if not self._has_any(table, handle, given):
                write_deltalake(handle, given, mode="append", commit_properties=mark)
                return Written(inserted=given.height)
            merger = handle.merge(
                given,
                predicate=same_row(table, given),
                source_alias="s",
                target_alias="t",
                commit_properties=mark,
            )
            if update is not None:
                values = {name: f"s.{name}" for name in fields}
                merger = merger.when_matched_update(values, predicate=update)
            done = merger.when_not_matched_insert_all().execute()
            return Written(
                inserted=int(done["num_target_rows_inserted"]),
                updated=int(done["num_target_rows_updated"]),
            )

        written = Written() if kept.is_empty() else self.commit(table, attempt)
        if written == Written():  # deltalake makes no commit of a merge that changes nothing
            self.record_marks(table, wanted)
        return written + Written(quarantined=refused)

    def _has_any(self, table: Table, handle: DeltaTable, rows: pl.DataFrame) -> bool:
        """Whether a stored row has the key of a given one: merging reads and sorts much more."""
        stored = self.rows_of(table, handle)
        for column in table.prune_by:
            stored = stored.filter(pl.col(column).is_in(rows[column].unique().to_list()))
        same = [*table.key, *table.prune_by]
        met = stored.select(same).join(rows.select(same).lazy(), on=same, how="semi")
        return not met.head(1).collect().is_empty()

    def record_marks(self, table: Table, marks: Mapping[str, int]) -> None:
        """Record numbers with a commit of no rows, by application; lower ones are left alone."""
        wanted = self._newer(table, marks)

        def attempt(handle: DeltaTable) -> None:
            mark = fenced(handle, wanted)
            write_deltalake(handle, table.empty(), mode="append", commit_properties=mark)

        if wanted:
            self.commit(table, attempt)

    def _newer(self, table: Table, marks: Mapping[str, int]) -> dict[str, int]:
        return {name: at for name, at in marks.items() if at > self.watermark(table, name)}

    def replace(
        self,
        table: Table,
        rows: pl.DataFrame,
        *,
        where: Mapping[str, Sequence[str]],
        marks: Mapping[str, int] | None = None,
    ) -> Written:
        """Replace whole partitions by the given rows, in one commit.

        Args:
            rows: All rows of those partitions.
            where: Partition column and the text values whose partitions are replaced; empty
                replaces the whole table.
            marks: Numbers to record with the same commit, by application.
        """
        if rows.is_empty() and any(not values for values in where.values()):
            return Written()
        kept, refused = self.hold_to_contract(table, rows)

        def attempt(handle: DeltaTable) -> Written:
            write_deltalake(
                handle,
                kept,
                mode="overwrite",
                predicate=in_partitions(where) or None,
                commit_properties=fenced(handle, marks or {}),
            )
            return Written(inserted=kept.height, quarantined=refused)

        return self.commit(table, attempt)

    def replacement(self, table: Table, column: str, *, batch: str) -> Replacement:
        """Begin to replace whole partitions in one commit, by rows that are written as they come.

        Args:
            batch: What the rows belong to, as 32 hexadecimal digits.
        """
        return Replacement(self, table, column, batch)

    def compact(self, table: Table, *, at: int | None = None) -> int | None:
        """Join each partition's small files into one, in the table's order; see ``compaction``.

        Args:
            at: Only while the table is at this version.

        Returns:
            The table's version afterwards; None where it was at another one, and nothing was done.
        """
        return compact(self, table, at=at)

    def vacuum(self, table: Table, *, keep_versions: Sequence[int] = ()) -> list[str]:
        """Delete files that no version of the last week and no kept version needs.

        Files whose commit never came go too, once they are a week old.

        Deletes nothing while a kept version is older than the table's log, because then nobody
        can tell which files it needs.
        """
        handle = self.ensure(table)
        kept = sorted(set(keep_versions))
        try:
            for version in kept:
                self.handle(table, version=version)
        except NotFoundError:
            return []
        return handle.vacuum(
            retention_hours=VACUUM_AFTER_H,
            dry_run=False,
            keep_versions=kept or None,
            full=True,
        )

    def hold_to_contract(self, table: Table, rows: pl.DataFrame) -> tuple[pl.DataFrame, int]:
        """Set aside the rows that break the table's contract.

        Returns:
            The others in the table's shape, and how many rows and odd values were set aside.
        """
        run_id = rows["run_id"].drop_nulls().max() if "run_id" in rows.columns else None
        kept, refused = split(
            table.schema,
            rows,
            table_name=table.name,
            origin=table.origin(),
            quarantined_at=self._clock.now(),
            run_id=str(run_id or ""),
        )
        if not refused.is_empty():
            self.insert_absent(QUARANTINE, refused)
        return table.shape(kept), refused.height

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
