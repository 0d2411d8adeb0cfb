"""The simulated Graph API's lists and nodes: fields, paging, cursors, what is gone."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from layers_pipeline.sandbox import Truth, World
from layers_pipeline.sandbox.graph_desk import GraphDesk
from layers_pipeline.sandbox.truth import INSTAGRAM_EPOCH_MS, SHORTCODE_DIGITS
from tests.sandbox.conftest import DATASET
from tests.sandbox.graph_caller import (
    CAROUSEL,
    DELETED,
    IMAGE,
    LARGE,
    LATER,
    MANY,
    MINE,
    NOW,
    ODD,
    OLD_VIDEO,
    OTHER,
    POSTS,
    REEL,
    SHY,
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


@pytest.mark.parametrize("prefix", ["/v19.0", "/v26.0", "/v27.1", ""])
@pytest.mark.parametrize("end", ["", "/"])
def test_any_version_and_a_trailing_slash_are_the_same(graph, prefix, end):
    path = f"{prefix}/{MINE.account_key}/media{end}"
    answer = graph.http.get(path, params={"access_token": graph.token})
    assert ids_of(answer.json()) == [post.item_id for post in POSTS]
    assert answer.headers["facebook-api-version"] == (prefix.removeprefix("/") or "v26.0")


def test_the_asked_fields_are_shown_and_no_key_is_null(graph):
    fields = "ig_id,caption,media_type,media_product_type,permalink,shortcode,timestamp,username"
    row = graph.media(fields=f"{fields},owner,is_shared_to_feed")["data"][0]
    assert row == {
        "ig_id": str(REEL.ig_id),
        "caption": REEL.caption,
        "media_type": "VIDEO",
        "media_product_type": "REELS",
        "permalink": f"https://www.instagram.com/reel/{REEL.shortcode}/",
        "shortcode": REEL.shortcode,
        "timestamp": "2026-05-09T06:30:00+0000",
        "username": "creator.00000001",
        "owner": {"id": MINE.account_key},
        "is_shared_to_feed": True,
        "id": REEL.item_id,
    }


def test_kinds_of_media_are_told_apart(graph):
    rows = graph.media(fields="media_type,media_product_type")["data"]
    assert [(row["media_type"], row["media_product_type"]) for row in rows] == [
        ("VIDEO", "REELS"),
        ("IMAGE", "FEED"),
        ("CAROUSEL_ALBUM", "FEED"),
        ("VIDEO", "FEED"),
    ]


def test_what_a_medium_has_not_is_absent(graph):
    image = graph.read(IMAGE.item_id, fields="id,caption,thumbnail_url,children,alt_text")
    assert image == {"id": IMAGE.item_id}


def test_counters_are_the_truth_of_the_hour(graph):
    fields = "like_count,comments_count,view_count,saved_count,shares_count,reposts_count"
    truth = REEL.metrics(NOW)
    assert graph.read(REEL.item_id, fields=fields) == {
        "like_count": truth["likes"],
        "comments_count": truth["comments"],
        "view_count": truth["views"],
        "saved_count": truth["saves"],
        "shares_count": truth["shares"],
        "id": REEL.item_id,
    }


def test_what_the_platform_hides_of_a_medium_is_absent(graph):
    shown = graph.of(OTHER).read(SHY.item_id, fields="media_url,like_count,view_count")
    assert shown == {"view_count": SHY.metrics(NOW)["views"], "id": SHY.item_id}


def test_no_more_than_the_ten_thousand_most_recent_are_listed():
    truth = Truth(item(1000 + n, hours_ago=1 + n / 60) for n in range(10_001))
    listing = GraphDesk(World(DATASET, now=NOW, truth=truth)).listing(MINE, at=NOW)
    assert (len(listing.items), listing.total) == (10_000, 10_001)
    assert item(1000 + 10_000).item_id not in listing.places


def test_counters_follow_the_clock(graph):
    before = graph.read(REEL.item_id, fields="view_count")
    graph.sandbox.world.clock.advance(7200)
    assert graph.read(REEL.item_id, fields="view_count")["view_count"] > before["view_count"]


def test_signed_links_change_at_every_reading_but_for_their_path(graph):
    one, two = (graph.read(REEL.item_id, fields="media_url,thumbnail_url") for _ in range(2))
    assert one["media_url"] != two["media_url"]
    assert one["media_url"].partition("?")[0] == two["media_url"].partition("?")[0]
    query = parse_qs(urlsplit(one["thumbnail_url"]).query)
    assert int(query["oe"][0], 16) == (NOW + timedelta(days=5)).timestamp()


def test_a_shortcode_carries_the_millisecond_of_creation(graph):
    row = graph.read(REEL.item_id, fields="shortcode,ig_id")
    number = 0
    for digit in row["shortcode"]:
        number = number * 64 + SHORTCODE_DIGITS.index(digit)
    assert str(number) == row["ig_id"]
    made_ms = (number >> 23) + INSTAGRAM_EPOCH_MS
    assert 0 < REEL.published_at.timestamp() * 1000 - made_ms < 2000


def test_a_carousel_has_children_that_are_media_of_their_own(graph):
    children = graph.read(CAROUSEL.item_id, fields="children{id,media_type}")["children"]["data"]
    assert 2 <= len(children) <= 10
    assert graph.read(f"{CAROUSEL.item_id}/children")["data"] == [
        {"id": child["id"]} for child in children
    ]
    child = graph.read(children[0]["id"], fields="media_type,timestamp")
    assert child["media_type"] == "IMAGE"


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


def test_a_field_that_does_not_exist_is_refused_by_name(graph):
    error = graph.error(IMAGE.item_id, fields="id,made_up")
    assert error["message"] == (
        "(#100) Tried accessing nonexisting field (made_up) on node type (ShadowIGMedia)"
    )


@pytest.mark.parametrize("fields", ["id,,caption", "children{id", "id)", "a{" * 40])
def test_a_malformed_field_expression_is_a_syntax_error(graph, fields):
    assert graph.error(IMAGE.item_id, fields=fields)["code"] == 2500


def test_stories_are_listed_while_they_live_and_never_among_the_media(graph):
    path = f"{MINE.account_key}/stories"
    assert ids_of(graph.read(path)) == [STORY.item_id]
    graph.sandbox.world.clock.advance(19 * 3600)
    assert graph.read(path) == {"data": []}
    assert graph.error(STORY.item_id)["error_subcode"] == 33


@pytest.mark.parametrize(
    "object_id",
    [DELETED.item_id, LATER.item_id, ODD.item_id, OTHER.account_key, "17800000099999999"],
    ids=["deleted", "not published", "foreign medium", "foreign account", "unknown"],
)
def test_what_is_gone_or_foreign_reads_as_one_error(graph, object_id):
    error = graph.error(object_id)
    assert (error["code"], error["error_subcode"]) == (100, 33)
    assert f"Object with ID '{object_id}' does not exist" in error["message"]


def test_the_list_of_a_foreign_account_is_not_permitted(graph):
    assert graph.error(f"{OTHER.account_key}/media")["code"] == 10


def test_a_deleted_post_is_no_longer_listed(graph):
    graph.sandbox.world.clock.set(NOW - timedelta(hours=2))
    assert DELETED.item_id in ids_of(graph.media())
    graph.sandbox.world.clock.set(NOW)
    assert DELETED.item_id not in ids_of(graph.media())


def test_the_account_tells_of_itself(graph):
    fields = "id,username,followers_count,media_count"
    me = graph.read("me", fields=fields)
    assert me == graph.read(MINE.account_key, fields=fields)
    assert me["media_count"] == len(POSTS)
    assert me["followers_count"] == graph.sandbox.world.truth.followers(MINE, at=NOW)
    assert graph.read(MINE.account_key) == {"id": MINE.account_key}
    assert ids_of(graph.read("me/media")) == [post.item_id for post in POSTS]


def test_the_account_is_found_through_its_page(graph):
    page = graph.read("me/accounts", fields="id,instagram_business_account")["data"][0]
    assert page["instagram_business_account"] == {"id": MINE.account_key}
    again = graph.read(page["id"], fields="instagram_business_account")
    assert again == page


def test_lists_can_be_read_inside_the_account(graph):
    media = graph.read("me", fields="media.limit(1){id,media_type}")["media"]
    assert media["data"] == [{"id": REEL.item_id, "media_type": "VIDEO"}]
    second = graph.http.get(media["paging"]["next"]).json()
    assert second["data"] == [{"id": IMAGE.item_id, "media_type": "IMAGE"}]


def test_several_objects_are_read_at_once_or_not_at_all(graph):
    ids = f"{REEL.item_id},{OLD_VIDEO.item_id}"
    assert graph.read("", ids=ids, fields="media_type") == {
        REEL.item_id: {"media_type": "VIDEO", "id": REEL.item_id},
        OLD_VIDEO.item_id: {"media_type": "VIDEO", "id": OLD_VIDEO.item_id},
    }
    assert graph.error("", ids=f"{ids},{DELETED.item_id}")["error_subcode"] == 33


def test_an_edge_is_read_of_several_objects_at_once(graph):
    found = graph.read("media", ids=MINE.account_key, limit=1)
    assert ids_of(found[MINE.account_key]) == [REEL.item_id]


def test_more_than_fifty_ids_are_refused(graph):
    assert "Too many IDs" in graph.error("", ids=",".join(map(str, range(51))))["message"]


@pytest.mark.parametrize("path", ["made_up", f"{IMAGE.item_id}/made_up", "me/media/more/still"])
def test_an_unknown_path_says_so(graph, path):
    assert graph.error(path)["code"] == 2500


def test_nothing_can_be_written(graph):
    answer = graph.http.post(f"/v26.0/{IMAGE.item_id}", data={"access_token": graph.token})
    assert "Unsupported post request" in answer.json()["error"]["message"]


def test_a_post_may_mean_get(graph):
    data = {"access_token": graph.token, "method": "get", "fields": "media_type"}
    answer = graph.http.post(f"/v26.0/{IMAGE.item_id}", data=data)
    assert answer.json() == {"media_type": "IMAGE", "id": IMAGE.item_id}
