"""The operational database as one SQLite file, and back into whichever database the settings name.

Belongs here: a copy of one moment, rows from one database into another.
Does not belong here: where copies are kept (``vault``), the schema (``operations``).

SQLite copies itself, page by page. PostgreSQL's rows are read in one transaction that sees one
moment, table by table, through the same models that write them; so a backup needs no program of
PostgreSQL's, and may be restored into either.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Table, func, insert, select, text

from layers_pipeline.errors import StoreError
from layers_pipeline.operations.database import Database
from layers_pipeline.operations.model_base import Base
from layers_pipeline.operations.store import Operations

ROWS_AT_ONCE: Final = 5_000


def copy_to_file(source: Database, target: Path) -> dict[str, int]:
    """Copy the database, as it is at one moment, to a new SQLite file; rows by table.

    Raises:
        StoreError: It cannot be read.
    """
    target.unlink(missing_ok=True)
    if source.file is None:
        with opened(target) as copy:
            _copy_rows(source, copy)
    else:
        try:
            with (
                closing(sqlite3.connect(f"{source.file.as_uri()}?mode=ro", uri=True)) as original,
                closing(sqlite3.connect(target)) as copy,
            ):
                original.backup(copy)
                # One file, without a log beside it.
                copy.execute("pragma journal_mode = delete")
        except sqlite3.Error as error:
            raise StoreError(
                f"{source.url}: {error}. No backup was made; see `layers-pipeline verify`."
            ) from error
    return row_counts(target)


def row_counts(file: Path) -> dict[str, int]:
    """Rows of a copy, by table."""
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as copy:
        found = copy.execute("select name from sqlite_master where type = 'table' order by name")
        names = [name for (name,) in found if not name.startswith("sqlite_")]
        return {
            name: copy.execute(f'select count(*) from "{name}"').fetchone()[0]  # noqa: S608 - its own names
            for name in names
        }


def load_from_file(file: Path, target: Database) -> None:
    """Fill an empty, migrated database from a copy, which is brought to the same schema first."""
    with opened(file) as copy:
        _copy_rows(copy, target)


@contextmanager
def opened(file: Path) -> Iterator[Database]:
    """A SQLite file with the newest schema."""
    operations = Operations(f"sqlite:///{file}")
    try:
        operations.migrate()
        yield operations.database
    finally:
        operations.close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("pragma journal_mode = delete")


def _copy_rows(source: Database, target: Database) -> None:
    """Copy every row; one transaction on either side."""
    with (
        source.engine.connect().execution_options(isolation_level=_level(source)) as reader,
        target.write() as session,
    ):
        writer = session.connection()
        for table in Base.metadata.sorted_tables:
            rows = reader.execution_options(yield_per=ROWS_AT_ONCE).execute(select(table))
            for some in rows.mappings().partitions():
                writer.execute(insert(table), [dict(row) for row in some])
            _go_on_counting(writer, table)


def _level(database: Database) -> str:
    return "REPEATABLE READ" if database.file is None else "SERIALIZABLE"


def _go_on_counting(writer: Connection, table: Table) -> None:
    """Have PostgreSQL number the next row after the largest number that was copied."""
    column = table.autoincrement_column
    if column is None or writer.dialect.name != "postgresql":
        return
    newest = writer.execute(select(func.max(column))).scalar_one()
    if newest is not None:
        sequence = text("select setval(pg_get_serial_sequence(:table, :column), :newest)")
        named = {"table": table.name, "column": column.name, "newest": newest}
        writer.execute(sequence, named)
