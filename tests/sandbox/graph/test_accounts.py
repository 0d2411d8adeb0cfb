"""Insights of accounts and accounts looked up by their name, at the simulated Graph API."""

import pytest

from tests.sandbox.graph.caller import (
    LARGE,
    MANY,
    MINE,
    NOW,
    TRUTH,
    as_at_first,
    graph_sandbox,
)

MIDNIGHT = NOW.replace(hour=0, minute=0)
SPAN = {"since": "2026-05-08", "until": "2026-05-10"}


@pytest.fixture(scope="module")
def served():
    with graph_sandbox() as caller:
        yield caller


@pytest.fixture
def graph(served):
    return as_at_first(served)


def insights(graph, metric, **params):
    return graph.read(f"{MINE.account_key}/insights", metric=metric, **params)["data"]


def shown(metric, at):
    """What all posts and stories that the account ever had show of a metric together."""
    items = [one for one in TRUTH.every_item(MINE) if one.published_at < at]
    return sum(one.metrics(at).get(metric, 0) for one in items)


def test_reach_comes_day_by_day(graph):
    [row] = insights(graph, "reach", period="day", **SPAN)
    assert [one["end_time"] for one in row["values"]] == [
        "2026-05-09T00:00:00+0000",
        "2026-05-10T00:00:00+0000",
    ]
    before = MIDNIGHT.replace(day=8)
    assert sum(one["value"] for one in row["values"]) == (
        shown("reach", MIDNIGHT) - shown("reach", before)
    )


def test_without_a_span_it_is_the_last_whole_day(graph):
    [row] = insights(graph, "reach,", period="day")
    assert [one["end_time"] for one in row["values"]] == ["2026-05-10T00:00:00+0000"]


def test_totals_are_of_the_whole_span(graph):
    rows = insights(graph, "views,likes", period="day", metric_type="total_value", **SPAN)
    assert [row["name"] for row in rows] == ["views", "likes"]
    assert rows[0]["total_value"]["value"] == (
        shown("views", MIDNIGHT) - shown("views", MIDNIGHT.replace(day=8))
    )


@pytest.mark.parametrize(
    ("params", "said"),
    [
        (
            {"metric": "views,likes"},
            "(views, likes) should be specified with parameter metric_type",
        ),
        ({"metric": "made_up"}, "metric[0] must be one of the following values: follower_count"),
        ({"metric": ""}, "The parameter metric is required"),
        ({"metric": "reach", "period": "decade"}, "param period must be one of"),
        ({"metric": "reach", "since": "2026-01-01", "until": "2026-03-01"}, "more than 30 days"),
        ({"metric": "reach", "since": "soon"}, "must be a valid date"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_of_an_account_is_refused(graph, params, said):
    error = graph.error("me/insights", **params)
    assert error["code"] == 100
    assert said in error["message"]


def test_insights_of_somebody_elses_account_are_refused(graph):
    assert graph.error(f"{LARGE.account_key}/insights", metric="reach")["code"] == 10


def discovered(graph, username, fields="username,media_count"):
    return graph.read("me", fields=f"business_discovery.username({username}){{{fields}}}")


def test_another_account_is_looked_up_by_its_name(graph):
    found = discovered(graph, "creator.00000003", "username,media_count,followers_count")
    assert found["id"] == MINE.account_key
    assert found["business_discovery"] == {
        "username": "creator.00000003",
        "media_count": len(MANY),
        "followers_count": graph.sandbox.world.dataset.followers(LARGE, at=NOW),
        "id": LARGE.account_key,
    }


def test_its_posts_come_page_by_page_by_cursors_alone(graph):
    media = "media.limit(50){id,like_count}"
    found = discovered(graph, "creator.00000003", media)["business_discovery"]["media"]
    assert [row["id"] for row in found["data"]] == [post.item_id for post in MANY[:50]]
    assert found["paging"].keys() == {"cursors"}
    after = f"media.after({found['paging']['cursors']['after']}).limit(50){{id}}"
    again = discovered(graph, "creator.00000003", after)["business_discovery"]["media"]
    assert again["data"][0]["id"] == MANY[50].item_id


def test_a_name_that_nobody_has_is_said_so(graph):
    error = graph.error("me", fields="business_discovery.username(nobody){id}")
    assert (error["code"], error["error_subcode"]) == (110, 2_207_013)
    assert error["error_user_msg"] == "The user with username: nobody cannot be found."


def test_what_is_not_public_cannot_be_looked_up(graph):
    expression = "business_discovery.username(creator.00000003){stories{id}}"
    assert "nonexisting field (stories)" in graph.error("me", fields=expression)["message"]
