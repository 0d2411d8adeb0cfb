"""Platform accounts: adding in bulk, listing, changing the status.

Belongs here: statements on ``platform_accounts``, and the sync states made along with them.
Does not belong here: whose accounts they are (``allowlist``), when they sync (``sync_states``).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.checks import name_to_keep, require_key, require_word
from layers_pipeline.operations.models import AccountSyncState, PlatformAccount
from layers_pipeline.operations.projects import require_projects
from layers_pipeline.operations.rows import AccountRow, NewAccount
from layers_pipeline.operations.statements import fetch, insert_if_absent, missing, select_rows
from transforms import vocabulary

_SHOWN = 5


def add_accounts(session: Session, new_accounts: Iterable[NewAccount], *, now: datetime) -> int:
    """Add the accounts that are not there yet, active; give their number.

    Accounts that are there stay as they are, whatever the new row says.
    """
    by_id = {account.account_id: account for account in new_accounts}
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


def accounts(session: Session) -> list[AccountRow]:
    """Every account, by id."""
    statement = select_rows(AccountRow, PlatformAccount).order_by("account_id")
    return fetch(session, AccountRow, statement)


def set_account_status(session: Session, account_id: str, status: str) -> None:
    """Set the account's status."""
    require_accounts(session, [account_id])
    session.execute(
        update(PlatformAccount)
        .where(PlatformAccount.account_id == account_id)
        .values(status=require_word(status, vocabulary.ACCOUNT_STATUSES, what="account status"))
    )


def require_accounts(session: Session, account_ids: Iterable[str]) -> None:
    """Refuse ids of accounts that do not exist."""
    unknown = missing(session, PlatformAccount.account_id, account_ids)
    if unknown:
        shown = ", ".join(unknown[:_SHOWN]) + (", …" if len(unknown) > _SHOWN else "")
        raise NotFoundError(
            f"operations: {len(unknown)} platform account(s) do not exist: {shown}."
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
    raise InputRefusedError(f"operations: account {account_id} is there already. {remedy}")


def require_oauth(session: Session, account_id: str) -> None:
    """Refuse an account that does not exist, and one that SIFT reads."""
    require_accounts(session, [account_id])
    query = select(PlatformAccount.connection).where(PlatformAccount.account_id == account_id)
    if session.scalar(query) != "oauth":
        raise InputRefusedError(
            f"operations: account {account_id} is external: SIFT reads it, it has no token, and"
            " its listings delete nothing. Name one that was added with: layers-pipeline account"
            " add."
        )


def _record(account: NewAccount, *, now: datetime) -> dict[str, Any]:
    platform = require_word(account.platform, vocabulary.PLATFORMS, what="platform")
    connection = require_word(account.connection, vocabulary.CONNECTIONS, what="connection")
    require_key(account.account_key, what=f"{platform} account")
    if (connection == "oauth") != (account.project_id is not None):
        raise InputRefusedError(
            f"operations: account {account.account_id}: connection {connection} with project"
            f" {account.project_id!r}. An oauth account needs the project that owns it;"
            " an external account has none."
        )
    return {
        "account_id": account.account_id,
        "platform": platform,
        "account_key": account.account_key,
        "connection": connection,
        "project_id": account.project_id,
        "status": require_word(account.status, vocabulary.ACCOUNT_STATUSES, what="account status"),
        "created_at": now,
        "display_name": name_to_keep(account.display_name),
    }
