"""TikTok's limits of calls: what an account may still ask this minute, and whose a limit is.

Belongs here: counting calls per account and endpoint, telling the app's limit from an account's.
Does not belong here: waiting, and what a code means (``errors``).
"""

from collections import deque
from datetime import datetime, timedelta
from typing import Final

from layers_pipeline.clock import Clock
from layers_pipeline.errors import SettingsError, SourceThrottledError

MINUTE: Final = timedelta(minutes=1)
WITNESSES: Final = 3
"""So many accounts, throttled one after the other, show that the app is."""


class AllowanceUsedError(SourceThrottledError):
    """We ask no more for now, so that the platform need not refuse; nothing was called."""


class AccountWindows:
    """How many calls each account made of each endpoint in the last minute.

    TikTok allows 40 a minute "per authorised account and per endpoint" (portal 1738084416214017).
    Several syncs may read an account in one minute, so each of them keeps below that.

    Args:
        calls_per_min: How many an account may make of one endpoint, 1 or more.
    """

    def __init__(self, clock: Clock, *, calls_per_min: int) -> None:
        if calls_per_min < 1:
            message = f"pace: {calls_per_min} calls per minute and account. Give 1 or more."
            raise SettingsError(message)
        self._clock = clock
        self._most = calls_per_min
        self._made: dict[tuple[str, str], deque[datetime]] = {}

    def wait_s(self, account_key: str, endpoint: str) -> float:
        """Seconds until the account may ask the endpoint again; 0: it may now."""
        made = self._made.get((account_key, endpoint), deque())
        since = self._clock.now() - MINUTE
        while made and made[0] <= since:
            made.popleft()
        return (made[0] - since).total_seconds() if len(made) >= self._most else 0.0

    def count(self, account_key: str, endpoint: str) -> None:
        """Count a call that is made now."""
        self._made.setdefault((account_key, endpoint), deque()).append(self._clock.now())


class ThrottledAccounts:
    """Which accounts were throttled since anybody was answered: whether the app itself is.

    TikTok's texts mostly do not say whose limit was reached, and one account's must not stop the
    others. So a limit is the account's, until several accounts have met one within a minute and
    nobody was answered in between.
    """

    def __init__(self) -> None:
        self._since: dict[str, datetime] = {}

    def judge(self, error: SourceThrottledError, account_key: str, *, now: datetime) -> None:
        """Give the error, just answered, the app's scope where the limit turns out to be that."""
        self._since[account_key] = now
        if sum(now - since < MINUTE for since in self._since.values()) >= WITNESSES:
            error.scope = "app"

    def relieve(self) -> None:
        """Somebody was answered, so the app is not throttled."""
        self._since.clear()
