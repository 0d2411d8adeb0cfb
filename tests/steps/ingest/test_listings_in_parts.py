"""Accounts of many posts over whole syncs: read in parts, whole in the end, deletions seen.

Belongs here: what is stored and derived of listings that take several syncs.
Does not belong here: how the client pages and paces itself (``tests/sources/tiktok``).
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.stores import Stores
from sandbox import Dataset, RunningSandbox, generated_captures, running_sandbox
from sandbox.simulation.items import Deletion
from tests.steps.ingest.fault_world import (
    AT,
    Stored,
    account,
    account_id,
    connect,
    items_of,
    put,
    requests_of,
    row_of,
    rows_of,
    state_of,
    stores_of,
    sync,
)

LARGE, SMALL = account("tiktok", 1), account("tiktok", 2)
POSTS = 130
FULL = timedelta(minutes=20)
DELETED_AT = AT + timedelta(minutes=10)
"""While the first listing is under way: one post of its first part, one of its last."""
FIRST, LAST = 7, POSTS - 7
PER_MIN = 5


def large_items():
    """Posts of the large account, the newest first, an hour apart."""
    template = items_of(LARGE, 1)[0]
    for number in range(POSTS):
        at = AT - timedelta(hours=50 + number)
        yield replace(
            template,
            item_id=str(((int(at.timestamp()) - 8) << 32) | number),
            published_at=at,
            deleted=(Deletion(begins=DELETED_AT),) if number in (FIRST, LAST) else (),
        )


ITEMS = list(large_items())


@pytest.fixture(scope="module")
def served() -> Iterator[RunningSandbox]:
    truth = Dataset([*ITEMS, *items_of(SMALL, 2)])
    with running_sandbox(generated_captures(3, accounts=4, days=1) | truth, now=AT) as running:
        yield running


@pytest.fixture
def stores(served: RunningSandbox, tmp_path: Path) -> Iterator[Stores]:
    served.world.faults.clear()
    served.world.clock.set(AT)
    served.world.log.clear()
    made = stores_of(
        served, tmp_path / "home", tiktok_account_calls_per_min=PER_MIN, usage_limit_pct=100
    )
    connect(made, served, LARGE, SMALL)
    yield made
    made.operations.close()


def syncs(stores: Stores, served: RunningSandbox, times: int) -> list[bool]:
    """Full syncs at their cadence; whether each of the large account's listings was complete."""
    for _ in range(times):
        sync(stores)
        served.world.clock.advance(FULL.total_seconds())
    rows = rows_of(stores, catalog.ACCOUNT_LISTINGS, LARGE).sort("started_at")
    return rows["is_complete"].to_list()


def test_an_account_of_many_posts_is_read_whole_and_its_deletions_are_seen(
    served: RunningSandbox, stores: Stores
):
    # 130 posts are 7 pages: the listing ends with every second sync.
    assert syncs(stores, served, 2) == [False, True]
    bring_up_to_date(stores)
    stored = Stored.of(stores)
    # One of them went before the part that would have shown it.
    assert stored.posts_of(LARGE).height == POSTS - 1
    assert stored.untrue(ITEMS, at=AT + FULL) == []
    assert syncs(stores, served, 4) == [False, True] * 3
    bring_up_to_date(stores)
    gone = Stored.of(stores).posts_of(LARGE).drop_nulls("deleted_at")
    assert gone["platform_post_id"].to_list() == [ITEMS[FIRST].item_id]
    listings = rows_of(stores, catalog.ACCOUNT_LISTINGS, LARGE)
    assert listings["listing_id"].n_unique() == 3
    assert stores.operations.listings.resting([account_id(LARGE)]) == {}


def test_parts_are_successes_and_say_that_the_listing_goes_on(
    served: RunningSandbox, stores: Stores
):
    syncs(stores, served, 1)
    state = state_of(stores, LARGE)
    assert (state.last_outcome, state.retry_at) == ("ok", None)
    assert "the next full sync lists on from here" in (state.last_message or "")
    assert row_of(stores, LARGE).status == "active"


@pytest.mark.parametrize("kind", ["code_40100", "code_50000", "code_40102", "http_500"])
def test_a_listing_that_anything_cuts_short_goes_on_where_it_stopped(
    served: RunningSandbox, stores: Stores, kind: str
):
    put(served, LARGE, kind, skip=2, times=4 if kind != "code_40102" else 1)
    syncs(stores, served, 1)
    served.world.faults.clear()
    found = syncs(stores, served, 2)
    assert found[-2:].count(True) == 1
    bring_up_to_date(stores)
    assert Stored.of(stores).tombstones_of(LARGE) == 0
    assert Stored.of(stores).posts_of(LARGE).height >= POSTS - 2


def test_one_accounts_limit_stops_no_other(served: RunningSandbox, stores: Stores):
    put(served, LARGE, "code_40100")
    sync(stores)
    assert state_of(stores, LARGE).last_outcome == "rate_limited"
    assert state_of(stores, LARGE).retry_at == AT + timedelta(minutes=5)
    assert state_of(stores, SMALL).last_outcome == "ok"
    served.world.faults.clear()
    served.world.log.clear()
    served.world.clock.set(AT + timedelta(minutes=4))
    sync(stores, "quick")
    assert len(requests_of(served)) == 1  # the small one's


def test_a_listing_that_rests_for_days_is_begun_anew(served: RunningSandbox, stores: Stores):
    syncs(stores, served, 1)
    served.world.clock.advance(timedelta(days=4).total_seconds())
    syncs(stores, served, 1)
    listings = rows_of(stores, catalog.ACCOUNT_LISTINGS, LARGE)
    assert listings["listing_id"].n_unique() == 2
