"""The stores and the clock that every step works with, opened together.

Belongs here: how settings become open stores.
Does not belong here: what is done with them.
"""

from dataclasses import dataclass

from layers_pipeline.clock import Clock, SystemClock
from layers_pipeline.errors import SettingsError
from layers_pipeline.lake.locks import locks_for
from layers_pipeline.lake.store import Lake
from layers_pipeline.operations.store import Operations
from layers_pipeline.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Open stores of one deployment."""

    settings: Settings
    clock: Clock
    operations: Operations
    lake: Lake


def open_stores(settings: Settings, *, clock: Clock | None = None) -> Stores:
    """Open the stores that the settings name, and bring the operational database to its schema.

    Raises:
        SettingsError: The home cannot be made, or a URL cannot be used.
    """
    told = clock or SystemClock()
    _make_home(settings)
    operations = Operations(settings.operations_database_url)
    operations.migrate()
    locks = locks_for(settings.operations_database_url, folder=settings.locks_location)
    lake = Lake(settings.lake_location, locks=locks, clock=told)
    return Stores(settings=settings, clock=told, operations=operations, lake=lake)


def _make_home(settings: Settings) -> None:
    try:
        settings.root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"LAYERS_HOME: the folder {settings.root} cannot be made ({error.strerror}). "
            "Name a folder that can be written."
        ) from error
