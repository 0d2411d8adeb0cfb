"""Replacing partitions of a table by rows that are written as they come, in one commit.

Belongs here: writing data files ahead of their commit, and the commit that names them.
Does not belong here: everything that a table can be written with at once (``store``).

Scoring many ticks need not hold their rows until all of them are there, in a folder or in an
object store. deltalake has no such writer, so its log is written here by hand. What must hold:

- A data file is complete before a commit names it, and is never written to again. Files whose
  commit never comes belong to no version of the table; ``vacuum`` deletes them.
- A file lies in its partition's folder and does not hold the partition's column; the commit says
  the value. ``data_files`` takes it from the folder's name.
- A file's name tells which batch wrote it, so that files of several tables that belong together
  are recognised without reading them.
- Statistics speak of the key alone, which is never null: readers skip files by them, so a wrong
  one loses rows.
- The commit removes what the partitions held when it succeeds, not what they held at the
  beginning; rows that must stay have to be added under the write lock.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote
from uuid import uuid4

import polars as pl
from deltalake import DeltaTable
from deltalake.transaction import AddAction

from layers_pipeline.lake.handles import LOCAL
from layers_pipeline.lake.marks import fenced
from layers_pipeline.lake.object_store import size_of
from layers_pipeline.lake.table import Table, Written

if TYPE_CHECKING:
    from layers_pipeline.lake.store import Lake


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """Data files of one table that no commit names yet, to be handed to who commits them."""

    actions: tuple[AddAction, ...]
    replaced: tuple[str, ...]
    """Values of the partitions that they are to stand for."""
    written: Written


LEVEL: Final = 1
"""Of zstd: files a quarter smaller than with snappy, for a tenth more time."""


class Replacement:
    """Partitions of one table on their way to be replaced.

    Args:
        batch: What the rows belong to, as 32 hexadecimal digits.
    """

    def __init__(self, lake: "Lake", table: Table, column: str, batch: str) -> None:
        self._lake, self._table, self._column, self._batch = lake, table, column, batch
        self._actions: list[AddAction] = []
        self._is_offered = False
        self._replaced: dict[str, None] = {}
        self._written = Written()

    def empty(self, value: str) -> None:
        """Replace a partition, for the time being by nothing."""
        self._replaced[value] = None

    def add(self, value: str, rows: pl.DataFrame) -> None:
        """Write some rows of a partition; they are there once the commit is.

        Args:
            rows: Rows of the table's contract, in the order of its key.
        """
        self._replaced[value] = None
        kept, refused = self._lake.hold_to_contract(self._table, rows)
        self._written += Written(inserted=kept.height, quarantined=refused)
        if kept.is_empty():
            return
        name = f"{self._column}={value}/part-{self._batch}-{uuid4()}.parquet"
        size = _write(self._root, name, kept.drop(self._column), options=self._lake.storage_options)
        self._actions.append(
            AddAction(
                path=name,
                size=size,
                partition_values={self._column: value},
                modification_time=int(time() * 1000),
                data_change=True,
                stats=json.dumps(statistics(kept.lazy(), self._table.key)),
            )
        )

    def hand_over(self) -> Ahead:
        """Give what was written to somebody else, who commits it."""
        self._is_offered = True
        return Ahead(
            actions=tuple(self._actions), replaced=tuple(self._replaced), written=self._written
        )

    def adopt(self, ahead: Ahead) -> None:
        """Commit what somebody else has written together with one's own."""
        self._actions += ahead.actions
        self._replaced |= dict.fromkeys(ahead.replaced)
        self._written += ahead.written

    def abandon(self) -> None:
        """Delete the data files, unless a commit that names them was begun.

        Those in an object store are left to the next vacuum, as those of a killed writer are.
        """
        if self._is_offered:
            return
        if not _is_remote(self._root):
            for action in self._actions:
                (_folder(self._root) / action.path).unlink(missing_ok=True)
        self._actions.clear()

    @cached_property
    def _root(self) -> str:
        """The table's folder or address, without a slash at its end."""
        return self._lake.ensure(self._table).table_uri.rstrip("/")

    def commit(self, marks: Mapping[str, int] | None = None) -> Written:
        """Put the rows in place of what the partitions hold.

        Args:
            marks: Numbers to record with the same commit, by application.
        """
        if not self._replaced:
            return Written()
        self._is_offered = True

        def attempt(handle: DeltaTable) -> None:
            # The schema is the table's own and not the contract's: the commit changes rows alone.
            handle.create_write_transaction(
                [*self._actions],
                mode="overwrite",
                schema=handle.schema(),
                partition_by=[self._column],
                partition_filters=[(self._column, "in", list(self._replaced))],
                commit_properties=fenced(handle, marks or {}),
            )

        self._lake.commit(self._table, attempt)
        return self._written


def _write(root: str, name: str, rows: pl.DataFrame, *, options: Mapping[str, str]) -> int:
    """Write a data file below the table's root; gives its size in bytes."""
    rows.write_parquet(
        writable(root, name),
        compression="zstd",
        compression_level=LEVEL,
        storage_options=dict(options) or None,
    )
    return size_at(root, name, options=options)


def writable(root: str, name: str) -> str:
    """Where a file below a table's root is written to; its folder is made."""
    if _is_remote(root):
        return f"{root.rstrip('/')}/{name}"
    path = _folder(root) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return str(path)


def size_at(root: str, name: str, *, options: Mapping[str, str]) -> int:
    """The bytes of a file below a table's root."""
    if _is_remote(root):
        return size_of(root.rstrip("/"), name, options=options)
    return (_folder(root) / name).stat().st_size


def statistics(rows: pl.LazyFrame, keys: Sequence[str]) -> dict[str, Any]:
    """What Delta wants to know of a file: its rows, and between what values its keys lie."""
    least = pl.struct(pl.col(keys).min()).alias("least")
    most = pl.struct(pl.col(keys).max()).alias("most")
    found = rows.select(pl.len().alias("rows"), least, most).collect().row(0, named=True)
    return {
        "numRecords": found["rows"],
        "minValues": {name: _as_json(value) for name, value in found["least"].items()},
        "maxValues": {name: _as_json(value) for name, value in found["most"].items()},
        "nullCount": dict.fromkeys(keys, 0),
    }


def _is_remote(root: str) -> bool:
    return "://" in root and not root.startswith(LOCAL)


def _folder(root: str) -> Path:
    return Path(unquote(root.removeprefix(LOCAL)))


def _as_json(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
