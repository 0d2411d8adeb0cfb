"""The simulated Graph API's media, accounts and pages: fields, and what is gone."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.simulation.ids import INSTAGRAM_EPOCH_MS, SHORTCODE_DIGITS
from tests.sandbox.graph.caller import (
    CAROUSEL,
    DELETED,
    IMAGE,
    LATER,
    MINE,
    NOW,
    ODD,
    OTHER,
    POSTS,
    REEL,
    SHY,
    as_at_first,
    graph_sandbox,
    ids_of,
)


@pytest.fixture(scope="module")
def served():
    with graph_sandbox() as caller:
        yield caller


@pytest.fixture
def graph(served):
    return as_at_first(served)


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


def test_kinds_of_media_are_distinguished(graph):
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
        "view_count": truth["total_views"],
        "saved_count": truth["saves"],
        "shares_count": truth["shares"],
        "reposts_count": truth["reposts"],
        "id": REEL.item_id,
    }


def test_what_the_platform_hides_of_a_medium_is_absent(graph):
    shown = graph.of(OTHER).read(SHY.item_id, fields="media_url,like_count,comments_count")
    assert shown == {"comments_count": SHY.metrics(NOW)["comments"], "id": SHY.item_id}


def test_views_with_those_of_ads_are_no_field_of_pictures_and_more_than_the_organic_ones(graph):
    fields = "view_count,total_views_count"
    assert graph.read(IMAGE.item_id, fields=fields) == {"id": IMAGE.item_id}
    shown = graph.read(REEL.item_id, fields=fields)
    assert shown["view_count"] == shown["total_views_count"] > REEL.metrics(NOW)["views"]


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


def test_a_field_that_does_not_exist_is_refused_by_name(graph):
    error = graph.error(IMAGE.item_id, fields="id,made_up")
    assert error["message"] == (
        "(#100) Tried accessing nonexisting field (made_up) on node type (ShadowIGMedia)"
    )


@pytest.mark.parametrize("fields", ["id,,caption", "children{id", "id)", "a{" * 40])
def test_a_malformed_field_expression_is_a_syntax_error(graph, fields):
    assert graph.error(IMAGE.item_id, fields=fields)["code"] == 2500


@pytest.mark.parametrize(
    "object_id",
    [DELETED.item_id, LATER.item_id, ODD.item_id, OTHER.account_key, "17800000099999999"],
    ids=["deleted", "not published", "foreign medium", "foreign account", "unknown"],
)
def test_what_is_gone_or_foreign_reads_as_one_error(graph, object_id):
    error = graph.error(object_id)
    assert (error["code"], error["error_subcode"]) == (100, 33)
    assert f"Object with ID '{object_id}' does not exist" in error["message"]


def test_the_account_describes_itself(graph):
    fields = "id,username,followers_count,media_count"
    me = graph.read("me", fields=fields)
    assert me == graph.read(MINE.account_key, fields=fields)
    assert me["media_count"] == len(POSTS)
    assert me["followers_count"] == graph.sandbox.world.dataset.followers(MINE, at=NOW)
    assert graph.read(MINE.account_key) == {"id": MINE.account_key}
    assert ids_of(graph.read("me/media")) == [post.item_id for post in POSTS]


def test_the_account_is_found_through_its_page(graph):
    page = graph.read("me/accounts", fields="id,instagram_business_account")["data"][0]
    assert page["instagram_business_account"] == {"id": MINE.account_key}
    again = graph.read(page["id"], fields="instagram_business_account")
    assert again == page


@pytest.mark.parametrize("version", ["v21.0", "v26.0", "v27.0"])
@pytest.mark.parametrize("path", ["", "insights", "media"])
def test_requests_for_several_ids_have_ended_on_every_version(graph, version, path):
    params = {"access_token": graph.token, "ids": f"{REEL.item_id},{IMAGE.item_id}"}
    answer = graph.http.get(f"/{version}/{path}", params=params | {"metric": "reach"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (500, 100)
    assert "The ids query parameter is deprecated in v26.0+." in error["message"]


@pytest.mark.parametrize("version", ["v99.0", "v26.1", "v28.0", "v2.0"])
def test_a_version_that_does_not_exist_is_an_unknown_path(graph, version):
    answer = graph.http.get(f"/{version}/me", params={"access_token": graph.token})
    error = answer.json()["error"]
    assert (error["code"], error["message"]) == (2500, "Unknown path components: /me")
    batch = {"access_token": graph.token, "batch": '[{"method": "GET", "relative_url": "me"}]'}
    assert graph.http.post(f"/{version}/", data=batch).json()["error"]["code"] == 2500


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
