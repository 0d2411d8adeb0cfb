"""The stores and the clock that every step works with, opened together.

Belongs here: how settings become open stores, and refusing stores that lost what was seen before.
Does not belong here: what is done with them.
"""

import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from layers_pipeline.clock import Clock, SystemClock
from layers_pipeline.errors import SettingsError, StoreError
from layers_pipeline.lake.locks import locks_for
from layers_pipeline.lake.migration import migrate
from layers_pipeline.lake.object_store import options_of
from layers_pipeline.lake.store import Lake
from layers_pipeline.operations.store import Operations
from layers_pipeline.seen import Seen
from layers_pipeline.settings import Settings

MIGRATED: Final[set[str]] = set()
"""Lakes that this process has looked at: looking at every table takes a tenth of a second."""
ESCAPE: Final = re.compile(r"%[0-9A-Fa-f]{2}")
"""What deltalake reads as another character, wherever it stands in a path."""
CLOCK: Final = "clock"
CLOCK_MAY_LOSE_S: Final = 600
"""Seconds: corrections of a machine's clock are smaller."""


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Open stores of one deployment."""

    settings: Settings
    clock: Clock
    operations: Operations
    lake: Lake


def open_stores(settings: Settings, *, clock: Clock | None = None) -> Stores:
    """Open the stores that the settings name, and bring both to what this package expects.

    Raises:
        SettingsError: A place cannot be used.
        StoreError: A store cannot be read, or is older than it was; the clock went back.
    """
    chosen_clock = clock or SystemClock()
    _make_home(settings)
    _require_restored(settings)
    if isinstance(chosen_clock, SystemClock):
        _require_clock(settings, chosen_clock.now())
    operations = _open_operations(settings)
    lake = open_lake(settings, clock=chosen_clock)
    if settings.lake_location not in MIGRATED:
        migrate(lake)
        MIGRATED.add(settings.lake_location)
    return Stores(settings=settings, clock=chosen_clock, operations=operations, lake=lake)


def open_lake(settings: Settings, *, clock: Clock | None = None) -> Lake:
    """The lake that the settings name, as it is."""
    _demand_locks_as_far_as_the_lake(settings)
    place = settings.lake_location
    if "://" not in place and (found := ESCAPE.search(place)):
        raise SettingsError(
            f"LAYERS_HOME or LAYERS_LAKE_URL: the lake's folder {place} has {found.group()} in its "
            "name, which the lake's library takes for another character. Name a folder without it."
        )
    locks = locks_for(settings.operations_database_url, folder=settings.locks_location)
    return Lake(
        place,
        locks=locks,
        clock=clock,
        storage_options=options_of(settings),
        seen=seen_of_lake(settings),
    )


def seen_of_lake(settings: Settings) -> Seen:
    """What was seen of the lake's tables: the newest version of each."""
    place = settings.lake_location
    named = f"lake-{zlib.crc32(place.encode()):08x}" if settings.lake_url else "lake"
    return Seen(settings.seen_location / named)


def name_of_operations(settings: Settings) -> str:
    """The name under which it is noted that there was an operational database."""
    url = settings.operations_database_url
    return f"operations-{zlib.crc32(url.encode()):08x}" if settings.operations_url else "operations"


def _open_operations(settings: Settings) -> Operations:
    """The operational database, refused if it is empty though it was not."""
    named = name_of_operations(settings)
    seen = Seen(settings.seen_location)
    operations = Operations(settings.operations_database_url)
    if operations.database.is_empty_file and seen.number(named) >= 0:
        raise seen.lost(named, operations.url, "the database is empty or gone, though it was there")
    operations.migrate()
    seen.note(named, 1)
    return operations


def _require_clock(settings: Settings, now: datetime) -> None:
    """Refuse a clock that is behind what it was: rows would be known before they came (R9)."""
    seen = Seen(settings.seen_location)
    newest = seen.number(CLOCK)
    if now.timestamp() < newest - CLOCK_MAY_LOSE_S:
        then = datetime.fromtimestamp(newest, UTC)
        raise seen.lost(
            CLOCK,
            f"this machine's clock says {now:%Y-%m-%d %H:%M} UTC",
            f"it said {then:%Y-%m-%d %H:%M} before, and what is written now would be known then",
            remedy="Set the clock; if it was wrong before",
        )
    seen.note(CLOCK, int(now.timestamp()))


def _require_restored(settings: Settings) -> None:
    """Refuse stores of which a part is not restored yet: they would be filled anew."""
    if settings.restoring_note.exists():
        raise StoreError(
            f"{settings.restoring_note}: a restore was interrupted, and the stores are not whole. "
            "Repeat `layers-pipeline restore` with the same backup: it goes on."
        )


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
