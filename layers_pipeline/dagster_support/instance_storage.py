"""Dagster's own storage: SQLite by default, PostgreSQL where the environment names one.

Belongs here: choosing between the two, so that one ``dagster.yaml`` serves both.
Does not belong here: the pipeline's data.
"""

import os
from pathlib import Path
from typing import Any, Final

import dagster as dg
from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClass, ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage

from layers_pipeline.errors import SettingsError

URL_VARIABLE: Final = "LAYERS_DAGSTER_PG_URL"


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
        return DagsterSqliteStorage(base_dir=str(Path(home) / "storage"))


def with_driver(url: str) -> str:
    """A PostgreSQL URL that names the installed driver, whatever SQLAlchemy would assume."""
    _, separator, address = url.partition("://")
    return f"postgresql+psycopg2{separator}{address}"
