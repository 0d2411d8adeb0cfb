"""Moments that people write: ISO 8601, read in one way wherever they are typed.

Belongs here: reading a moment, and refusing what is none.
Does not belong here: days without a time of day, partition keys of ticks.
"""

from datetime import UTC, datetime
from typing import Final, Literal

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
