"""How many calls TikTok admits: an app's in a second, an app's and an account's in a minute.

Belongs here: counting calls over the last second and the last minute.
Does not belong here: how a refusal is worded.
"""

import time
from collections import defaultdict, deque
from collections.abc import Hashable
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, Literal

from sandbox.simulation.clock import SandboxClock

WINDOW_S: Final = 1.0
MINUTE: Final = timedelta(minutes=1)
ACCOUNT_PER_MIN: Final = 40
"""Per authorised account and endpoint: portal 1738084416214017."""
APP_PER_MIN: Final = 600
"""Of the basic tier: portal 1740029171730433."""


class CallWindow:
    """Counts the calls of the last real second; off until a limit is set; safe from threads.

    Refused calls do not count. Real time, because a client paces itself in real time.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        """Calls in any one second; none: as many as wanted."""
        self._lock = Lock()
        self._calls: deque[float] = deque()

    def admits(self) -> bool:
        """Whether one more call is within the limit; if so, it counts."""
        if self.limit is None:
            return True
        now_s = time.monotonic()
        with self._lock:
            while self._calls and self._calls[0] <= now_s - WINDOW_S:
                self._calls.popleft()
            if len(self._calls) >= self.limit:
                return False
            self._calls.append(now_s)
            return True


class MinuteLimits:
    """Counts the calls of the last minute in the sandbox's own time; safe from threads.

    Refused calls do not count. A clock that stands still never ends a minute: there nothing is
    limited until somebody sets the limits.

    Args:
        clock: The sandbox's.
    """

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._calls: dict[Hashable, deque[datetime]] = defaultdict(deque)
        self._is_set = False
        self.account_per_min: int | None = ACCOUNT_PER_MIN
        """Calls of one account to one endpoint; none: as many as wanted."""
        self.app_per_min: int | None = APP_PER_MIN
        """Calls of all accounts; none: as many as wanted."""
        self.refused = 0
        """Calls that the limits forbade so far."""

    def set(self, *, account_per_min: int | None, app_per_min: int | None) -> None:
        """Limit calls, also while the clock stands still."""
        self.account_per_min, self.app_per_min = account_per_min, app_per_min
        self._is_set = True

    def reached(self, account_key: str, endpoint: str) -> Literal["account", "app"] | None:
        """Whose limit forbids one more call, if any; if none does, it counts."""
        if not (self._is_set or self._clock.rate):
            return None
        now = self._clock.now()
        with self._lock:
            app, account = self._made("app", now), self._made((account_key, endpoint), now)
            if self.app_per_min is not None and len(app) >= self.app_per_min:
                self.refused += 1
                return "app"
            if self.account_per_min is not None and len(account) >= self.account_per_min:
                self.refused += 1
                return "account"
            app.append(now)
            account.append(now)
            return None

    def _made(self, whose: Hashable, now: datetime) -> deque[datetime]:
        made = self._calls[whose]
        # A clock that was set back leaves calls of the future behind.
        while made and not now - MINUTE < made[0] <= now:
            made.popleft()
        return made
