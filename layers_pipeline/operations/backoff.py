"""How long an account that keeps failing is left alone.

Belongs here: the numbers, and the one function that follows from them.
Does not belong here: waits that a platform or the caller names (``retry_at``).
"""

from datetime import timedelta
from typing import Final

from transforms.vocabulary import Outcome

PATIENT_OUTCOMES: Final[tuple[Outcome, ...]] = ("unavailable", "malformed")
"""Failures that nobody says the end of; the others wait for a moment or for a person."""
FREE_FAILURES: Final = 3
"""So many failures in a row are tried again at the next cadence."""
FIRST_WAIT: Final = timedelta(minutes=10)
"""After the first failure that is not free; each further one doubles it."""
LONGEST_WAIT: Final = timedelta(hours=6)
"""Reached with the tenth failure in a row: 10, 20, 40, 80, 160, 320, 360 minutes."""


def wait_after(failures: int) -> timedelta | None:
    """How long to wait after so many failures in a row; null: until the next cadence."""
    if failures <= FREE_FAILURES:
        return None
    doublings = min(failures - FREE_FAILURES - 1, 10)
    return min(FIRST_WAIT * 2**doublings, LONGEST_WAIT)
