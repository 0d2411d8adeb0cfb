"""Dagster's own storage: SQLite by default, PostgreSQL where the environment names one.

Belongs here: choosing between the two, so that one ``dagster.yaml`` serves both; what Dagster 1.13
writes to SQLite needlessly, engines and events.
Does not belong here: the pipeline's data.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import dagster as dg
from dagster import EventLogEntry
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationPlanned,
)
from dagster._core.events import StepMaterializationData
from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClass, ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import NullPool

from layers_pipeline.errors import SettingsError
from layers_pipeline.plain_paths import plain_path

URL_VARIABLE: Final = "LAYERS_DAGSTER_PG_URL"
OF_INPUTS: Final = "dagster/input_"
WAIT_S: Final = 30
"""For a file that another process writes to."""


@lru_cache(maxsize=16)
def _engine(url: str) -> Engine:
    """One engine per file, without open connections.

    Dagster makes one for each statement; it compiles the statement, and learns its database, anew.
    """
    return create_engine(url, poolclass=NullPool, connect_args={"timeout": WAIT_S})


class RunsInSqlite(SqliteRunStorage):
    """Dagster's file of runs."""

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A transaction of its own."""
        with _engine(self._conn_string).begin() as connection:
            yield connection


class EventsInSqlite(SqliteEventLogStorage):
    """Dagster's files of events, one per run and an index of them."""

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        engine = _engine(self.conn_string_for_shard(shard))
        with self._db_lock:
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event of a run, and of a tick only what is true of it."""
        super().store_event(of_one_tick(event))


def of_one_tick(event: EventLogEntry) -> EventLogEntry:
    """An event without what Dagster copies into each of a range of partitions.

    A tick is as of its own time: that its inputs were written again later makes it no staler, so
    their versions are left out. Checks look at the whole run, and belong to none of its ticks.
    """
    occurred = event.dagster_event
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
        return event
    return event._replace(dagster_event=occurred and occurred._replace(event_specific_data=slim))


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
        """The one option: another name for the variable."""
        return {"env_var": dg.Field(str, is_required=False, default_value=URL_VARIABLE)}

    @classmethod
    def from_config_value(  # pyright: ignore[reportIncompatibleMethodOverride]
        cls, inst_data: ConfigurableClassData | None, config_value: dict[str, str]
    ) -> DagsterStorage:
        """The storage that the environment chooses."""
        del inst_data  # each storage is opened by the choice here, not by its own configuration
        url = os.environ.get(config_value["env_var"], "")
        if url:
            return DagsterPostgresStorage(postgres_url=with_driver(url))
        home = os.environ.get("DAGSTER_HOME")
        if not home:
            raise SettingsError("DAGSTER_HOME is not set: name the folder for Dagster's storage.")
        return SqliteStorage(base_dir=str(Path(home) / "storage"))


def with_driver(url: str) -> str:
    """A PostgreSQL URL that names the installed driver, whatever SQLAlchemy would assume."""
    _, separator, address = url.partition("://")
    return f"postgresql+psycopg2{separator}{address}"
