"""Scoring ticks as text: the key that people and Dagster use, and the lake's partition.

Belongs here: both forms, written and read back.
Does not belong here: which moments are ticks (``assets.partitions``), what happens at one.
"""

from datetime import UTC, datetime
from typing import Final

KEY_FORMAT: Final = "%Y-%m-%d-%H:%M"
PARTITION_FORMAT: Final = "%Y%m%dT%H%M"


def tick_key(at: datetime) -> str:
    """The key of a tick, for example ``2025-05-14-12:00``."""
    return at.astimezone(UTC).strftime(KEY_FORMAT)


def tick_from_key(key: str) -> datetime:
    """The instant of a key.

    Raises:
        ValueError: The text is no key.
    """
    return datetime.strptime(key, KEY_FORMAT).replace(tzinfo=UTC)


def tick_text(at: datetime) -> str:
    """A tick as the text that partitions are named by, for example ``20250514T1200``."""
    return at.astimezone(UTC).strftime(PARTITION_FORMAT)


def tick_from_text(text: str) -> datetime:
    """The instant that a partition is named by."""
    return datetime.strptime(text, PARTITION_FORMAT).replace(tzinfo=UTC)
