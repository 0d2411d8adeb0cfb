"""What the Instagram client does about metrics that are refused, and about breakdowns."""

import pytest

from layers_pipeline.sources.instagram.errors import metrics_in_question, metrics_named
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
    assert len(calls(graph)) <= 11 + 4


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
    assert issues(reading) == {("item_refused", "11")}
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
    assert {kind for kind, _ in issues(reading)} == {"item_refused", "not_answered"}
    assert len(issues(reading)) == 20 + 1


OF_AN_ITEM = [
    "(#100) Insights are only available for media posted after the owner account converted to "
    "business account",
    "Unsupported request - method type: get",
    "(#100) Invalid parameter",
    "(#100) Tried accessing nonexisting field (insights) on node type (Media)",
    "(#100) The value must be a valid insights metric",
]


def refusing(message, *, sick, items):
    """A Graph API on which some items refuse all insights, with a message without subcode."""

    def script(path, params):
        if path.endswith("/media"):
            return {"data": [shown(item_id) for item_id in items]}
        item_id, _, edge = path.partition("/")
        if edge != "insights":
            return {"data": []}
        if item_id in sick:
            return error(100, message)
        names = params["metric"].split(",")
        return {"data": [{"name": name, "values": [{"value": 5}]} for name in names]}

    return ScriptedGraph(script)


@pytest.mark.parametrize("message", OF_AN_ITEM)
@pytest.mark.parametrize("items", [["11", "12"], ["11"]], ids=["beside another", "alone"])
def test_a_refusal_that_names_no_metric_is_the_items_fault(message, items):
    reading = read_scripted(refusing(message, sick=["11"], items=items))
    assert (reading.error, dict(reading.refused)) == (None, {})
    assert reading.unreadable.keys() == {"11"}
    assert subjects(reading, "insights") == items[1:]


@pytest.mark.parametrize("message", OF_AN_ITEM)
def test_an_item_at_fault_costs_one_request_where_another_of_its_type_answers(message):
    script = refusing(message, sick=["11", "13", "15"], items=[str(n) for n in range(11, 21)])
    reading = read_scripted(script)
    assert reading.unreadable.keys() == {"11", "13", "15"}
    assert reading.calls == 2
    again = read_scripted(script, unreadable=reading.unreadable.keys())
    assert (again.issues, len(subjects(again, "insights"))) == ((), 7)


def test_insights_that_are_refused_of_every_item_say_nothing_of_the_items():
    items = [str(n) for n in range(11, 21)]
    reading = read_scripted(refusing(OF_AN_ITEM[1], sick=items, items=items))
    assert (reading.error, dict(reading.unreadable), dict(reading.refused)) == (None, {}, {})
    assert ("not_answered", "insights") in issues(reading)


def test_a_named_metric_that_another_item_gives_is_left_out_of_the_one_item_only():
    def script(path, params):
        if path.endswith("/media"):
            return {"data": [shown("11"), shown("12")]}
        if path == "11/insights" and "views" in params["metric"].split(","):
            return error(100, "(#100) Incompatible metric (views) with the media")
        return {"data": []}

    reading = read_scripted(ScriptedGraph(script))
    assert (dict(reading.refused), dict(reading.unreadable)) == ({}, {})
    assert reading.refused_of_items.keys() == {("11", "views")}
    assert subjects(reading, "insights") == ["12", "11"]
    again = read_scripted(ScriptedGraph(script), refused=reading.refused_of_items.keys())
    assert (again.calls, again.issues) == (2, ())


def test_what_no_message_names_is_refused_of_this_account_only(graph):
    put(graph, "bad_metric_value", metric="reels_skip_rate")
    reading = read(graph)
    assert reading.own == reading.refused.keys() == {("reel", "reels_skip_rate")}
    put(graph, "bad_metric", metric="saved")
    assert ("reel", "saved") not in read(graph, refused=reading.refused.keys()).own


@pytest.mark.parametrize(
    ("message", "probes"),
    [
        ("does not support the reach, saved metric for this media product type", 0),
        ("One of reach and saved is wrong", 2),
    ],
)
def test_a_message_that_mentions_two_metrics_costs_two_probes_at_most(message, probes):
    def script(path, params):
        if path.endswith("/media"):
            return {"data": [shown(str(n)) for n in (11, 12, 13)]}
        bad = {"reach", "saved"} & set(params.get("metric", "").split(","))
        return error(100, f"(#100) The Media Insights API {message}.") if bad else {"data": []}

    script = ScriptedGraph(script)
    reading = read_scripted(script)
    assert reading.refused.keys() == {("reel", "reach"), ("reel", "saved")}
    assert sum(len(call) for call in script.asked) == 4 + 3 + probes + 3
    assert len(subjects(reading, "insights")) == 3


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
        (
            "(#100) The Media Insights API does not support the reach, saved metric for this "
            "media product type.",
            ("reach", "saved"),
        ),
        ("Something is wrong with saved", ()),
        ("Neither reach nor views", ()),
        ("Invalid parameter", ()),
    ],
)
def test_the_metric_that_a_message_means_is_found(message, named):
    assert metrics_named(message, ASKED) == named


@pytest.mark.parametrize(
    ("message", "meant"),
    [
        ("Something is wrong with saved", ("saved",)),
        ("Neither reach nor views", ("reach", "views")),
        ("Invalid parameter", ASKED),
        ("metric[9] must be one of the following values: reach", ASKED),
    ],
)
def test_the_metrics_that_a_message_may_mean_are_those_that_it_mentions(message, meant):
    assert metrics_in_question(message, ASKED) == meant
