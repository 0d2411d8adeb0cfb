"""A small world to test in: a project, accounts, and claims on them.

Belongs here: rows that many tests need, fixed instants, which databases a test runs on.
Does not belong here: assertions.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from layers_pipeline.operations.accounts import AccountSyncState, NewAccount, PlatformAccount
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.operations.secrets import TokenCipher, new_key
from layers_pipeline.operations.store import Operations
from layers_pipeline.operations.sync_outcomes import SyncEnding
from layers_pipeline.operations.tokens import NewToken

BACKENDS = ("sqlite", "postgres")
each_database = pytest.mark.parametrize("operations", BACKENDS, indirect=True)
"""For what databases do each in its way: locks, conflicts, instants, text, constraints, order of
nulls. Everything else runs on SQLite alone."""

NOW = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
EVERY = 5 * MINUTE
LEASE = 10 * MINUTE
OAUTH = "instagram:owned"
EXTERNAL = "tiktok:watched"
KEY = new_key()
CIPHER = TokenCipher(SecretStr(KEY))
ACCESS = "access-nobody-may-see"
REFRESH = "refresh-nobody-may-see"
META_TOKEN = SecretStr("meta-token-nobody-may-see")


def add_project(operations: Operations, project_id: str = "brand") -> None:
    operations.projects.add(project_id, name="Brand", time_zone="Europe/Berlin", now=NOW)


def add_oauth(operations: Operations, *keys: str) -> None:
    """An active project with oauth accounts on Instagram."""
    add_project(operations)
    accounts = [
        NewAccount(platform="instagram", account_key=key, connection="oauth", project_id="brand")
        for key in keys or ("owned",)
    ]
    operations.accounts.add(accounts, now=NOW)


def add_external(operations: Operations, *keys: str) -> None:
    """External accounts on TikTok that nobody allows yet."""
    add_project(operations)
    accounts = [
        NewAccount(platform="tiktok", account_key=key, connection="external")
        for key in keys or ("watched",)
    ]
    operations.accounts.add(accounts, now=NOW)


def allow(operations: Operations, *, project_id: str = "brand", since: datetime = NOW) -> int:
    """Put the creator of the external account on the project's allowlist."""
    creator = NewCreator(creator_id="ada", display_name="Ada", account_ids=(EXTERNAL,))
    return operations.allowlist.allow(project_id, [creator], allowed_from=since)


def claim(operations: Operations, **changes: Any) -> list[PlatformAccount]:
    """Claim quick syncs of oauth accounts, by default."""
    wish = {"connection": "oauth", "now": NOW, "every": EVERY, "lease_for": LEASE}
    wish |= {"worker": "w1", "limit": 100, "depth": "quick"} | changes
    return operations.syncs.claim_due(wish.pop("depth"), **wish)


def claimed_ids(operations: Operations, **changes: Any) -> list[str]:
    return [account.account_id for account in claim(operations, **changes)]


def finish(
    operations: Operations,
    outcome: Any = "ok",
    *,
    worker: str = "w1",
    now: datetime = NOW + MINUTE,
    **changes: Any,
) -> bool:
    """Finish a quick sync, of the oauth account by default; False if it was lost."""
    ending = SyncEnding(**({"account_id": OAUTH, "outcome": outcome} | changes))
    return bool(operations.sync_outcomes.finish([ending], "quick", worker=worker, now=now))


def quick_state(operations: Operations, account_id: str = OAUTH) -> AccountSyncState:
    return state_of(operations, "quick", account_id)


def state_of(operations: Operations, depth: str, account_id: str = OAUTH) -> AccountSyncState:
    return next(
        state
        for state in operations.syncs.states()
        if (state.account_id, state.depth) == (account_id, depth)
    )


def new_token(access: str = ACCESS, refresh: str | None = REFRESH, **changes: Any) -> NewToken:
    """A pair that ends a day and a year after ``NOW``."""
    known = {
        "access": SecretStr(access),
        "refresh": None if refresh is None else SecretStr(refresh),
        "expires_at": NOW + timedelta(days=1),
        "refresh_expires_at": None if refresh is None else NOW + timedelta(days=365),
    }
    return NewToken(**(known | changes))


def give_token(operations: Operations, account_id: str = OAUTH, **changes: Any) -> None:
    operations.tokens.store(account_id, new_token(**changes), CIPHER, now=NOW)
