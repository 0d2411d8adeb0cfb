"""Syncs by hand of accounts that a person names.

Belongs here: ``Syncs.claim_named``.
Does not belong here: what a schedule claims (``test_due``).
"""

from typing import Any

import pytest

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.store import Operations
from tests.operations.world import (
    EXTERNAL,
    LEASE,
    MINUTE,
    NOW,
    OAUTH,
    add_external,
    add_oauth,
    allow,
    claim,
    each_database,
    finish,
    quick_state,
    state_of,
)


def named(operations: Operations, *account_ids: str, depth: Any = "quick", **changes) -> list[str]:
    wish = {"now": NOW, "lease_for": LEASE, "worker": "w1"} | changes
    claimed = operations.syncs.claim_named(depth, account_ids or [OAUTH], **wish)
    return [account.account_id for account in claimed]


@each_database
def test_named_accounts_are_leased(operations: Operations):
    add_oauth(operations, "a", "b", "c")
    assert named(operations, "instagram:b", "instagram:a", "instagram:b") == [
        "instagram:a",
        "instagram:b",
    ]
    state = quick_state(operations, "instagram:a")
    assert (state.last_started_at, state.lease_owner, state.lease_until) == (
        NOW,
        "w1",
        NOW + LEASE,
    )


def test_no_accounts_are_fine(operations: Operations):
    assert operations.syncs.claim_named("quick", [], now=NOW, lease_for=LEASE, worker="w1") == []


def test_a_fresh_account_is_synced_again(operations: Operations):
    add_oauth(operations)
    claim(operations)
    finish(operations, "ok")
    assert named(operations, now=NOW + 2 * MINUTE) == [OAUTH]


def test_a_wait_does_not_keep_a_person_waiting(operations: Operations):
    add_oauth(operations)
    claim(operations)
    finish(operations, "rate_limited", retry_at=NOW + 60 * MINUTE)
    assert named(operations, now=NOW + 2 * MINUTE) == [OAUTH]
    finish(operations, "ok", now=NOW + 3 * MINUTE)
    assert quick_state(operations).retry_at is None
    assert state_of(operations, "full").retry_at == NOW + 60 * MINUTE


@each_database
def test_a_running_lease_leaves_an_account_out(operations: Operations):
    add_oauth(operations, "a", "b")
    claim(operations, limit=1)
    assert named(operations, "instagram:a", "instagram:b", worker="w2") == ["instagram:b"]


def test_a_lease_at_another_depth_keeps_nobody_out(operations: Operations):
    add_oauth(operations)
    claim(operations)
    assert named(operations, depth="full", worker="w2") == [OAUTH]


@each_database
def test_an_allowed_external_account_can_be_named(operations: Operations):
    add_external(operations)
    allow(operations)
    assert named(operations, EXTERNAL) == [EXTERNAL]


def pause(operations: Operations) -> None:
    operations.accounts.set_status(OAUTH, "paused")


def ask_for_login(operations: Operations) -> None:
    operations.accounts.set_status(OAUTH, "reauth_required")


def switch_off(operations: Operations) -> None:
    operations.projects.set_active("brand", is_active=False)


@pytest.mark.parametrize(
    ("happened", "said"),
    [
        (pause, rf"{OAUTH} is paused \(layers-pipeline account resume {OAUTH}\)"),
        (ask_for_login, rf"{OAUTH} needs a new token \(layers-pipeline account reauth {OAUTH}\)"),
        (switch_off, f"{OAUTH} belongs to project 'brand', which is off"),
    ],
)
def test_an_account_that_nothing_syncs_is_refused_with_its_remedy(
    operations: Operations, happened, said
):
    add_oauth(operations)
    happened(operations)
    with pytest.raises(InputRefusedError, match=said):
        named(operations)


@each_database
def test_every_account_that_is_refused_is_named_and_none_claimed(operations: Operations):
    add_oauth(operations)
    add_external(operations)
    with pytest.raises(
        InputRefusedError,
        match=rf"tiktok:nobody does not exist \(.*list\); {EXTERNAL} is on no active project's "
        rf"allowlist \(layers-pipeline creator allow {EXTERNAL} --project PROJECT\)",
    ):
        named(operations, OAUTH, EXTERNAL, "tiktok:nobody")
    assert quick_state(operations).lease_owner is None


def test_an_unknown_depth_is_refused(operations: Operations):
    with pytest.raises(InputRefusedError, match="depth 'deep' is not known"):
        named(operations, depth="deep")
