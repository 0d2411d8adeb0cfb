"""Outcomes that another lease protected, such as a scrape job's (R6).

Belongs here: ``SyncOutcomes.record``.
Does not belong here: outcomes of claimed syncs (``test_finish_sync``).
"""

import pytest

from layers_pipeline.errors import NotFoundError
from layers_pipeline.operations.accounts import AccountSyncState
from layers_pipeline.operations.store import Operations
from layers_pipeline.operations.sync_outcomes import SyncEnding
from tests.operations.world import EXTERNAL, MINUTE, NOW, add_external, each_database


def posts_state(operations: Operations) -> AccountSyncState:
    states = operations.syncs.states()
    return next(row for row in states if (row.account_id, row.depth) == (EXTERNAL, "posts"))


def record(operations: Operations, outcome, **changes) -> None:
    changes = {"account_id": EXTERNAL, "message": "said"} | changes
    now = changes.pop("now", NOW)
    ending = SyncEnding(outcome=outcome, **changes)
    operations.sync_outcomes.record(ending, "posts", now=now)


@each_database
def test_an_outcome_is_stored_without_a_claim(operations: Operations):
    add_external(operations)
    record(operations, "forbidden", retry_at=NOW + MINUTE)
    state = posts_state(operations)
    assert (state.last_outcome, state.last_message) == ("forbidden", "said")
    assert (state.retry_at, state.failures_in_a_row) == (NOW + MINUTE, 1)


def test_a_success_counts_from_the_moment_that_it_is_recorded(operations: Operations):
    add_external(operations)
    record(operations, "forbidden")
    record(operations, "ok", now=NOW + MINUTE)
    state = posts_state(operations)
    assert (state.last_success_at, state.last_success_started_at) == (NOW + MINUTE, NOW + MINUTE)
    assert state.failures_in_a_row == 0


def test_an_unknown_account_is_named(operations: Operations):
    with pytest.raises(NotFoundError, match=EXTERNAL):
        record(operations, "ok")
