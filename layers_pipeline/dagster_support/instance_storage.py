"""Dagster's own storage: SQLite by default, PostgreSQL where the environment names one.

Belongs here: choosing between the two, so that one ``dagster.yaml`` serves both; what Dagster 1.13
reads and writes needlessly for SQLite: engines, migrations and events.
Does not belong here: the pipeline's data.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import uuid4

import dagster as dg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from dagster import EventLogEntry
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationPlanned,
)
from dagster._core.events import StepMaterializationData
from dagster._core.storage import sql
from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClass, ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage
from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import NullPool

from layers_pipeline.errors import SettingsError
from layers_pipeline.plain_paths import plain_path

URL_VARIABLE: Final = "LAYERS_DAGSTER_PG_URL"
OF_INPUTS: Final = "dagster/input_"
WAIT_S: Final = 30
"""For a file that another process writes to."""


def _engine(url: str) -> Engine:
    """The engine of a file in this process: connections are not for forked ones."""
    return _engine_of(url, os.getpid())


@lru_cache(maxsize=16)
def _engine_of(url: str, process: int) -> Engine:
    """One engine per file, which keeps a connection or two open.

    Dagster makes an engine and a connection for each of the hundreds of statements of a run: it
    compiles the statement and learns its database anew, and whoever closes a file last writes
    SQLite's log back into it.
    """
    del process
    engine = create_engine(url, pool_size=2, max_overflow=-1, connect_args={"timeout": WAIT_S})
    event.listen(engine, "connect", _wait_less_for_the_disk)
    return engine


def _wait_less_for_the_disk(connection: DBAPIConnection, _record: object) -> None:
    """Commits outlive the process, not a loss of power: then the last ones may be missing."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


class RunsInSqlite(SqliteRunStorage):
    """Dagster's file of runs."""

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A transaction of its own."""
        with _engine(self._conn_string).begin() as connection:
            yield connection

    def dispose(self) -> None:
        """Close the file, so that it is whole without SQLite's log beside it."""
        super().dispose()
        _engine(self._conn_string).dispose()


class ScriptsReadOnce(ScriptDirectory):
    """The steps of Dagster's migrations, of which nothing changes while it runs.

    Dagster reads its ninety files anew whenever it asks a file of its own for its state: some ten
    times before the first event of a run.
    """

    @classmethod
    def from_config(cls, config: Config) -> ScriptDirectory:
        """As Alembic's, read once for each place."""
        place = config.get_main_option("script_location") or ""
        if place not in _SCRIPTS:
            _SCRIPTS[place] = ScriptDirectory.from_config(config)
        return _SCRIPTS[place]


_SCRIPTS: Final[dict[str, ScriptDirectory]] = {}
# Dagster asks by these names; it holds a lock whenever it does.
command.ScriptDirectory = ScriptsReadOnce  # pyright: ignore[reportPrivateImportUsage]
sql.ScriptDirectory = ScriptsReadOnce  # pyright: ignore[reportPrivateImportUsage]


class EventsInSqlite(SqliteEventLogStorage):
    """Dagster's files of events, one per run and an index of them."""

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table; Dagster asks before each event."""
        if table_name not in self._tables:
            # Not ``index_connection``: whoever asks may be within one.
            with _engine(self.conn_string_for_shard(INDEX_SHARD_NAME)).connect() as connection:
                self._tables.update(inspect(connection).get_table_names())
        return table_name in self._tables

    @cached_property
    def _tables(self) -> set[str]:
        """Tables that were found there; none of them ever goes."""
        return set()

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            if shard not in self._initialized_dbs:
                self._make_ready(shard)
                self._initialized_dbs.add(shard)
            with _engine(self.conn_string_for_shard(shard)).begin() as connection:
                yield connection

    def _make_ready(self, shard: str) -> None:
        """Make the file of a run's events if it is not there: as a copy, which takes no time."""
        path = Path(self.path_for_shard(shard))
        if shard == INDEX_SHARD_NAME or path.exists():
            self._initdb(_engine(self.conn_string_for_shard(shard)))
            return
        fresh = path.with_name(f".{shard}-{uuid4().hex}")
        fresh.write_bytes(self._without_events)
        try:
            path.hardlink_to(fresh)  # unlike a renaming it spares what another process made
        except OSError:
            self._initdb(_engine(self.conn_string_for_shard(shard)))
        finally:
            fresh.unlink()

    @cached_property
    def _without_events(self) -> bytes:
        """A file of a run's events before the first, which takes Dagster a while to make."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "empty.db"
            engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
            self._initdb(engine)
            engine.dispose()
            return path.read_bytes()

    def delete_events(self, run_id: str) -> None:
        """Delete a run's events with their file, of which Dagster would leave an empty one."""
        with self.index_connection() as connection:
            self.delete_events_for_run(connection, run_id)
        self.free_concurrency_slots_for_run(run_id)
        _engine(self.conn_string_for_shard(run_id)).dispose()
        self._initialized_dbs.discard(run_id)
        path = Path(self.path_for_shard(run_id))
        for left in (path, *(path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm"))):
            left.unlink(missing_ok=True)

    def dispose(self) -> None:
        """Close the files that were written or read."""
        super().dispose()
        for shard in (INDEX_SHARD_NAME, *self._initialized_dbs):
            _engine(self.conn_string_for_shard(shard)).dispose()

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event of a run, and of a tick only what is true of it."""
        super().store_event(of_one_tick(event))


def of_one_tick(entry: EventLogEntry) -> EventLogEntry:
    """An event without what Dagster copies into each of a range of partitions.

    A tick is as of its own time: that its inputs were written again later makes it no staler, so
    their versions are left out. Checks look at the whole run, and belong to none of its ticks.
    """
    occurred = entry.dagster_event
    data = occurred.event_specific_data if occurred else None
    if isinstance(data, AssetCheckEvaluationPlanned):
        slim: Any = AssetCheckEvaluationPlanned(
            asset_key=data.asset_key, check_name=data.check_name
        )
    elif isinstance(data, StepMaterializationData) and data.materialization.partition:
        tags = data.materialization.tags or {}
        own = {name: value for name, value in tags.items() if not name.startswith(OF_INPUTS)}
        slim = data._replace(materialization=data.materialization._replace(tags=own))
    else:
        return entry
    return entry._replace(dagster_event=occurred and occurred._replace(event_specific_data=slim))


class SqliteStorage(DagsterSqliteStorage):
    """Dagster's own files, with one engine each, and smaller events of ticks."""

    def __init__(self, base_dir: str) -> None:
        super().__init__(plain_path(base_dir))
        self._run_storage = RunsInSqlite(self._run_storage._conn_string)
        self._event_log_storage = EventsInSqlite(self._event_log_storage._base_dir)


class EnvSelectedStorage(DagsterStorage, ConfigurableClass):
    """Opens PostgreSQL if ``LAYERS_DAGSTER_PG_URL`` is set, else SQLite in DAGSTER_HOME."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Another name for the variable, and whether it has to be set."""
        return {
            "env_var": dg.Field(str, is_required=False, default_value=URL_VARIABLE),
            "required": dg.Field(bool, is_required=False, default_value=False),
        }

    @classmethod
    def from_config_value(  # pyright: ignore[reportIncompatibleMethodOverride]
        cls, inst_data: ConfigurableClassData | None, config_value: dict[str, Any]
    ) -> DagsterStorage:
        """The storage that the environment chooses."""
        del inst_data  # each storage is opened by the choice here, not by its own configuration
        url = os.environ.get(config_value["env_var"], "")
        if url:
            return DagsterPostgresStorage(postgres_url=with_driver(url))
        if config_value.get("required"):
            raise SettingsError(
                f"{config_value['env_var']} is not set, and dagster.yaml asks for it: processes of "
                "several machines share one PostgreSQL. Set it for each of them."
            )
        home = os.environ.get("DAGSTER_HOME")
        if not home:
            raise SettingsError("DAGSTER_HOME is not set: name the folder for Dagster's storage.")
        return SqliteStorage(base_dir=str(Path(home) / "storage"))


def with_driver(url: str) -> str:
    """A PostgreSQL URL that names the installed driver, whatever SQLAlchemy would assume."""
    _, separator, address = url.partition("://")
    return f"postgresql+psycopg2{separator}{address}"
