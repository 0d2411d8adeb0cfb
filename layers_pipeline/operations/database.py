"""The connection to the operational database: SQLite or PostgreSQL behind one URL.

Belongs here: engines, transactions, migration to the newest schema, errors of the database.
Does not belong here: what is stored and what is asked (one repository per topic).
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Select,
    create_engine,
    event,
    inspect,
    make_url,
    text,
)
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError, SQLAlchemyError, StatementError
from sqlalchemy.orm import Session

from layers_pipeline.errors import SettingsError, StoreError

Row = TypeVar("Row")
WAIT_S: Final = 30
"""How long a writer waits for another one, in seconds. What is said of content is stamped before
the wait, which must end before the grace does, after which a tick begins to read."""

MIGRATIONS: Final = Path(__file__).parent / "migrations"
"""Folder of Alembic's environment and revisions."""
_MIGRATION_LOCK: Final = 7_205_759_403
"""Key of the advisory lock that PostgreSQL migrations take; any number nobody else uses."""
_ALEMBIC: Final = threading.Lock()
"""Alembic keeps its context in a global, so one thread migrates at a time."""
_BEGIN: Final = "layers_begin"
CHECK: Final = "Check that the database can be reached and that migrate() has run, then repeat."
_DAMAGED: Final = "The file is damaged: restore it from a copy."
_NO_PLACE: Final = "Nothing was written. Make room, or make the file and its folder writable."
REMEDIES: Final = {
    "malformed": _DAMAGED,
    "not a database": _DAMAGED,
    "already exists": "It holds tables of another program: name another LAYERS_OPERATIONS_URL.",
    "disk is full": _NO_PLACE,
    "disk I/O error": _NO_PLACE,
    "readonly": _NO_PLACE,
    "unable to open": "Check that it is a file, and that it and its folder can be written.",
    "locked": "Another program holds it: close that, then repeat.",
}
"""What to do, by words of the database's error."""


class Database:
    """One operational database; every ``read`` and ``write`` is one transaction.

    Args:
        url: SQLAlchemy URL of a SQLite file or of PostgreSQL.
        wait_s: How long a writer waits for another one before it gives up, in seconds.
    """

    def __init__(self, url: str, *, wait_s: int = WAIT_S) -> None:
        self._url = _parse(url)
        self._engine = _make_engine(self._url, wait_s)
        self._writer = self._engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})

    @property
    def url(self) -> str:
        """The URL without passwords, for messages."""
        shown = self._url.difference_update_query(["password", "sslpassword"])
        return shown.render_as_string(hide_password=True)

    @property
    def engine(self) -> Engine:
        """The engine that reads; tests and tools inspect the schema through it."""
        return self._engine

    @property
    def file(self) -> Path | None:
        """The file of a SQLite database."""
        is_file = self._url.get_backend_name() == "sqlite"
        return Path(str(self._url.database)).absolute() if is_file else None

    @property
    def is_empty_file(self) -> bool:
        """Whether it is a SQLite file that is not there, or holds nothing at all."""
        path = self.file
        if path is None:
            return False
        return not path.exists() or (path.is_file() and path.stat().st_size == 0)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session in a transaction that only reads."""
        with self._transaction(self._engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session in a transaction that commits at the end, or rolls back on any error.

        On SQLite it takes the write lock first, so no later statement finds it locked.
        """
        with self._transaction(self._writer) as session:
            yield session

    def migrate(self) -> None:
        """Bring the schema to the newest revision; processes that do so at once wait in turn.

        Raises:
            StoreError: The database is newer than this program, or cannot be reached.
        """
        with _ALEMBIC, self._errors_named():
            if self._url.get_backend_name() == "sqlite":
                _keep_write_ahead_log(self._engine, shown_url=self.url)
            if self.revision() == newest_revision():
                return
            with self._writer.begin() as connection:
                _upgrade(connection, shown_url=self.url)

    def revision(self) -> str:
        """The revision of the stored schema; empty before the first migration."""
        with self.read() as session:
            if not inspect(session.connection()).has_table("alembic_version"):
                return ""
            return str(session.scalar(text("select version_num from alembic_version")) or "")

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Session]:
        # Rows outlive their session: they are handed out, so the commit must not expire them.
        with (
            self._errors_named(),
            Session(engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        """Turn database errors into ours, without statement, parameters or password."""
        try:
            yield
        except SQLAlchemyError as error:
            cause = error.orig if isinstance(error, StatementError) else error
            raise _failed(self.url, str(cause)) from error


class Repository:
    """The questions and changes of one topic; each public method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def _rows(self, query: Select[Row]) -> list[Row]:
        with self._database.read() as session:
            return list(session.scalars(query))


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsError(
            "the URL of the operational database cannot be parsed."
            " Write sqlite:////folder/file.db or postgresql://user:password@host/database."
        ) from None
    if parsed.drivername in {"postgres", "postgresql"}:
        # SQLAlchemy 2.1 reads a bare postgresql:// as psycopg 3, which is not installed.
        parsed = parsed.set(drivername="postgresql+psycopg2")
    backend = parsed.get_backend_name()
    if backend not in {"sqlite", "postgresql"}:
        raise SettingsError(
            f"database '{backend}' is not supported. Use sqlite:// or postgresql://."
        )
    if backend == "sqlite" and (not parsed.database or ":memory:" in parsed.database):
        raise SettingsError(
            "a SQLite database in memory is lost between connections."
            " Name a file: sqlite:////folder/file.db."
        )
    return parsed


def _make_engine(url: URL, wait_s: int) -> Engine:
    if url.get_backend_name() == "postgresql":
        engine = create_engine(
            url,
            pool_pre_ping=True,
            isolation_level="READ COMMITTED",
            # Updates of many rows travel in batches, not one by one.
            executemany_mode="values_plus_batch",
        )
        event.listen(engine, "connect", partial(_prepare_postgresql, wait_s=wait_s))
        return engine
    folder = Path(str(url.database)).absolute().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"the folder {folder} cannot be made ({error.strerror})."
            " Name a file in a folder that can be written."
        ) from error
    engine = create_engine(url, connect_args={"timeout": wait_s})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_postgresql(connection: DBAPIConnection, _record: object, *, wait_s: int) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = '{wait_s}s'")
    cursor.close()
    connection.commit()


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would start transactions by itself, too late and always deferred.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def _failed(shown_url: str, said: str) -> StoreError:
    """The error that a database gave, with the remedy that goes with its words."""
    words = " ".join(said.split())
    remedy = next((remedy for sign, remedy in REMEDIES.items() if sign in words), CHECK)
    return StoreError(f"{shown_url}: {words}. {remedy}")


def _keep_write_ahead_log(engine: Engine, *, shown_url: str) -> None:
    """Switch the file to WAL for good; SQLite does not wait for its lock here, so we do."""
    deadline = time.monotonic() + WAIT_S
    try:
        connection = engine.raw_connection()
        try:
            while not _switched_to_wal(connection.cursor(), final_try=time.monotonic() > deadline):
                time.sleep(0.05)
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise _failed(shown_url, str(error)) from error


def _switched_to_wal(cursor: DBAPICursor, *, final_try: bool) -> bool:
    try:
        cursor.execute("PRAGMA journal_mode = WAL")
        return cursor.fetchone() == ("wal",)
    except sqlite3.DatabaseError as error:
        if final_try or "locked" not in str(error):
            raise
        return False


def _upgrade(connection: Connection, *, shown_url: str) -> None:
    from alembic import command  # noqa: PLC0415 - a quarter of what a process imports
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(
            f"{shown_url}: {error}. The database is newer than this program:"
            " install the version that made it."
        ) from error


@cache
def newest_revision() -> str:
    """The revision of the schema that this package brings a database to, by the files' names.

    Most starts find nothing to migrate, and then need not import Alembic, which takes long.
    """
    versions = (MIGRATIONS / "versions").glob("[0-9]*_*.py")
    return max(path.name.partition("_")[0] for path in versions)
