"""Faults of the simulated Graph API: every kind as the platform words it."""

import json
import time

import httpx
import pytest

from sandbox.graph.faults import GRAPH_FAULT_KINDS, GRAPH_FAULTS
from tests.sandbox.graph.caller import (
    IMAGE,
    LARGE,
    MANY,
    OTHER,
    REEL,
    as_at_first,
    graph_sandbox,
    ids_of,
    values_of,
)

CODES = {
    "token_expired": (190, 463),
    "token_458": (190, 458),
    "token_459": (190, 459),
    "token_460": (190, 460),
    "token_464": (190, 464),
    "token_467": (190, 467),
    "token_492": (190, 492),
    "token_190": (190, None),
    "token_102": (102, None),
    "permission_10": (10, None),
    "permission_200": (200, None),
    "permission_3": (3, None),
    "ig_login_403": (10, None),
    "few_viewers": (10, None),
    "before_conversion": (100, 2_108_006),
    "error_data_object": (100, 2_108_006),
    "error_data_text": (100, 2_108_006),
    "gone_100_33": (100, 33),
    "bad_metric": (100, None),
    "bad_metric_incompatible": (100, None),
    "bad_metric_retired_21": (100, None),
    "bad_metric_retired_22": (100, None),
    "bad_metric_list": (100, None),
    "bad_metric_value": (100, None),
    "two_metrics": (100, None),
    "unknown_metric_error": (1, None),
    "unknown_path": (2500, None),
    "app_limit": (4, None),
    "user_limit": (17, None),
    "page_limit": (32, None),
    "custom_limit": (613, None),
    "buc_limit": (80_002, 2_446_079),
    "buc_limit_80001": (80_001, None),
    "app_341": (341, None),
    "policy_368": (368, None),
    "transient_1": (1, None),
    "transient_2": (2, None),
}


@pytest.fixture(scope="module")
def served():
    with graph_sandbox() as caller:
        yield caller


@pytest.fixture
def graph(served):
    return as_at_first(served)


def insights(graph, metric="reach,saved"):
    return graph.get(f"{REEL.item_id}/insights", metric=metric)


@pytest.mark.parametrize("kind", CODES)
def test_a_refusal_strikes_insights_with_its_code(graph, kind):
    graph.fault(kind, times=1)
    error = insights(graph).json()["error"]
    assert (error["code"], error.get("error_subcode")) == CODES[kind]
    assert insights(graph).status_code == 200


def test_every_kind_is_documented_and_has_a_test():
    bent = {kind for kind, fault in GRAPH_FAULTS.items() if fault.refusal is None}
    html = {kind for kind in GRAPH_FAULTS if kind.startswith("http_")}
    of_lists = {"reduce_data", "nonexisting_field", "unsupported_post"}
    assert set(GRAPH_FAULTS) == CODES.keys() | RECORDED.keys() | bent | html | of_lists
    assert {"list:app_limit", "batch:app_limit", "app_limit"} <= GRAPH_FAULT_KINDS
    assert all(fault.means for fault in GRAPH_FAULTS.values())


@pytest.mark.parametrize("kind", ["app_limit", "permission_10"])
def test_the_status_of_an_open_code_changes_and_the_code_does_not(graph, kind):
    graph.fault(kind)
    answers = [insights(graph) for _ in range(4)]
    assert {answer.status_code for answer in answers} == {400, 403}
    assert len({answer.json()["error"]["code"] for answer in answers}) == 1


@pytest.mark.parametrize("kind", ["transient_2", "transient_1"])
def test_a_passing_trouble_is_http_500(graph, kind):
    graph.fault(kind, times=1)
    assert insights(graph).status_code == 500


def test_only_code_2_calls_itself_transient(graph):
    graph.fault("transient_2", times=1)
    assert insights(graph).json()["error"]["is_transient"] is True
    graph.fault("transient_1", times=1)
    assert "is_transient" not in insights(graph).json()["error"]


def test_the_other_login_has_a_type_and_a_status_of_its_own(graph):
    graph.fault("ig_login_403")
    answer = graph.get("me")
    assert (answer.status_code, answer.json()["error"]["type"]) == (403, "IGApiException")


def test_error_data_may_be_text(graph):
    graph.fault("error_data_text")
    data = insights(graph).json()["error"]["error_data"]
    assert json.loads(data) == {"blame_field_specs": [[""]]}


def test_a_fault_of_a_metric_strikes_requests_for_it_only(graph):
    graph.fault("bad_metric", metric="saved")
    assert "the saved metric" in insights(graph).json()["error"]["message"]
    assert insights(graph, "reach,views").status_code == 200


def test_a_fault_of_an_item_strikes_it_only(graph):
    graph.fault("few_viewers", subject=REEL.item_id)
    assert insights(graph).json()["error"]["code"] == 10
    assert graph.insights(IMAGE, "reach")


def test_a_fault_of_an_item_fails_the_page_that_expands_it(graph):
    graph.fault("before_conversion", subject=IMAGE.item_id)
    assert graph.error("me/media", fields="insights.metric(reach)")["error_subcode"] == 2_108_006
    assert graph.media()


RECORDED = {
    "converted_100": (400, 100, None, "only available for media posted after the owner account"),
    "invalid_100": (400, 100, 2_207_001, "Invalid parameter"),
    "nonexisting_insights": (400, 100, None, "nonexisting field (insights)"),
    "unknown_path_ig": (400, 2500, None, "Unknown path components: /"),
    "unsupported_get": (400, 100, None, "Unsupported request - method type: get"),
    "blocked_2207051": (403, 4, 2_207_051, "request limit"),
    "fatal_minus_1": (500, -1, None, "Fatal"),
    "gone_24": (400, 24, 2_207_006, "does not exist"),
    "no_user_110": (400, 110, 2_207_013, "Invalid user id"),
}


@pytest.mark.parametrize(("kind", "told"), RECORDED.items(), ids=RECORDED)
def test_what_others_recorded_is_said_as_they_recorded_it(graph, kind, told):
    status, code, subcode, words = told
    graph.fault(kind)
    answer = insights(graph)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error.get("error_subcode")) == (
        status,
        code,
        subcode,
    )
    assert words in error["message"]


def test_two_metrics_may_be_named_in_one_sentence(graph):
    graph.fault("two_metrics", metric="saved")
    assert "the saved, reach metric for this" in insights(graph).json()["error"]["message"]


def test_a_field_may_be_unknown_to_a_list(graph):
    graph.fault("nonexisting_field", metric="view_count")
    error = graph.error("me/media", fields="id,view_count")
    assert "nonexisting field (view_count)" in error["message"]
    assert graph.read("me/media", fields="id")["data"]


def test_a_host_may_take_no_batches(graph):
    graph.fault("unsupported_post")
    assert graph.batch("me").json()["error"]["message"].endswith("method type: post")
    assert graph.get("me").status_code == 200


def test_a_login_may_not_be_told_the_product(graph):
    graph.fault("no_product_type")
    fields = "id,media_type,media_product_type,caption"
    row = graph.read("me/media", fields=fields, limit=1)["data"][0]
    assert row == {"id": REEL.item_id, "media_type": "VIDEO"}


def test_a_fault_can_be_bound_to_a_place(graph):
    graph.fault("list:gone_100_33")
    assert graph.error("me/media")["error_subcode"] == 33
    assert insights(graph).status_code == 200


def test_a_fault_is_its_own_accounts(graph):
    graph.fault("user_limit")
    assert graph.of(OTHER).get("me").status_code == 200


def test_too_much_data_is_too_much_until_less_is_asked_for(graph):
    large = graph.of(LARGE)
    large.fault("reduce_data")
    error = large.error("me/media", limit=100)
    assert error["code"] == 1
    assert error["message"].startswith("Please reduce the amount of data")
    assert len(large.media(limit=25)["data"]) == 25


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_load_balancer_answers_with_html(graph, status):
    graph.fault(f"http_{status}")
    answer = graph.get("me")
    assert answer.status_code == status
    assert answer.text.startswith("<html>")


def test_half_an_answer_is_http_200(graph):
    graph.fault("truncated_json")
    answer = graph.get("me/media")
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting|delimiter"):
        answer.json()


def test_a_slow_answer_is_still_right(graph):
    graph.fault("slow")
    begun_s = time.monotonic()
    assert graph.media()["data"]
    assert time.monotonic() - begun_s >= 1


def test_a_caller_may_leave_an_answer_that_hangs(graph):
    graph.fault("hang", times=1)
    with pytest.raises(httpx.ReadTimeout):
        graph.http.get("/me", params={"access_token": graph.token}, timeout=0.2)
    assert graph.read("me")


def test_an_empty_answer_is_no_error(graph):
    graph.fault("empty_data")
    assert graph.read("me/media") == {"data": []}
    assert insights(graph).json() == {"data": []}


@pytest.mark.parametrize("kind", ["short_page", "empty_page_with_next"])
def test_a_short_page_still_leads_to_everything(graph, kind):
    large = graph.of(LARGE)
    large.fault(kind, skip=1, times=1)
    pages = large.pages(limit=40)
    assert len(pages) == 4
    assert len(pages[1]["data"]) < 40
    assert [row for page in pages for row in ids_of(page)] == [post.item_id for post in MANY]


def test_the_first_page_may_be_empty_too(graph):
    graph.fault("empty_page_with_next", times=1)
    first, second = graph.pages()
    assert first["data"] == []
    assert len(second["data"]) == 4


def test_a_metric_may_be_left_out_or_not_ready(graph):
    graph.fault("metric_absent", metric="saved", times=1)
    assert values_of(insights(graph).json()).keys() == {"reach"}
    graph.fault("metric_not_ready", metric="saved", times=1)
    rows = {row["name"]: row["values"] for row in insights(graph).json()["data"]}
    assert rows["saved"] == []
    assert len(rows["reach"]) == 1


def test_the_skip_rate_may_be_a_fraction(graph):
    percent = values_of(graph.insights(REEL, "reels_skip_rate"))["reels_skip_rate"]
    graph.fault("skip_rate_fraction")
    fraction = values_of(graph.insights(REEL, "reels_skip_rate"))["reels_skip_rate"]
    assert 0 < fraction < 1 < percent < 100


def test_usage_is_not_shown_at_first(graph):
    headers = graph.of(OTHER).get("me").headers
    assert "x-app-usage" not in headers
    assert "x-business-use-case-usage" not in headers


def test_usage_is_shown_after_many_calls(graph):
    large = graph.of(LARGE)
    for _ in range(2):
        large.batch(*["me"] * 50)
    usage = json.loads(large.get("me").headers["x-business-use-case-usage"])
    assert usage == {
        LARGE.account_key: [
            {
                "type": "instagram",
                "call_count": 1,
                "total_cputime": 20,
                "total_time": 20,
                "estimated_time_to_regain_access": 0,
            }
        ]
    }


def test_usage_can_be_high_or_full_while_calls_are_answered(graph):
    graph.fault("usage_high", times=1)
    headers = graph.get("me").headers
    assert json.loads(headers["x-app-usage"])["call_count"] == 95
    business = json.loads(headers["x-business-use-case-usage"])[graph.account.account_key]
    assert business[0]["call_count"] == 95
    graph.fault("usage_full", times=1, wait_min=7)
    headers = graph.get("me").headers
    business = json.loads(headers["x-business-use-case-usage"])[graph.account.account_key]
    assert (business[0]["call_count"], business[0]["estimated_time_to_regain_access"]) == (100, 7)


def test_the_limit_of_the_app_shows_in_its_header(graph):
    graph.fault("app_limit")
    assert json.loads(graph.get("me").headers["x-app-usage"])["call_count"] == 100


def test_a_message_that_repeats_the_caller_cannot_add_headers(graph):
    answer = graph.get(IMAGE.item_id, fields="a\r\nX-Evil: 1")
    assert answer.json()["error"]["code"] == 2500
    assert "x-evil" not in answer.headers
