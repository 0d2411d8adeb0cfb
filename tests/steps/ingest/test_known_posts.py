"""What was known of posts before a sync, and what the sync does not ask for again because of it."""

from datetime import timedelta

import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.sources.client import KnownPost
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.ingest.known_posts import by_post, known_posts
from tests.steps.ingest.fault_world import (
    AT,
    account,
    connect,
    items_of,
    rows_of,
    sandbox_of,
    stores_of,
    sync,
)

ONE = account("instagram", 0)
FEED = [one for one in items_of(ONE, 0) if one.media_type in ("feed_image", "feed_carousel")]
SOON, LATER = timedelta(minutes=20), timedelta(hours=2)


@pytest.fixture(scope="module")
def served():
    with sandbox_of([ONE]) as made:
        yield made


@pytest.fixture
def stores(served, tmp_path):
    served.world.clock.set(AT)
    made = stores_of(served, tmp_path / "home")
    connect(made, served, ONE)
    yield made
    made.operations.close()


def known_now(stores, at=AT):
    known = known_posts(stores.lake, "instagram", [ONE.account_key], now=at)
    return by_post(known[ONE.account_key])


def broken_down(stores):
    """How often the parts of each feed post were read."""
    rows = rows_of(stores, catalog.RAW_INSTAGRAM__RESPONSES, ONE).filter(entity="breakdown")
    return [rows.filter(subject=post.item_id).height for post in FEED]


def test_parts_are_read_again_once_counts_moved_and_not_before(served, stores):
    sync(stores)
    bring_up_to_date(stores)
    served.world.clock.set(AT + SOON)
    sync(stores)
    assert broken_down(stores) == [1, 1]
    served.world.clock.set(AT + LATER)
    sync(stores)
    assert broken_down(stores) == [2, 2]


def test_what_is_known_is_the_last_known_value_and_whether_the_parts_add_up(stores):
    sync(stores)
    bring_up_to_date(stores)
    known = known_now(stores)
    for post in FEED:
        shown = post.metrics(AT)
        assert known[post.item_id] == KnownPost(
            **{name: shown[name] for name in ("likes", "comments", "shares", "saves")},
            profile_activity=shown["profile_activity"],
            media_type=post.media_type,
            has_all_parts=True,
            is_expected=True,
        )
    reel = items_of(ONE, 0)[0]
    assert known[reel.item_id].has_all_parts is False


def test_of_accounts_that_were_never_read_nothing_is_known(stores):
    assert known_posts(stores.lake, "instagram", [ONE.account_key], now=AT) == {}
    assert by_post(None) == {}


def test_parts_are_read_again_once_all_of_them_moved_though_counts_were_seen_before(served, stores):
    """A quick sync sees counts move, and asks for no insights."""
    sync(stores)
    bring_up_to_date(stores)
    served.world.clock.set(AT + LATER)
    sync(stores, "quick")
    bring_up_to_date(stores)
    sync(stores)
    assert broken_down(stores) == [2, 2]


def test_a_story_is_expected_for_a_day_and_a_post_is_moving_once_it_was_seen_to(served, stores):
    sync(stores)
    bring_up_to_date(stores)
    stories = {one.item_id for one in items_of(ONE, 0) if one.media_type == "story"}
    later = known_now(stores, AT + timedelta(hours=25))
    assert {name for name, post in later.items() if not post.is_expected} == stories
    served.world.clock.set(AT + LATER)
    sync(stores)
    bring_up_to_date(stores)
    assert all(known_now(stores)[post.item_id].is_moving for post in FEED)
