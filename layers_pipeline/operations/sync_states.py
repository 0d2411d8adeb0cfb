"""When an account is due for a sync, and how its syncs ended.

Belongs here: statements on ``account_sync_states``; the rule of staleness (R5).
Does not belong here: talking to a platform, cadences (the caller names them).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from layers_pipeline.errors import NotFoundError
from layers_pipeline.operations import words
from layers_pipeline.operations.checks import message_to_keep, require_word
from layers_pipeline.operations.leases import NO_LEASE, Claim, is_free
from layers_pipeline.operations.models import (
    AccountSyncState,
    AllowlistEntry,
    CreatorAccount,
    PlatformAccount,
    Project,
)
from layers_pipeline.operations.rows import AccountRow, SyncStateRow
from layers_pipeline.operations.statements import chunks, fetch, select_rows


def sync_states(session: Session) -> list[SyncStateRow]:
    """Every account at every depth, by account and depth."""
    statement = select_rows(SyncStateRow, AccountSyncState)
    return fetch(session, SyncStateRow, statement.order_by("account_id", "depth"))


def claim_due(
    session: Session, depth: str, *, connection: str, every: timedelta, claim: Claim
) -> list[AccountRow]:
    """Lease the accounts that are due at the depth, the longest untried first."""
    require_word(depth, words.DEPTHS, what="depth")
    require_word(connection, words.CONNECTIONS, what="connection")
    due = fetch(
        session,
        AccountRow,
        _due(depth, connection=connection, every=every, now=claim.now)
        .limit(claim.limit)
        .with_for_update(of=AccountSyncState, skip_locked=True),
    )
    for account_ids in chunks(account.account_id for account in due):
        session.execute(
            update(AccountSyncState)
            .where(AccountSyncState.depth == depth, AccountSyncState.account_id.in_(account_ids))
            .values(last_started_at=claim.now, **claim.lease)
        )
    return due


def finish_sync(
    session: Session,
    account_id: str,
    depth: str,
    *,
    worker: str,
    outcome: str,
    message: str | None,
    now: datetime,
    retry_at: datetime | None,
) -> bool:
    """Store how the sync ended and end the lease; False if the worker no longer holds it."""
    known_outcome = require_word(outcome, words.OUTCOMES, what="outcome")
    state = (AccountSyncState.account_id == account_id, AccountSyncState.depth == depth)
    finished = session.scalars(
        update(AccountSyncState)
        .where(*state, AccountSyncState.lease_owner == worker)
        .values(last_message=message_to_keep(message), retry_at=retry_at, **NO_LEASE)
        .values(_ending(known_outcome, now=now))
        .returning(AccountSyncState.account_id)
    ).all()
    if not finished:
        _require_state(session, state, name=f"{account_id} at depth {depth}")
    elif known_outcome == "reauth_required":
        _ask_for_new_login(session, account_id)
    return bool(finished)


def record_sync(
    session: Session,
    account_id: str,
    depth: str,
    *,
    outcome: str,
    message: str | None,
    now: datetime,
    retry_at: datetime | None,
) -> None:
    """Store how a sync ended that another lease protected, such as a scrape job's."""
    known_outcome = require_word(outcome, words.OUTCOMES, what="outcome")
    state = (AccountSyncState.account_id == account_id, AccountSyncState.depth == depth)
    _require_state(session, state, name=f"{account_id} at depth {depth}")
    ending = _ending(known_outcome, now=now)
    if known_outcome == "ok":
        ending["last_success_started_at"] = now
    session.execute(
        update(AccountSyncState)
        .where(*state)
        .values(last_started_at=now, last_message=message_to_keep(message), retry_at=retry_at)
        .values(ending)
    )


def _due(depth: str, *, connection: str, every: timedelta, now: datetime) -> Select[Any]:
    """R5, as a query."""
    state = AccountSyncState
    return (
        select_rows(AccountRow, PlatformAccount)
        .join(state, state.account_id == PlatformAccount.account_id)
        .where(
            state.depth == depth,
            PlatformAccount.connection == connection,
            PlatformAccount.status == "active",
            _is_wanted(connection, now=now),
            _is_stale(every=every, now=now),
            is_free(state, now=now),
            # A run that claims in rounds with one ``now`` meets no account twice.
            or_(state.last_started_at.is_(None), state.last_started_at < now),
        )
        .order_by(state.last_started_at.asc().nulls_first(), state.account_id)
    )


def _is_stale(*, every: timedelta, now: datetime) -> ColumnElement[bool]:
    """True where the retry is due, or, with none set, the cadence.

    A failure without ``retry_at`` leaves the last success where it was, so the account
    stays due. The cadence counts from the start of the last success: counted from its
    end, every sync would miss the tick that follows by its own duration.
    """
    state = AccountSyncState
    by_cadence = or_(
        state.last_success_started_at.is_(None), state.last_success_started_at <= now - every
    )
    return or_(and_(state.retry_at.is_(None), by_cadence), state.retry_at <= now)


def _is_wanted(connection: str, *, now: datetime) -> ColumnElement[bool]:
    """True where an active project owns the account, or allows its creator by now."""
    if connection == "oauth":
        return exists().where(Project.project_id == PlatformAccount.project_id, Project.is_active)
    return exists().where(
        CreatorAccount.account_id == PlatformAccount.account_id,
        AllowlistEntry.creator_id == CreatorAccount.creator_id,
        AllowlistEntry.allowed_to.is_(None),
        AllowlistEntry.allowed_from <= now,
        Project.project_id == AllowlistEntry.project_id,
        Project.is_active,
    )


def _ending(outcome: words.Outcome, *, now: datetime) -> dict[str, Any]:
    """The columns that an outcome sets.

    Only ``ok`` is a success. ``partial`` kept rows, so it ends a row of failures, but what
    it missed is still stale: the account stays due.
    """
    state = AccountSyncState
    reached = outcome in words.REACHED_OUTCOMES
    ending: dict[str, Any] = {
        "last_outcome": outcome,
        "last_finished_at": now,
        "failures_in_a_row": 0 if reached else state.failures_in_a_row + 1,
    }
    if outcome == "ok":
        ending |= {
            "last_success_at": now,
            "last_success_started_at": state.last_started_at,
        }
    return ending


def _require_state(session: Session, state: Sequence[ColumnElement[bool]], *, name: str) -> None:
    if session.scalar(select(AccountSyncState.account_id).where(*state)) is None:
        raise NotFoundError(
            f"operations: no sync state of account {name}."
            f" Check the id, and the depth (one of: {', '.join(words.DEPTHS)})."
        )


def _ask_for_new_login(session: Session, account_id: str) -> None:
    """Mark an active account; one that a person paused stays paused."""
    session.execute(
        update(PlatformAccount)
        .where(PlatformAccount.account_id == account_id, PlatformAccount.status == "active")
        .values(status="reauth_required")
    )
