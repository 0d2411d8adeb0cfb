"""The allowlist: which creators a project allows to be scraped, and since when.

Belongs here: the tables of creators, their accounts and allowlist entries.
Does not belong here: adding accounts (``accounts``), deciding when to scrape (``syncs``).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, case, func, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.accounts import PlatformAccount, require_accounts
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import Base
from layers_pipeline.operations.projects import lock_project
from layers_pipeline.operations.statements import chunks, insert_if_absent, move_back
from layers_pipeline.operations.utc_datetime import require_aware
from layers_pipeline.operations.validators import require_key, storable
from transforms.vocabulary import Platform

_IS_OPEN = text("allowed_to IS NULL")


class Creator(Base):
    """Grain: one row per creator."""

    __tablename__ = "creators"
    __table_args__ = ({"comment": "The person behind external accounts. Grain: one per person."},)

    creator_id: Mapped[str] = mapped_column(primary_key=True, comment="Key that people choose.")
    display_name: Mapped[str] = mapped_column(comment="Name that people read; the first given.")
    created_at: Mapped[datetime] = mapped_column(
        comment="The earliest instant at which any project allowed the creator (UTC)."
    )


class CreatorAccount(Base):
    """Grain: one row per account that belongs to a creator."""

    __tablename__ = "creator_accounts"
    __table_args__ = ({"comment": "Whose account it is. Grain: one row per account."},)

    account_id: Mapped[str] = mapped_column(
        ForeignKey("platform_accounts.account_id"),
        primary_key=True,
        comment="The account; it belongs to one creator only.",
    )
    creator_id: Mapped[str] = mapped_column(
        ForeignKey("creators.creator_id"), index=True, comment="Whose account it is."
    )


class AllowlistEntry(Base):
    """Grain: one row per period in which a project allows a creator."""

    __tablename__ = "allowlist_entries"
    __table_args__ = (
        CheckConstraint("allowed_to >= allowed_from", name="period"),
        Index(
            "uq_allowlist_entries_open",
            "creator_id",
            "project_id",
            unique=True,
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
        {"comment": "Who may be scraped for whom, and when. Grain: one row per period."},
    )

    allowlist_entry_id: Mapped[int] = mapped_column(primary_key=True, comment="Running number.")
    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.project_id"), index=True, comment="Who allows."
    )
    creator_id: Mapped[str] = mapped_column(
        ForeignKey("creators.creator_id"), comment="Who is allowed."
    )
    allowed_from: Mapped[datetime] = mapped_column(comment="First allowed instant (UTC).")
    allowed_to: Mapped[datetime | None] = mapped_column(
        comment="First instant no longer allowed (UTC); null: the entry is open."
    )


@dataclass(frozen=True, kw_only=True)
class NewCreator:
    """A creator to allow in a project. Grain: one per creator; repeats are merged."""

    creator_id: str
    display_name: str
    account_ids: tuple[str, ...] = ()
    allowed_from: datetime | None = None
    """Null: the instant that the whole call names."""


@dataclass(frozen=True, kw_only=True)
class AllowedAccount:
    """Grain: one row per allowlist entry and account of its creator."""

    project_id: str
    creator_id: str
    platform: Platform
    account_key: str
    account_id: str
    allowed_from: datetime
    allowed_to: datetime | None
    """First instant at which it is no longer allowed; null while the entry is open."""


class Allowlist(Repository):
    """Whom projects allow to be scraped."""

    def allow(
        self,
        project_id: str,
        entries: Iterable[NewCreator],
        *,
        allowed_from: datetime | None = None,
    ) -> int:
        """Put creators on the project's allowlist; give the number of entries opened.

        The result does not depend on the order of calls: an open entry begins at the earliest
        instant ever given, but never before the end of a closed one, so that periods do not
        overlap.

        Raises:
            InputRefusedError: An account is another creator's; nothing was written.
            NotFoundError: The project or an account does not exist; nothing was written.
        """
        with self._database.write() as session:
            lock_project(session, project_id)
            creators = _merged(entries, allowed_from=allowed_from)
            _add_creators(session, creators)
            _add_creator_accounts(session, creators)
            return _open_entries(session, project_id, creators)

    def disallow(self, project_id: str, account_ids: Iterable[str], *, now: datetime) -> int:
        """Close the open entries of the accounts' creators; give the number of creators.

        Raises:
            NotFoundError: The project does not exist, or an account is not on its allowlist;
                nothing was written.
        """
        with self._database.write() as session:
            lock_project(session, project_id)
            creators = _allowed_creators(session, project_id, account_ids)
            begins = AllowlistEntry.allowed_from
            for chunk in chunks(creators):
                session.execute(
                    update(AllowlistEntry)
                    .where(
                        AllowlistEntry.project_id == project_id,
                        AllowlistEntry.creator_id.in_(chunk),
                        AllowlistEntry.allowed_to.is_(None),
                    )
                    .values(allowed_to=case((begins > now, begins), else_=now))
                )
            return len(creators)

    def all(self) -> list[AllowedAccount]:
        """Every entry, open and closed, once per account of its creator."""
        columns = (
            AllowlistEntry.project_id,
            AllowlistEntry.creator_id,
            PlatformAccount.platform,
            PlatformAccount.account_key,
            PlatformAccount.account_id,
            AllowlistEntry.allowed_from,
            AllowlistEntry.allowed_to,
        )
        entries = (
            select(*columns)
            .join(CreatorAccount, CreatorAccount.creator_id == AllowlistEntry.creator_id)
            .join(PlatformAccount, PlatformAccount.account_id == CreatorAccount.account_id)
            .order_by(
                AllowlistEntry.project_id,
                AllowlistEntry.creator_id,
                PlatformAccount.account_id,
                AllowlistEntry.allowed_from,
            )
        )
        with self._database.read() as session:
            return [AllowedAccount(**row) for row in session.execute(entries).mappings()]


def _allowed_creators(session: Session, project_id: str, account_ids: Iterable[str]) -> list[str]:
    """The creators of the accounts, each with an open entry in the project."""
    wanted = sorted(set(account_ids))
    open_entries = select(AllowlistEntry.creator_id).where(
        AllowlistEntry.project_id == project_id, AllowlistEntry.allowed_to.is_(None)
    )
    allowed = set(session.scalars(open_entries))
    owners = _owners(session, wanted)
    unknown = [account for account in wanted if owners.get(account) not in allowed]
    if unknown:
        raise NotFoundError(
            f"{', '.join(unknown)}: not on the allowlist of project {project_id!r}, so nobody was"
            " taken off. Check the spelling (platform:key) and the project."
        )
    return sorted({owners[account] for account in wanted})


def _merged(
    entries: Iterable[NewCreator], *, allowed_from: datetime | None
) -> list[tuple[NewCreator, datetime]]:
    """Each creator once, by id, with all its accounts and its earliest instant."""
    merged: dict[str, tuple[NewCreator, datetime]] = {}
    for entry in entries:
        begins = _begins(entry, allowed_from=allowed_from)
        earlier, earlier_begins = merged.get(
            entry.creator_id, (replace(entry, account_ids=()), begins)
        )
        account_ids = (*earlier.account_ids, *entry.account_ids)
        merged[entry.creator_id] = (
            replace(earlier, account_ids=account_ids),
            min(begins, earlier_begins),
        )
    return [merged[creator_id] for creator_id in sorted(merged)]


def _begins(entry: NewCreator, *, allowed_from: datetime | None) -> datetime:
    require_key(entry.creator_id, what="creator id")
    begins = entry.allowed_from or allowed_from
    if begins is None:
        raise InputRefusedError(
            f"creator {entry.creator_id}: allowed_from is missing."
            " Give it for the creator or for the whole call."
        )
    return require_aware(begins, what=f"creator {entry.creator_id}: allowed_from")


def _add_creators(session: Session, creators: list[tuple[NewCreator, datetime]]) -> None:
    records = [
        {
            "creator_id": creator.creator_id,
            "display_name": storable(creator.display_name),
            "created_at": begins,
        }
        for creator, begins in creators
    ]
    move_back(session, Creator, records, key=["creator_id"], instant="created_at")


def _add_creator_accounts(session: Session, creators: list[tuple[NewCreator, datetime]]) -> None:
    pairs = sorted((account, row.creator_id) for row, _ in creators for account in row.account_ids)
    owners = dict(pairs)
    require_accounts(session, owners)
    records = [{"account_id": account, "creator_id": owner} for account, owner in owners.items()]
    insert_if_absent(session, CreatorAccount, records, returning=CreatorAccount.account_id)
    stored = _owners(session, owners)
    for account, creator in pairs:
        if stored[account] != creator:
            raise InputRefusedError(
                f"account {account} cannot belong to creator {creator}: it belongs"
                f" to creator {stored[account]}. An account has one creator; correct the list."
            )


def _owners(session: Session, account_ids: Iterable[str]) -> dict[str, str]:
    """The stored creator of each account."""
    columns = select(CreatorAccount.account_id, CreatorAccount.creator_id)
    return {
        account_id: creator_id
        for chunk in chunks(account_ids)
        for account_id, creator_id in session.execute(
            columns.where(CreatorAccount.account_id.in_(chunk))
        )
    }


def _open_entries(
    session: Session, project_id: str, creators: list[tuple[NewCreator, datetime]]
) -> int:
    closed = _closed_until(session, project_id)
    records: list[dict[str, Any]] = [
        {
            "project_id": project_id,
            "creator_id": creator.creator_id,
            "allowed_from": max(begins, closed.get(creator.creator_id, begins)),
        }
        for creator, begins in creators
    ]
    opened = insert_if_absent(session, AllowlistEntry, records, returning=AllowlistEntry.creator_id)
    move_back(
        session,
        AllowlistEntry,
        records,
        key=["creator_id", "project_id"],
        key_where=_IS_OPEN,
        instant="allowed_from",
    )
    return len(opened)


def _closed_until(session: Session, project_id: str) -> dict[str, datetime]:
    """The end of each creator's last closed entry in the project."""
    ends = func.max(AllowlistEntry.allowed_to, type_=AllowlistEntry.allowed_to.type)
    rows = session.execute(
        select(AllowlistEntry.creator_id, ends)
        .where(AllowlistEntry.project_id == project_id, AllowlistEntry.allowed_to.is_not(None))
        .group_by(AllowlistEntry.creator_id)
    )
    return {creator_id: end for creator_id, end in rows if end is not None}
