"""Proof: Meta's own SDK works against the sandbox as it does against the platform."""

import warnings

import pytest

with warnings.catch_warnings():
    # The SDK's sources have invalid escapes; they are not ours to mend.
    warnings.simplefilter("ignore")
    from facebook_business.adobjects.igmedia import IGMedia
    from facebook_business.adobjects.iguser import IGUser
    from facebook_business.api import FacebookAdsApi
    from facebook_business.exceptions import FacebookRequestError
    from facebook_business.session import FacebookSession

from tests.sandbox.graph.caller import (
    CAROUSEL,
    DELETED,
    IMAGE,
    LARGE,
    MANY,
    MINE,
    NOW,
    ODD,
    OTHER,
    POSTS,
    REEL,
    STORY,
    as_at_first,
    graph_sandbox,
)


@pytest.fixture(scope="module")
def served():
    with graph_sandbox() as caller:
        yield caller


@pytest.fixture
def graph(served):
    return as_at_first(served)


def sdk_of(caller, account=MINE, secret=None):
    """The SDK as its documents set it up, but for the host."""
    session = FacebookSession(app_id="1", app_secret=secret, access_token=caller.of(account).token)
    session.GRAPH = caller.sandbox.url
    session.requests.trust_env = False
    return FacebookAdsApi(session)


@pytest.fixture
def sdk(graph):
    return sdk_of(graph)


def refused(ask):
    with pytest.raises(FacebookRequestError) as caught:
        ask()
    return caught.value


def test_an_account_is_read(sdk, graph):
    user = IGUser(MINE.account_key, api=sdk).api_get(fields=["username", "followers_count"])
    assert user["username"] == "creator.00000001"
    assert user["followers_count"] == graph.sandbox.world.dataset.followers(MINE, at=NOW)


def test_a_secret_adds_a_proof_that_is_accepted(graph):
    sdk = sdk_of(graph, secret="s")
    assert IGUser("me", api=sdk).api_get()["id"] == MINE.account_key


def test_a_list_is_iterated_to_its_end(graph):
    sdk = sdk_of(graph, LARGE)
    cursor = IGUser(LARGE.account_key, api=sdk).get_media(
        fields=["id", "timestamp", "like_count"], params={"limit": 50}
    )
    found = list(cursor)
    assert [media["id"] for media in found] == [post.item_id for post in MANY]
    assert isinstance(found[0], IGMedia)
    assert found[0]["like_count"] == MANY[0].metrics(NOW)["likes"]


@pytest.mark.parametrize("limit", [1, 3, 4, 5])
def test_a_list_ends_whatever_the_size_of_its_pages(sdk, graph, limit):
    found = list(IGUser(MINE.account_key, api=sdk).get_media(params={"limit": limit}))
    assert [media["id"] for media in found] == [post.item_id for post in POSTS]


def test_stories_and_children_are_listed(sdk):
    assert [one["id"] for one in IGUser(MINE.account_key, api=sdk).get_stories()] == [STORY.item_id]
    assert len(list(IGMedia(CAROUSEL.item_id, api=sdk).get_children())) >= 2


def test_insights_are_read(sdk):
    metrics = ["reach", "views", "reels_skip_rate", "ig_reels_avg_watch_time"]
    rows = list(IGMedia(REEL.item_id, api=sdk).get_insights(params={"metric": metrics}))
    truth = REEL.metrics(NOW)
    assert {row["name"]: row["values"][0]["value"] for row in rows} == {
        "reach": truth["reach"],
        "views": truth["views"],
        "reels_skip_rate": truth["skip_rate_raw"],
        "ig_reels_avg_watch_time": truth["average_watch_time_ms"],
    }


def test_a_breakdown_is_read(sdk):
    params = {"metric": ["navigation"], "breakdown": ["story_navigation_action_type"]}
    [row] = IGMedia(STORY.item_id, api=sdk).get_insights(params=params)
    assert row["total_value"]["value"] == STORY.metrics(NOW)["navigation"]


def test_insights_of_the_account_are_read(sdk):
    params = {"metric": ["reach"], "period": ["day"], "since": "2026-05-08", "until": "2026-05-10"}
    [row] = IGUser(MINE.account_key, api=sdk).get_insights(params=params)
    assert (row["name"], len(row["values"])) == ("reach", 2)
    params |= {"metric": ["views", "likes"], "metric_type": "total_value"}
    rows = list(IGUser(MINE.account_key, api=sdk).get_insights(params=params))
    assert [row["name"] for row in rows] == ["views", "likes"]
    assert all(row["total_value"]["value"] > 0 for row in rows)


def test_another_account_is_looked_up_by_its_name(sdk):
    fields = "business_discovery.username(creator.00000003){media_count,media.limit(3){id}}"
    answer = sdk.call("GET", (MINE.account_key,), params={"fields": fields}).json()
    found = answer["business_discovery"]
    assert found["media_count"] == len(MANY)
    assert [one["id"] for one in found["media"]["data"]] == [post.item_id for post in MANY[:3]]


def test_a_batch_calls_back_for_each_element(sdk):
    good, bad = [], []
    batch = sdk.new_batch()
    for item in (REEL, DELETED, IMAGE):
        batch.add(
            "GET",
            (item.item_id, "insights"),
            params={"metric": ["reach", "saved"]},
            success=lambda answer: good.append(answer.json()["data"][0]["values"][0]["value"]),
            failure=lambda answer: bad.append(answer.error()),
        )
    batch.execute()
    assert good == [item.metrics(NOW)["reach"] for item in (REEL, IMAGE)]
    assert [(one.api_error_code(), one.api_error_subcode()) for one in bad] == [(100, 33)]


def test_a_batch_of_the_sdks_own_requests_is_answered(sdk):
    found = []
    batch = sdk.new_batch()
    request = IGMedia(REEL.item_id, api=sdk).api_get(fields=["permalink", "caption"], pending=True)
    batch.add_request(request, success=lambda answer: found.append(answer.json()))
    batch.execute()
    assert found == [{"permalink": REEL.permalink, "caption": REEL.caption, "id": REEL.item_id}]


def test_an_element_that_timed_out_is_handed_back_to_be_tried_again(sdk, graph):
    graph.fault("null_element", times=1)
    batch = sdk.new_batch()
    batch.add("GET", (REEL.item_id,))
    batch.add("GET", (IMAGE.item_id,))
    again = batch.execute()
    assert len(again) == 1
    assert again.execute() is None


def test_a_bad_metric_is_an_error_of_the_request(sdk):
    metrics = {"metric": ["reach", "impressions"]}
    error = refused(lambda: IGMedia(REEL.item_id, api=sdk).get_insights(params=metrics))
    assert (error.http_status(), error.api_error_code()) == (400, 100)
    assert "the impressions metric is no longer supported" in error.api_error_message()
    assert error.api_error_type() == "OAuthException"
    assert "WWW-Authenticate" in error.http_headers()


def test_error_data_is_understood_as_object_and_as_text(graph):
    odd = IGMedia(ODD.item_id, api=sdk_of(graph, OTHER))
    metrics = {"metric": ["reach"]}
    as_object = refused(lambda: odd.get_insights(params=metrics))
    graph.of(OTHER).fault("error_data_text")
    as_text = refused(lambda: odd.get_insights(params=metrics))
    for error in (as_object, as_text):
        assert error.api_error_subcode() == 2_108_006
        assert error.api_blame_field_specs() == [[""]]
        assert error.api_transient_error() is False


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("token_expired", (190, 463, False)),
        ("token_460", (190, 460, False)),
        ("permission_10", (10, None, False)),
        ("app_limit", (4, None, False)),
        ("user_limit", (17, None, False)),
        ("buc_limit", (80_002, 2_446_079, False)),
        ("transient_2", (2, None, True)),
    ],
)
def test_classes_of_errors_are_distinguished(sdk, graph, kind, expected):
    graph.fault(kind)
    error = refused(lambda: IGUser("me", api=sdk).api_get())
    found = (error.api_error_code(), error.api_error_subcode(), error.api_transient_error())
    assert found == expected


def test_a_page_of_html_reaches_the_sdk_as_it_is(sdk, graph):
    graph.fault("http_502")
    answer = sdk.call("GET", ("me",))
    assert answer.status() == 502
    assert answer.body().startswith("<html>")


def test_a_revoked_token_is_an_error_of_its_own(graph):
    sdk = sdk_of(graph, OTHER)
    graph.sandbox.world.tokens.revoke(OTHER, why="467")
    error = refused(lambda: IGUser("me", api=sdk).api_get())
    assert (error.api_error_code(), error.api_error_subcode()) == (190, 467)
