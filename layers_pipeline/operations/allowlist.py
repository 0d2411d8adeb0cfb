"""The allowlist: which creators a project allows to be scraped, and since when.

Belongs here: the table ``allowlist_entries``.
Does not belong here: the creators themselves (``creators``), when to scrape (``syncs``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, case, func, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from layers_pipeline.errors import NotFoundError
from layers_pipeline.operations.accounts import PlatformAccount
from layers_pipeline.operations.creators import (
    CreatorAccount,
    NewCreator,
    add_creators,
    merged,
    owners_of,
)
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import Base, one_while
from layers_pipeline.operations.projects import lock_project
from layers_pipeline.operations.statements import chunks, insert_if_absent, move_back
from transforms.vocabulary import Platform

_IS_OPEN: Final = "allowed_to IS NULL"


class AllowlistEntry(Base):
    """Grain: one row per period in which a project allows a creator."""

    __tablename__ = "allowlist_entries"
    __table_args__ = (
        CheckConstraint("allowed_to >= allowed_from", name="period"),
        one_while(_IS_OPEN, "creator_id", "project_id", name="uq_allowlist_entries_open"),
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
            creators = merged(entries, allowed_from=allowed_from)
            add_creators(session, creators)
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
    owners = owners_of(session, wanted)
    unknown = [account for account in wanted if owners.get(account) not in allowed]
    if unknown:
        raise NotFoundError(
            f"{', '.join(unknown)}: not on the allowlist of project {project_id!r}, so nobody was"
            " taken off. Check the spelling (platform:key) and the project."
        )
    return sorted({owners[account] for account in wanted})


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
        key_where=text(_IS_OPEN),
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
