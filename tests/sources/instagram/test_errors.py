"""What the Instagram client makes of each of the platform's errors, and how often it asks.

One case for each row of the table of errors, recognised by the code in the body whatever HTTP says.
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
from tests.sources.instagram.readings import (
    LONG,
    ScriptedGraph,
    calls,
    error,
    issues,
    put,
    read,
    read_scripted,
    shown,
)

REDUCE = "Please reduce the amount of data you're asking for, then retry your request"
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


@pytest.mark.parametrize("depth", ["quick", "posts", "full"])
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
def test_a_throttle_says_for_how_long_where_the_header_does(graph, kind, depth):
    put(graph, kind, wait_min=19)
    assert read(graph, depth).error.retry_after_s == 19 * 60


def test_a_throttle_without_a_stated_time_lasts_some_minutes(graph):
    put(graph, "user_limit")
    assert read(graph, "quick").error.retry_after_s == 300


@pytest.mark.parametrize("depth", ["quick", "full"])
def test_a_version_that_does_not_exist_is_named_as_the_fault_of_the_setting(graph, depth):
    put(graph, "unknown_path")
    said = str(read(graph, depth).error)
    assert "Asked of v26.0. See that LAYERS_INSTAGRAM_VERSION names a version" in said


@pytest.mark.parametrize("depth", ["quick", "full"])
def test_a_list_that_another_login_has_says_which_login_it_wants(depth):
    refusal = error(100, "Unsupported request - method type: get", type="IGApiException")
    reading = read_scripted(lambda request: _json(400, refusal), depth)
    assert type(reading.error) is SourceForbiddenError
    assert "graph.instagram.com (LAYERS_INSTAGRAM_URL)" in str(reading.error)


def test_a_blocked_action_is_the_accounts_and_lasts():
    blocked = error(4, "Action is blocked", subcode=2207051, is_transient=False)
    error_ = read_scripted(lambda request: _json(403, blocked), "quick").error
    assert (type(error_), error_.scope) == (SourceThrottledError, "account")
    assert error_.retry_after_s == 6 * 3600
    assert "what Instagram blocks" in str(error_)


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
    assert issues(reading) == {("page_made_smaller", "media")}


def test_a_page_is_made_smaller_down_to_one_post():
    def script(path, params):
        return {"data": [shown("11")]} if params["limit"] == "1" else error(1, REDUCE)

    reading = read_scripted(ScriptedGraph(script), "quick")
    assert (reading.items, reading.calls) == (1, 6)


def test_a_page_of_one_post_that_is_too_much_is_unavailable():
    reading = read_scripted(ScriptedGraph(lambda path, params: error(1, REDUCE)), "quick")
    assert type(reading.error) is SourceUnavailableError
    assert reading.calls == 5 + 3


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
        pytest.param(error(-1, "Fatal"), SourceUnavailableError, id="fatal"),
        pytest.param(error("-1", "Fatal"), SourceUnavailableError, id="fatal as text"),
        pytest.param(error(24, subcode=2207006), SourceForbiddenError, id="gone 24"),
        pytest.param(error(110, subcode=2207013), SourceForbiddenError, id="no such user"),
        pytest.param(error(299), SourceForbiddenError, id="last permission"),
        pytest.param(error(300), SourceRejectedError, id="after the last permission"),
        pytest.param(error(10, "(#10) Not enough viewers"), SourceRejectedError, id="viewers"),
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


def test_a_batch_refused_whole_is_our_fault():
    batch = {"error": {"type": "GraphBatchException", "message": "Too many requests in batch"}}
    reading = read_scripted(lambda request: _json(400, batch))
    assert type(reading.error) is SourceRejectedError
    assert reading.calls == 1


@pytest.mark.parametrize("answer", [{"data": []}, [None] * 40, "text", 3])
def test_a_batch_that_is_no_list_of_as_many_is_malformed(answer):
    reading = read_scripted(lambda request: _json(200, answer))
    assert type(reading.error) is SourceMalformedError


def _json(status, answer):
    return httpx.Response(status, json=answer)
