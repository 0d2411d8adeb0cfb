"""Which accounts are due (R5).

Belongs here: one test per clause of the rule, and the order in which accounts are handed out.
Does not belong here: several processes at once (``test_concurrency``).
"""

from datetime import datetime, timedelta

import pytest

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.store import Operations
from layers_pipeline.operations.sync_depths import Deeper
from layers_pipeline.operations.sync_outcomes import SyncEnding
from tests.operations.world import (
    EVERY,
    EXTERNAL,
    LEASE,
    MINUTE,
    NOW,
    OAUTH,
    add_external,
    add_oauth,
    add_project,
    allow,
    claim,
    claimed_ids,
    each_database,
    finish,
)

SECOND = timedelta(seconds=1)


@each_database
def test_an_account_never_synced_is_due(operations: Operations):
    add_oauth(operations)
    assert claimed_ids(operations) == [OAUTH]


def test_depths_are_independent(operations: Operations):
    add_oauth(operations)
    claim(operations)
    assert claimed_ids(operations, depth="full") == [OAUTH]


@each_database
@pytest.mark.parametrize(
    ("later", "due"),
    [
        pytest.param(EVERY - SECOND, [], id="within the cadence"),
        pytest.param(EVERY, [OAUTH], id="one cadence after the start of the last success"),
    ],
)
def test_a_success_is_stale_after_one_cadence(operations: Operations, later, due):
    add_oauth(operations)
    claim(operations)
    finish(operations, "ok")
    assert claimed_ids(operations, now=NOW + later) == due


@pytest.mark.parametrize("outcome", ["partial", "rate_limited", "forbidden", "unavailable"])
def test_a_sync_that_did_not_succeed_leaves_the_account_due(operations: Operations, outcome):
    add_oauth(operations)
    claim(operations)
    finish(operations, outcome)
    assert claimed_ids(operations, now=NOW + 2 * MINUTE) == [OAUTH]


def test_a_failure_does_not_make_an_earlier_success_older(operations: Operations):
    add_oauth(operations)
    claim(operations)
    finish(operations, "ok", retry_at=NOW + 2 * MINUTE)
    claim(operations, now=NOW + 2 * MINUTE)
    finish(operations, "unavailable", now=NOW + 3 * MINUTE)
    assert claimed_ids(operations, now=NOW + 4 * MINUTE) == []


@each_database
@pytest.mark.parametrize(
    ("outcome", "later", "due"),
    [
        pytest.param("rate_limited", 59 * MINUTE, [], id="waits although stale"),
        pytest.param("rate_limited", 60 * MINUTE, [OAUTH], id="tried when it has passed"),
    ],
)
def test_retry_at_holds_an_account_back(operations: Operations, outcome, later, due):
    add_oauth(operations)
    claim(operations)
    finish(operations, outcome, retry_at=NOW + 60 * MINUTE)
    assert claimed_ids(operations, now=NOW + later) == due


def test_a_passed_retry_at_comes_before_the_cadence(operations: Operations):
    add_oauth(operations)
    claim(operations)
    finish(operations, "ok", retry_at=NOW + 2 * MINUTE)
    assert claimed_ids(operations, now=NOW + 2 * MINUTE) == [OAUTH]


@pytest.mark.parametrize("status", ["paused", "reauth_required"])
def test_an_account_that_is_not_active_is_not_due(operations: Operations, status):
    add_oauth(operations)
    operations.accounts.set_status(OAUTH, status)
    assert claimed_ids(operations) == []


def test_an_account_made_active_again_is_due(operations: Operations):
    add_oauth(operations)
    operations.accounts.set_status(OAUTH, "paused")
    operations.accounts.set_status(OAUTH, "active")
    assert claimed_ids(operations) == [OAUTH]


def test_an_oauth_account_of_an_inactive_project_is_not_due(operations: Operations):
    add_oauth(operations)
    operations.projects.set_active("brand", is_active=False)
    assert claimed_ids(operations) == []


def test_an_external_account_that_nobody_allows_is_not_due(operations: Operations):
    add_external(operations)
    assert claimed_ids(operations, connection="external") == []


def test_an_allowed_external_account_is_due(operations: Operations):
    add_external(operations)
    allow(operations)
    assert claimed_ids(operations, connection="external") == [EXTERNAL]


@each_database
def test_an_account_that_two_projects_allow_is_claimed_once(operations: Operations):
    add_external(operations)
    add_project(operations, "second")
    allow(operations)
    allow(operations, project_id="second")
    assert claimed_ids(operations, connection="external") == [EXTERNAL]


@each_database
def test_an_external_account_is_not_due_before_it_is_allowed(operations: Operations):
    add_external(operations)
    allow(operations, since=NOW + SECOND)
    assert claimed_ids(operations, connection="external") == []


def test_an_external_account_is_not_due_once_disallowed(operations: Operations):
    add_external(operations)
    allow(operations)
    operations.allowlist.disallow("brand", [EXTERNAL], now=NOW)
    assert claimed_ids(operations, connection="external") == []


def test_an_external_account_of_an_inactive_project_is_not_due(operations: Operations):
    add_external(operations)
    allow(operations)
    operations.projects.set_active("brand", is_active=False)
    assert claimed_ids(operations, connection="external") == []


def test_one_active_project_among_those_that_allow_is_enough(operations: Operations):
    add_external(operations)
    add_project(operations, "second")
    allow(operations)
    allow(operations, project_id="second")
    operations.projects.set_active("brand", is_active=False)
    assert claimed_ids(operations, connection="external") == [EXTERNAL]


def test_a_claim_sees_only_its_connection(operations: Operations):
    add_oauth(operations)
    assert claimed_ids(operations, connection="external") == []


@each_database
@pytest.mark.parametrize(
    ("later", "due"),
    [
        pytest.param(EVERY - SECOND, [], id="seen by quick within the cadence"),
        pytest.param(EVERY, [OAUTH], id="seen by quick a cadence ago"),
    ],
)
def test_posts_takes_the_oauth_accounts_that_no_other_depth_has_seen(
    operations: Operations, later, due
):
    add_oauth(operations)
    claim(operations)
    finish(operations, "ok")
    assert claimed_ids(operations, depth="posts", now=NOW + later) == due


def test_posts_takes_an_oauth_account_that_another_depth_failed_to_read(operations: Operations):
    add_oauth(operations)
    claim(operations)
    finish(operations, "partial")
    assert claimed_ids(operations, depth="posts", now=NOW + MINUTE) == [OAUTH]


def test_quick_and_full_do_not_look_at_other_depths(operations: Operations):
    add_oauth(operations)
    claim(operations)
    finish(operations, "ok")
    assert claimed_ids(operations, depth="full", now=NOW + MINUTE) == [OAUTH]


def test_posts_of_an_external_account_do_not_look_at_other_depths(operations: Operations):
    add_external(operations)
    allow(operations)
    claim(operations, connection="external")
    finish(operations, "ok", account_id=EXTERNAL, now=NOW)
    due = claimed_ids(operations, connection="external", depth="posts", now=NOW + MINUTE)
    assert due == [EXTERNAL]


@each_database
@pytest.mark.parametrize("worker", ["w1", "w2"])
def test_a_running_lease_keeps_every_worker_out(operations: Operations, worker):
    add_oauth(operations)
    claim(operations)
    assert claimed_ids(operations, now=NOW + LEASE - SECOND, worker=worker) == []


def test_an_expired_lease_lets_the_next_worker_in(operations: Operations):
    add_oauth(operations)
    claim(operations)
    assert claimed_ids(operations, now=NOW + LEASE, worker="w2") == [OAUTH]


@each_database
def test_claims_in_rounds_end_even_if_every_sync_fails(operations: Operations):
    add_oauth(operations)
    claim(operations)
    finish(operations, "unavailable", now=NOW)
    assert claimed_ids(operations) == []


@each_database
def test_the_longest_untried_comes_first(operations: Operations):
    add_oauth(operations, "a", "b", "c")
    claim(operations, limit=1)
    claim(operations, limit=1, now=NOW + MINUTE)
    later = NOW + 60 * MINUTE
    assert [claimed_ids(operations, limit=1, now=later)[0][-1] for _ in "abc"] == ["c", "a", "b"]


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"lease_for": timedelta(0)}])
def test_a_claim_of_nothing_is_refused(operations: Operations, wrong):
    with pytest.raises(InputRefusedError, match=r"claim of worker w1.*more than zero"):
        claim(operations, **wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"depth": "deep"}, "depth 'deep' is not known. Use one of: quick, posts, full"),
        ({"connection": "sift"}, "connection 'sift' is not known. Use one of: oauth, external"),
        ({"worker": ""}, "worker '' cannot be a key"),
        ({"now": NOW.replace(tzinfo=None)}, "now: 2025-03-01T12:00:00 has no time zone"),
    ],
)
def test_a_claim_in_unknown_words_is_refused(operations: Operations, wrong, message):
    with pytest.raises(InputRefusedError, match=message):
        claim(operations, **wrong)


# --- what is left to a deeper sync of the same minute

FULL = 20 * MINUTE
DEEPER = Deeper(depth="full", every=FULL, early=45 * SECOND)


def full_sync(operations: Operations, outcome: str = "ok", *, at: datetime = NOW, **ending) -> None:
    claim(operations, depth="full", worker="full", now=at)
    done = SyncEnding(account_id=OAUTH, outcome=outcome, **ending)
    operations.sync_outcomes.finish([done], "full", worker="full", now=at + SECOND)


@each_database
def test_those_who_succeeded_since_a_moment_are_told_apart_by_depth_and_start(
    operations: Operations,
):
    add_oauth(operations)
    full_sync(operations)
    full_sync(operations, "partial", at=NOW + FULL)

    def succeeded(depth, since):
        return operations.syncs.succeeded(depth, [OAUTH, "instagram:nobody"], since=since)

    assert succeeded("full", NOW) == {OAUTH}
    assert succeeded("full", NOW + SECOND) == succeeded("quick", NOW) == set()
    assert operations.syncs.succeeded("full", [], since=NOW) == set()


def left_to_full(operations: Operations, now: datetime) -> bool:
    claimed = claimed_ids(operations, now=now, deeper=DEEPER, worker=f"quick {now}")
    return claimed == []


def test_a_first_sync_waits_for_no_deeper_one(operations: Operations):
    add_oauth(operations)
    assert not left_to_full(operations, NOW)


@each_database
@pytest.mark.parametrize(
    ("later", "is_left"),
    [
        pytest.param(SECOND, True, id="just read in full"),
        pytest.param(44 * SECOND, True, id="in the same minute"),
        pytest.param(45 * SECOND, False, id="in another minute"),
        pytest.param(FULL - 46 * SECOND, False, id="before its turn"),
        pytest.param(FULL - 45 * SECOND, True, id="as early as a run may be"),
        pytest.param(FULL, True, id="at its turn"),
        pytest.param(FULL + 45 * SECOND, False, id="when it did not come"),
        pytest.param(2 * FULL, False, id="when it does not come any more"),
    ],
)
def test_an_account_is_left_to_the_full_sync_of_its_minute(operations: Operations, later, is_left):
    add_oauth(operations)
    full_sync(operations)
    assert left_to_full(operations, NOW + later) is is_left


def test_a_full_sync_that_failed_is_not_waited_for(operations: Operations):
    add_oauth(operations)
    full_sync(operations)
    full_sync(operations, "partial", at=NOW + FULL)
    assert not left_to_full(operations, NOW + FULL + EVERY)


def test_a_full_sync_that_failed_in_this_minute_is_tried_in_the_next_tick(operations: Operations):
    add_oauth(operations)
    full_sync(operations)
    full_sync(operations, "partial", at=NOW + FULL)
    assert left_to_full(operations, NOW + FULL + 2 * SECOND)


def test_a_full_sync_that_waits_is_not_waited_for(operations: Operations):
    add_oauth(operations)
    full_sync(operations, retry_at=NOW + 2 * FULL)
    assert not left_to_full(operations, NOW + FULL)


@pytest.mark.parametrize(
    ("later", "is_left"), [(44 * SECOND, True), (45 * SECOND, False), (LEASE, False)]
)
def test_a_full_sync_under_way_reads_what_began_in_its_minute(
    operations: Operations, later, is_left
):
    add_oauth(operations)
    claim(operations, depth="full", worker="full")
    assert left_to_full(operations, NOW + later) is is_left


def test_a_full_sync_that_began_between_its_turns_is_not_waited_for_there(operations: Operations):
    add_oauth(operations)
    full_sync(operations, at=NOW + 7 * MINUTE)
    assert not left_to_full(operations, NOW + 30 * MINUTE)


def test_no_turn_is_waited_for_while_an_earlier_run_goes_on(operations: Operations):
    add_oauth(operations, "owned", "other")
    full_sync(operations)
    # The other one is claimed with it, and is still being read.
    operations.syncs.claim_named(
        "full", ["instagram:other"], now=NOW + FULL - 2 * MINUTE, lease_for=LEASE, worker="long"
    )
    claimed = claimed_ids(operations, now=NOW + FULL, deeper=DEEPER)
    assert claimed == ["instagram:other", OAUTH]
