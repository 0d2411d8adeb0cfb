"""Endings of many syncs at once: leases, throttling of whole accounts, growing waits (R6).

Belongs here: what ``finish_syncs`` does beyond a single ending.
Does not belong here: what every ending stores (``test_finish_sync``).
"""

import time
from datetime import timedelta
from threading import Barrier, Thread

import pytest

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.backoff import wait_after
from layers_pipeline.operations.rows import SyncEnding
from layers_pipeline.operations.store import Operations
from tests.operations.world import (
    EVERY,
    LEASE,
    MINUTE,
    NOW,
    OAUTH,
    add_oauth,
    claim,
    claimed_ids,
    give_token,
    quick_state,
    state_of,
)
from transforms.vocabulary import DEPTHS

LATER = NOW + 60 * MINUTE


def end(operations: Operations, *endings: SyncEnding, depth="quick", worker="w1", now=NOW):
    return operations.finish_syncs(endings, depth, worker=worker, now=now)


def ending(outcome, account_id: str = OAUTH, **changes) -> SyncEnding:
    return SyncEnding(account_id=account_id, outcome=outcome, **changes)


def test_every_account_gets_its_own_ending(operations: Operations):
    add_oauth(operations, "a", "b")
    claim(operations)
    said = (
        ending("ok", "instagram:a", message="9 posts"),
        ending("forbidden", "instagram:b", retry_at=LATER),
    )
    assert end(operations, *said) == {"instagram:a", "instagram:b"}
    a, b = quick_state(operations, "instagram:a"), quick_state(operations, "instagram:b")
    assert (a.last_outcome, a.last_message, a.last_success_at) == ("ok", "9 posts", NOW)
    assert (b.last_outcome, b.retry_at, b.failures_in_a_row) == ("forbidden", LATER, 1)
    assert (a.lease_owner, b.lease_owner) == (None, None)


def test_only_held_leases_count(operations: Operations):
    add_oauth(operations, "a", "b", "c")
    claim(operations, limit=1)
    claim(operations, worker="w2", limit=1)
    endings = [ending("reauth_required", f"instagram:{key}") for key in "abc"]
    assert end(operations, *endings) == {"instagram:a"}
    assert [row.status for row in operations.accounts()] == ["reauth_required", "active", "active"]
    assert quick_state(operations, "instagram:b").last_outcome is None


def test_no_endings_are_fine(operations: Operations):
    assert end(operations) == set()


def test_one_unknown_word_keeps_all_out(operations: Operations):
    add_oauth(operations, "a", "b")
    claim(operations)
    with pytest.raises(InputRefusedError, match="outcome 'great' is not known"):
        end(operations, ending("ok", "instagram:a"), ending("great", "instagram:b"))
    assert quick_state(operations, "instagram:a").lease_owner == "w1"


def test_two_thousand_endings_take_under_three_seconds(operations: Operations):
    add_oauth(operations, *(f"key{number}" for number in range(2000)))
    claim(operations, limit=2000)
    endings = [
        ending("rate_limited", f"instagram:key{number}", retry_at=LATER) for number in range(2000)
    ]
    start = time.process_time()  # not the wall: neighbours would count
    assert len(end(operations, *endings)) == 2000
    assert time.process_time() - start < 3


# Throttling


def test_throttling_holds_every_depth_back(operations: Operations):
    add_oauth(operations)
    claim(operations)
    end(operations, ending("rate_limited", retry_at=LATER))
    assert {state_of(operations, depth).retry_at for depth in DEPTHS} == {LATER}
    assert claimed_ids(operations, depth="full", now=LATER - MINUTE) == []
    assert claimed_ids(operations, depth="full", now=LATER) == [OAUTH]


def test_throttling_shortens_no_longer_wait(operations: Operations):
    add_oauth(operations)
    claim(operations, depth="full")
    end(operations, ending("forbidden", retry_at=LATER), depth="full")
    claim(operations)
    end(operations, ending("rate_limited", retry_at=NOW + MINUTE))
    assert state_of(operations, "full").retry_at == LATER
    assert state_of(operations, "posts").retry_at == NOW + MINUTE


@pytest.mark.parametrize("outcome", ["ok", "unavailable"])
def test_a_sync_under_way_does_not_end_a_throttling(operations: Operations, outcome):
    add_oauth(operations)
    claim(operations)
    claim(operations, depth="full", worker="w2")
    end(operations, ending("rate_limited", retry_at=LATER))
    end(operations, ending(outcome), depth="full", worker="w2")
    assert state_of(operations, "full").retry_at == LATER


@pytest.mark.parametrize("outcome", ["partial", "forbidden", "unavailable"])
def test_other_waits_are_of_one_depth(operations: Operations, outcome):
    add_oauth(operations)
    claim(operations)
    end(operations, ending(outcome, retry_at=LATER))
    assert state_of(operations, "quick").retry_at == LATER
    assert state_of(operations, "full").retry_at is None


def test_throttling_without_an_end_says_nothing_of_other_depths(operations: Operations):
    add_oauth(operations)
    claim(operations)
    end(operations, ending("rate_limited"))
    assert {state_of(operations, depth).retry_at for depth in DEPTHS} == {None}


def test_throttling_of_a_lost_lease_holds_nothing_back(operations: Operations):
    add_oauth(operations)
    claim(operations)
    end(operations, ending("rate_limited", retry_at=LATER), worker="w2")
    assert {state_of(operations, depth).retry_at for depth in DEPTHS} == {None}


def test_depths_that_are_throttled_at_once_do_not_wait_in_a_ring(operations: Operations):
    keys = [f"key{number:02}" for number in range(40)]
    add_oauth(operations, *keys)
    endings = [ending("rate_limited", f"instagram:{key}", retry_at=LATER) for key in keys]
    start, held = Barrier(3), dict[str, set[str]]()

    def throttle(depth, ordered: list[SyncEnding]) -> None:
        claim(operations, depth=depth, worker=depth)
        start.wait(30)
        held[depth] = operations.finish_syncs(ordered, depth, worker=depth, now=NOW)

    orders = {"quick": endings, "posts": endings[::-1], "full": endings[::2] + endings[1::2]}
    threads = [Thread(target=throttle, args=order) for order in orders.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {depth: len(ids) for depth, ids in held.items()} == dict.fromkeys(DEPTHS, 40)


# Asking for a login


def test_a_token_given_during_the_sync_is_not_asked_for_again(operations: Operations):
    add_oauth(operations)
    claim(operations, now=NOW - MINUTE)
    give_token(operations)
    end(operations, ending("reauth_required"))
    assert operations.accounts()[0].status == "active"
    assert quick_state(operations).last_outcome == "reauth_required"


def test_an_older_token_is_asked_for_again(operations: Operations):
    add_oauth(operations)
    give_token(operations)
    claim(operations, now=NOW + MINUTE)
    end(operations, ending("reauth_required"), now=NOW + MINUTE)
    assert operations.accounts()[0].status == "reauth_required"


# Waits that grow


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [
        (1, None),
        (3, None),
        (4, 10),
        (5, 20),
        (6, 40),
        (9, 320),
        (10, 360),
        (11, 360),
        (1_000_000, 360),
    ],
)
def test_the_wait_grows_to_six_hours(failures, minutes):
    assert wait_after(failures) == (None if minutes is None else timedelta(minutes=minutes))


def fail(operations: Operations, outcome, *, times: int, **changes) -> None:
    """Fail so often, each time a quarter of a day after the time before."""
    for number in range(times):
        moment = NOW + number * timedelta(hours=6)
        claim(operations, now=moment)
        end(operations, ending(outcome, **changes), now=moment)


@pytest.mark.parametrize("outcome", ["unavailable", "malformed"])
def test_an_account_that_keeps_failing_waits(operations: Operations, outcome):
    add_oauth(operations)
    fail(operations, outcome, times=4)
    failed_at = quick_state(operations).last_finished_at
    assert quick_state(operations).retry_at == failed_at + 10 * MINUTE
    assert claimed_ids(operations, now=failed_at + EVERY) == []
    assert claimed_ids(operations, now=failed_at + 10 * MINUTE) == [OAUTH]


@pytest.mark.parametrize("outcome", ["unavailable", "malformed"])
def test_the_first_failures_wait_for_the_cadence_only(operations: Operations, outcome):
    add_oauth(operations)
    fail(operations, outcome, times=3)
    assert quick_state(operations).retry_at is None


def test_a_wait_that_the_caller_names_is_kept(operations: Operations):
    add_oauth(operations)
    fail(operations, "unavailable", times=5, retry_at=NOW + timedelta(hours=25))
    assert quick_state(operations).retry_at == NOW + timedelta(hours=25)


def test_a_success_ends_the_waiting(operations: Operations):
    add_oauth(operations)
    fail(operations, "unavailable", times=5)
    moment = NOW + timedelta(hours=48)
    claim(operations, now=moment)
    end(operations, ending("ok"), now=moment)
    assert (quick_state(operations).retry_at, quick_state(operations).failures_in_a_row) == (
        None,
        0,
    )
    assert claimed_ids(operations, now=moment + LEASE) == [OAUTH]
