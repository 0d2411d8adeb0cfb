"""The operational database's rows, copied to the lake for analysts and for what follows from them.

Belongs here: reading rows that people and syncs change, and writing them whole.
Does not belong here: changing them, words on the health of syncs (``health``).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, TypeVar

import polars as pl
from sqlalchemy import Row

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table, Written
from layers_pipeline.operations.allowlist import AllowedAccount
from layers_pipeline.operations.content_ids import parts_of_ads_content
from layers_pipeline.operations.store import Operations
from layers_pipeline.operations.verdicts import ContentApproval, ContentOverride
from layers_pipeline.steps.derive.health import health_of
from layers_pipeline.steps.stores import Stores
from transforms.facts.sync_problems import changed_problems, problems_now

Change = TypeVar("Change", ContentOverride, ContentApproval)
Rows = Iterable[Mapping[str, Any]]


class OperationalRows:
    """The operational database as one copy reads it: what several tables show is read once.

    Accounts and their syncs are many, and every tick asks for them: they come as plain rows.
    """

    def __init__(self, operations: Operations) -> None:
        self.operations = operations

    @cached_property
    def accounts(self) -> Sequence[Row[Any]]:
        """Every account."""
        return self.operations.accounts.rows()

    @cached_property
    def finished(self) -> Mapping[str, list[Row[Any]]]:
        """How the syncs of each account stand, at the depths at which one has ended."""
        states: defaultdict[str, list[Row[Any]]] = defaultdict(list)
        for state in self.operations.syncs.finished():
            states[state.account_id].append(state)
        return states

    @cached_property
    def allowlist(self) -> Sequence[AllowedAccount]:
        """Every entry, open and closed."""
        return self.operations.allowlist.all()


def copy_operations(stores: Stores) -> dict[str, Written]:
    """Copy every dimension, each whole; one in which nothing changed is not written again.

    Returns:
        What was written, by table name.
    """
    # Read under the lock: of two copies at once, the one that read less must not write last.
    with stores.lake.write_lock():
        source = OperationalRows(stores.operations)
        written = {
            table.name: _replace(stores, table, rows_of(source))
            for table, rows_of in COPIES.items()
        }
        health = written[catalog.SYNC_HEALTH.name]
        noted = Written() if health == Written() else _note_problems(stores)
        return written | {catalog.SYNC_PROBLEMS.name: noted}


def _note_problems(stores: Stores) -> Written:
    """Add to the history of what keeps accounts from being synced what is news."""
    lake, history = stores.lake, catalog.SYNC_PROBLEMS
    now = problems_now(lake.read(catalog.SYNC_HEALTH))
    changed = changed_problems(now, lake.read(history)).with_columns(
        known_at=pl.lit(stores.clock.now())
    )
    return lake.insert_absent(history, changed.select(history.columns).collect())


def _replace(stores: Stores, table: Table, rows: Rows) -> Written:
    """Write the table whole, unless it holds just these rows: readers remember its version."""
    given = list(rows)
    if not given and not stores.lake.row_count(table):
        return Written()
    frame = _frame(table, given).sort(table.key)
    if stores.lake.read(table).sort(table.key).collect().equals(frame):
        return Written()
    return stores.lake.replace(table, frame, where={})


def _frame(table: Table, given: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows by column, which Polars takes several times faster than dictionaries."""
    schema = table.empty().schema
    return pl.DataFrame({name: [row[name] for row in given] for name in schema}, schema=schema)


def _accounts(source: OperationalRows) -> Rows:
    """Accounts with the newest outcome of any depth."""
    creators = {row.account_id: row.creator_id for row in source.allowlist}
    for account in source.accounts:
        yield {
            **account._mapping,
            "creator_id": creators.get(account.account_id),
            **_newest_outcome(source.finished.get(account.account_id, ())),
        }


def _sync_health(source: OperationalRows) -> Rows:
    """How the syncs of each account stand, in words."""
    for account in source.accounts:
        yield health_of(account, source.finished.get(account.account_id, ()))


def _newest_outcome(finished: Sequence[Row[Any]]) -> dict[str, Any]:
    newest = max(finished, key=lambda state: state.last_finished_at, default=None)
    successes = [state.last_success_at for state in finished if state.last_success_at]
    return {
        "last_outcome": newest.last_outcome if newest else None,
        "last_message": newest.last_message if newest else None,
        "retry_at": newest.retry_at if newest else None,
        "last_success_at": max(successes, default=None),
    }


def _project_ads_content(source: OperationalRows) -> Rows:
    """What is in force of each content that people spoke of (R41)."""
    overrides = _last(source.operations.verdicts.overrides())
    approvals = _last(source.operations.verdicts.approvals())
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


COPIES: Final[Mapping[Table, Callable[[OperationalRows], Rows]]] = {
    catalog.PROJECTS: lambda source: map(vars, source.operations.projects.all()),
    catalog.PLATFORM_ACCOUNTS: _accounts,
    catalog.SYNC_HEALTH: _sync_health,
    catalog.PROJECT_ALLOWLIST: lambda source: map(vars, source.allowlist),
    catalog.CREATIVES: lambda source: map(vars, source.operations.creatives.all()),
    catalog.SAFETY_REVIEWS: lambda source: map(vars, source.operations.verdicts.reviews()),
    catalog.CONTENT_OVERRIDES: lambda source: map(vars, source.operations.verdicts.overrides()),
    catalog.PROJECT_ADS_CONTENT: _project_ads_content,
    catalog.AD_ACCOUNTS: lambda source: map(vars, source.operations.ad_accounts.all()),
    catalog.AD_CONTENT: lambda source: map(vars, source.operations.ads.all()),
    catalog.LAYERS: lambda source: map(vars, source.operations.layers.all()),
    catalog.AD_SETS: lambda source: map(vars, source.operations.layers.ad_sets()),
    catalog.CONTENT_RIGHTS: lambda source: map(vars, source.operations.rights.all()),
    catalog.CONTENT_APPROVALS: lambda source: map(vars, source.operations.verdicts.approvals()),
}
