"""What the Instagram client makes of each of the platform's errors, and how often it asks.

One case for each row of the table of errors, told by the code in the body whatever HTTP says.
"""

import httpx
import pytest

from layers_pipeline.errors import (
    SourceForbiddenError,
    SourceMalformedError,
    SourceRejectedError,
    SourceThrottledError,
    SourceUnauthorizedError,
    SourceUnavailableError,
)
from tests.sources.graph_readings import (
    IDS,
    LONG,
    OTHER,
    ScriptedGraph,
    calls,
    entities,
    error,
    metric_names,
    put,
    read,
    read_scripted,
    remarks,
    shown,
    subjects,
)

TOKEN_FAULTS = [
    *(f"token_{subcode}" for subcode in ("expired", 458, 459, 460, 464, 467, 492)),
    "token_190",
    "token_102",
]
PERMISSIONS = ["permission_10", "permission_200", "permission_3", "ig_login_403"]
APP_THROTTLES = ["app_limit", "app_341", "policy_368"]
ACCOUNT_THROTTLES = ["user_limit", "page_limit", "custom_limit", "buc_limit", "buc_limit_80001"]
OF_THE_LIST = [
    *((kind, SourceUnauthorizedError, 1) for kind in TOKEN_FAULTS),
    *((kind, SourceForbiddenError, 1) for kind in PERMISSIONS),
    ("gone_100_33", SourceForbiddenError, 1),
    ("unknown_path", SourceRejectedError, 1),
    *((kind, SourceThrottledError, 1) for kind in (*APP_THROTTLES, *ACCOUNT_THROTTLES)),
    ("transient_1", SourceUnavailableError, 3),
    ("transient_2", SourceUnavailableError, 3),
    ("http_429", SourceThrottledError, 1),
    ("http_500", SourceUnavailableError, 3),
    ("http_502", SourceUnavailableError, 3),
    ("http_503", SourceUnavailableError, 3),
    ("truncated_json", SourceMalformedError, 3),
]


@pytest.mark.parametrize("depth", ["quick", "recent", "full"])
@pytest.mark.parametrize(
    ("kind", "expected", "asked"), OF_THE_LIST, ids=[row[0] for row in OF_THE_LIST]
)
def test_an_error_of_the_list_ends_the_reading(graph, depth, kind, expected, asked):
    put(graph, kind)
    reading = read(graph, depth)
    assert type(reading.error) is expected
    assert len(calls(graph)) == reading.calls == asked
    assert (reading.items, reading.is_complete) == (0, False)


@pytest.mark.parametrize("kind", APP_THROTTLES)
def test_a_throttle_of_the_app_says_so(graph, kind):
    put(graph, kind)
    assert read(graph, "quick").error.scope == "app"


@pytest.mark.parametrize("kind", ACCOUNT_THROTTLES)
def test_a_throttle_of_the_account_says_so(graph, kind):
    put(graph, kind)
    assert read(graph, "quick").error.scope == "account"


@pytest.mark.parametrize("depth", ["quick", "full"])
@pytest.mark.parametrize("kind", ["buc_limit", "buc_limit_80001"])
def test_a_throttle_tells_for_how_long_where_the_header_does(graph, kind, depth):
    put(graph, kind, wait_min=19)
    assert read(graph, depth).error.retry_after_s == 19 * 60


def test_a_throttle_without_a_stated_time_lasts_some_minutes(graph):
    put(graph, "user_limit")
    assert read(graph, "quick").error.retry_after_s == 300


def test_an_unknown_path_is_called_a_bug(graph):
    put(graph, "unknown_path")
    assert "bug" in str(read(graph, "quick").error)


def test_a_refused_token_asks_for_a_new_connection(graph):
    put(graph, "token_expired")
    message = str(read(graph, "quick").error)
    assert message.startswith("instagram: code 190/463: Error validating access token")
    assert message.endswith("connect it again.")


@pytest.mark.parametrize("kind", ["transient_1", "transient_2", "http_502", "truncated_json"])
@pytest.mark.parametrize("depth", ["quick", "full"])
def test_a_passing_error_is_not_noticed(graph, kind, depth):
    put(graph, kind, times=2)
    reading = read(graph, depth)
    assert (reading.error, reading.items) == (None, 5)


@pytest.mark.parametrize("depth", ["quick", "full"])
def test_too_much_data_halves_the_page(graph, depth):
    put(graph, "list:reduce_data", LONG)
    reading = read(graph, depth, account=LONG)
    assert (reading.error, reading.items) == (None, {"quick": 25, "full": 230}[depth])
    assert remarks(reading) == {("page_made_smaller", "media")}


def test_a_page_is_made_smaller_down_to_one_post():
    def script(path, params):
        return {"data": [shown("11")]} if params["limit"] == "1" else error(1, REDUCE)

    reading = read_scripted(ScriptedGraph(script), "quick")
    assert (reading.items, reading.calls) == (1, 6)


def test_a_page_of_one_post_that_is_too_much_is_unavailable():
    reading = read_scripted(ScriptedGraph(lambda path, params: error(1, REDUCE)), "quick")
    assert type(reading.error) is SourceUnavailableError
    assert reading.calls == 5 + 3


REDUCE = "Please reduce the amount of data you're asking for, then retry your request"

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
@pytest.mark.parametrize(("kind", "remark"), OF_ONE_ITEM, ids=[row[0] for row in OF_ONE_ITEM])
def test_an_error_of_one_item_is_a_remark(graph, name, kind, remark):
    put(graph, kind, subject=IDS[name])
    reading = read(graph)
    assert (reading.error, reading.is_complete) == (None, True)
    assert remarks(reading) == {(remark, IDS[name])}
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


def test_before_conversion_is_told_by_its_subcode_whatever_the_code():
    reading = read_scripted(_insights(error(4, subcode=2108006)))
    assert reading.unreadable.keys() == {"11"}
    assert reading.error is None


def test_an_item_that_passes_on_a_later_try_is_not_noticed(graph):
    put(graph, "insights:transient_2", subject=IDS["reel"], times=2)
    reading = read(graph)
    assert (reading.error, reading.remarks) == (None, ())
    assert reading.calls == 2 + 2


def test_a_null_element_is_asked_for_in_a_later_batch(graph):
    put(graph, "null_element", subject=IDS["reel"], times=1)
    reading = read(graph)
    assert (reading.error, reading.remarks, reading.calls) == (None, (), 3)


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
    assert (reading.error, remarks(reading)) == (None, {("not_answered", "11")})


@pytest.mark.parametrize("kind", [*APP_THROTTLES, "user_limit", "buc_limit", "token_190"])
def test_rows_read_before_an_error_are_kept(graph, kind):
    put(graph, f"insights:{kind}", subject=IDS["feed_video"])
    reading = read(graph)
    assert reading.error is not None
    assert reading.calls == 2
    assert len(subjects(reading, "media")) == 5
    # The others of the same batch, asked before and after it.
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
    assert {subject for _, subject in remarks(reading)} == {"stories"}
    assert not any(kind == "gone" for kind, _ in remarks(reading))


def test_an_account_node_that_cannot_be_read_fails_only_itself(graph):
    put(graph, "user:permission_10")
    reading = read(graph)
    assert (reading.error, remarks(reading)) == (None, {("not_permitted", "account")})


def test_many_items_gone_at_once_are_a_throttle_in_disguise(graph):
    put(graph, "insights:gone_100_33")
    reading = read(graph)
    assert type(reading.error) is SourceThrottledError
    assert reading.error.scope == "account"
    assert (reading.calls, remarks(reading)) == (3, set())


def test_a_throttle_in_disguise_that_passes_leaves_no_trace(graph):
    put(graph, "insights:gone_100_33", times=6)
    reading = read(graph)
    assert (reading.error, reading.remarks, reading.calls) == (None, (), 3)
    assert set(subjects(reading, "insights")) == set(IDS.values())


def test_two_items_gone_are_gone(graph):
    put(graph, "insights:gone_100_33", OTHER)
    reading = read(graph, account=OTHER)
    assert (reading.error, len(reading.remarks)) == (None, 2)


def test_few_items_of_many_gone_are_gone(graph):
    for item_id in range(17910000000000000, 17910000000000010):
        put(graph, "insights:gone_100_33", LONG, subject=str(item_id))
    reading = read(graph, account=LONG)
    assert (reading.error, len(reading.remarks)) == (None, 10)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param({"error": "gone fishing"}, SourceRejectedError, id="error is text"),
        pytest.param({"error": None}, SourceRejectedError, id="error is null"),
        pytest.param(error("190"), SourceUnauthorizedError, id="code is text"),
        pytest.param(error(190, None), SourceUnauthorizedError, id="message is null"),
        pytest.param(error(9_999_999), SourceRejectedError, id="unknown code"),
        pytest.param(error(9_999, is_transient=True), SourceUnavailableError, id="may pass"),
        pytest.param(error(100), SourceRejectedError, id="100 of the list"),
        pytest.param(error(190, error_data="{"), SourceUnauthorizedError, id="broken data"),
        pytest.param(error(299), SourceForbiddenError, id="last permission"),
        pytest.param(error(300), SourceRejectedError, id="after the last permission"),
    ],
)
def test_envelopes_of_any_shape_are_understood(answer, expected):
    reading = read_scripted(ScriptedGraph(lambda path, params: answer), "quick")
    assert type(reading.error) is expected


@pytest.mark.parametrize("status", [200, 400, 401, 403, 429, 500])
def test_the_code_decides_whatever_http_says(status):
    script = ScriptedGraph(lambda path, params: {**error(17), "code": status})
    reading = read_scripted(script, "quick")
    assert type(reading.error) is SourceThrottledError
    assert reading.calls == 1


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (302, SourceMalformedError),
        (400, SourceMalformedError),
        (401, SourceMalformedError),
        (403, SourceMalformedError),
        (408, SourceUnavailableError),
        (504, SourceUnavailableError),
    ],
)
def test_a_page_of_a_stranger_is_never_a_refusal(status, expected):
    script = ScriptedGraph(lambda path, params: {"body": "<html>", "code": status})
    reading = read_scripted(script, "quick")
    assert type(reading.error) is expected
    assert reading.calls == 3


def test_a_batch_refused_whole_is_our_fault(graph):
    batch = {"error": {"type": "GraphBatchException", "message": "Too many requests in batch"}}
    script = ScriptedGraph(_four_posts)

    def refusing(request):
        script(request)
        return _json(400, batch)

    reading = read_scripted(refusing)
    assert type(reading.error) is SourceRejectedError
    assert reading.calls == 1


@pytest.mark.parametrize("answer", [{"data": []}, [None] * 4, "text", 3])
def test_a_batch_that_is_no_list_of_as_many_is_malformed(answer):
    reading = read_scripted(lambda request: _json(200, answer))
    assert type(reading.error) is SourceMalformedError


def _json(status, answer):
    return httpx.Response(status, json=answer)


def test_a_refused_metric_and_a_sick_item_are_told_apart(graph):
    put(graph, "bad_metric", metric="views")
    put(graph, "few_viewers", subject=IDS["story"])
    reading = read(graph)
    assert ("not_enough_viewers", IDS["story"]) in remarks(reading)
    assert "views" not in metric_names(reading)[IDS["reel"]]


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
    assert ("not_answered", "breakdowns") in remarks(reading)
    assert reading.calls <= 1 + 8 + 3 + 2 * 3 + 3
