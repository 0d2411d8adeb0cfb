"""The simulated Graph API's lists: what they hold, pages, cursors."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox import Dataset, World
from sandbox.graph.desk import GraphDesk
from tests.sandbox.graph.caller import (
    CAROUSEL,
    DELETED,
    IMAGE,
    LARGE,
    MANY,
    MINE,
    NOW,
    OTHER,
    POSTS,
    REEL,
    STORY,
    as_at_first,
    graph_sandbox,
    ids_of,
    item,
)


@pytest.fixture(scope="module")
def served():
    with graph_sandbox() as caller:
        yield caller


@pytest.fixture
def graph(served):
    return as_at_first(served)


def test_media_are_listed_newest_first_with_their_ids_only(graph):
    assert graph.media()["data"] == [{"id": post.item_id} for post in POSTS]


@pytest.mark.parametrize("prefix", ["/v19.0", "/v26.0", "/v27.0", ""])
@pytest.mark.parametrize("end", ["", "/"])
def test_any_version_and_a_trailing_slash_are_the_same(graph, prefix, end):
    path = f"{prefix}/{MINE.account_key}/media{end}"
    answer = graph.http.get(path, params={"access_token": graph.token})
    assert ids_of(answer.json()) == [post.item_id for post in POSTS]
    assert answer.headers["facebook-api-version"] == (prefix.removeprefix("/") or "v26.0")


def test_no_more_than_the_ten_thousand_most_recent_are_listed():
    truth = Dataset(item(1000 + n, hours_ago=1 + n / 60) for n in range(10_001))
    listing = GraphDesk(World(truth, now=NOW)).listing(MINE, at=NOW)
    assert (len(listing.items), listing.total) == (10_000, 10_001)
    assert item(1000 + 10_000).item_id not in listing.places


def test_pages_end_where_next_is_absent_and_hold_everything_once(graph):
    large = graph.of(LARGE)
    pages = large.pages(limit=50, fields="id,timestamp")
    assert [len(page["data"]) for page in pages] == [50, 50, 20]
    assert [row for page in pages for row in ids_of(page)] == [post.item_id for post in MANY]
    assert "previous" not in pages[0]["paging"]
    assert "next" not in pages[-1]["paging"]
    assert {"before", "after"} == set(pages[-1]["paging"]["cursors"])


def test_a_page_has_twenty_five_rows_unless_asked_and_a_hundred_at_most(graph):
    large = graph.of(LARGE)
    assert len(large.media()["data"]) == 25
    page = large.media(limit=500)
    assert len(page["data"]) == 100
    assert "next" in page["paging"]


def test_next_is_a_full_link_on_the_sandbox_with_all_that_the_caller_asked(graph):
    large = graph.of(LARGE)
    link = urlsplit(large.media(limit=2, fields="id,caption", summary="true")["paging"]["next"])
    query = {name: values[0] for name, values in parse_qs(link.query).items()}
    assert f"{link.scheme}://{link.netloc}" == graph.sandbox.url
    assert link.path == f"/v26.0/{LARGE.account_key}/media"
    assert query["access_token"] == large.token
    assert (query["fields"], query["limit"]) == ("id,caption", "2")


def test_after_the_last_cursor_there_is_an_empty_list_without_cursors(graph):
    last = graph.media()["paging"]["cursors"]["after"]
    assert graph.media(after=last) == {"data": []}


def test_previous_leads_back(graph):
    large = graph.of(LARGE)
    second = large.http.get(large.media(limit=10)["paging"]["next"]).json()
    back = large.http.get(second["paging"]["previous"]).json()
    assert ids_of(back) == [post.item_id for post in MANY[:10]]
    assert "previous" not in back["paging"]


def test_a_cursor_dies_with_its_item(graph):
    graph.sandbox.world.clock.set(NOW - timedelta(hours=2))
    cursor = graph.media(limit=100)["paging"]["cursors"]["after"]
    graph.sandbox.world.clock.set(NOW)
    assert graph.error(f"{MINE.account_key}/media", after=cursor)["code"] == 100


@pytest.mark.parametrize("cursor", ["x", "QVFI", "\N{SNOWMAN}", "QVFIaaaaaaaaaaaa"])
def test_what_is_no_cursor_is_refused(graph, cursor):
    assert graph.error(f"{MINE.account_key}/media", after=cursor)["code"] == 100


def test_since_and_until_bound_the_list(graph):
    since, until = CAROUSEL.published_at, IMAGE.published_at
    rows = graph.media(since=int(since.timestamp()), until=until.isoformat())
    assert ids_of(rows) == [IMAGE.item_id, CAROUSEL.item_id]


@pytest.mark.parametrize("params", [{"limit": "x"}, {"limit": -1}, {"since": "soon"}], ids=str)
def test_a_parameter_that_cannot_be_is_refused(graph, params):
    assert graph.error(f"{MINE.account_key}/media", **params)["code"] == 100


def test_stories_are_listed_while_they_live_and_never_among_the_media(graph):
    path = f"{MINE.account_key}/stories"
    assert ids_of(graph.read(path)) == [STORY.item_id]
    graph.sandbox.world.clock.advance(19 * 3600)
    assert graph.read(path) == {"data": []}
    assert graph.error(STORY.item_id)["error_subcode"] == 33


def test_the_list_of_a_foreign_account_is_not_permitted(graph):
    assert graph.error(f"{OTHER.account_key}/media")["code"] == 10


def test_a_deleted_post_is_no_longer_listed(graph):
    graph.sandbox.world.clock.set(NOW - timedelta(hours=2))
    assert DELETED.item_id in ids_of(graph.media())
    graph.sandbox.world.clock.set(NOW)
    assert DELETED.item_id not in ids_of(graph.media())


def test_lists_can_be_read_inside_the_account(graph):
    media = graph.read("me", fields="media.limit(1){id,media_type}")["media"]
    assert media["data"] == [{"id": REEL.item_id, "media_type": "VIDEO"}]
    second = graph.http.get(media["paging"]["next"]).json()
    assert second["data"] == [{"id": IMAGE.item_id, "media_type": "IMAGE"}]
