"""The simulated platforms' own clock: it stands still, flows, and can be set.

Belongs here: one instant and how it moves.
Does not belong here: what happens at which time.
"""

import time
from datetime import UTC, datetime, timedelta
from threading import Lock


class SandboxClock:
    """Tells the sandbox's time; safe to use from several threads.

    Args:
        now: The time to begin with, aware.
        rate: Simulated seconds per real second; 0 stands still.
    """

    def __init__(self, now: datetime, *, rate: float = 0.0) -> None:
        self._lock = Lock()
        self._base = now.astimezone(UTC)
        self._rate = rate
        self._since_s = time.monotonic()

    @property
    def rate(self) -> float:
        """Simulated seconds per real second."""
        return self._rate

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        with self._lock:
            return self._reading()

    def set(self, now: datetime, *, rate: float | None = None) -> None:
        """Go to an instant, earlier or later; keep the rate unless one is given."""
        with self._lock:
            self._base, self._since_s = now.astimezone(UTC), time.monotonic()
            self._rate = self._rate if rate is None else rate

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds."""
        with self._lock:
            self._base, self._since_s = self._reading(), time.monotonic()
            self._base += timedelta(seconds=seconds)

    def _reading(self) -> datetime:
        passed_s = (time.monotonic() - self._since_s) * self._rate
        return self._base + timedelta(seconds=passed_s)
