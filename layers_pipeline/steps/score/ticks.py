"""Scoring ticks as a person types them.

Belongs here: refusing what is no tick. Commands load it before anything slow, so it loads nothing.
Does not belong here: forms of ticks (``transforms.scoring.ticks``), the first (``first_tick``).
"""

from datetime import datetime

from layers_pipeline.errors import InputRefusedError
from transforms.scoring.ticks import tick_from_key


def tick_of(key: str) -> datetime:
    """The instant of a tick's key."""
    try:
        return tick_from_key(key)
    except ValueError as error:
        raise InputRefusedError(
            f"tick {key!r} is not of the form YYYY-MM-DD-HH:MM (UTC), such as 2025-05-14-12:00."
        ) from error
