"""How the sync of an account ends, and what a whole sync came to.

Belongs here: outcomes, their meaning for an error, summaries, the cadences they are due by.
Does not belong here: talking to a source, storing an outcome.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from layers_pipeline import logs
from layers_pipeline.errors import (
    SourceError,
    SourceForbiddenError,
    SourceMalformedError,
    SourceRejectedError,
    SourceThrottledError,
    SourceUnauthorizedError,
)
from layers_pipeline.operations.sync_outcomes import SyncEnding
from transforms.vocabulary import Depth, Outcome

log: Final = logging.getLogger(__name__)
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
        return sum(self.outcomes.values())

    @property
    def failed_share(self) -> float:
        """Share of accounts that did not end ``ok``, 0-1; 0 when there were none."""
        return (self.accounts - self.outcomes["ok"]) / self.accounts if self.accounts else 0.0


@dataclass(frozen=True, kw_only=True)
class Remedies:
    """What it means for an account that its source turns it down, and what people can do.

    Args:
        unauthorized: The outcome where credentials are not accepted.
        renew: What to do then.
        permit: What to do where the source may not show the account.
    """

    unauthorized: Outcome
    renew: str
    permit: str = ""


def outcome_of(
    error: SourceError, account_id: str, *, now: datetime, remedies: Remedies
) -> SyncEnding:
    """The outcome that an error means for its account (R6)."""

    def ended(outcome: Outcome, remedy: str = "", *, wait: timedelta | None = None) -> SyncEnding:
        return SyncEnding(
            account_id=account_id,
            outcome=outcome,
            message=f"{error} {remedy}" if remedy else str(error),
            retry_at=None if wait is None else now + wait,
        )

    match error:
        case SourceThrottledError():
            return ended("rate_limited", wait=wait_of(error))
        case SourceUnauthorizedError():
            return ended(remedies.unauthorized, remedies.renew)
        case SourceForbiddenError():
            return ended("forbidden", remedies.permit, wait=LOOK_AGAIN)
        case SourceRejectedError():
            return ended("unavailable", wait=LOOK_AGAIN)
        case SourceMalformedError():
            return ended("malformed")
        case _:
            return ended("unavailable")


def wait_of(error: SourceThrottledError) -> timedelta:
    """How long a throttle is heeded: what it asks for, up to a day."""
    return timedelta(seconds=min(error.retry_after_s, LONGEST_WAIT.total_seconds()))


def tell(ending: SyncEnding, *, depth: str, source: str, **figures: int) -> None:
    """Log how the sync of an account ended; what is wrong with it stays its own affair (R6)."""
    said = {"outcome": ending.outcome, "depth": depth, "said": ending.message, **figures}
    with logs.about(account_id=ending.account_id, source=source):
        log.info("sync of an account ended", extra=said)


def summary_of(outcomes: Iterable[SyncEnding]) -> SyncSummary:
    """What the outcomes of accounts come to."""
    ended = list(outcomes)
    return SyncSummary(
        outcomes=Counter(one.outcome for one in ended),
        failures=tuple(
            f"{one.account_id}: {one.outcome}: {one.message}"
            for one in ended
            if one.outcome != "ok"
        ),
    )
