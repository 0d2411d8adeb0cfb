"""Platform accounts: adding in bulk, listing, pausing and letting in again.

Belongs here: the table ``platform_accounts``, and the sync states made along with its rows.
Does not belong here: whose accounts they are (``allowlist``), when they sync (``syncs``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, Row, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import MESSAGE_LENGTH, Base, one_of, whole_lease
from layers_pipeline.operations.projects import require_projects
from layers_pipeline.operations.statements import insert_if_absent, missing
from layers_pipeline.operations.validators import name_to_keep, require_key, require_word
from transforms import vocabulary

_SHOWN: Final = 5


class PlatformAccount(Base):
    """Grain: one row per platform account."""

    __tablename__ = "platform_accounts"
    __table_args__ = (
        UniqueConstraint("platform", "account_key"),
        one_of("platform", vocabulary.PLATFORMS),
        one_of("connection", vocabulary.CONNECTIONS),
        one_of("status", vocabulary.ACCOUNT_STATUSES),
        one_of("pause_cause", vocabulary.PAUSE_CAUSES),
        CheckConstraint("(connection = 'oauth') = (project_id IS NOT NULL)", name="owner"),
        {"comment": "One Instagram or TikTok account. Grain: one row per account."},
    )

    account_id: Mapped[str] = mapped_column(primary_key=True, comment="platform:account_key.")
    platform: Mapped[vocabulary.Platform] = mapped_column(String, comment="instagram or tiktok.")
    account_key: Mapped[str] = mapped_column(comment="What the source calls the account.")
    connection: Mapped[vocabulary.Connection] = mapped_column(
        String, comment="oauth: we hold a token; external: SIFT scrapes it."
    )
    project_id: Mapped[str | None] = mapped_column(
        ForeignKey("projects.project_id"),
        index=True,
        comment="Owner of an oauth account; null for external.",
    )
    status: Mapped[vocabulary.AccountStatus] = mapped_column(
        String, comment="active, paused by a person, or reauth_required by the platform."
    )
    created_at: Mapped[datetime] = mapped_column(comment="When the account was added (UTC).")
    display_name: Mapped[str | None] = mapped_column(
        default=None, comment="What people call it; null: nobody gave it a name."
    )
    pause_cause: Mapped[vocabulary.PauseCause | None] = mapped_column(
        String, default=None, comment="Who paused it, a person or its import; null: not paused."
    )


class AccountSyncState(Base):
    """Grain: one row per platform account and depth; made together with the account."""

    __tablename__ = "account_sync_states"
    __table_args__ = (
        one_of("depth", vocabulary.DEPTHS),
        one_of("last_outcome", vocabulary.OUTCOMES),
        CheckConstraint("failures_in_a_row >= 0", name="failures_in_a_row"),
        whole_lease(),
        Index(None, "depth", "last_started_at"),
        {"comment": "How the syncs of an account stand. Grain: one row per account and depth."},
    )

    account_id: Mapped[str] = mapped_column(
        ForeignKey("platform_accounts.account_id"), primary_key=True, comment="The account."
    )
    depth: Mapped[vocabulary.Depth] = mapped_column(
        String, primary_key=True, comment="quick, posts or full."
    )
    last_started_at: Mapped[datetime | None] = mapped_column(comment="Last claim (UTC).")
    last_finished_at: Mapped[datetime | None] = mapped_column(comment="Last outcome (UTC).")
    last_success_at: Mapped[datetime | None] = mapped_column(
        comment="When the last sync with outcome ok finished (UTC)."
    )
    last_success_started_at: Mapped[datetime | None] = mapped_column(
        comment="When the last sync with outcome ok was claimed (UTC); cadence counts from here."
    )
    last_outcome: Mapped[vocabulary.Outcome | None] = mapped_column(
        String, comment="How the last finished sync ended; null before the first."
    )
    last_message: Mapped[str | None] = mapped_column(
        String(MESSAGE_LENGTH), comment="What was said about the last outcome, cut."
    )
    retry_at: Mapped[datetime | None] = mapped_column(
        comment="Not before this instant (UTC), and then at once; null: by cadence."
    )
    failures_in_a_row: Mapped[int] = mapped_column(
        comment="Outcomes other than ok and partial since the last ok or partial."
    )
    lease_owner: Mapped[str | None] = mapped_column(comment="Worker that is syncing; null: none.")
    lease_until: Mapped[datetime | None] = mapped_column(
        comment="Until when nobody else may sync (UTC); null: no lease."
    )


@dataclass(frozen=True, kw_only=True)
class NewAccount:
    """A platform account to add. Grain: one per (platform, account_key)."""

    platform: vocabulary.Platform
    account_key: str
    connection: vocabulary.Connection
    project_id: str | None = None
    """Owner of an oauth account; an external account has none."""
    status: vocabulary.AccountStatus = "active"
    """Status to begin with; an account that is there already keeps its own."""
    display_name: str | None = None
    """What people call it, where ``account_key`` is a number that means nothing to them."""

    @property
    def account_id(self) -> str:
        """The id that the account has, or will have: ``platform:account_key``."""
        return f"{self.platform}:{self.account_key}"


class Accounts(Repository):
    """The accounts of platforms that we read, or have been given captures of."""

    def add(self, rows: Iterable[NewAccount], *, now: datetime) -> int:
        """Add the accounts that are not there yet; give their number.

        Accounts that are there stay as they are, whatever the new row says. One that begins
        paused waits for a person to allow it: nobody has paused it.
        """
        with self._database.write() as session:
            return add_accounts(session, rows, now=now)

    def all(self) -> list[PlatformAccount]:
        """Every account, by id."""
        return self._rows(select(PlatformAccount).order_by(PlatformAccount.account_id))

    def rows(self) -> Sequence[Row[Any]]:
        """Every account, as rows that name their columns: several times cheaper than objects."""
        with self._database.read() as session:
            return session.execute(select(*PlatformAccount.__table__.columns)).all()

    def set_status(self, account_id: str, status: vocabulary.AccountStatus) -> None:
        """Pause the account, which a person does, or make it active again."""
        known = require_word(status, vocabulary.ACCOUNT_STATUSES, what="account status")
        with self._database.write() as session:
            require_accounts(session, [account_id])
            account = session.get_one(PlatformAccount, account_id, with_for_update=True)
            account.status = known
            account.pause_cause = "person" if known == "paused" else None

    def require_new(self, account_id: str) -> None:
        """Refuse the id of an account that is there, before a person is asked for its token."""
        with self._database.read() as session:
            require_new(session, account_id)

    def require_oauth(self, account_id: str) -> None:
        """Refuse an account that could have no token."""
        with self._database.read() as session:
            require_oauth(session, account_id)


def add_accounts(session: Session, rows: Iterable[NewAccount], *, now: datetime) -> int:
    """Add accounts within a transaction, each with its sync states."""
    by_id = {account.account_id: account for account in rows}
    records = [_record(by_id[account_id], now=now) for account_id in sorted(by_id)]
    require_projects(session, [row["project_id"] for row in records if row["project_id"]])
    added = insert_if_absent(
        session, PlatformAccount, records, returning=PlatformAccount.account_id
    )
    states = [
        {"account_id": account_id, "depth": depth, "failures_in_a_row": 0}
        for account_id in sorted(added)
        for depth in vocabulary.DEPTHS
    ]
    insert_if_absent(session, AccountSyncState, states, returning=AccountSyncState.account_id)
    return len(added)


def require_accounts(session: Session, account_ids: Iterable[str]) -> None:
    """Refuse ids of accounts that do not exist."""
    unknown = missing(session, PlatformAccount.account_id, account_ids)
    if unknown:
        shown = ", ".join(unknown[:_SHOWN]) + (", …" if len(unknown) > _SHOWN else "")
        raise NotFoundError(
            f"{len(unknown)} platform account(s) do not exist: {shown}."
            " Check the ids (platform:account_key), or add the accounts first."
        )


def require_new(session: Session, account_id: str) -> None:
    """Refuse the id of an account that is there."""
    query = select(PlatformAccount.connection).where(PlatformAccount.account_id == account_id)
    match session.scalar(query):
        case "oauth":
            remedy = f"A new token goes in with: layers-pipeline account reauth {account_id}."
        case "external":
            remedy = "SIFT reads it; an account with a token goes by the platform's own id for it."
        case _:
            return
    raise InputRefusedError(f"account {account_id} is there already. {remedy}")


def require_oauth(session: Session, account_id: str) -> None:
    """Refuse an account that does not exist, and one that SIFT reads."""
    require_accounts(session, [account_id])
    query = select(PlatformAccount.connection).where(PlatformAccount.account_id == account_id)
    if session.scalar(query) != "oauth":
        raise InputRefusedError(
            f"account {account_id} is external: SIFT reads it, it has no token, and"
            " its listings delete nothing. Name one that was added with: layers-pipeline account"
            " add."
        )


def _record(account: NewAccount, *, now: datetime) -> dict[str, Any]:
    platform = require_word(account.platform, vocabulary.PLATFORMS, what="platform")
    connection = require_word(account.connection, vocabulary.CONNECTIONS, what="connection")
    status = require_word(account.status, vocabulary.ACCOUNT_STATUSES, what="account status")
    require_key(account.account_key, what=f"{platform} account")
    if (connection == "oauth") != (account.project_id is not None):
        raise InputRefusedError(
            f"account {account.account_id}: connection {connection} with project"
            f" {account.project_id!r}. An oauth account needs the project that owns it;"
            " an external account has none."
        )
    return {
        "account_id": account.account_id,
        "platform": platform,
        "account_key": account.account_key,
        "connection": connection,
        "project_id": account.project_id,
        "status": status,
        "created_at": now,
        "display_name": name_to_keep(account.display_name),
        "pause_cause": "import" if status == "paused" else None,
    }
