"""How the TikTok client pages: no post of a listing lost or doubled, and never without end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_pipeline.errors import SourceMalformedError
from tests.sources.tiktok.world import envelope, page, scripted


class Listing:
    """A service that cuts pages anywhere, and shows only what is older than the cursor."""

    def __init__(self, seconds, lengths):
        newest_first = sorted(enumerate(seconds), key=lambda post: -post[1])
        self.videos = [
            {"item_id": str(number), "create_time": str(second)} for number, second in newest_first
        ]
        self.lengths = lengths
        self.asked = []

    def __call__(self, request):
        if request.url.path.endswith("/business/get/"):
            return envelope({"followers_count": 1})
        cursor = request.url.params.get("cursor")
        self.asked.append(cursor)
        older = [
            video
            for video in self.videos
            if cursor is None or int(video["create_time"]) * 1000 < int(cursor)
        ]
        length = self.lengths[(len(self.asked) - 1) % len(self.lengths)]
        shown = older[:length]
        last_ms = int(shown[-1]["create_time"]) * 1000 if shown else 0
        return page(*shown, has_more=len(older) > len(shown), cursor=last_ms)


def listed(reading):
    return [row.subject for row in reading.rows if row.entity == "video"]


@given(
    gaps=st.lists(st.sampled_from([0, 1, 1, 5, 3600]), max_size=70),
    lengths=st.lists(st.integers(8, 20), min_size=1, max_size=4),
)
def test_every_post_is_listed_once_though_some_share_a_second(gaps, lengths):
    # No second has as many posts as a page: of each six, one is a second older than the one before.
    seconds = [1_700_000_000 + sum(gaps[: n + 1]) + 10_000 * (n // 6) for n in range(len(gaps))]
    reading = scripted(Listing(seconds, lengths))
    assert sorted(listed(reading), key=int) == [str(n) for n in range(len(seconds))]
    assert (reading.is_complete, reading.error) == (True, None)


def test_posts_of_one_second_at_the_border_of_a_page_are_all_listed():
    reading = scripted(Listing([6, 5, 4, 4, 3], [3]))
    assert listed(reading) == ["0", "1", "2", "3", "4"]
    assert reading.is_complete


def test_pages_of_one_post_each_come_to_an_end():
    service = Listing([5, 4, 3], [1])
    reading = scripted(service)
    assert listed(reading) == ["0", "1", "2"]
    assert service.asked == [None, "6000", "5000", "5000", "4000"]


def test_a_second_with_more_posts_than_a_page_makes_the_listing_incomplete():
    reading = scripted(Listing([5, *[4] * 25, 3], [20]))
    assert listed(reading)[-1] == "26"
    assert not reading.is_complete
    assert [remark.kind for remark in reading.remarks] == ["not_answered"]
    assert reading.error is None


def test_posts_that_come_again_are_kept_once():
    pages = iter(
        [
            page({"item_id": "2"}, {"item_id": "1"}, has_more=True, cursor=1000),
            page({"item_id": "1"}, {"item_id": "0"}),
        ]
    )
    reading = scripted(lambda _: next(pages), "recent")
    assert (listed(reading), reading.items, reading.pages) == (["2", "1", "0"], 3, 2)


@pytest.mark.parametrize("has_more", [True, False])
def test_a_full_page_of_the_newest_fifty_is_complete_only_at_the_end(has_more):
    videos = [{"item_id": str(number)} for number in range(50)]
    reading = scripted(lambda _: page(*videos, has_more=has_more, cursor=7), "recent")
    assert (reading.items, reading.calls, reading.is_complete) == (50, 1, not has_more)


def test_a_longer_page_than_wanted_is_cut_and_not_complete():
    videos = [{"item_id": str(number)} for number in range(51)]
    reading = scripted(lambda _: page(*videos), "recent")
    assert (reading.items, reading.is_complete) == (50, False)


@pytest.mark.parametrize("depth", ["recent", "full"])
@pytest.mark.parametrize(
    "videos", [pytest.param([], id="empty"), pytest.param([{"item_id": "1"}], id="the same")]
)
def test_a_page_that_leads_nowhere_ends_the_reading_as_malformed(depth, videos):
    reading = scripted(lambda _: page(*videos, has_more=True, cursor=7000), depth)
    assert type(reading.error) is SourceMalformedError
    assert "does not move on" in str(reading.error)
    assert reading.calls <= 3
    assert not reading.is_complete


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"has_more": False}, id="no videos"),
        pytest.param({"has_more": False, "videos": None}, id="videos null"),
        pytest.param({"has_more": False, "videos": ["1"]}, id="videos not objects"),
        pytest.param({"videos": []}, id="no has_more"),
        pytest.param({"videos": [], "has_more": 1}, id="has_more a number"),
        pytest.param({"videos": [], "has_more": True}, id="no cursor"),
        pytest.param({"videos": [], "has_more": True, "cursor": "7"}, id="cursor in quotes"),
        pytest.param({"videos": [], "has_more": True, "cursor": True}, id="cursor a truth"),
    ],
)
def test_a_page_outside_the_contract_is_malformed(data):
    reading = scripted(lambda _: envelope({**data, "x": 1}))
    assert type(reading.error) is SourceMalformedError
    assert (reading.calls, reading.is_complete) == (1, False)


def test_a_post_without_id_is_kept_and_makes_the_listing_incomplete():
    reading = scripted(lambda _: page({"item_id": 7}, {"likes": 3}, {"item_id": "1"}), "quick")
    assert listed(reading) == ["", "", "1"]
    assert not reading.is_complete
    assert [remark.kind for remark in reading.remarks] == ["not_answered"] * 2
