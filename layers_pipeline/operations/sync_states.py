"""Which accounts may sync now: those that are due, and those that a person names.

Belongs here: claims on ``account_sync_states``; the rule of staleness (R5).
Does not belong here: how a sync ended (``sync_endings``), cadences (the caller names them).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.checks import require_word
from layers_pipeline.operations.leases import Claim, is_free
from layers_pipeline.operations.models import (
    AccountSyncState,
    AllowlistEntry,
    CreatorAccount,
    PlatformAccount,
    Project,
)
from layers_pipeline.operations.rows import AccountRow, SyncStateRow
from layers_pipeline.operations.statements import chunks, fetch, select_rows
from transforms import vocabulary


def sync_states(session: Session) -> list[SyncStateRow]:
    """Every account at every depth, by account and depth."""
    statement = select_rows(SyncStateRow, AccountSyncState)
    return fetch(session, SyncStateRow, statement.order_by("account_id", "depth"))


def claim_due(
    session: Session, depth: str, *, connection: str, every: timedelta, claim: Claim
) -> list[AccountRow]:
    """Lease the accounts that are due at the depth, the longest untried first."""
    require_word(depth, vocabulary.DEPTHS, what="depth")
    require_word(connection, vocabulary.CONNECTIONS, what="connection")
    query = _due(depth, connection=connection, every=every, now=claim.now)
    due = _taken(session, query.limit(claim.limit))
    _lease(session, depth, due, columns=claim.lease, now=claim.now)
    return due


def claim_accounts(
    session: Session, depth: str, account_ids: Iterable[str], *, claim: Claim
) -> list[AccountRow]:
    """Lease the named accounts, stale or not; those that are leased already are left out."""
    require_word(depth, vocabulary.DEPTHS, what="depth")
    wanted = sorted(set(account_ids))
    _require_claimable(session, wanted, now=claim.now)
    claimed: list[AccountRow] = []
    for chunk in chunks(wanted):
        free = _states_of_accounts(depth).where(
            AccountSyncState.account_id.in_(chunk), is_free(AccountSyncState, now=claim.now)
        )
        claimed += _taken(session, free.order_by(AccountSyncState.account_id))
    # A person who asks does not wait; what is written from here on came from another depth.
    _lease(session, depth, claimed, columns=claim.lease | {"retry_at": None}, now=claim.now)
    return claimed


def _due(depth: str, *, connection: str, every: timedelta, now: datetime) -> Select[Any]:
    """R5, as a query."""
    state = AccountSyncState
    due = _states_of_accounts(depth).where(
        PlatformAccount.connection == connection,
        PlatformAccount.status == "active",
        _is_wanted(connection, now=now),
        _is_stale(every=every, now=now),
        is_free(state, now=now),
        # A run that claims in rounds with one ``now`` meets no account twice.
        or_(state.last_started_at.is_(None), state.last_started_at < now),
    )
    if (depth, connection) == ("posts", "oauth"):
        due = due.where(~_is_seen_by_others(since=now - every))
    return due.order_by(state.last_started_at.asc().nulls_first(), state.account_id)


def _states_of_accounts(depth: str) -> Select[Any]:
    state = AccountSyncState
    return (
        select_rows(AccountRow, PlatformAccount)
        .join(state, state.account_id == PlatformAccount.account_id)
        .where(state.depth == depth)
    )


def _taken(session: Session, query: Select[Any]) -> list[AccountRow]:
    """The accounts whose states nobody else is changing at this moment, theirs locked."""
    locked = query.with_for_update(of=AccountSyncState, skip_locked=True)
    return fetch(session, AccountRow, locked)


def _lease(
    session: Session,
    depth: str,
    accounts: Iterable[AccountRow],
    *,
    columns: dict[str, Any],
    now: datetime,
) -> None:
    for account_ids in chunks(account.account_id for account in accounts):
        session.execute(
            update(AccountSyncState)
            .where(AccountSyncState.depth == depth, AccountSyncState.account_id.in_(account_ids))
            .values(last_started_at=now, **columns)
        )


def _is_seen_by_others(*, since: datetime) -> ColumnElement[bool]:
    """True where a sync at another depth began since then and succeeded (R4)."""
    other = aliased(AccountSyncState)
    return exists().where(
        other.account_id == AccountSyncState.account_id,
        other.depth != AccountSyncState.depth,
        other.last_success_started_at > since,
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


def _require_claimable(session: Session, account_ids: list[str], *, now: datetime) -> None:
    """Refuse accounts that nothing syncs, each with what would change that."""
    known: dict[str, tuple[AccountRow, bool]] = {}
    for chunk in chunks(account_ids):
        chosen = PlatformAccount.account_id.in_(chunk)
        rows = fetch(session, AccountRow, select_rows(AccountRow, PlatformAccount).where(chosen))
        wanted = set(session.scalars(_wanted_ids(now=now).where(chosen)))
        known |= {row.account_id: (row, row.account_id in wanted) for row in rows}
    told = [
        f"{account_id} {why}"
        for account_id in account_ids
        if (why := _why_not(*known.get(account_id, (None, False))))
    ]
    if told:
        raise InputRefusedError(f"operations: cannot be synced: {'; '.join(told)}.")


def _wanted_ids(*, now: datetime) -> Select[Any]:
    by_connection = (
        and_(PlatformAccount.connection == connection, _is_wanted(connection, now=now))
        for connection in vocabulary.CONNECTIONS
    )
    return select(PlatformAccount.account_id).where(or_(*by_connection))


def _why_not(account: AccountRow | None, is_wanted: bool) -> str | None:
    match account:
        case None:
            return "does not exist (layers-pipeline account list)"
        case AccountRow(status="paused"):
            return f"is paused (layers-pipeline account resume {account.account_id})"
        case AccountRow(status="reauth_required"):
            return f"needs a new token (layers-pipeline account reauth {account.account_id})"
        case AccountRow(connection="oauth") if not is_wanted:
            return f"belongs to project {account.project_id!r}, which is inactive (switch it on)"
        case _ if not is_wanted:
            allow = f"layers-pipeline creator allow {account.account_id} --project PROJECT"
            return f"is on no active project's allowlist ({allow})"
        case _:
            return None
