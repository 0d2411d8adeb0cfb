"""Which accounts may sync now: those that are due, and those that a person names.

Belongs here: claims on ``account_sync_states``; the rule of staleness (R5).
Does not belong here: how a sync ended (``sync_outcomes``), cadences (the caller names them).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.accounts import AccountSyncState, PlatformAccount
from layers_pipeline.operations.allowlist import AllowlistEntry
from layers_pipeline.operations.creators import CreatorAccount
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.leases import Claim, is_free
from layers_pipeline.operations.projects import Project
from layers_pipeline.operations.statements import chunks
from layers_pipeline.operations.sync_depths import Deeper, is_left_to, is_seen_by_others
from layers_pipeline.operations.validators import require_word
from transforms.vocabulary import CONNECTIONS, DEPTHS, Connection, Depth

States = Select[AccountSyncState, PlatformAccount]


class Syncs(Repository):
    """Which accounts sync, and how their syncs stand."""

    def states(self) -> list[AccountSyncState]:
        """Every account at every depth, by both, those never synced included."""
        in_order = select(AccountSyncState).order_by(
            AccountSyncState.account_id, AccountSyncState.depth
        )
        return self._rows(in_order)

    def finished(self) -> Sequence[Row[Any]]:
        """The states at which some sync has ended, by account and depth, as ``Accounts.rows``."""
        ended = (
            select(*AccountSyncState.__table__.columns)
            .where(AccountSyncState.last_finished_at.is_not(None))
            .order_by(AccountSyncState.account_id, AccountSyncState.depth)
        )
        with self._database.read() as session:
            return session.execute(ended).all()

    def succeeded(self, depth: Depth, account_ids: Iterable[str], *, since: datetime) -> set[str]:
        """Those of the accounts whose last success at a depth began at or after a moment."""
        state = AccountSyncState
        with self._database.read() as session:
            return {
                account_id
                for chunk in chunks(sorted(account_ids))
                for account_id in session.scalars(
                    select(state.account_id).where(
                        state.depth == depth,
                        state.account_id.in_(chunk),
                        state.last_success_started_at >= since,
                    )
                )
            }

    def claim_due(
        self,
        depth: Depth,
        *,
        connection: Connection,
        now: datetime,
        every: timedelta,
        lease_for: timedelta,
        worker: str,
        limit: int,
        deeper: Deeper | None = None,
    ) -> list[PlatformAccount]:
        """Lease the accounts that are due at the depth (R5), the longest untried first.

        Accounts that a ``deeper`` sync reads in the same minute are left to it.

        No account is given to two workers while a lease lasts, nor twice for one ``now``.
        A lease keeps one depth only. Of the OAuth accounts, depth ``posts`` takes those that no
        other depth has read successfully within ``every`` (R4).
        ``worker`` must be unique to the run: it is what proves the lease later.
        """
        require_word(depth, DEPTHS, what="depth")
        require_word(connection, CONNECTIONS, what="connection")
        claim = Claim(now=now, lease_for=lease_for, worker=worker, limit=limit)
        due = _due(depth, connection=connection, every=every, now=now)
        if deeper is not None:
            due = due.where(~is_left_to(deeper, every=every, now=now))
        with self._database.write() as session:
            return [account for _, account in _lease(session, due.limit(limit), claim=claim)]

    def require_claimable(self, account_ids: Iterable[str], *, now: datetime) -> None:
        """Refuse accounts that nothing syncs; ``claim_named`` does so too.

        Raises:
            InputRefusedError: An account is unknown, paused, in need of a new token, or wanted by
                no active project; names each with its remedy.
        """
        with self._database.read() as session:
            _require_claimable(session, sorted(set(account_ids)), now=now)

    def claim_named(
        self,
        depth: Depth,
        account_ids: Iterable[str],
        *,
        now: datetime,
        lease_for: timedelta,
        worker: str,
    ) -> list[PlatformAccount]:
        """Lease accounts that a person names, by id, whether stale or not and without waiting.

        Accounts on whose sync at this depth another worker is at work are left out.

        Raises:
            InputRefusedError: See ``require_claimable``; nothing was claimed.
        """
        require_word(depth, DEPTHS, what="depth")
        wanted = sorted(set(account_ids))
        claim = Claim(now=now, lease_for=lease_for, worker=worker, limit=max(1, len(wanted)))
        with self._database.write() as session:
            _require_claimable(session, wanted, now=now)
            claimed: list[PlatformAccount] = []
            for chunk in chunks(wanted):
                for state, account in _lease(session, _named(depth, chunk, now=now), claim=claim):
                    # A person who asks does not wait; a wait that is there when the sync ends
                    # was put there by another depth meanwhile.
                    state.retry_at = None
                    claimed.append(account)
            return claimed


def _named(depth: str, account_ids: list[str], *, now: datetime) -> States:
    return (
        _states_of_accounts(depth)
        .where(
            AccountSyncState.account_id.in_(account_ids),
            is_free(AccountSyncState.lease_until, now=now),
        )
        .order_by(AccountSyncState.account_id)
    )


def _lease(
    session: Session, states: States, *, claim: Claim
) -> list[tuple[AccountSyncState, PlatformAccount]]:
    """Lease the states that nobody else is changing at this moment."""
    locked = states.with_for_update(of=AccountSyncState, skip_locked=True)
    leased = [(state, account) for state, account in session.execute(locked)]
    for state, _ in leased:
        state.last_started_at = claim.now
        state.lease_owner, state.lease_until = claim.worker, claim.lease_until
    return leased


def _due(depth: str, *, connection: str, every: timedelta, now: datetime) -> States:
    """The rule by which an account is due (R5), the longest untried first."""
    state = AccountSyncState
    due = _states_of_accounts(depth).where(
        PlatformAccount.connection == connection,
        PlatformAccount.status == "active",
        _is_wanted(connection, now=now),
        _is_stale(every=every, now=now),
        is_free(state.lease_until, now=now),
        # A run that claims in rounds with one ``now`` meets no account twice.
        or_(state.last_started_at.is_(None), state.last_started_at < now),
    )
    if (depth, connection) == ("posts", "oauth"):
        due = due.where(~is_seen_by_others(since=now - every))
    return due.order_by(state.last_started_at.asc().nulls_first(), state.account_id)


def _states_of_accounts(depth: str) -> States:
    return (
        select(AccountSyncState, PlatformAccount)
        .join(PlatformAccount, PlatformAccount.account_id == AccountSyncState.account_id)
        .where(AccountSyncState.depth == depth)
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
    wanted = or_(
        *(
            and_(PlatformAccount.connection == connection, _is_wanted(connection, now=now))
            for connection in CONNECTIONS
        )
    )
    known: dict[str, tuple[PlatformAccount, bool]] = {}
    for chunk in chunks(account_ids):
        query = select(PlatformAccount, wanted).where(PlatformAccount.account_id.in_(chunk))
        known |= {row.account_id: (row, is_wanted) for row, is_wanted in session.execute(query)}
    refused = [
        f"{account_id} {why}"
        for account_id in account_ids
        if (why := _why_not(*known.get(account_id, (None, False))))
    ]
    if refused:
        raise InputRefusedError(f"cannot be synced: {'; '.join(refused)}.")


def _why_not(account: PlatformAccount | None, is_wanted: bool) -> str | None:
    match account:
        case None:
            return "does not exist (layers-pipeline account list)"
        case PlatformAccount(status="paused"):
            return f"is paused (layers-pipeline account resume {account.account_id})"
        case PlatformAccount(status="reauth_required"):
            return f"needs a new token (layers-pipeline account reauth {account.account_id})"
        case PlatformAccount(connection="oauth") if not is_wanted:
            project = account.project_id
            return (
                f"belongs to project {project!r}, which is off (layers-pipeline project resume"
                f" {project})"
            )
        case _ if not is_wanted:
            allow = f"layers-pipeline creator allow {account.account_id} --project PROJECT"
            return f"is on no active project's allowlist ({allow})"
        case _:
            return None
