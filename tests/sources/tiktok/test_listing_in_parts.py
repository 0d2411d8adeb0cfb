"""Accounts of many posts: listed in parts at the pace that TikTok allows, and whole in the end."""

import pytest

from layers_pipeline.errors import SourceThrottledError
from layers_pipeline.settings import Settings
from tests.sources.tiktok.parts import Account, Reader, listed, posts_of
from tests.sources.tiktok.world import envelope, page


@pytest.mark.parametrize(("posts", "parts"), [(680, 1), (761, 2), (1_000, 2), (10_000, 16)])
def test_an_account_of_many_posts_is_listed_whole_in_so_many_readings(posts, parts):
    account = Account(posts_of(posts))
    readings = Reader(account).read_to_the_end()
    assert len(readings) == parts
    assert set(listed(readings)) == set(account.posts)
    assert [one.error for one in readings] == [None] * parts
    assert [one.is_complete for one in readings] == [False] * (parts - 1) + [True]
    assert readings[-1].listing.items >= posts
    assert {one.listing.listing_id for one in readings} == {"listing 1"}


def test_no_reading_makes_more_calls_of_an_endpoint_than_its_allowance():
    readings = Reader(Account(posts_of(1_000)), calls_per_min=7).read_to_the_end()
    assert max(one.pages for one in readings) == 7
    # The account's own numbers are another endpoint.
    assert max(one.calls for one in readings) == 8


def test_a_part_that_goes_on_brings_the_newest_posts_too_and_counts_them_apart():
    account = Account(posts_of(200))
    reader = Reader(account, calls_per_min=6)
    first = reader.read()
    newest_s = max(account.posts.values())
    account.posts["new"] = newest_s + 60
    second = reader.read()
    assert "new" in listed([second])
    assert account.asked.count(None) == 2
    assert (second.pages, second.calls) == (5, 7)
    own = set(listed([second])) - {"new"} - set(listed([first])[:20])
    assert second.listing.items == first.listing.items + len(own)


def test_one_call_a_minute_still_comes_to_the_end():
    account = Account(posts_of(100))
    readings = Reader(account, calls_per_min=1).read_to_the_end()
    assert set(listed(readings)) == set(account.posts)


def test_newest_posts_that_are_given_in_part_make_no_listing_doubtful():
    account = Account(posts_of(1_000))
    reader = Reader(account)
    reader.read()
    part = {"videos": [], "has_more": False, "cursor": 0}
    answers = iter([None, envelope(part, code=20001)])
    account.before_page = lambda: next(answers, None)
    second = reader.read()
    assert [issue.kind for issue in second.issues] == ["not_answered"]
    assert second.is_complete


def test_the_allowance_is_a_share_of_what_tiktok_allows_so_that_syncs_at_once_stay_below():
    assert Settings().tiktok_account_allowance_per_min == 36
    scarce = Settings(tiktok_account_calls_per_min=1, usage_limit_pct=10)
    assert scarce.tiktok_account_allowance_per_min == 1


@pytest.mark.parametrize("depth", ["quick", "posts"])
def test_other_depths_begin_at_the_newest_post_and_leave_a_resting_listing_alone(depth):
    account = Account(posts_of(1_000))
    reader = Reader(account)
    first = reader.read()
    assert listed([reader.read(depth)])[0] == "0"
    rest = reader.read_to_the_end()
    assert set(listed([first, *rest])) == set(account.posts)


def test_a_listing_that_is_throttled_goes_on_after_the_wait():
    account = Account(posts_of(200))
    answers = iter([None, None, None, envelope(code=40100, message="QPM limit.")])
    account.before_page = lambda: next(answers, None)
    reader = Reader(account)
    throttled = reader.read()
    assert type(throttled.error) is SourceThrottledError
    assert (throttled.pages, throttled.goes_on, throttled.calls) == (3, True, 4)
    after = reader.read_to_the_end()
    assert (len(after), after[0].is_complete) == (1, True)
    assert set(listed([throttled, *after])) == set(account.posts)


def test_a_throttle_before_any_page_loses_no_place():
    account = Account(posts_of(1_000))
    reader = Reader(account)
    first = reader.read()
    account.before_page = lambda: envelope(code=40100, message="QPM limit.")
    assert reader.read().goes_on
    account.before_page = lambda: None
    assert set(listed([first, *reader.read_to_the_end()])) == set(account.posts)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(envelope(code=50000, message="System error."), id="an error of the system"),
        pytest.param(envelope({"videos": None}), id="a page outside the contract"),
        pytest.param(page({"item_id": "1"}, has_more=True, cursor=2**60), id="a page to nowhere"),
    ],
)
def test_a_place_at_which_nothing_can_be_read_is_given_up(answer):
    account = Account(posts_of(1_000))
    reader = Reader(account)
    reader.read()
    account.before_page = lambda: answer
    stuck = reader.read()
    assert stuck.error is not None
    assert not stuck.goes_on
    account.before_page = lambda: None
    assert listed([reader.read()])[0] == "0"


@pytest.mark.parametrize("earlier_parts", [0, 1])
def test_after_a_failure_only_a_listing_with_earlier_parts_goes_on(earlier_parts):
    account = Account(posts_of(1_500))
    reader = Reader(account)
    for _ in range(earlier_parts):
        reader.read()
    answers = iter([None, envelope(code=40050, message="Duplicated request.")])
    account.before_page = lambda: next(answers, None)
    failed = reader.read()
    assert failed.error is not None
    assert (failed.pages, failed.goes_on) == (1, earlier_parts > 0)
    assert (listed([reader.read()])[0] == "0") is (earlier_parts == 0)


def test_what_a_part_doubts_the_whole_listing_doubts_and_is_still_read_to_its_end():
    account = Account(posts_of(1_000))
    answers = iter([envelope({"videos": [], "has_more": True, "cursor": 10**15}, code=20001)])
    account.before_page = lambda: next(answers, None)
    reader = Reader(account)
    readings = reader.read_to_the_end()
    assert set(listed(readings)) == set(account.posts)
    assert [one.is_complete for one in readings] == [False] * len(readings)
    assert reader.read_to_the_end()[-1].is_complete
