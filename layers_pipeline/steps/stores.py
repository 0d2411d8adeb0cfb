"""The stores and the clock that every step works with, opened together.

Belongs here: how settings become open stores.
Does not belong here: what is done with them.
"""

from dataclasses import dataclass
from typing import Final

from layers_pipeline.clock import Clock, SystemClock
from layers_pipeline.errors import SettingsError
from layers_pipeline.lake.locks import locks_for
from layers_pipeline.lake.migration import migrate
from layers_pipeline.lake.store import Lake
from layers_pipeline.operations.store import Operations
from layers_pipeline.settings import Settings

MIGRATED: Final[set[str]] = set()
"""Lakes that this process has looked at: looking at every table takes a tenth of a second."""


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Open stores of one deployment."""

    settings: Settings
    clock: Clock
    operations: Operations
    lake: Lake


def open_stores(settings: Settings, *, clock: Clock | None = None) -> Stores:
    """Open the stores that the settings name, and bring both to what this package expects."""
    chosen_clock = clock or SystemClock()
    _make_home(settings)
    operations = Operations(settings.operations_database_url)
    operations.migrate()
    lake = open_lake(settings, clock=chosen_clock)
    if settings.lake_location not in MIGRATED:
        migrate(lake)
        MIGRATED.add(settings.lake_location)
    return Stores(settings=settings, clock=chosen_clock, operations=operations, lake=lake)


def open_lake(settings: Settings, *, clock: Clock | None = None) -> Lake:
    """The lake that the settings name, as it is."""
    _demand_locks_as_far_as_the_lake(settings)
    locks = locks_for(settings.operations_database_url, folder=settings.locks_location)
    return Lake(settings.lake_location, locks=locks, clock=clock)


def _make_home(settings: Settings) -> None:
    try:
        settings.root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"LAYERS_HOME: the folder {settings.root} cannot be made ({error.strerror}). "
            "Name a folder that can be written."
        ) from error


def _demand_locks_as_far_as_the_lake(settings: Settings) -> None:
    """Refuse a lake that other machines reach, with locks that hold on this one only."""
    lake, operations = settings.lake_location, settings.operations_database_url
    is_remote = "://" in lake and not lake.startswith("file://")
    if is_remote and not operations.startswith("postgres"):
        scheme, _, _ = lake.partition("://")
        raise SettingsError(
            f"LAYERS_LAKE_URL: a lake at {scheme}:// can be written from many machines, but locks "
            "beside SQLite hold on one only. Name a PostgreSQL in LAYERS_OPERATIONS_URL."
        )
