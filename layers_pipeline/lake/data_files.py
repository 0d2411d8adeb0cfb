"""Data files of the lake's tables: their rows, their sizes, and what their places tell.

Belongs here: what can be said of a file without asking which version of a table has it.
Does not belong here: which files make up a table (``reading``), writing them
(``partition_commit``).
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import unquote

import polars as pl
from deltalake import DeltaTable

from layers_pipeline.errors import StoreError
from layers_pipeline.lake.handles import LOCAL
from layers_pipeline.lake.table import Table

DATA_FILE: Final = re.compile(r"/\w+=(?P<value>[^/]+)/(part-(?P<batch>[0-9a-f]{32})-)?[^/]*$")
"""A file of a table that one column divides, as ``partition_commit`` and deltalake name it."""


def scan_files(
    table: Table,
    files: Sequence[str],
    *,
    storage_options: Mapping[str, str] | None = None,
    place: str | None = None,
) -> pl.LazyFrame:
    """Rows of some of a table's data files, without partition columns, lazily.

    A file that is older than a column has null in it. ``place`` names a further column that says
    which file a row is from.
    """
    schema = table.empty().select(table.stored_columns).schema
    return pl.scan_parquet(
        list(files),
        schema=schema,
        missing_columns="insert",
        storage_options=dict(storage_options) if storage_options else None,
        hive_partitioning=False,
        glob=False,
        include_file_paths=place,
    )


def sizes(handle: DeltaTable) -> Iterator[tuple[str, int, int | None]]:
    """Each data file of a table on this machine, its bytes by the log, and as it lies there."""
    listed = handle.get_add_actions()
    sizes = listed["size_bytes"].to_pylist()
    root = unquote(handle.table_uri.removeprefix(LOCAL)).rstrip("/")
    for path, wanted in zip(listed["path"].to_pylist(), sizes, strict=True):
        place = f"{root}/{unquote(path)}"
        try:
            yield place, wanted, os.stat(place).st_size  # noqa: PTH116 - a path object takes longer
        except FileNotFoundError:
            yield place, wanted, None


def value_of(uri: str) -> str:
    """The partition that a data file of a divided table belongs to, as text."""
    return place_of(uri)[0]


def place_of(uri: str) -> tuple[str, str | None]:
    """The partition of a data file, and the batch that wrote it if its name says so."""
    found = DATA_FILE.search(uri)
    if found is None:
        raise StoreError(f"{uri}: no data file of a divided table. Leave the lake's files alone.")
    return found["value"], found["batch"]
