"""Moments that people write: ISO 8601, read in one way wherever they are typed.

Belongs here: reading a moment, and refusing what is none.
Does not belong here: days without a time of day, partition keys of ticks.
"""

from datetime import UTC, datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from layers_pipeline.errors import InputRefusedError

SHOWN: Final = 40
"""So many characters of a refused text are repeated."""


def parse(text: str, *, what: str, naive: Literal["utc", "refused"]) -> datetime:
    """The aware instant that a text means.

    Args:
        text: ISO 8601.
        what: How the refusal names it, such as an option or a column.
        naive: What becomes of a moment without an offset.

    Raises:
        InputRefusedError: It is no moment, or has no offset and needs one.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is not None and found.tzinfo is None and naive == "utc":
        return found.replace(tzinfo=UTC)
    if found is None or found.tzinfo is None:
        raise InputRefusedError(
            f"{what} {text[:SHOWN]!r} is no moment: write ISO 8601 with an offset, such as "
            "2025-05-14T08:55:00Z."
        )
    return found


def parse_in_zone(text: str, *, zone: str, what: str) -> datetime:
    """The instant in UTC that a text means; without an offset it is a time of a zone.

    Raises:
        InputRefusedError: It is no moment, or a time that clocks of the zone skip or show twice.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputRefusedError(
            f"{what} {text[:SHOWN]!r} is no moment: write ISO 8601, such as 2025-05-14T18:00 "
            f"({zone}) or 2025-05-14T16:00:00Z."
        ) from error
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    both = [found.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)]
    if both[0] == both[1]:
        return both[0]
    # Clocks put forward skip an hour: going on from before it leads later than from behind it.
    trouble = "is skipped by" if both[0] > both[1] else "comes twice on"
    raise InputRefusedError(
        f"{what} {text[:SHOWN]!r} {trouble} the clocks of {zone}. Write an offset, such as "
        f"{min(both):%Y-%m-%dT%H:%M:%SZ} or {max(both):%Y-%m-%dT%H:%M:%SZ}."
    )
