"""How syncs ended, and what follows for their accounts (R6).

Belongs here: writing outcomes to ``account_sync_states``; throttling, waiting, asking for a login.
Does not belong here: what is due (``sync_states``), how long to wait (``backoff``).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Select, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from layers_pipeline.errors import NotFoundError
from layers_pipeline.operations.backoff import PATIENT_OUTCOMES, wait_after
from layers_pipeline.operations.checks import message_to_keep, require_word
from layers_pipeline.operations.models import AccountSyncState, PlatformAccount
from layers_pipeline.operations.oauth_models import AccountToken
from layers_pipeline.operations.rows import SyncEnding
from layers_pipeline.operations.statements import chunks
from transforms import vocabulary


def finish_syncs(
    session: Session, endings: Iterable[SyncEnding], depth: str, *, worker: str, now: datetime
) -> set[str]:
    """Store the endings and end their leases; give the accounts whose lease was still held."""
    require_word(depth, vocabulary.DEPTHS, what="depth")
    by_id = {ending.account_id: ending for ending in endings}
    for ending in by_id.values():
        require_word(ending.outcome, vocabulary.OUTCOMES, what="outcome")
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
    _ask_for_new_logins(
        session, [one for one in held if by_id[one].outcome == "reauth_required"], depth
    )
    return set(held)


def finish_sync(
    session: Session, ending: SyncEnding, depth: str, *, worker: str, now: datetime
) -> bool:
    """Store how one sync ended; False if the worker no longer holds the lease."""
    if finish_syncs(session, [ending], depth, worker=worker, now=now):
        return True
    _require_state(session, ending.account_id, depth)
    return False


def record_sync(session: Session, ending: SyncEnding, depth: str, *, now: datetime) -> None:
    """Store how a sync ended that another lease protected, such as a scrape job's."""
    require_word(ending.outcome, vocabulary.OUTCOMES, what="outcome")
    state = _require_state(session, ending.account_id, depth)
    state.last_started_at = now
    _record(state, ending, now=now)
    state.retry_at = ending.retry_at


def welcome_back(session: Session, account_id: str) -> None:
    """Let an account that waited for a new login sync again, at once."""
    states = session.scalars(_lock().where(AccountSyncState.account_id == account_id)).all()
    welcomed = session.scalars(
        update(PlatformAccount)
        .where(
            PlatformAccount.account_id == account_id, PlatformAccount.status == "reauth_required"
        )
        .values(status="active")
        .returning(PlatformAccount.account_id)
    ).all()
    for state in states if welcomed else ():
        state.retry_at = None


def _lock() -> Select[Any]:
    """Sync states in the one order in which everybody locks them, so that none wait in a ring."""
    state = AccountSyncState
    return select(state).order_by(state.account_id, state.depth).with_for_update()


def _locked(
    session: Session, endings: Iterable[SyncEnding], depth: str
) -> Sequence[AccountSyncState]:
    """The states that the endings may change: every depth of a throttled account, else one."""
    state = AccountSyncState
    everywhere = {one.account_id: _is_throttled(one) for one in endings}
    found = (
        session.scalars(
            _lock().where(
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
    reached = ending.outcome in vocabulary.REACHED_OUTCOMES
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
        and_(
            AccountSyncState.depth == depth,
            AccountToken.updated_at > AccountSyncState.last_started_at,
        ),
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


def _require_state(session: Session, account_id: str, depth: str) -> AccountSyncState:
    state = session.get(AccountSyncState, (account_id, depth), with_for_update=True)
    if state is None:
        raise NotFoundError(
            f"operations: no sync state of account {account_id} at depth {depth}."
            f" Check the id, and the depth (one of: {', '.join(vocabulary.DEPTHS)})."
        )
    return state
