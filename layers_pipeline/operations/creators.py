"""Creators: the people behind external accounts, and whose account is whose.

Belongs here: the tables ``creators`` and ``creator_accounts``.
Does not belong here: which project allows them, and since when (``allowlist``).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.accounts import require_accounts
from layers_pipeline.operations.model_base import Base
from layers_pipeline.operations.statements import chunks, insert_if_absent, move_back
from layers_pipeline.operations.utc_datetime import require_aware
from layers_pipeline.operations.validators import require_key, storable
from transforms.vocabulary import UNATTRIBUTED


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


@dataclass(frozen=True, kw_only=True)
class NewCreator:
    """A creator to allow in a project. Grain: one per creator; repeats are merged."""

    creator_id: str
    display_name: str
    account_ids: tuple[str, ...] = ()
    allowed_from: datetime | None = None
    """Null: the instant that the whole call names."""


def name_of(session: Session, creator_id: str) -> str:
    """The name that people read; empty for a creator whom nobody has added."""
    found = session.get(Creator, creator_id)
    return found.display_name if found else ""


def merged(
    entries: Iterable[NewCreator], *, allowed_from: datetime | None
) -> list[tuple[NewCreator, datetime]]:
    """Each creator once, by id, with all its accounts and its earliest instant."""
    by_id: dict[str, tuple[NewCreator, datetime]] = {}
    for entry in entries:
        begins = _begins(entry, allowed_from=allowed_from)
        earlier, earlier_begins = by_id.get(
            entry.creator_id, (replace(entry, account_ids=()), begins)
        )
        account_ids = (*earlier.account_ids, *entry.account_ids)
        by_id[entry.creator_id] = (
            replace(earlier, account_ids=account_ids),
            min(begins, earlier_begins),
        )
    return [by_id[creator_id] for creator_id in sorted(by_id)]


def _begins(entry: NewCreator, *, allowed_from: datetime | None) -> datetime:
    if require_key(entry.creator_id, what="creator id") == UNATTRIBUTED:
        raise InputRefusedError(
            f"creator {UNATTRIBUTED!r}: reports call spend so that reaches no creator. Use another"
            " id."
        )
    begins = entry.allowed_from or allowed_from
    if begins is None:
        raise InputRefusedError(
            f"creator {entry.creator_id}: allowed_from is missing."
            " Give it for the creator or for the whole call."
        )
    return require_aware(begins, what=f"creator {entry.creator_id}: allowed_from")


def add_creators(session: Session, creators: list[tuple[NewCreator, datetime]]) -> None:
    """Add creators and their accounts within a transaction; an account has one creator."""
    records = [
        {
            "creator_id": creator.creator_id,
            "display_name": storable(creator.display_name),
            "created_at": begins,
        }
        for creator, begins in creators
    ]
    move_back(session, Creator, records, key=["creator_id"], instant="created_at")
    _add_accounts(session, creators)


def _add_accounts(session: Session, creators: list[tuple[NewCreator, datetime]]) -> None:
    pairs = sorted((account, row.creator_id) for row, _ in creators for account in row.account_ids)
    owners = dict(pairs)
    require_accounts(session, owners)
    records = [{"account_id": account, "creator_id": owner} for account, owner in owners.items()]
    insert_if_absent(session, CreatorAccount, records, returning=CreatorAccount.account_id)
    stored = owners_of(session, owners)
    for account, creator in pairs:
        if stored[account] != creator:
            raise InputRefusedError(
                f"account {account} cannot belong to creator {creator}: it belongs"
                f" to creator {stored[account]}. An account has one creator; correct the list."
            )


def owners_of(session: Session, account_ids: Iterable[str]) -> dict[str, str]:
    """The stored creator of each account."""
    columns = select(CreatorAccount.account_id, CreatorAccount.creator_id)
    return {
        account_id: creator_id
        for chunk in chunks(account_ids)
        for account_id, creator_id in session.execute(
            columns.where(CreatorAccount.account_id.in_(chunk))
        )
    }
