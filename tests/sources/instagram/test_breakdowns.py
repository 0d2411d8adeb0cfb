"""How the Instagram client reads breakdowns, which one post can fail for fifty."""

import pytest

from layers_pipeline.sources.instagram.requests import INSIGHT_METRICS
from tests.sources.instagram.readings import (
    IDS,
    LONG,
    ScriptedGraph,
    entities,
    error,
    issues,
    metric_names,
    put,
    read,
    read_scripted,
    shown,
    subjects,
)


def test_breakdowns_are_asked_for_apart_from_other_metrics():
    script = ScriptedGraph(_each_type)
    read_scripted(script)
    singles = [params for call in script.asked for _, params in call]
    broken_down = [params for params in singles if "breakdown" in params]
    assert [(one["metric"], one["breakdown"]) for one in broken_down] == [
        ("navigation", "story_navigation_action_type")
    ]
    assert [one for one in singles if "ids" in one] == [
        {
            "ids": "11,12",
            "fields": "insights.metric(profile_activity).breakdown(action_type)",
        }
    ]


def _each_type(path, params):
    if path.endswith("/media"):
        return {
            "data": [
                shown("11", "IMAGE", "FEED"),
                shown("12", "CAROUSEL_ALBUM", "FEED"),
                shown("13", "VIDEO", "FEED"),
                shown("14", "VIDEO", "REELS"),
            ]
        }
    return {"data": [shown("21", "IMAGE", "STORY")] if path.endswith("/stories") else []}


@pytest.mark.parametrize("kind", ["few_viewers", "before_conversion", "insights:permission_10"])
def test_one_post_that_fails_a_common_breakdown_leaves_the_others_theirs(graph, kind):
    sick = "17910000000000107"
    put(graph, kind, LONG, subject=sick)
    reading = read(graph, account=LONG)
    assert (reading.error, len(reading.issues)) == (None, 1)
    assert set(subjects(reading, "media")) - set(subjects(reading, "breakdown")) == {sick}


def test_a_post_that_fails_only_the_common_breakdown_is_found_one_by_one():
    def script(path, params):
        if path.endswith("/media"):
            return {"data": [shown(str(n), "IMAGE", "FEED") for n in range(11, 17)]}
        refuses = "13" in params.get("ids", "") or ("breakdown" in params and "13/" in path)
        return error(10, "(#10) Not enough viewers") if refuses else {"data": []}

    reading = read_scripted(ScriptedGraph(script))
    assert issues(reading) == {("not_enough_viewers", "13")}
    assert subjects(reading, "breakdown") == ["11", "12", "14", "15", "16"]


def test_a_refused_breakdown_is_not_the_metric_itself():
    def script(path, params):
        if path.endswith("/media"):
            return {"data": [shown(str(n), "IMAGE", "FEED") for n in range(11, 17)]}
        if "ids" in params or "breakdown" in params:
            return error(100, "(#100) Incompatible metric (profile_activity) with the media")
        return {"data": []}

    reading = read_scripted(ScriptedGraph(script))
    assert reading.refused.keys() == {("feed_image", "profile_activity/action_type")}
    assert len(subjects(reading, "insights")) == 6
    again = read_scripted(ScriptedGraph(script), refused=reading.refused)
    assert (again.calls, again.issues) == (2, ())


def test_a_metric_that_is_refused_takes_its_breakdown_with_it(graph):
    put(graph, "bad_metric", metric="profile_activity")
    reading = read(graph)
    assert reading.refused.keys() == {
        ("feed_image", "profile_activity"),
        ("feed_carousel", "profile_activity"),
    }
    assert len(metric_names(reading)[IDS["feed_image"]]) == len(INSIGHT_METRICS["feed_image"]) - 1


def test_a_common_breakdown_that_is_too_much_is_halved():
    def script(path, params):
        if path.endswith("/media"):
            return {"data": [shown(str(n), "IMAGE", "FEED") for n in range(11, 41)]}
        if len(params.get("ids", "").split(",")) > 8:
            return error(1, "Please reduce the amount of data you're asking for")
        many = {
            one: {"id": one, "insights": {"data": []}} for one in params.get("ids", "").split(",")
        }
        return many if "ids" in params else {"data": []}

    reading = read_scripted(ScriptedGraph(script))
    assert (reading.error, len(set(subjects(reading, "breakdown")))) == (None, 30)


def test_breakdowns_that_are_never_answered_are_left_and_fail_nothing():
    posts = [shown(str(n), "IMAGE", "FEED") for n in range(1000, 1400)]

    def script(path, params):
        if path.endswith("/media"):
            return {"data": posts}
        if "ids" in params or "breakdown" in params:
            return error(1, "An unknown error has occurred.")
        return {"data": []}

    script = ScriptedGraph(script)
    reading = read_scripted(script)
    assert (reading.error, reading.is_complete) == (None, True)
    assert entities(reading) == {"media": 400, "account": 1, "insights": 400}
    assert ("not_answered", "breakdowns") in issues(reading)
    assert reading.calls <= 1 + 8 + 3 + 2 * 3 + 3
