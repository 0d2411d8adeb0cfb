"""How the end of a sync is stored (R6).

Belongs here: outcomes, messages, lost leases.
Does not belong here: what becomes due by it (``test_due``).
"""

import pytest

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.store import Operations
from tests.operations.world import (
    LEASE,
    MINUTE,
    NOW,
    OAUTH,
    add_oauth,
    claim,
    each_database,
    finish,
    quick_state,
)


@pytest.fixture
def syncing(operations: Operations) -> Operations:
    """An oauth account whose quick sync worker w1 has claimed at ``NOW``."""
    add_oauth(operations)
    claim(operations)
    return operations


def test_an_account_never_synced_has_an_empty_state_per_depth(operations: Operations):
    add_oauth(operations)
    states = operations.syncs.states()
    assert [(state.depth, state.last_started_at) for state in states] == [
        ("full", None),
        ("posts", None),
        ("quick", None),
    ]


@each_database
def test_a_claim_is_recorded(syncing: Operations):
    state = quick_state(syncing)
    assert (state.last_started_at, state.lease_owner, state.lease_until) == (
        NOW,
        "w1",
        NOW + LEASE,
    )


@each_database
def test_a_success_is_recorded_and_ends_the_lease(syncing: Operations):
    assert finish(syncing, "ok", message="42 posts")
    state = quick_state(syncing)
    assert (state.last_outcome, state.last_message) == ("ok", "42 posts")
    assert (state.last_success_at, state.last_success_started_at) == (NOW + MINUTE, NOW)
    assert (state.lease_owner, state.lease_until) == (None, None)


@pytest.mark.parametrize(
    "outcome",
    ["partial", "rate_limited", "reauth_required", "forbidden", "unavailable", "malformed"],
)
def test_only_ok_is_a_success(syncing: Operations, outcome):
    finish(syncing, outcome)
    state = quick_state(syncing)
    assert (state.last_outcome, state.last_finished_at) == (outcome, NOW + MINUTE)
    assert state.last_success_at is None


@pytest.mark.parametrize(
    ("outcomes", "failures"),
    [
        (["unavailable", "malformed"], 2),
        (["unavailable", "ok"], 0),
        (["unavailable", "partial"], 0),
        (["ok", "forbidden"], 1),
    ],
)
def test_failures_in_a_row_are_counted(operations: Operations, outcomes, failures):
    add_oauth(operations)
    for hours, outcome in enumerate(outcomes):
        moment = NOW + hours * 60 * MINUTE
        claim(operations, now=moment)
        finish(operations, outcome, now=moment)
    assert quick_state(operations).failures_in_a_row == failures


@pytest.mark.parametrize(("before", "after"), [("active", "reauth_required"), ("paused", "paused")])
def test_reauth_required_marks_an_active_account(syncing: Operations, before, after):
    syncing.accounts.set_status(OAUTH, before)
    finish(syncing, "reauth_required")
    assert syncing.accounts.all()[0].status == after


def test_a_lost_lease_writes_nothing(syncing: Operations):
    claim(syncing, now=NOW + LEASE, worker="w2")
    taken_over = quick_state(syncing)
    assert not finish(syncing, "reauth_required", now=NOW + 2 * LEASE)
    assert quick_state(syncing) == taken_over
    assert syncing.accounts.all()[0].status == "active"


def test_an_expired_lease_that_nobody_took_still_counts(syncing: Operations):
    assert finish(syncing, "ok", now=NOW + 2 * LEASE)


def test_a_sync_finishes_once(syncing: Operations):
    assert finish(syncing, "ok")
    assert not finish(syncing, "unavailable")


@each_database
@pytest.mark.parametrize(
    ("message", "kept"),
    [
        pytest.param("x" * 501, "x" * 500, id="cut"),
        pytest.param("a\x00b", "ab", id="without NUL, which PostgreSQL refuses"),
        pytest.param("a\ud83d", "a?", id="without half a surrogate pair"),
        pytest.param("größer 🚀", "größer 🚀", id="as it is"),
    ],
)
def test_any_message_can_be_stored(syncing: Operations, message, kept):
    finish(syncing, "malformed", message=message)
    assert quick_state(syncing).last_message == kept


def test_an_unknown_account_is_none_whose_lease_was_held(operations: Operations):
    assert not finish(operations)


def test_an_unknown_outcome_is_refused(syncing: Operations):
    with pytest.raises(InputRefusedError, match=r"outcome 'great' is not known. Use one of: ok"):
        finish(syncing, "great")
