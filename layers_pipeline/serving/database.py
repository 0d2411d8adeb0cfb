"""What the analysts' file holds: rows of pinned tables, or views of them, in its outline.

Belongs here: making one file from pinned tables.
Does not belong here: what no row decides (``outline``), generations and the link to the newest
(``generations``), which versions are pinned (``steps.publish``).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.data_files import scan_files
from layers_pipeline.lake.table import Table
from layers_pipeline.serving.history import History, newest
from layers_pipeline.serving.macros import sql_literal
from layers_pipeline.serving.marts import Mart, fill_marts
from layers_pipeline.serving.outline import (
    CONFIG,
    ROWS,
    comments_of,
    holds_marts,
    make_table,
    outline_of,
)
from layers_pipeline.serving.pinned import Pinned
from layers_pipeline.serving.remote import can_reach, reach
from layers_pipeline.serving.rolled import Rolled, escaped
from transforms.sql import sql_of

VIEWS: Final = History()


def build(
    making: Path,
    *,
    serve: Path,
    pinned: Sequence[Pinned],
    number: int,
    at: datetime,
    history: History = VIEWS,
    rolls: bool = False,
) -> tuple[dict[str, int], dict[str, Mart]]:
    """Make the file of one generation.

    Args:
        making: Where the file is made; nothing lies there yet.
        serve: The folder of the generations; parts of daily marts lie below it.
        pinned: Tables of the lake, all pinned in one moment.
        history: What is copied of tables in an object store that grow without end.
        rolls: Whether months that are over are rolled into a file each.

    Returns:
        Rows by table of the lake, and what was made of each mart.
    """
    tables = tuple(pin.table for pin in pinned)
    making.write_bytes(outline_of(tables, kept_in=serve))
    with duckdb.connect(config=CONFIG) as connection:
        connection.execute("set timezone = 'UTC'")
        pinned = _reached(connection, pinned)
        connection.execute(f"attach {sql_literal(str(making))} as published")
        connection.execute("use published")
        # Else each of some dozen statements waits for the disk.
        connection.execute("begin")
        rolled = Rolled(serve, config=CONFIG, at=at, makes=rolls)
        for pin in pinned:
            if not pin.table.shown_in and pin.files:
                _fill(connection, pin, rolled)
        rows = _fill_publication(connection, pinned, number=number, at=at)
        for table in catalog.QUERIES:
            together = [pin for pin in pinned if pin.table.shown_in == table.name and pin.files]
            if together:
                _fill_of_several(connection, table, together)
        marts = {}
        if holds_marts(tables):
            marts = fill_marts(connection, serve, pinned, rolled, number=number, at=at)
        rolled.save(number)
        _copy_history(connection, pinned, history, at=at)
        connection.execute("commit")
        connection.execute("use memory")
        connection.execute("detach published")
    return rows, marts


def _reached(connection: duckdb.DuckDBPyConnection, pinned: Sequence[Pinned]) -> Sequence[Pinned]:
    """The pinned tables; those in an object store as DuckDB reads them, if it can."""
    far = [pin for pin in pinned if not pin.is_local]
    if not far or not can_reach(far[0].options):
        return pinned
    reach(connection, far[0].options)
    return [pin if pin.is_local else replace(pin, is_reached=True) for pin in pinned]


def _copy_history(
    connection: duckdb.DuckDBPyConnection,
    pinned: Sequence[Pinned],
    history: History,
    *,
    at: datetime,
) -> None:
    """Put copies in place of views over an object store, once the marts are made of all rows."""
    if history.kind == "views":
        return
    # Copied as it comes, else DuckDB holds what it has read to keep its order.
    connection.execute("set preserve_insertion_order = false")
    far = [pin for pin in pinned if pin.is_reached and pin.files]
    for table in (pin.table for pin in far if pin.table.published == "view"):
        _copy(connection, table, [pin for pin in far if pin.table is table], history, at=at)
    for table in catalog.QUERIES:
        if together := [pin for pin in far if pin.table.shown_in == table.name]:
            _copy(connection, table, together, history, at=at)


def _copy(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    pins: Sequence[Pinned],
    history: History,
    *,
    at: datetime,
) -> None:
    """Put a copy of a table's rows in place of its view."""
    since = history.since(table, at=at)
    columns = table.columns if table.shown_in or not table.is_stored else table.stored_columns
    cut = [newest(pin, since) for pin in pins]
    rows = " union all by name ".join(_select(connection, pin, columns) for pin in cut if pin.files)
    rows = rows or f"from {table.name} where false"
    query = (
        rows if table.is_stored else sql_of("views", table.name).replace("$captures", f"({rows})")
    )
    after = f" where {history.moment(table)} >= '{since.isoformat()}'::timestamptz" if since else ""
    copied = f"{table.name}_copied"
    connection.execute(f"create table {copied} as select * from ({query}){after}")  # noqa: S608
    connection.execute(f"drop view {table.name}")
    connection.execute(f"alter table {copied} rename to {table.name}")
    connection.execute(";".join(comments_of("table", table.name, table.schema, columns)))


def _fill(connection: duckdb.DuckDBPyConnection, pin: Pinned, rolled: Rolled) -> None:
    """Put the pinned rows into their table, or a view in its place."""
    table = pin.table
    if pin.is_local and table.in_order_of:
        days = rolled.files(table.name, pin.files, order=table.in_order_of)
        pin = replace(pin, files=tuple(days))
    # A copy lies in the order of its key, so that who looks for one row reads little.
    order = f" order by {', '.join(table.key)}" if table.key else ""
    if not pin.is_readable:
        rows = _read(pin, table.stored_columns)
        make_table(connection, f"insert into {table.name} from {ROWS}{order}", rows)
        return
    rows = _select(connection, pin, table.stored_columns)
    if table.published == "view":
        _show(connection, table, rows, columns=table.stored_columns)
    else:
        connection.execute(f"insert into {table.name} {rows}{order}")


def _show(
    connection: duckdb.DuckDBPyConnection, table: Table, query: str, *, columns: Sequence[str]
) -> None:
    """Put a view in a table's place."""
    connection.execute(f"drop table {table.name}")
    connection.execute(f"create view {table.name} as {query}")
    connection.execute(";".join(comments_of("view", table.name, table.schema, columns)))


def _fill_of_several(
    connection: duckdb.DuckDBPyConnection, table: Table, pins: Sequence[Pinned]
) -> None:
    """The same of what several tables show together."""
    query = sql_of("views", table.name)
    if all(pin.is_readable for pin in pins):
        rows = " union all ".join(_select(connection, pin, table.columns) for pin in pins)
        query = query.replace("$captures", f"({rows})")
        _show(connection, table, query, columns=table.columns)
    else:
        rows = pl.concat([_read(pin, table.columns) for pin in pins])
        query = query.replace("$captures", ROWS)
        make_table(connection, f"insert into {table.name} {query}", rows)


def _select(connection: duckdb.DuckDBPyConnection, pin: Pinned, columns: Sequence[str]) -> str:
    """A query for the pinned rows, which lie on this machine."""
    if not pin.added:
        return f"select {', '.join(columns)} from {_files(pin)}"  # noqa: S608 - our own files
    # DuckDB fills what some files lack, but not what all of them lack.
    empty = connection.from_arrow(pin.table.empty().to_arrow())
    types = dict(zip(empty.columns, empty.types, strict=True))
    nulls = ", ".join(f"null::{types[name]} as {name}" for name in pin.added)
    return (
        f"select {', '.join(columns)} from (from {_files(pin, 'union_by_name = true')} "  # noqa: S608 - our own files
        f"union all by name select {nulls} where false)"
    )


def _files(pin: Pinned, *options: str) -> str:
    """A table function over the pinned files, which lie on this machine."""
    listed = ", ".join(sql_literal(escaped(uri)) for uri in pin.files)
    return f"read_parquet({', '.join((f'[{listed}]', 'hive_partitioning = false', *options))})"


def _read(pin: Pinned, columns: Sequence[str]) -> pl.DataFrame:
    """The pinned rows, wherever they lie."""
    if not pin.files:
        return pin.table.empty().select(columns)
    rows = scan_files(pin.table, pin.files, storage_options=pin.options)
    return rows.select(columns).collect()


def _fill_publication(
    connection: duckdb.DuckDBPyConnection,
    pinned: Sequence[Pinned],
    *,
    number: int,
    at: datetime,
) -> dict[str, int]:
    versions = {pin.table.name: pin.version for pin in pinned}
    rows = {pin.table.name: _row_count(connection, pin) for pin in pinned}
    # As a frame: DuckDB looks for pandas anew with each value that is bound.
    pinned_rows = pl.DataFrame(
        {
            "table_name": list(versions),
            "lake_version": list(versions.values()),
            "row_count": [rows[name] for name in versions],
        }
    ).with_columns(generation=number, published_at=at)
    make_table(connection, f"insert into publication from {ROWS}", pinned_rows)
    return rows


def _row_count(connection: duckdb.DuckDBPyConnection, pin: Pinned) -> int:
    if not pin.files:
        return 0
    if pin.rows is not None:
        return pin.rows
    counted = f"select count(*) from {_files(pin)}"  # noqa: S608 - our own files
    return int(connection.execute(counted).fetchall()[0][0])
