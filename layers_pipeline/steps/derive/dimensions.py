"""The operational database's rows, copied to the lake for analysts and for what follows from them.

Belongs here: reading rows that people and syncs change, and writing them whole.
Does not belong here: changing them, words on the health of syncs (``health``).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table, Written
from layers_pipeline.operations.accounts import AccountSyncState
from layers_pipeline.operations.content_ids import parts_of_ads_content
from layers_pipeline.operations.store import Operations
from layers_pipeline.operations.verdicts import ContentApproval, ContentOverride
from layers_pipeline.steps.derive.health import health_of
from layers_pipeline.steps.stores import Stores

Change = TypeVar("Change", ContentOverride, ContentApproval)
Rows = Iterable[dict[str, Any]]


def copy_operations(stores: Stores) -> dict[str, Written]:
    """Copy every dimension, each whole; one in which nothing changed is not written again.

    Returns:
        What was written, by table name.
    """
    # Read under the lock: of two copies at once, the one that read less must not write last.
    with stores.lake.write_lock():
        return {
            table.name: _replace(stores, table, rows_of(stores.operations))
            for table, rows_of in COPIES.items()
        }


def _replace(stores: Stores, table: Table, rows: Rows) -> Written:
    """Write the table whole, unless it holds just these rows: readers remember its version."""
    frame = pl.DataFrame(list(rows), schema=dict(table.empty().schema)).sort(table.key)
    if stores.lake.read(table).sort(table.key).collect().equals(frame):
        return Written()
    return stores.lake.replace(table, frame, where={})


def _accounts(operations: Operations) -> Rows:
    """Accounts with the newest outcome of any depth."""
    creators = {row.account_id: row.creator_id for row in operations.allowlist.all()}
    states = _states(operations)
    for account in operations.accounts.all():
        yield {
            **vars(account),
            "creator_id": creators.get(account.account_id),
            **_newest_outcome(states[account.account_id]),
        }


def _sync_health(operations: Operations) -> Rows:
    """How the syncs of each account stand, in words."""
    states = _states(operations)
    return (health_of(account, states[account.account_id]) for account in operations.accounts.all())


def _states(operations: Operations) -> Mapping[str, list[AccountSyncState]]:
    states: defaultdict[str, list[AccountSyncState]] = defaultdict(list)
    for state in operations.syncs.states():
        states[state.account_id].append(state)
    return states


def _newest_outcome(states: Iterable[AccountSyncState]) -> dict[str, Any]:
    finished = [
        (state.last_finished_at, state) for state in states if state.last_finished_at is not None
    ]
    _, newest = max(finished, key=lambda pair: pair[0], default=(None, None))
    successes = [state.last_success_at for state in states if state.last_success_at]
    return {
        "last_outcome": newest.last_outcome if newest else None,
        "last_message": newest.last_message if newest else None,
        "retry_at": newest.retry_at if newest else None,
        "last_success_at": max(successes, default=None),
    }


def _project_ads_content(operations: Operations) -> Rows:
    """What is in force of each content that people spoke of (R41)."""
    overrides = _last(operations.verdicts.overrides())
    approvals = _last(operations.verdicts.approvals())
    for content in {**overrides, **approvals}:
        project_id, container_id = parts_of_ads_content(content)
        override, approval = overrides.get(content), approvals.get(content)
        yield {
            "ads_content_id": content,
            "project_id": project_id,
            "container_id": container_id,
            "override": override and override.override,
            "note": override and override.note,
            "changed_by": override and override.changed_by,
            "changed_at": override and override.known_at,
            "approval": approval and approval.approval,
            "approval_changed_by": approval and approval.changed_by,
            "approval_changed_at": approval and approval.known_at,
        }


def _last(history: Iterable[Change]) -> dict[str, Change]:
    """The last row of each content; a history comes in the order in which it was known."""
    return {row.ads_content_id: row for row in history}


COPIES: Final[Mapping[Table, Callable[[Operations], Rows]]] = {
    catalog.PROJECTS: lambda operations: map(vars, operations.projects.all()),
    catalog.PLATFORM_ACCOUNTS: _accounts,
    catalog.SYNC_HEALTH: _sync_health,
    catalog.PROJECT_ALLOWLIST: lambda operations: map(vars, operations.allowlist.all()),
    catalog.CREATIVES: lambda operations: map(vars, operations.creatives.all()),
    catalog.SAFETY_REVIEWS: lambda operations: map(vars, operations.verdicts.reviews()),
    catalog.CONTENT_OVERRIDES: lambda operations: map(vars, operations.verdicts.overrides()),
    catalog.PROJECT_ADS_CONTENT: _project_ads_content,
    catalog.AD_CONTENT: lambda operations: map(vars, operations.ads.all()),
}
