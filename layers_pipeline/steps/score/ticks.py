"""Scoring ticks: as a person types them, and the first that has anything to tell.

Belongs here: refusing what is no tick, where a lake's ticks begin.
Does not belong here: the forms of a tick (``transforms.scoring.ticks``).
"""

from datetime import datetime

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.lake import catalog
from layers_pipeline.lake.store import Lake
from transforms.scoring.ticks import tick_from_key, tick_from_text, tick_key


def tick_of(key: str) -> datetime:
    """The instant of a tick's key."""
    try:
        return tick_from_key(key)
    except ValueError as error:
        raise InputRefusedError(
            f"tick {key!r} is not of the form YYYY-MM-DD-HH:MM (UTC), such as 2025-05-14-12:00."
        ) from error


def first_tick(lake: Lake) -> str | None:
    """The key from which on ticks have data: the day of the oldest snapshot, or an older score."""
    days = lake.partitions(catalog.PLATFORM_POST_METRICS, "captured_on")
    scored = lake.partitions(catalog.ORGANIC_SCORES, "tick")
    keys = [f"{day}-00:00" for day in days]
    return min([*keys, *(tick_key(tick_from_text(text)) for text in scored)], default=None)
