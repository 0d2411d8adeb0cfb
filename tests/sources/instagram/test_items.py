"""What errors of single items mean for the item, for those beside it, and for the reading."""

import pytest

from layers_pipeline.errors import (
    SourceThrottledError,
    SourceUnauthorizedError,
    SourceUnavailableError,
)
from tests.sources.instagram.readings import (
    IDS,
    LONG,
    OTHER,
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

APP_THROTTLES = ["app_limit", "app_341", "policy_368"]

OF_ONE_ITEM = [
    ("few_viewers", "not_enough_viewers"),
    ("before_conversion", "before_conversion"),
    ("error_data_object", "before_conversion"),
    ("error_data_text", "before_conversion"),
    ("insights:permission_10", "not_permitted"),
    ("insights:permission_200", "not_permitted"),
    ("insights:permission_3", "not_permitted"),
    ("insights:ig_login_403", "not_permitted"),
    ("insights:gone_100_33", "gone"),
    ("insights:transient_1", "not_answered"),
    ("insights:transient_2", "not_answered"),
    ("unknown_metric_error", "not_answered"),
    ("null_element", "not_answered"),
]


@pytest.mark.parametrize("name", ["reel", "feed_image", "story"])
@pytest.mark.parametrize(("kind", "issue"), OF_ONE_ITEM, ids=[row[0] for row in OF_ONE_ITEM])
def test_an_error_of_one_item_is_an_issue(graph, name, kind, issue):
    put(graph, kind, subject=IDS[name])
    reading = read(graph)
    assert (reading.error, reading.is_complete) == (None, True)
    assert issues(reading) == {(issue, IDS[name])}
    assert set(subjects(reading, "insights")) == set(IDS.values()) - {IDS[name]}


@pytest.mark.parametrize("kind", ["before_conversion", "error_data_text"])
def test_an_item_from_before_the_conversion_is_unreadable_for_ever(graph, kind):
    put(graph, kind, subject=IDS["reel"])
    reading = read(graph)
    assert reading.unreadable.keys() == {IDS["reel"]}
    assert "before business account conversion" in reading.unreadable[IDS["reel"]]


@pytest.mark.parametrize("kind", ["few_viewers", "insights:permission_10", "insights:gone_100_33"])
def test_no_other_error_makes_an_item_unreadable(graph, kind):
    put(graph, kind, subject=IDS["reel"])
    assert not read(graph).unreadable


def test_before_conversion_is_recognised_by_its_subcode_whatever_the_code():
    reading = read_scripted(_insights(error(4, subcode=2108006)))
    assert reading.unreadable.keys() == {"11"}
    assert reading.error is None


def test_an_item_that_passes_on_a_later_try_is_not_noticed(graph):
    put(graph, "insights:transient_2", subject=IDS["reel"], times=2)
    reading = read(graph)
    assert (reading.error, reading.issues) == (None, ())
    assert reading.calls == 2 + 2


def test_a_null_element_is_asked_for_in_a_later_batch(graph):
    put(graph, "null_element", subject=IDS["reel"], times=1)
    reading = read(graph)
    assert (reading.error, reading.issues, reading.calls) == (None, (), 3)


def test_an_item_is_asked_for_as_often_as_a_request_is_tried(graph):
    put(graph, "null_element", subject=IDS["reel"])
    assert read(graph).calls == 2 + 2


@pytest.mark.parametrize("missing", [1, 3])
def test_a_batch_that_answers_too_few_is_asked_for_the_rest(missing):
    reading = read_scripted(_cutting(missing))
    assert (reading.error, reading.calls) == (None, 3)
    assert entities(reading) == {"media": 4, "account": 1, "insights": 4}


def _cutting(missing):
    script = ScriptedGraph(_four_posts)

    def cut(request):
        response = script(request)
        if len(script.requests) == 2:
            response = type(response)(200, json=response.json()[:-missing])
        return response

    return cut


def _four_posts(path, params):
    if path.endswith("/media"):
        return {"data": [shown(str(n)) for n in range(11, 15)]}
    return {"data": []}


def _insights(answer):
    def script(path, params):
        if path.endswith("/insights"):
            return answer
        return {"data": [shown("11")] if path.endswith("/media") else []}

    return ScriptedGraph(script)


@pytest.mark.parametrize("answer", [[], {"data": None}, {"body": "<html>", "code": 200}, {}])
def test_insights_that_are_none_are_not_answered(answer):
    reading = read_scripted(_insights(answer if isinstance(answer, dict) else {"body": "[]"}))
    assert (reading.error, issues(reading)) == (None, {("not_answered", "11")})


@pytest.mark.parametrize("kind", [*APP_THROTTLES, "user_limit", "buc_limit", "token_190"])
def test_rows_read_before_an_error_are_kept(graph, kind):
    put(graph, f"insights:{kind}", subject=IDS["feed_video"])
    reading = read(graph)
    assert reading.error is not None
    assert reading.calls == 2
    assert len(subjects(reading, "media")) == 5
    # The others of the same batch, asked before and after it.
    assert set(subjects(reading, "insights")) == set(IDS.values()) - {IDS["feed_video"]}


def test_an_unknown_path_of_one_item_ends_nothing(graph):
    put(graph, "insights:unknown_path", subject=IDS["feed_video"])
    reading = read(graph)
    assert (reading.error, reading.is_complete, reading.calls) == (None, True, 2)
    assert issues(reading) == {("item_refused", IDS["feed_video"])}
    assert set(subjects(reading, "insights")) == set(IDS.values()) - {IDS["feed_video"]}


def test_an_error_in_the_middle_of_the_list_keeps_the_pages_before(graph):
    put(graph, "list:token_expired", LONG, skip=2)
    reading = read(graph, account=LONG)
    assert type(reading.error) is SourceUnauthorizedError
    assert (reading.items, reading.pages, reading.is_complete) == (200, 2, False)


def test_nothing_answered_of_any_item_is_unavailable(graph):
    put(graph, "insights:transient_2")
    reading = read(graph)
    assert type(reading.error) is SourceUnavailableError
    assert (reading.items, reading.calls) == (5, 1 + 3)


def test_an_outage_in_the_middle_is_unavailable_soon(graph):
    put(graph, "insights:transient_2", LONG, skip=60)
    reading = read(graph, account=LONG)
    assert type(reading.error) is SourceUnavailableError
    assert reading.calls <= 2 + 3 + 2 * 3


@pytest.mark.parametrize("kind", ["stories:permission_10", "stories:gone_100_33"])
def test_stories_that_cannot_be_listed_fail_only_themselves(graph, kind):
    put(graph, kind)
    reading = read(graph)
    assert (reading.error, reading.items, reading.is_complete) == (None, 5, True)
    assert {subject for _, subject in issues(reading)} == {"stories"}
    assert not any(kind == "gone" for kind, _ in issues(reading))


def test_an_account_node_that_cannot_be_read_fails_only_itself(graph):
    put(graph, "user:permission_10")
    reading = read(graph)
    assert (reading.error, issues(reading)) == (None, {("not_permitted", "account")})


def test_many_items_gone_at_once_are_a_throttle_in_disguise(graph):
    put(graph, "insights:gone_100_33")
    reading = read(graph)
    assert type(reading.error) is SourceThrottledError
    assert reading.error.scope == "account"
    assert (reading.calls, issues(reading)) == (3, set())


def test_a_throttle_in_disguise_that_passes_leaves_no_trace(graph):
    put(graph, "insights:gone_100_33", times=6)
    reading = read(graph)
    assert (reading.error, reading.issues, reading.calls) == (None, (), 3)
    assert set(subjects(reading, "insights")) == set(IDS.values())


def test_two_items_gone_are_gone(graph):
    put(graph, "insights:gone_100_33", OTHER)
    reading = read(graph, account=OTHER)
    assert (reading.error, len(reading.issues)) == (None, 2)


def test_few_items_of_many_gone_are_gone(graph):
    for item_id in range(17910000000000000, 17910000000000010):
        put(graph, "insights:gone_100_33", LONG, subject=str(item_id))
    reading = read(graph, account=LONG)
    assert (reading.error, len(reading.issues)) == (None, 10)


def test_a_refused_metric_and_a_sick_item_are_distinguished(graph):
    put(graph, "bad_metric", metric="views")
    put(graph, "few_viewers", subject=IDS["story"])
    reading = read(graph)
    assert ("not_enough_viewers", IDS["story"]) in issues(reading)
    assert "views" not in metric_names(reading)[IDS["reel"]]
