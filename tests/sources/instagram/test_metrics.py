"""What the Instagram client does about metrics that are refused, and about breakdowns."""

import pytest

from layers_pipeline.sources.instagram.errors import metrics_named
from layers_pipeline.sources.instagram.requests import INSIGHT_METRICS
from tests.sources.instagram.readings import (
    IDS,
    LONG,
    ScriptedGraph,
    calls,
    error,
    issues,
    metric_names,
    put,
    read,
    read_scripted,
    shown,
    subjects,
)

NAMING = [
    "bad_metric",
    "bad_metric_incompatible",
    "bad_metric_retired_21",
    "bad_metric_retired_22",
    "bad_metric_list",
]
WITH_VIEWS = ["reel", "feed_image", "feed_carousel", "story"]


@pytest.mark.parametrize("kind", [*NAMING, "bad_metric_value"])
def test_a_refused_metric_is_dropped_and_everything_else_is_read(graph, kind):
    put(graph, kind, metric="views")
    reading = read(graph)
    assert reading.error is None
    assert reading.refused.keys() == {(name, "views") for name in WITH_VIEWS}
    assert issues(reading) == {("metric_refused", "views")}
    expected = {
        item_id: set(INSIGHT_METRICS[name.removeprefix("second_")]) - {"views"}
        for name, item_id in IDS.items()
    }
    assert metric_names(reading) == expected


@pytest.mark.parametrize("kind", NAMING)
def test_a_named_metric_costs_one_more_call(graph, kind):
    put(graph, kind, metric="views")
    assert read(graph).calls == 3


def test_an_unnamed_metric_costs_two_more_calls(graph):
    put(graph, "bad_metric_value", metric="views")
    assert read(graph).calls == 4


@pytest.mark.parametrize("kind", [*NAMING, "bad_metric_value"])
def test_what_was_learnt_saves_those_calls_the_next_time(graph, kind):
    put(graph, kind, metric="views")
    learnt = read(graph).refused
    reading = read(graph, refused=learnt.keys())
    assert (reading.calls, dict(reading.refused), reading.issues) == (2, {}, ())


def test_the_refusal_is_kept_as_it_was_said(graph):
    put(graph, "bad_metric", metric="reels_skip_rate")
    ((key, message),) = read(graph).refused.items()
    assert key == ("reel", "reels_skip_rate")
    assert "does not support the reels_skip_rate metric for this media product type" in message


def test_several_metrics_are_dropped_one_after_the_other(graph):
    for metric in ("likes", "saved", "views"):
        put(graph, "bad_metric", metric=metric)
    reading = read(graph)
    assert {metric for name, metric in reading.refused if name == "reel"} == {
        "likes",
        "saved",
        "views",
    }
    assert reading.calls == 2 + 3


@pytest.mark.parametrize("kind", ["bad_metric", "bad_metric_value"])
def test_a_refusal_is_found_once_for_all_items_of_the_type(graph, kind):
    put(graph, kind, LONG, metric="follows")
    reading = read(graph, account=LONG)
    assert reading.refused.keys() == {("feed_image", "follows")}
    assert len(subjects(reading, "insights")) == 230
    assert len(calls(graph)) <= 6 + 4


def test_no_refused_request_is_repeated_unchanged():
    script = ScriptedGraph(_refusing_views)
    read_scripted(script)
    refused = [
        (path, params["metric"])
        for call in script.asked
        for path, params in call
        if "views" in params.get("metric", "").split(",")
    ]
    assert len(refused) == len(set(refused)) == 3


def _refusing_views(path, params):
    if path.endswith("/media"):
        return {"data": [shown(str(n)) for n in range(11, 14)]}
    if "views" in params.get("metric", ""):
        return error(100, "(#100) Incompatible metric (views) with the media")
    return {"data": []}


def test_a_refusal_that_no_single_metric_explains_leaves_the_item():
    def script(path, params):
        if path.endswith("/media"):
            return {"data": [shown("11"), shown("12")]}
        if path == "11/insights" and "," in params["metric"]:
            return error(100, "(#100) The value must be a valid insights metric")
        return {"data": []}

    reading = read_scripted(ScriptedGraph(script))
    assert (reading.error, dict(reading.refused)) == (None, {})
    assert issues(reading) == {("metric_refused", "11")}
    assert subjects(reading, "insights") == ["12"]


def test_the_search_for_a_metric_is_made_once_for_a_type():
    def script(path, params):
        if path.endswith("/media"):
            return {"data": [shown(str(n)) for n in range(11, 31)]}
        if "," in params.get("metric", ""):
            return error(100, "(#100) The value must be a valid insights metric")
        return {"data": []}

    script = ScriptedGraph(script)
    reading = read_scripted(script)
    probes = [params for call in script.asked for _, params in call if params.get("metric")]
    assert len(probes) == 20 + len(INSIGHT_METRICS["reel"])
    assert len(issues(reading)) == 20


def test_when_every_metric_is_refused_the_type_is_left():
    def script(path, params):
        if path.endswith("/media"):
            return {"data": [shown("11")]}
        if path.endswith("/insights"):
            return error(100, "(#100) The value must be a valid insights metric")
        return {"data": []}

    reading = read_scripted(ScriptedGraph(script))
    assert reading.refused.keys() == {("reel", metric) for metric in INSIGHT_METRICS["reel"]}
    assert (reading.error, reading.is_complete) == (None, True)


ASKED = ("reach", "saved", "views", "total_interactions")


@pytest.mark.parametrize(
    ("message", "named"),
    [
        (
            "(#100) Starting from version 21+, the following metric is no longer supported: views. "
            "Instead, please refer to the documentation at https://x/insights for reach.",
            ("views",),
        ),
        (
            "(#100) Starting from version 21+, the following metric is no longer supported: "
            "saved, views",
            ("saved", "views"),
        ),
        (
            "(#100) The Media Insights API does not support the views metric for this media "
            "product type.",
            ("views",),
        ),
        (
            "(#100) Incompatible metric (total_interactions) with the media",
            ("total_interactions",),
        ),
        ("(#100) metric[0] must be one of the following values: saved, views", ("reach",)),
        ("(#100) metric[2] must be one of the following values: reach, saved", ("views",)),
        ("(#100) metric[9] must be one of the following values: reach", ()),
        ("(#100) The value must be a valid insights metric", ()),
        (
            "Starting from version 22 and above, the views metric is no longer supported for the "
            "queried user",
            ("views",),
        ),
        (
            "(#100) Starting from version 21+, the following metric is no longer supported: plays",
            (),
        ),
        ("Something is wrong with saved", ("saved",)),
        ("Neither reach nor views", ()),
        ("Invalid parameter", ()),
    ],
)
def test_the_metric_that_a_message_means_is_found(message, named):
    assert metrics_named(message, ASKED) == named


def test_a_single_metric_needs_no_name():
    assert metrics_named("Invalid parameter", ["views"]) == ("views",)
