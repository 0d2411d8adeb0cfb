"""How the Instagram client reads breakdowns: of which posts, and what their refusals mean."""

from dataclasses import replace

import pytest

from layers_pipeline.sources.client import KnownPost
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
        ("navigation", "story_navigation_action_type"),
        ("profile_activity", "action_type"),
        ("profile_activity", "action_type"),
    ]
    assert not [one for one in singles if "ids" in one]


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
def test_one_post_that_fails_leaves_the_others_their_breakdowns(graph, kind):
    sick = "17910000000000107"
    put(graph, kind, LONG, subject=sick)
    reading = read(graph, account=LONG)
    assert reading.error is None
    assert {subject for _, subject in issues(reading)} == {sick}
    assert set(subjects(reading, "media")) - set(subjects(reading, "breakdown")) == {sick}


def test_a_post_that_fails_only_its_breakdown_keeps_its_metrics():
    def script(path, params):
        if path.endswith("/media"):
            return {"data": [shown(str(n), "IMAGE", "FEED") for n in range(11, 17)]}
        refuses = "breakdown" in params and path == "13/insights"
        return error(10, "(#10) Not enough viewers") if refuses else {"data": []}

    reading = read_scripted(ScriptedGraph(script))
    assert issues(reading) == {("not_enough_viewers", "13")}
    assert subjects(reading, "breakdown") == ["11", "12", "14", "15", "16"]
    assert len(subjects(reading, "insights")) == 6


def test_a_refused_breakdown_is_not_the_metric_itself():
    def script(path, params):
        if path.endswith("/media"):
            return {"data": [shown(str(n), "IMAGE", "FEED") for n in range(11, 17)]}
        if "breakdown" in params:
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
        (media_type, name)
        for media_type in ("feed_image", "feed_carousel")
        for name in ("profile_activity", "profile_activity/action_type")
    }
    assert len(metric_names(reading)[IDS["feed_image"]]) == len(INSIGHT_METRICS["feed_image"]) - 1


FEED = [{**shown(str(n), "IMAGE", "FEED"), "like_count": 5} for n in (11, 12, 13)]
STILL = KnownPost(likes=5, has_all_parts=True)


def test_breakdowns_are_asked_only_of_posts_whose_counts_moved():
    known = {"11": STILL, "12": replace(STILL, likes=4), "13": replace(STILL, has_all_parts=False)}
    script = ScriptedGraph(lambda path, params: {"data": FEED if path.endswith("/media") else []})
    reading = read_scripted(script, known=known)
    assert sorted(subjects(reading, "breakdown")) == ["12", "13"]
    assert subjects(reading, "insights") == ["11", "12", "13"]


def test_no_parts_are_asked_of_what_is_zero_in_all():
    def script(path, params):
        if path.endswith("/media"):
            return {"data": [shown(str(n), "IMAGE", "FEED") for n in range(1000, 1060)]}
        if path.endswith("/insights"):
            value = int(path == "1000/insights")
            return {"data": [{"name": "profile_activity", "values": [{"value": value}]}]}
        return {"data": []}

    reading = read_scripted(ScriptedGraph(script))
    # Those whose insights came in the call before; the last ten were asked together.
    assert subjects(reading, "breakdown") == ["1000", *map(str, range(1050, 1060))]


def test_breakdowns_that_are_never_answered_are_left_and_fail_nothing():
    posts = [shown(str(n), "IMAGE", "FEED") for n in range(1000, 1400)]

    def script(path, params):
        if path.endswith("/media"):
            return {"data": posts}
        if "breakdown" in params:
            return error(1, "An unknown error has occurred.")
        return {"data": []}

    script = ScriptedGraph(script)
    reading = read_scripted(script)
    assert (reading.error, reading.is_complete) == (None, True)
    assert entities(reading) == {"media": 400, "account": 1, "insights": 400}
    assert ("not_answered", "breakdowns") in issues(reading)
    assert reading.calls <= 1 + 8 + 3 + 2 * 3 + 3
