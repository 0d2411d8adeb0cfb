"""The simulated Graph API's insights: which metric for which medium, shapes, refusals."""

import pytest

from tests.sandbox.graph.caller import (
    CAROUSEL,
    IMAGE,
    LONELY,
    NOW,
    ODD,
    OLD_VIDEO,
    OTHER,
    REEL,
    SHY,
    STORY,
    as_at_first,
    graph_sandbox,
    ids_of,
    values_of,
)

REEL_METRICS = {
    "likes": "likes",
    "comments": "comments",
    "shares": "shares",
    "saved": "saves",
    "reach": "reach",
    "total_interactions": "total_interactions",
    "views": "views",
    "ig_reels_avg_watch_time": "average_watch_time_ms",
    "ig_reels_video_view_total_time": "total_watch_time_ms",
    "reels_skip_rate": "skip_rate_raw",
}
FEED_METRICS = {
    "reach": "reach",
    "saved": "saves",
    "likes": "likes",
    "views": "views",
    "follows": "follows",
    "profile_visits": "profile_visits",
    "profile_activity": "profile_activity",
}
STORY_METRICS = {
    name: name
    for name in (
        "reach",
        "shares",
        "total_interactions",
        "views",
        "follows",
        "profile_visits",
        "navigation",
        "replies",
    )
}


@pytest.fixture(scope="module")
def served():
    with graph_sandbox() as caller:
        yield caller


@pytest.fixture
def graph(served):
    return as_at_first(served)


@pytest.mark.parametrize(
    ("medium", "words"),
    [
        (REEL, REEL_METRICS),
        (IMAGE, FEED_METRICS),
        (CAROUSEL, FEED_METRICS),
        (STORY, STORY_METRICS),
        (OLD_VIDEO, {"reach": "reach", "saved": "saves"}),
    ],
    ids=["reel", "image", "carousel", "story", "old video"],
)
def test_every_metric_of_a_kind_of_media_is_the_truth(graph, medium, words):
    truth = medium.metrics(NOW)
    found = values_of(graph.insights(medium, ",".join(words)))
    assert found == {name: truth[word] for name, word in words.items()}


def test_the_shape_is_the_platforms(graph):
    assert graph.insights(REEL, "reach")["data"] == [
        {
            "name": "reach",
            "period": "lifetime",
            "values": [{"value": REEL.metrics(NOW)["reach"]}],
            "title": "Accounts reached",
            "description": "The number of unique accounts that have seen the media at least once. "
            "Reach is estimated.",
            "id": f"{REEL.item_id}/insights/reach/lifetime",
        }
    ]


def test_metrics_may_come_as_a_list_in_json(graph):
    assert values_of(graph.insights(REEL, '["reach", "views"]')).keys() == {"reach", "views"}


@pytest.mark.parametrize(
    ("medium", "metric", "breakdown"),
    [
        (IMAGE, "profile_activity", "action_type"),
        (STORY, "navigation", "story_navigation_action_type"),
    ],
    ids=["profile activity", "navigation"],
)
def test_a_breakdown_adds_its_parts_without_those_that_are_zero(graph, medium, metric, breakdown):
    row = graph.insights(medium, metric, breakdown=breakdown)["data"][0]
    truth = medium.metrics(NOW)
    parts = {
        name.removeprefix(f"{metric}_"): count
        for name, count in truth.items()
        if name.startswith(f"{metric}_")
    }
    found = row["total_value"]["breakdowns"][0]
    assert row["total_value"]["value"] == truth[metric]
    assert row["values"] == [{"value": truth[metric]}]
    assert found["dimension_keys"] == [breakdown]
    assert {part["dimension_values"][0]: part["value"] for part in found["results"]} == parts
    assert 0 not in parts.values()


@pytest.mark.parametrize(
    ("medium", "metric"), [(IMAGE, "reach,profile_activity"), (REEL, "reach"), (STORY, "replies")]
)
def test_a_breakdown_that_a_metric_has_not_is_an_unknown_error(graph, medium, metric):
    error = graph.error(f"{medium.item_id}/insights", metric=metric, breakdown="action_type")
    assert (error["code"], error["message"]) == (1, "An unknown error has occurred.")


@pytest.mark.parametrize(
    ("medium", "metric", "message"),
    [
        (REEL, "reach,follows", "does not support the follows metric for this media product type."),
        (IMAGE, "ig_reels_avg_watch_time", "does not support the ig_reels_avg_watch_time metric"),
        (STORY, "likes", "does not support the likes metric for this media product type."),
        (OLD_VIDEO, "reach,saved,views", "does not support the views metric for this media"),
        (OLD_VIDEO, "total_interactions", "Incompatible metric (total_interactions) with the"),
        (OLD_VIDEO, "likes", "Incompatible metric (likes) with the media"),
        (REEL, "video_views", "Starting from version 21+, the following metric is no longer supp"),
        (REEL, "plays,reach", "Starting from version 22 and above, the plays metric is no longer"),
        (STORY, "impressions", "Starting from version 22 and above, the impressions metric is no"),
        (REEL, "reach,made_up", "metric[1] must be one of the following values: comments, cross"),
        (REEL, "", "The parameter metric is required"),
    ],
    ids=str,
)
def test_one_bad_metric_refuses_the_whole_request(graph, medium, metric, message):
    answer = graph.get(f"{medium.item_id}/insights", metric=metric)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["type"]) == (400, 100, "OAuthException")
    assert message in error["message"]
    assert answer.headers["www-authenticate"].startswith('OAuth "Facebook Platform" "invalid_')


def test_what_is_shared_on_facebook_has_views_there(graph):
    shown = values_of(graph.insights(REEL, "facebook_views,views"))
    assert shown == {name: REEL.metrics(NOW)[name] for name in ("facebook_views", "views")}


def test_what_is_not_shared_on_facebook_has_no_views_there(graph):
    error = graph.of(OTHER).error(f"{SHY.item_id}/insights", metric="facebook_views")
    assert error["error_subcode"] == 2_207_086


def test_a_metric_that_the_platform_hides_of_a_medium_is_absent(graph):
    shown = graph.of(OTHER).insights(SHY, "likes,reach")
    assert values_of(shown).keys() == {"reach"}


def test_media_from_before_the_conversion_have_no_insights(graph):
    error = graph.of(OTHER).error(f"{ODD.item_id}/insights", metric="reach")
    assert (error["code"], error["error_subcode"]) == (100, 2_108_006)
    assert error["error_user_title"] == "Media posted before business account conversion"
    assert error["error_data"] == {"blame_field_specs": [[""]]}
    assert error["is_transient"] is False


def test_too_few_viewers_are_no_matter_of_permission(graph):
    error = graph.of(OTHER).error(f"{LONELY.item_id}/insights", metric="reach")
    del error["fbtrace_id"]
    assert error == {
        "message": "(#10) Not enough viewers for the media to show insights",
        "type": "OAuthException",
        "code": 10,
    }


def test_insights_end_with_the_story(graph):
    graph.sandbox.world.clock.advance(20 * 3600)
    assert graph.error(f"{STORY.item_id}/insights", metric="reach")["error_subcode"] == 33


def test_pictures_of_a_carousel_have_no_insights(graph):
    child = ids_of(graph.read(f"{CAROUSEL.item_id}/children"))[0]
    assert graph.error(f"{child}/insights", metric="reach")["error_subcode"] == 33


def test_insights_can_be_read_inside_the_list(graph):
    rows = graph.media(fields="id,insights.metric(reach,saved)")["data"]
    assert [values_of(row["insights"]).keys() for row in rows] == [{"reach", "saved"}] * 4


def test_inside_the_list_one_bad_item_fails_the_page(graph):
    error = graph.of(OTHER).error("me/media", fields="id,insights.metric(reach)")
    assert error["error_subcode"] == 2_108_006
    error = graph.error("me/media", fields="insights.metric(reach,follows)")
    assert "follows" in error["message"]


def test_stories_show_profile_activity_by_action(graph):
    [row] = graph.insights(STORY, "profile_activity", breakdown="action_type")["data"]
    parts = row["total_value"]["breakdowns"][0]["results"]
    assert row["total_value"]["value"] == sum(part["value"] for part in parts) > 0


@pytest.mark.parametrize("medium", [REEL, IMAGE, STORY])
def test_views_of_both_platforms_are_refused_of_what_was_not_published_on_both(graph, medium):
    error = graph.error(f"{medium.item_id}/insights", metric="crossposted_views")
    assert error["code"] == 100
