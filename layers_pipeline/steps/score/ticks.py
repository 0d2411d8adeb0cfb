"""Scoring ticks: how moments are written as partition keys and read back.

Belongs here: the key format, and reading what a person types.
Does not belong here: which moments are ticks (``assets.partitions``), what happens at one.
"""

from datetime import UTC, datetime
from typing import Final

from layers_pipeline.errors import InputRefusedError

KEY_FORMAT: Final = "%Y-%m-%d-%H:%M"


def tick_key(at: datetime) -> str:
    """The partition key of a tick, for example ``2025-05-14-12:00``."""
    return at.astimezone(UTC).strftime(KEY_FORMAT)


def tick_of(key: str) -> datetime:
    """The instant of a partition key.

    Raises:
        InputRefusedError: The text is no partition key.
    """
    try:
        return datetime.strptime(key, KEY_FORMAT).replace(tzinfo=UTC)
    except ValueError as error:
        raise InputRefusedError(
            f"tick {key!r} is not of the form YYYY-MM-DD-HH:MM (UTC), such as 2025-05-14-12:00."
        ) from error
