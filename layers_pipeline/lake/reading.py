"""Reading the lake: tables as they are, were at a version, or were known at a moment.

Belongs here: opening Delta tables, lazy frames of their rows, files, watermarks.
Does not belong here: writing (``store``), what one file tells (``data_files``).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from layers_pipeline.errors import NotFoundError, StoreError
from layers_pipeline.lake.data_files import place_of, scan_files, sizes, value_of
from layers_pipeline.lake.handles import LOCAL, Handle, Opened
from layers_pipeline.lake.marks import recorded
from layers_pipeline.lake.object_store import told
from layers_pipeline.lake.table import Table
from layers_pipeline.seen import Seen

ADDED: Final = "layers.added"
"""Says of a stored column that it was added later, so that older files lack it."""

MIGRATE: Final = "Run `layers-pipeline lake migrate`: it adds what may be added, or says what not."


class LakeReader:
    """Delta tables under one location, a folder or an object-store URL, to be read."""

    def __init__(
        self,
        location: str,
        *,
        storage_options: Mapping[str, str] | None = None,
        seen: Seen | None = None,
    ) -> None:
        self._location = location.rstrip("/")
        self._options = dict(storage_options) if storage_options else None
        self._seen = seen
        self._opened: dict[str, Opened] = {}

    @property
    def storage_options(self) -> Mapping[str, str]:
        """What libraries want to know of the object store; they hold its credentials."""
        return dict(self._options or {})

    def uri(self, table: Table) -> str:
        return f"{self._location}/{table.name}"

    def handle(self, table: Table, *, version: int | None = None) -> DeltaTable | None:
        """The table as it is now, or was at a version; None before its first write.

        It is to be read only: whoever asks next is given the same one, if nobody has written.

        Raises:
            NotFoundError: There is no such version, or it has been cleaned away.
            StoreError: The table is damaged, or has lost what was seen of it before.
        """
        if version is not None:
            return self._open(table, version=version)
        kept = self._opened.get(table.name)
        if kept is None or not kept.is_newest():
            handle = self._open(table)
            if handle is None:
                return None
            if kept is None:
                # Once: what is written from here on was written by those who told its size.
                self._require_files(table, handle)
            kept = self._opened[table.name] = Opened(handle, log=self.log_folder(table))
        return kept.handle

    def log_folder(self, table: Table) -> Path | None:
        """Where the table's log lies, if that is on this machine."""
        uri = self.uri(table)
        path = unquote(uri.removeprefix(LOCAL)) if uri.startswith(LOCAL) else uri
        return None if "://" in path else Path(path) / "_delta_log"

    def _open(self, table: Table, *, version: int | None = None) -> Handle | None:
        # Asked first: whoever writes meanwhile may only make the table newer than that.
        seen = self._seen.number(table.name) if self._seen else -1
        try:
            is_absent = version is None and seen < 0 and self._is_absent(table)
            handle = None if is_absent else self._opened_at(table, version)
        except (DeltaError, OSError) as error:
            if version is not None:
                raise NotFoundError(
                    f"{table.name}: version {version} does not exist or was cleaned away. "
                    "Read a newer version."
                ) from error
            if not isinstance(error, TableNotFoundError):
                raise damaged(table.name, self.uri(table), error) from error
            handle = None
        if version is None:
            self._require_seen(table, -1 if handle is None else handle.version(), seen)
        return handle

    def _opened_at(self, table: Table, version: int | None) -> Handle:
        return Handle(self.uri(table), version=version, storage_options=self._options)

    def _is_absent(self, _table: Table) -> bool:
        """Whether it is known without a look that the table is not there."""
        return False

    def _require_seen(self, table: Table, version: int, seen: int) -> None:
        """Refuse a table that is older than it was, or gone: it would be filled anew."""
        if self._seen and version < seen:
            why = (
                f"there is no table, though its version {seen} was seen before"
                if version < 0
                else f"the newest version is {version}, though {seen} was seen before"
            )
            raise self._seen.lost(table.name, f"{table.name}: {self.uri(table)}", why)

    def _require_files(self, table: Table, handle: DeltaTable) -> None:
        """Refuse a table on this machine whose files are not as its log says."""
        if self.log_folder(table) is None:
            return
        wrong = [
            f"{path} has {size if size is None else f'{size:,}'} of {wanted:,} bytes"
            for path, wanted, size in sizes(handle)
            if size != wanted
        ]
        if wrong:
            more = f" (and {len(wrong) - 1:,} more files)" if wrong[1:] else ""
            raise StoreError(
                f"{table.name}: a data file is not what the table's log says: "
                f"{wrong[0].replace('has None of', 'is gone, of')}{more}. Restore the file from a "
                "copy, or the whole lake."
            )

    def version(self, table: Table) -> int:
        """The table's version; -1 before its first write."""
        kept = self._opened.get(table.name)
        told = None if kept is None else kept.told_version()
        if told is not None:
            return told
        handle = self.handle(table)
        return -1 if handle is None else handle.version()

    def row_count(self, table: Table) -> int:
        handle = self.handle(table)
        return 0 if handle is None else int(handle.count())

    def files(self, table: Table, *, version: int | None = None) -> list[str]:
        """The data files that make up the table, as full addresses."""
        handle = self.handle(table, version=version)
        return [] if handle is None else sorted(handle.file_uris())

    def partitions(self, table: Table, column: str) -> set[str]:
        """The values of a partition column that the table has rows of, as text."""
        handle = self.handle(table)
        return set() if handle is None else {part[column] for part in handle.partitions()}

    def read(self, table: Table, *, version: int | None = None) -> pl.LazyFrame:
        """Every row, lazily; no rows before the first write.

        Args:
            version: As the table was at this version; now by default.
        """
        handle = None if version == -1 else self.handle(table, version=version)
        if handle is None:
            return table.empty().lazy()
        return self.rows_of(table, handle)

    def rows_of(self, table: Table, handle: DeltaTable) -> pl.LazyFrame:
        """Every row of the table as it was opened, lazily."""
        self._require_columns(table, handle)
        return pl.scan_delta(handle, storage_options=self._options).select(table.columns)

    def read_as_known(self, table: Table, at: datetime) -> pl.LazyFrame:
        """Rows that were known at a moment: ``known_at`` at or before it, lazily.

        Args:
            table: A table with a column ``known_at``.
            at: The moment; rows that became known later do not exist.
        """
        return self.read(table).filter(pl.col("known_at") <= at)

    def added_since(self, table: Table, version: int) -> pl.LazyFrame:
        """Rows in files that the table gained since a version, without partition columns.

        A compaction rewrites files, so rows may come back that are older than the version:
        whoever asks must be able to take a row twice. A version that has been cleaned away
        gives every row.
        """
        return self.scan(table, self.files_since(table, version))

    def scan(self, table: Table, files: Sequence[str], *, place: str | None = None) -> pl.LazyFrame:
        """Rows of some of the table's data files, lazily, without partition columns.

        Args:
            place: Name of a further column that says which file a row is from.
        """
        if not files:
            added = {} if place is None else {place: pl.String()}
            schema = table.empty().select(table.stored_columns).schema
            return pl.LazyFrame(schema={**schema, **added})
        handle = self.handle(table)
        if handle is not None:
            self._require_columns(table, handle)
        return scan_files(table, files, storage_options=self._options, place=place)

    def whole_rows_since(self, table: Table, version: int) -> pl.LazyFrame:
        """The same with the partition columns, which the files' places tell."""
        added = self.files_since(table, version)
        if not added:
            return table.empty().lazy()
        schema = table.empty().schema
        rows = pl.scan_parquet(
            added,
            schema={name: schema[name] for name in table.stored_columns},
            missing_columns="insert",
            storage_options=self._options,
            hive_schema={name: schema[name] for name in table.partition_by} or None,
            hive_partitioning=bool(table.partition_by),
            glob=False,
        )
        return rows.select(table.columns)

    def files_since(self, table: Table, version: int) -> list[str]:
        """The data files that the table gained since a version; all if that was cleaned away."""
        before = self._files_at(table, version)
        return [uri for uri in self.files(table) if uri not in before]

    def rows_by_file(self, table: Table) -> dict[str, int]:
        """How many rows each data file has, by its name without folders, as the log says."""
        handle = self.handle(table)
        if handle is None:
            return {}
        listed = handle.get_add_actions()
        paths, rows = (listed[name].to_pylist() for name in ("path", "num_records"))
        return {
            path.rsplit("/", 1)[-1]: int(some or 0) for path, some in zip(paths, rows, strict=True)
        }

    def partitions_since(self, table: Table, version: int) -> set[str]:
        """The values, as text, of partitions that gained files since a version."""
        return {value_of(uri) for uri in self.files_since(table, version)}

    def partitions_changed_since(self, table: Table, version: int) -> set[str]:
        """The same of partitions that gained or lost files; all if the version was cleaned away."""
        before, now = self._files_at(table, version), set(self.files(table))
        return {value_of(uri) for uri in before ^ now}

    def batches(self, table: Table) -> dict[str, set[str | None]]:
        """The batches that wrote the files of each partition, None for a file without one."""
        found: dict[str, set[str | None]] = {}
        for uri in self.files(table):
            value, batch = place_of(uri)
            found.setdefault(value, set()).add(batch)
        return found

    def watermark(self, table: Table, application: str) -> int:
        """The newest number that an application has recorded with a commit; -1 before the first."""
        return recorded(self.handle(table), application)

    def _require_columns(self, table: Table, handle: DeltaTable) -> None:
        stored = {field.name for field in handle.schema().fields}
        if missing := [name for name in table.columns if name not in stored]:
            raise StoreError(
                f"{table.name}: {self.uri(table)} has no column {', '.join(missing[:3])}: an older "
                f"version of this package wrote it. {MIGRATE}"
            )

    def _files_at(self, table: Table, version: int) -> set[str]:
        if version < 0:
            return set()
        try:
            return set(self.files(table, version=version))
        except NotFoundError:
            return set()


def damaged(name: str, uri: str, error: Exception) -> StoreError:
    """The error that a table cannot be read or written, without what a library says of itself."""
    said = told(error)
    return StoreError(
        f"{name}: {uri} cannot be used: {said or type(error).__name__}. Mend that (space, rights), "
        "or restore the table from a copy."
    )
