"""The allowlist: which creators a project allows to be scraped, and since when.

Belongs here: statements on creators, their accounts and allowlist entries.
Does not belong here: adding accounts (``accounts``), deciding when to scrape (``sync_states``).
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select, text, update
from sqlalchemy.orm import Session

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.accounts import require_accounts
from layers_pipeline.operations.checks import require_key, storable
from layers_pipeline.operations.instants import require_aware
from layers_pipeline.operations.models import (
    AllowlistEntry,
    Creator,
    CreatorAccount,
    PlatformAccount,
)
from layers_pipeline.operations.projects import lock_project
from layers_pipeline.operations.rows import AllowlistRow, NewCreator
from layers_pipeline.operations.statements import (
    chunks,
    fetch,
    insert_if_absent,
    move_back,
    select_rows,
)


def allow_creators(
    session: Session,
    project_id: str,
    entries: Iterable[NewCreator],
    *,
    allowed_from: datetime | None,
) -> int:
    """Allow the creators in the project; give the number of entries that were opened.

    Calls may come in any order: an open entry begins at the earliest instant ever given,
    but never before the end of a closed one, so that periods do not overlap.
    """
    lock_project(session, project_id)
    creators = _merged(entries, allowed_from=allowed_from)
    _add_creators(session, creators)
    _add_creator_accounts(session, creators)
    return _open_entries(session, project_id, creators)


def disallow_creator(session: Session, project_id: str, creator_id: str, *, now: datetime) -> bool:
    """Close the open entry of the creator; False if there is none."""
    lock_project(session, project_id)
    begins = AllowlistEntry.allowed_from
    closed = session.scalars(
        update(AllowlistEntry)
        .where(
            AllowlistEntry.project_id == project_id,
            AllowlistEntry.creator_id == creator_id,
            AllowlistEntry.allowed_to.is_(None),
        )
        .values(allowed_to=case((begins > now, begins), else_=now))
        .returning(AllowlistEntry.allowlist_entry_id)
    )
    return bool(closed.all())


def allowlist(session: Session) -> list[AllowlistRow]:
    """Every entry, open and closed, once per account of its creator."""
    statement = (
        select_rows(AllowlistRow, AllowlistEntry, PlatformAccount)
        .join(CreatorAccount, CreatorAccount.creator_id == AllowlistEntry.creator_id)
        .join(PlatformAccount, PlatformAccount.account_id == CreatorAccount.account_id)
        .order_by(
            AllowlistEntry.project_id,
            AllowlistEntry.creator_id,
            PlatformAccount.account_id,
            AllowlistEntry.allowed_from,
        )
    )
    return fetch(session, AllowlistRow, statement)


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
            f"operations: creator {entry.creator_id}: allowed_from is missing."
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
                f"operations: account {account} cannot belong to creator {creator}: it belongs"
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
        key_where=text("allowed_to IS NULL"),
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
