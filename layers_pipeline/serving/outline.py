"""The analysts' file before its rows: tables, views, macros and comments that no row decides.

Belongs here: making that outline, and keeping it beside the generations.
Does not belong here: rows (``database``), the marts' and macros' texts (``transforms.sql``).

Some hundred tables and a thousand comments take longer to make than the rows of most deployments;
a generation begins as a copy of the outline.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import uuid4
from zlib import crc32

import dataframely as dy
import duckdb
import polars as pl

import transforms
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.serving.macros import make_macros, sql_literal
from layers_pipeline.serving.marts import outline_marts
from transforms.contracts.columns import comment_of
from transforms.sql import sql_of

CONFIG: Final[dict[str, bool | int | float | str | list[str]]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
}
LAKE: Final = Path(catalog.__file__).parent
CHECK_BYTES: Final = 4
log: Final = logging.getLogger(__name__)
ROWS: Final = "rows_to_publish"
ATTACH: Final = "ATTACH {path} AS published (STORAGE_VERSION 'v1.0.0', BLOCK_SIZE 16384)"
PUBLICATION: Final = {
    "table publication": "Grain: one row per table of the lake that this file was made of: what "
    "exactly was published.",
    "column publication.table_name": "Table of the lake, shown here under its own name; the rows "
    "of the staging tables (stg_…) are shown in platform_post_checks.",
    "column publication.lake_version": "Version of the lake's table; -1: it was never written.",
    "column publication.row_count": "Rows at publication.",
    "column publication.generation": "Number of this generation.",
    "column publication.published_at": "When this generation was made. Instant, UTC.",
}


def holds_marts(tables: Sequence[Table]) -> bool:
    """Whether all is there that marts are made of."""
    return set(catalog.PUBLISHED) <= set(tables)


def outline_of(tables: tuple[Table, ...], *, kept_in: Path) -> bytes:
    """The file of a generation without rows.

    Args:
        tables: Tables of the lake that it shows.
        kept_in: Folder in which it is left for later processes, which need not make it again.
    """
    name = f".outline-{_fingerprint(tables)}.duckdb"
    made = _MADE.get(name) or _kept(kept_in / name)
    if made is None:
        made = _drawn(tables)
        _keep(kept_in / name, made)
    _MADE[name] = made
    return made


_MADE: Final[dict[str, bytes]] = {}
"""What this process has made or found, by name."""


@lru_cache(maxsize=4)
def _fingerprint(tables: tuple[Table, ...]) -> str:
    """A short name of all that decides the outline: the code, the tables' names, DuckDB."""
    said = sha256(duckdb.__version__.encode())
    for folder in (Path(transforms.__file__).parent, Path(__file__).parent, LAKE):
        for path in sorted(folder.rglob("*.*")):
            if path.suffix in {".py", ".sql", ".toml"}:
                said.update(path.read_bytes())
    said.update(" ".join(table.name for table in tables).encode())
    return said.hexdigest()[:16]


def _kept(path: Path) -> bytes | None:
    """What an earlier process left, if it is whole."""
    try:
        left = path.read_bytes()
    except OSError:
        return None
    made, sum_of_it = left[:-CHECK_BYTES], left[-CHECK_BYTES:]
    return made if _sum(made) == sum_of_it else None


def _keep(path: Path, made: bytes) -> None:
    """Leave it to later processes, in place of older ones; without room it is made again."""
    fresh = path.with_name(f"{path.name}.{uuid4().hex}")
    try:
        for old in path.parent.glob(".outline-*"):
            old.unlink(missing_ok=True)
        fresh.write_bytes(made + _sum(made))
        fresh.replace(path)
    except OSError as error:
        log.info("%s: not kept (%s); the next publication makes it again.", path, error.strerror)


def _sum(made: bytes) -> bytes:
    return crc32(made).to_bytes(CHECK_BYTES)


def _drawn(tables: Sequence[Table]) -> bytes:
    with TemporaryDirectory(prefix="layers-") as folder:
        path = Path(folder) / "outline.duckdb"
        with duckdb.connect(config=CONFIG) as connection:
            connection.execute("set timezone = 'UTC'")
            connection.execute(ATTACH.format(path=sql_literal(str(path))))
            connection.execute("use published")
            # Else each of some hundred statements waits for the disk.
            connection.execute("begin")
            _draw(connection, tables)
            connection.execute("commit")
            connection.execute("use memory")
            connection.execute("detach published")
        return path.read_bytes()


def _draw(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> None:
    comments = [f"comment on {place} is {sql_literal(text)}" for place, text in PUBLICATION.items()]
    for table in tables:
        if not table.shown_in:
            rows = table.empty().select(table.stored_columns)
            make_table(connection, f"create table {table.name} as from {ROWS}", rows)
            comments += comments_of("table", table.name, table.schema, table.stored_columns)
    connection.execute(
        "create table publication (table_name varchar, lake_version bigint, row_count bigint, "
        "generation bigint, published_at timestamptz)"
    )
    for query in catalog.QUERIES:
        parts = [table for table in tables if table.shown_in == query.name]
        if parts:
            statement = f"create table {query.name} as {sql_of('views', query.name)}"
            rows = parts[0].empty().select(query.columns)
            make_table(connection, statement.replace("$captures", ROWS), rows)
            comments += comments_of("table", query.name, query.schema, query.columns)
        elif {table.name for table in tables}.issuperset(query.deps):
            connection.execute(f"create view {query.name} as {sql_of('views', query.name)}")
            comments += comments_of("view", query.name, query.schema, query.columns)
    # At once: one by one, a thousand of them take twice as long.
    connection.execute(";".join(comments))
    if holds_marts(tables):
        outline_marts(connection, at=datetime(2000, 1, 1, tzinfo=UTC))
    make_macros(connection)


def make_table(connection: duckdb.DuckDBPyConnection, statement: str, rows: pl.DataFrame) -> None:
    """Run a statement that takes rows by the name ``ROWS``."""
    connection.register(ROWS, rows)
    connection.execute(statement)
    connection.unregister(ROWS)


def comments_of(kind: str, name: str, schema: type[dy.Schema], columns: Sequence[str]) -> list[str]:
    """Statements that say of a table or view what it and its columns are."""
    grain = " ".join((schema.__doc__ or "").split())
    declared = schema.columns()
    said = {f"{kind} {name}": grain} | {
        f"column {name}.{column}": comment_of(declared[column]) for column in columns
    }
    return [f"comment on {target} is {sql_literal(text)}" for target, text in said.items()]
