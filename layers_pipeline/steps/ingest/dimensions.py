"""The operational database's view of projects, accounts and allowlists, copied to the lake.

Belongs here: reading rows that people change and writing them whole.
Does not belong here: changing them.
"""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table, Written
from layers_pipeline.operations.accounts import AccountSyncState
from layers_pipeline.steps.ingest.health import health_of
from layers_pipeline.steps.stores import Stores


def copy_projects(stores: Stores) -> Written:
    """Write ``projects``."""
    return _copy(
        stores, catalog.PROJECTS, (asdict(row) for row in stores.operations.projects.all())
    )


def copy_allowlist(stores: Stores) -> Written:
    """Write ``project_allowlist``."""
    rows = (asdict(row) for row in stores.operations.allowlist.all())
    return _copy(stores, catalog.PROJECT_ALLOWLIST, rows)


def copy_accounts(stores: Stores) -> Written:
    """Write ``platform_accounts`` with the newest outcome of any depth."""
    creators = {row.account_id: row.creator_id for row in stores.operations.allowlist.all()}
    states: dict[str, list[Any]] = {}
    for state in stores.operations.syncs.states():
        states.setdefault(state.account_id, []).append(state)
    rows = (
        asdict(account)
        | {"creator_id": creators.get(account.account_id)}
        | _newest(states.get(account.account_id, []))
        for account in stores.operations.accounts.all()
    )
    return _copy(stores, catalog.PLATFORM_ACCOUNTS, rows)


def describe_sync_health(stores: Stores) -> Written:
    """Write ``sync_health``: how the syncs of each account stand, in words."""
    states: dict[str, list[AccountSyncState]] = {}
    for state in stores.operations.syncs.states():
        states.setdefault(state.account_id, []).append(state)
    rows = (
        health_of(account, states.get(account.account_id, []))
        for account in stores.operations.accounts.all()
    )
    return _copy(stores, catalog.SYNC_HEALTH, rows)


def _newest(states: list[Any]) -> dict[str, Any]:
    finished = [state for state in states if state.last_finished_at is not None]
    newest = max(finished, key=lambda state: state.last_finished_at, default=None)
    successes = [state.last_success_at for state in states if state.last_success_at]
    return {
        "last_outcome": newest.last_outcome if newest else None,
        "last_message": newest.last_message if newest else None,
        "retry_at": newest.retry_at if newest else None,
        "last_success_at": max(successes, default=None),
    }


def _copy(stores: Stores, table: Table, rows: Iterable[dict[str, Any]]) -> Written:
    frame = pl.DataFrame(list(rows), schema=dict(table.empty().schema))
    with stores.lake.write_lock():
        return stores.lake.replace(table, frame.sort(table.key), where={})
