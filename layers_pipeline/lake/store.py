"""The lake: Delta tables with contracts, written so that a repeat or a crash changes nothing.

Belongs here: append, insert, merge, replace, compact, vacuum.
Does not belong here: locks and attempts to commit (``commits``), reading (``reading``), what rows
mean (``transforms``).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import polars as pl
from deltalake import DeltaTable, write_deltalake

from layers_pipeline.errors import NotFoundError
from layers_pipeline.lake.catalog import QUARANTINE
from layers_pipeline.lake.commits import LakeCommits
from layers_pipeline.lake.compaction import compact
from layers_pipeline.lake.marks import fenced
from layers_pipeline.lake.partition_commit import Replacement
from layers_pipeline.lake.table import Table, Written, in_partitions, same_row
from transforms.staging.quarantine import split

Restamp = Callable[[pl.DataFrame], pl.DataFrame]
VACUUM_AFTER_H: Final = 168


class Lake(LakeCommits):
    """Delta tables under one location, a folder or an object-store URL.

    Every write is held to its table's contract: rows that break it go to ``quarantine`` with
    the rules they broke, and the others are written.
    """

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
