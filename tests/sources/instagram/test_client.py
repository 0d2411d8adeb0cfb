"""What readings of an Instagram account bring over real HTTP, and in how many calls."""

import asyncio
import json

import httpx
import pytest
from pydantic import SecretStr

from layers_pipeline.errors import SettingsError, SourceUnauthorizedError
from layers_pipeline.sources.http import open_http
from layers_pipeline.sources.instagram.requests import INSIGHT_METRICS
from sandbox import AccountRef, running_sandbox
from sandbox.simulation.holders import Plan, generated_truth
from tests.sources.instagram.readings import (
    AT,
    EMPTY,
    IDS,
    LONG,
    MIXED,
    OTHER,
    TOKEN,
    ScriptedGraph,
    bodies,
    calls,
    client_over,
    entities,
    error,
    issues,
    metric_names,
    put,
    read,
    read_all,
    read_scripted,
    request_of,
    shown,
    subjects,
)

POSTS = [IDS[name] for name in ("reel", "feed_image", "feed_carousel", "feed_video", "second_reel")]


def test_quick_is_the_first_page_of_posts_in_one_call(graph):
    reading = read(graph, "quick", account=LONG)
    assert calls(graph) == [("GET", f"/v26.0/{LONG.account_key}/media")]
    assert (reading.calls, reading.pages, reading.items) == (1, 1, 50)
    assert entities(reading) == {"media": 50}


def test_quick_brings_the_counts_that_stand_on_posts(graph):
    row = bodies(read(graph, "quick"), "media")[IDS["reel"]]
    numbers = graph.world.dataset.item("instagram", IDS["reel"]).metrics(AT)
    assert row["view_count"] == row["total_views_count"] == numbers["total_views"]
    assert "views" not in row
    assert row["like_count"] == numbers["likes"]
    assert row["comments_count"] == numbers["comments"]
    assert row["saved_count"] == numbers["saves"]
    assert row["shares_count"] == numbers["shares"]


@pytest.mark.parametrize("depth", ["quick", "posts"])
def test_a_listing_that_is_not_full_never_counts_as_complete(graph, depth):
    reading = read(graph, depth)
    assert (reading.items, reading.is_complete, reading.error) == (5, False, None)


def test_full_reads_posts_stories_account_insights_and_breakdowns(graph):
    reading = read(graph)
    assert (reading.items, reading.pages, reading.is_complete) == (5, 1, True)
    assert (reading.error, reading.issues, dict(reading.refused)) == (None, (), {})
    assert subjects(reading, "media") == POSTS
    assert subjects(reading, "story") == [IDS["story"]]
    assert subjects(reading, "account") == [""]
    assert set(subjects(reading, "insights")) == set(IDS.values())
    with_parts = {IDS["feed_image"], IDS["feed_carousel"], IDS["story"]}
    assert set(subjects(reading, "breakdown")) == with_parts


@pytest.mark.parametrize("name", IDS)
def test_each_type_is_asked_for_its_own_metrics(graph, name):
    wanted = INSIGHT_METRICS[name.removeprefix("second_")]
    assert metric_names(read(graph))[IDS[name]] == set(wanted)


def test_insights_hold_what_the_platform_shows(graph):
    found = bodies(read(graph), "insights")[IDS["reel"]]["data"]
    values = {one["name"]: one["values"][0]["value"] for one in found}
    numbers = graph.world.dataset.item("instagram", IDS["reel"]).metrics(AT)
    assert values["reels_skip_rate"] == numbers["skip_rate_raw"]
    assert values["ig_reels_video_view_total_time"] == numbers["total_watch_time_ms"]
    assert values["reach"] == numbers["reach"]


@pytest.mark.parametrize(
    ("name", "metric"), [("feed_image", "profile_activity"), ("story", "navigation")]
)
def test_breakdowns_look_alike_however_they_were_asked_for(graph, name, metric):
    (found,) = bodies(read(graph), "breakdown")[IDS[name]]["data"]
    numbers = graph.world.dataset.item("instagram", IDS[name]).metrics(AT)
    (parts,) = found["total_value"]["breakdowns"]
    shown_parts = {f"{metric}_{one['dimension_values'][0]}" for one in parts["results"]}
    assert (found["name"], found["total_value"]["value"]) == (metric, numbers[metric])
    assert shown_parts == {name for name in numbers if name.startswith(f"{metric}_")}


def test_the_account_row_has_no_subject_and_shows_the_followers(graph):
    row = bodies(read(graph), "account")[""]
    followers = graph.world.dataset.followers(MIXED, at=AT)
    assert (row["id"], row["followers_count"]) == (MIXED.account_key, followers)


def test_rows_carry_the_moment_at_which_they_were_received(graph):
    assert {row.received_at for row in read(graph).rows} == {AT}


def test_recent_reads_fifty_posts_with_insights(graph):
    reading = read(graph, "posts", account=LONG)
    assert (reading.items, reading.error) == (50, None)
    assert entities(reading) == {"media": 50, "insights": 50, "breakdown": 50, "account": 1}


def test_recent_goes_on_after_a_short_page_until_it_has_fifty(graph):
    put(graph, "list:short_page", LONG, times=1)
    reading = read(graph, "posts", account=LONG)
    assert (reading.items, reading.pages) == (50, 2)


def test_an_account_without_posts_is_listed_completely(graph):
    reading = read(graph, account=EMPTY)
    assert (reading.items, reading.is_complete, reading.calls) == (0, True, 1)
    assert entities(reading) == {"account": 1}


def test_an_account_with_five_posts_takes_two_calls(graph):
    reading = read(graph)
    assert reading.items == 5
    assert len(calls(graph)) == reading.calls == 2


def test_a_thousand_posts_take_at_most_thirty_two_calls():
    plan = Plan(instagram=1, tiktok=0, posts=1000, stories=3, deletions=0, days=0)
    large = generated_truth(5, start=AT, plan=plan)
    with running_sandbox(large, now=AT) as graph:
        reading = read(graph, account=large.accounts[0])
        assert len(calls(graph)) == reading.calls <= 32
    assert (reading.items, reading.pages, reading.is_complete) == (1000, 10, True)
    assert len(set(subjects(reading, "insights"))) == 1003


def test_refused_metrics_are_not_asked_for(graph):
    refused = {("reel", "views"), ("story", "navigation"), ("feed_image", "profile_activity")}
    reading = read(graph, refused=refused)
    names = metric_names(reading)
    assert "views" not in names[IDS["reel"]]
    assert "views" in names[IDS["feed_image"]]
    assert subjects(reading, "breakdown") == [IDS["feed_carousel"]]
    assert not reading.refused


def test_unreadable_items_are_listed_and_not_asked_for(graph):
    reading = read(graph, unreadable=[IDS["feed_image"], IDS["story"]])
    assert {IDS["feed_image"], IDS["story"]}.isdisjoint(subjects(reading, "insights"))
    assert subjects(reading, "breakdown") == [IDS["feed_carousel"]]
    assert IDS["feed_image"] in subjects(reading, "media")
    assert not reading.unreadable


def test_one_client_reads_several_accounts_with_their_own_tokens(graph):
    mixed, other = read_all(graph, accounts=[MIXED, OTHER])
    assert (mixed.items, other.items) == (5, 2)


def test_accounts_read_at_once_do_not_mix(graph):
    issue = graph.world.tokens.issue

    async def run():
        async with open_http(graph.url) as http:
            client = client_over(http)
            pairs = [(one.account_key, issue(one).access) for one in (MIXED, LONG, OTHER)]
            readings = [client.read(request_of(key, SecretStr(token))) for key, token in pairs]
            return await asyncio.gather(*readings)

    assert [reading.items for reading in asyncio.run(run())] == [5, 230, 2]


def test_a_token_of_another_account_is_recognised(graph):
    token = graph.world.tokens.issue(AccountRef("instagram", "1")).access
    assert read(graph, "quick", token=token).error is not None


@pytest.mark.parametrize("token", ["", "two words", f"{TOKEN}\n", "clé"])
def test_a_token_that_no_header_can_carry_is_unauthorized_and_not_shown(token):
    script = ScriptedGraph(lambda path, params: {"data": []})
    reading = read_scripted(script, "quick", token=token)
    assert type(reading.error) is SourceUnauthorizedError
    assert (reading.calls, script.requests) == (0, [])
    assert not token or token not in repr(reading)


def test_a_url_without_scheme_is_refused():
    with pytest.raises(SettingsError, match="http://"):
        open_http("graph.facebook.com")


def test_an_item_of_no_known_type_is_kept_without_insights():
    def script(path, params):
        if path.endswith("/media"):
            return {"data": [shown("11", "VIDEO", "AD"), shown("12", "VIDEO", "HOLOGRAM")]}
        return {"data": []}

    reading = read_scripted(ScriptedGraph(script))
    assert entities(reading) == {"media": 2, "account": 1}


def test_an_item_that_is_listed_twice_is_read_once():
    def script(path, params):
        if path.endswith("/media") and "after" not in params:
            return {"data": [shown("11")], "paging": {"cursors": {"after": "a"}, "next": "x"}}
        return {"data": [shown("11")] if path.endswith("/media") else []}

    reading = read_scripted(ScriptedGraph(script))
    assert entities(reading) == {"media": 2, "account": 1, "insights": 1}
    assert (reading.items, reading.is_complete) == (1, True)


def test_nothing_reported_is_a_row_and_no_zero(graph):
    put(graph, "empty_data", subject=IDS["reel"])
    reading = read(graph)
    assert bodies(reading, "insights")[IDS["reel"]] == {"data": []}
    assert not issues(reading)


def test_a_field_that_the_platform_does_not_know_is_left_out():
    def script(path, params):
        if "view_count" in params.get("fields", ""):
            text = "(#100) Tried accessing nonexisting field (view_count) on node type (Media)"
            return {"error": {"code": 100, "message": text, "type": "OAuthException"}}
        return {"data": [shown("11")]}

    reading = read_scripted(ScriptedGraph(script), "quick")
    assert (reading.items, reading.calls, reading.error) == (1, 2, None)
    assert issues(reading) == {("metric_refused", "view_count")}
    assert (reading.refused.keys(), reading.own) == ({("media", "view_count")}, frozenset())
    again = read_scripted(ScriptedGraph(script), "quick", refused=reading.refused.keys())
    assert (again.items, again.calls, again.issues) == (1, 1, ())


def test_a_video_whose_product_is_not_told_is_a_reel():
    def script(path, params):
        video = {"id": "11", "media_type": "VIDEO"}
        return {"data": [video] if path.endswith("/media") else []}

    assert subjects(read_scripted(ScriptedGraph(script)), "insights") == ["11"]


NO_BATCHES = error(100, "Unsupported request - method type: post", type="IGApiException")


def on_a_host_without_batches(posts):
    """A Graph API that takes one request at a time."""
    script = ScriptedGraph(lambda path, params: {"data": posts if path.endswith("/media") else []})
    return (
        script,
        lambda request: (
            httpx.Response(400, json=NO_BATCHES) if request.method == "POST" else script(request)
        ),
    )


def test_a_host_that_takes_no_batches_is_asked_one_by_one_and_known_the_next_time():
    _, host = on_a_host_without_batches([shown("11"), shown("12")])
    reading = read_scripted(host)
    assert (reading.error, reading.is_complete, reading.calls) == (None, True, 1 + 6)
    assert subjects(reading, "insights") == ["11", "12"]
    assert reading.refused.keys() == {("host", "batches")}
    assert read_scripted(host, refused=reading.refused.keys()).calls == 6


def test_single_calls_for_items_have_a_budget_and_lists_are_read_whole():
    _, host = on_a_host_without_batches([shown(str(n)) for n in range(1000, 1300)])
    reading = read_scripted(host)
    assert (reading.error, reading.items, reading.is_complete) == (None, 300, True)
    assert len(subjects(reading, "insights")) == 200
    assert issues(reading) == {("metric_refused", "batches"), ("not_asked", "insights")}


def test_big_numbers_and_text_of_any_kind_come_through_unchanged():
    row = {**shown("11"), "caption": 'é "quoted" \\ \ud83c', "view_count": 2**70, "rate": 0.1}
    reading = read_scripted(ScriptedGraph(lambda path, params: {"data": [row]}), "quick")
    (kept,) = reading.rows
    assert json.loads(kept.body) == row
    assert kept.body.isascii()


def test_a_metric_that_is_no_number_of_json_is_not_kept():
    text = '{"data": [{"id": "11", "rate": 1e999}]}'
    reading = read_scripted(lambda request: httpx.Response(200, text=text), "quick")
    assert reading.rows == ()
    assert reading.error is not None
