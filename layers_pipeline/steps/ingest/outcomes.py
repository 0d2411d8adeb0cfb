"""How the sync of an account ends, and what a whole sync came to.

Belongs here: outcomes, their meaning for an error, summaries, the cadences they are due by.
Does not belong here: talking to a source, storing an outcome.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from layers_pipeline.errors import (
    SourceError,
    SourceForbiddenError,
    SourceMalformedError,
    SourceRejectedError,
    SourceThrottledError,
    SourceUnauthorizedError,
)
from transforms.vocabulary import Depth, Outcome

ACCOUNTS_PER_RUN: Final = 2_000
LEASE: Final = timedelta(minutes=10)
LOOK_AGAIN: Final = timedelta(hours=6)
LONGEST_WAIT: Final = timedelta(days=1)
START_JITTER: Final = timedelta(seconds=45)
"""How much earlier than the run before, within its own minute, a scheduled run may start: no
account may be found a second short of its cadence and wait for another one."""
QUICK_EVERY: Final = timedelta(minutes=5)
FULL_EVERY: Final = timedelta(minutes=20)
POSTS_EVERY: Final = timedelta(minutes=30)
EVERY: Final[dict[Depth, timedelta]] = {
    "quick": QUICK_EVERY,
    "posts": POSTS_EVERY,
    "full": FULL_EVERY,
}


@dataclass(frozen=True, kw_only=True)
class SyncSummary:
    """What one sync did: accounts by outcome, rows landed, and what failed in words."""

    outcomes: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    calls: int = 0
    still_running: int = 0
    failures: tuple[str, ...] = ()

    @property
    def accounts(self) -> int:
        """Accounts that ended with an outcome."""
        return sum(self.outcomes.values())

    @property
    def failed_share(self) -> float:
        """Share of accounts that did not end ``ok``, 0-1; 0 when there were none."""
        return (self.accounts - self.outcomes["ok"]) / self.accounts if self.accounts else 0.0


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How the sync of one account ended."""

    outcome: Outcome
    message: str
    retry_at: datetime | None = None
    rows: tuple[dict[str, Any], ...] = ()
    is_running: bool = False
    """The source is still at work; nothing ended yet."""


def wait_of(error: SourceThrottledError) -> timedelta:
    """How long a throttle is heeded: what it asks for, up to a day."""
    return timedelta(seconds=min(error.retry_after_s, LONGEST_WAIT.total_seconds()))


def outcome_of(error: SourceError, *, now: datetime) -> Ended:
    """The outcome that an error of SIFT means for its account (R6)."""
    match error:
        case SourceThrottledError():
            return Ended(outcome="rate_limited", message=str(error), retry_at=now + wait_of(error))
        case SourceUnauthorizedError():
            remedy = f"{error} The key for SIFT was refused: set LAYERS_SIFT_KEY to a valid one."
            return Ended(outcome="unavailable", message=remedy)
        case SourceForbiddenError():
            return Ended(outcome="forbidden", message=str(error), retry_at=now + LOOK_AGAIN)
        case SourceMalformedError():
            return Ended(outcome="malformed", message=str(error))
        case SourceRejectedError():
            return Ended(outcome="unavailable", message=str(error), retry_at=now + LOOK_AGAIN)
        case _:
            return Ended(outcome="unavailable", message=str(error))


def summary_of(told: Sequence[tuple[str, Ended]]) -> SyncSummary:
    """What accounts' endings come to; each comes with its account."""
    return SyncSummary(
        outcomes=Counter(ended.outcome for _, ended in told),
        failures=tuple(
            f"{account}: {ended.outcome}: {ended.message}"
            for account, ended in told
            if ended.outcome != "ok"
        ),
    )
