"""What time it is, as something that can be handed over.

Belongs here: the real clock and a clock that stands still for simulations and replays.
Does not belong here: time zones, cadences, tick arithmetic.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the current instant in UTC."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True)
class FixedClock:
    """A clock that always tells the same instant; simulations move on by making a new one."""

    at: datetime

    def now(self) -> datetime:
        """The instant that the clock was made with."""
        return self.at.astimezone(UTC)
