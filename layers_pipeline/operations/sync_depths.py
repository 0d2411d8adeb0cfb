"""What one depth of syncs leaves to another, so that nobody is asked twice for the same.

Belongs here: conditions on ``account_sync_states`` that look at an account's other depths.
Does not belong here: an account's own cadence and claims (``syncs``).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.orm import aliased

from layers_pipeline.operations.accounts import AccountSyncState
from layers_pipeline.operations.leases import is_free
from transforms.vocabulary import Depth


@dataclass(frozen=True, kw_only=True)
class Deeper:
    """A depth whose readings begin with all that a shallower one reads (R5)."""

    depth: Depth
    every: timedelta
    """Its own cadence, which begins with the hour."""
    early: timedelta
    """How much before its minute a run may start, and how far apart two runs of one minute."""

    def has_its_turn(self, now: datetime) -> bool:
        """Whether a run of it starts in this minute."""
        since_s = (now + self.early).timestamp() % self.every.total_seconds()
        return since_s < 2 * self.early.total_seconds()


def is_seen_by_others(*, since: datetime) -> ColumnElement[bool]:
    """True where a sync at another depth began since then and succeeded (R4)."""
    other = aliased(AccountSyncState)
    return exists().where(
        other.account_id == AccountSyncState.account_id,
        other.depth != AccountSyncState.depth,
        other.last_success_started_at > since,
    )


def is_left_to(deeper: Deeper, *, every: timedelta, now: datetime) -> ColumnElement[bool]:
    """True where the deeper sync of this minute reads the account, or has just done so.

    It has begun, and goes on or succeeded; or this is its minute, and it has become due since the
    last one. What failed, or does not come, leaves the account due at the next tick.

    Args:
        every: The shallower cadence.
    """
    other = aliased(AccountSyncState)
    since = now - deeper.early
    found = [
        and_(other.last_started_at > since, ~is_free(other.lease_until, now=now)),
        other.last_success_started_at > since,
    ]
    if deeper.has_its_turn(now):
        found.append(_comes(other, deeper, every=every, now=now))
    return exists().where(
        other.account_id == AccountSyncState.account_id, other.depth == deeper.depth, or_(*found)
    )


def _comes(
    state: type[AccountSyncState], deeper: Deeper, *, every: timedelta, now: datetime
) -> ColumnElement[bool]:
    """True where the deeper sync is due for the first time now, and nothing keeps it."""
    due_at = now - deeper.every + deeper.early
    return and_(
        state.last_success_started_at <= due_at,
        state.last_success_started_at > due_at - every,
        state.retry_at.is_(None),
        is_free(state.lease_until, now=now),
        ~_goes_on(deeper, now=now),
    )


def _goes_on(deeper: Deeper, *, now: datetime) -> ColumnElement[bool]:
    """True while an earlier run of the deeper depth holds anybody: the next one is skipped."""
    state = aliased(AccountSyncState)
    return exists().where(
        state.depth == deeper.depth,
        state.last_started_at <= now - deeper.early,
        ~is_free(state.lease_until, now=now),
    )
