"""How syncs ended, and what follows for their accounts (R6).

Belongs here: writing outcomes to ``account_sync_states``; throttling, waiting, asking for a login.
Does not belong here: what is due (``syncs``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from sqlalchemy import exists, or_, update
from sqlalchemy.orm import Session

from layers_pipeline.errors import NotFoundError
from layers_pipeline.operations.accounts import AccountSyncState, PlatformAccount
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.statements import chunks
from layers_pipeline.operations.tokens import AccountToken, locked_states
from layers_pipeline.operations.validators import message_to_keep, require_word
from transforms.vocabulary import DEPTHS, OUTCOMES, REACHED_OUTCOMES, Depth, Outcome

PATIENT_OUTCOMES: Final[tuple[Outcome, ...]] = ("unavailable", "malformed")
"""Failures that nobody says the end of; the others wait for a moment or for a person."""
FREE_FAILURES: Final = 3
"""So many failures in a row are tried again at the next cadence."""
FIRST_WAIT: Final = timedelta(minutes=10)
"""After the first failure that is not free; each further one doubles it."""
LONGEST_WAIT: Final = timedelta(hours=6)
"""Reached with the tenth failure in a row: 10, 20, 40, 80, 160, 320, 360 minutes."""


@dataclass(frozen=True, kw_only=True)
class SyncEnding:
    """How the sync of one account ended. Grain: one per account; of repeats the last counts."""

    account_id: str
    outcome: Outcome
    message: str | None = None
    retry_at: datetime | None = None


class SyncOutcomes(Repository):
    """How syncs ended."""

    def finish(
        self, endings: Iterable[SyncEnding], depth: Depth, *, worker: str, now: datetime
    ) -> set[str]:
        """Store how syncs ended and end their leases, all in one transaction.

        Only ``ok`` moves the last success. ``reauth_required`` sets an active account's status,
        unless it was given a token after the claim. ``rate_limited`` with ``retry_at`` holds the
        account back at every depth, and shortens no longer wait. ``unavailable`` and
        ``malformed`` without ``retry_at`` wait as ``wait_after`` says.

        Returns:
            The accounts whose lease the worker still held; nothing was written of the others.
        """
        require_word(depth, DEPTHS, what="depth")
        by_id = {ending.account_id: ending for ending in endings}
        for ending in by_id.values():
            require_word(ending.outcome, OUTCOMES, what="outcome")
        with self._database.write() as session:
            states = _locked(session, by_id.values(), depth)
            held = {
                state.account_id: state
                for state in states
                if state.depth == depth and state.lease_owner == worker
            }
            for account_id, state in held.items():
                _finish(state, by_id[account_id], now=now)
            _spread_throttling(states, [by_id[account_id] for account_id in held])
            session.flush()
            lost = [one for one in held if by_id[one].outcome == "reauth_required"]
            _ask_for_new_logins(session, lost, depth)
            return set(held)

    def record(self, ending: SyncEnding, depth: Depth, *, now: datetime) -> None:
        """Store how a sync ended whose exclusivity another lease gave, such as a scrape job's."""
        require_word(ending.outcome, OUTCOMES, what="outcome")
        key = (ending.account_id, depth)
        with self._database.write() as session:
            state = session.get(AccountSyncState, key, with_for_update=True)
            if state is None:
                raise NotFoundError(
                    f"no sync state of account {ending.account_id} at depth {depth}."
                    f" Check the id, and the depth (one of: {', '.join(DEPTHS)})."
                )
            state.last_started_at = now
            _record(state, ending, now=now)
            state.retry_at = ending.retry_at


def wait_after(failures: int) -> timedelta | None:
    """How long to wait after so many failures in a row; null: until the next cadence."""
    if failures <= FREE_FAILURES:
        return None
    doublings = min(failures - FREE_FAILURES - 1, 10)
    return min(FIRST_WAIT * 2**doublings, LONGEST_WAIT)


def _locked(
    session: Session, endings: Iterable[SyncEnding], depth: str
) -> Sequence[AccountSyncState]:
    """The states that the endings may change: every depth of a throttled account, else one."""
    state = AccountSyncState
    everywhere = {one.account_id: _is_throttled(one) for one in endings}
    found = (
        session.scalars(
            locked_states().where(
                state.account_id.in_(chunk),
                or_(
                    state.depth == depth,
                    state.account_id.in_([one for one in chunk if everywhere[one]]),
                ),
            )
        )
        for chunk in chunks(sorted(everywhere))
    )
    return list(chain.from_iterable(found))


def _is_throttled(ending: SyncEnding) -> bool:
    return ending.outcome == "rate_limited" and ending.retry_at is not None


def _finish(state: AccountSyncState, ending: SyncEnding, *, now: datetime) -> None:
    """Store the ending and end the lease.

    A claimed state has no ``retry_at`` ahead of it. One that is there now was put there by
    another depth, which the platform throttled meanwhile: it stays.
    """
    _record(state, ending, now=now)
    wished = ending.retry_at
    if wished is None and ending.outcome in PATIENT_OUTCOMES:
        wait = wait_after(state.failures_in_a_row)
        wished = None if wait is None else now + wait
    throttled = state.retry_at if state.retry_at and state.retry_at > now else None
    state.retry_at = _later(wished, throttled)
    state.lease_owner = state.lease_until = None


def _record(state: AccountSyncState, ending: SyncEnding, *, now: datetime) -> None:
    """Store what was said.

    Only ``ok`` is a success. ``partial`` kept rows, so it ends a row of failures, but what
    it missed is still stale: the account stays due.
    """
    reached = ending.outcome in REACHED_OUTCOMES
    state.last_outcome = ending.outcome
    state.last_message = message_to_keep(ending.message)
    state.last_finished_at = now
    state.failures_in_a_row = 0 if reached else state.failures_in_a_row + 1
    if ending.outcome == "ok":
        state.last_success_at = now
        state.last_success_started_at = state.last_started_at


def _spread_throttling(states: Iterable[AccountSyncState], endings: Iterable[SyncEnding]) -> None:
    """Hold every depth of a throttled account back: the platform counts calls per account."""
    until = {one.account_id: one.retry_at for one in endings if _is_throttled(one)}
    for state in states:
        state.retry_at = _later(state.retry_at, until.get(state.account_id))


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(filter(None, (one, other)), default=None)


def _ask_for_new_logins(session: Session, account_ids: Iterable[str], depth: str) -> None:
    """Mark active accounts; one that a person paused, or gave a token meanwhile, is left."""
    given_meanwhile = exists().where(
        AccountToken.account_id == PlatformAccount.account_id,
        AccountSyncState.account_id == PlatformAccount.account_id,
        AccountSyncState.depth == depth,
        AccountToken.updated_at > AccountSyncState.last_started_at,
    )
    for chunk in chunks(sorted(account_ids)):
        session.execute(
            update(PlatformAccount)
            .where(
                PlatformAccount.account_id.in_(chunk),
                PlatformAccount.status == "active",
                ~given_meanwhile,
            )
            .values(status="reauth_required"),
            execution_options={"synchronize_session": False},
        )
