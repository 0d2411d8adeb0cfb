"""Joining the small files of a table into large ones, in one commit.

Belongs here: which partitions are joined, writing each as one file, the commit that names them.
Does not belong here: when (``steps.publish``), who reads the table on (``Table.remembers``).

deltalake compacts too, but its commits are no conflict for each other, nor for an overwrite of the
version before: rows double without an error (findings/deltalake_compaction_then_stale_writer.sh).
Here a partition is replaced by its own rows, which whatever else replaces rows conflicts with.
"""

import json
from collections.abc import Sequence
from time import time
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import polars as pl
from deltalake import DeltaTable
from deltalake.transaction import AddAction

from layers_pipeline.lake.data_files import scan_files
from layers_pipeline.lake.marks import fenced
from layers_pipeline.lake.partition_commit import size_at, statistics, writable
from layers_pipeline.lake.table import Table

if TYPE_CHECKING:
    from layers_pipeline.lake.store import Lake

ROWS_TOGETHER: Final = 20_480
"""Of files in an order: who looks for one value reads so many rows of each."""
Partition = tuple[str, ...]
"""The value of the partition's column; nothing in a table that is not divided."""


def compact(lake: "Lake", table: Table, *, at: int | None = None) -> int | None:
    """Join each partition's files into one, in the table's order, and write a checkpoint.

    Args:
        at: Only while the table is at this version.

    Returns:
        The table's version afterwards; None where it was at another one, and nothing was done.

    Raises:
        LockLostError: As of ``Lake.commit``; also where a lock went while files were written.
    """

    def attempt(handle: DeltaTable) -> int | None:
        if at is not None and handle.version() != at:
            return None
        if due := partitions_in_several_files(handle, table):
            joined = [_joined(lake, table, handle, *one) for one in due.items()]
            lake.require()
            handle.create_write_transaction(
                [*joined],
                mode="overwrite",
                schema=handle.schema(),
                partition_by=list(table.partition_by),
                partition_filters=[
                    (column, "in", [partition[place] for partition in due])
                    for place, column in enumerate(table.partition_by)
                ]
                or None,
                commit_properties=fenced(handle, {}),
            )
        now = lake.ensure(table)
        now.create_checkpoint()
        return now.version()

    return lake.commit(table, attempt)


def partitions_in_several_files(handle: DeltaTable, table: Table) -> dict[Partition, list[str]]:
    """The addresses of the files of each partition that has more than one, in order."""
    listed = pl.DataFrame(handle.get_add_actions(flatten=True))
    columns = [pl.col(f"partition.{name}").cast(pl.String) for name in table.partition_by]
    values: Sequence[Partition] = listed.select(columns).rows() if columns else [()] * listed.height
    place_of = {uri.rsplit("/", 1)[-1]: uri for uri in handle.file_uris()}
    files: dict[Partition, list[str]] = {}
    for partition, path in zip(values, listed["path"], strict=True):
        files.setdefault(partition, []).append(place_of[path.rsplit("/", 1)[-1]])
    return {
        partition: sorted(files[partition]) for partition in sorted(files) if files[partition][1:]
    }


def _joined(
    lake: "Lake", table: Table, handle: DeltaTable, partition: Partition, files: Sequence[str]
) -> AddAction:
    """Write the rows of a partition as one file; the order of rows is the table's, or stays."""
    of_partition = dict(zip(table.partition_by, partition, strict=True))
    rows = scan_files(table, files, storage_options=lake.storage_options)
    folders = [f"{name}={value}/" for name, value in of_partition.items()]
    name = "".join([*folders, f"part-{uuid4()}.parquet"])
    place = writable(handle.table_uri, name)
    (rows.sort(table.in_order_of) if table.in_order_of else rows).sink_parquet(
        place,
        compression="zstd",
        row_group_size=ROWS_TOGETHER if table.in_order_of else None,
        storage_options=dict(lake.storage_options) or None,
    )
    written = scan_files(table, [place], storage_options=lake.storage_options)
    keys = [key for key in table.key if key not in of_partition]
    return AddAction(
        path=name,
        size=size_at(handle.table_uri, name, options=lake.storage_options),
        partition_values=of_partition,
        modification_time=int(time() * 1000),
        data_change=True,
        stats=json.dumps(statistics(written, keys)),
    )
