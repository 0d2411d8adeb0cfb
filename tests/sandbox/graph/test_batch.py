"""Batches at the simulated Graph API."""

import json

import pytest

from tests.sandbox.graph.caller import (
    DELETED,
    IMAGE,
    LARGE,
    MANY,
    NOW,
    OTHER,
    REEL,
    as_at_first,
    graph_sandbox,
    values_of,
)


@pytest.fixture(scope="module")
def served():
    with graph_sandbox() as caller:
        yield caller


@pytest.fixture
def graph(served):
    return as_at_first(served)


def bodies(answer):
    assert answer.status_code == 200
    return [(element["code"], json.loads(element["body"])) for element in answer.json()]


@pytest.mark.parametrize(
    "url",
    [
        "{id}/insights?metric=reach%2Csaved",
        "/{id}/insights?metric=reach,saved",
        "v25.0/{id}/insights/?metric=%5B%22reach%22%2C%22saved%22%5D",
        "{id}%2Finsights%3Fmetric%3Dreach%2Csaved",
    ],
)
def test_an_address_may_be_written_in_several_ways(graph, url):
    [(code, body)] = bodies(graph.batch(url.format(id=REEL.item_id)))
    truth = REEL.metrics(NOW)
    assert code == 200
    assert values_of(body) == {"reach": truth["reach"], "saved": truth["saves"]}


def test_each_failure_stays_by_itself_and_in_its_place(graph):
    urls = [f"{one.item_id}/insights?metric=reach" for one in (REEL, DELETED, IMAGE)]
    found = bodies(graph.batch(*urls, f"{REEL.item_id}/insights?metric=follows"))
    assert [code for code, _ in found] == [200, 400, 200, 400]
    assert found[1][1]["error"]["error_subcode"] == 33
    assert values_of(found[2][1]) == {"reach": IMAGE.metrics(NOW)["reach"]}


def test_an_element_has_headers_unless_they_are_not_wanted(graph):
    headers = graph.batch(REEL.item_id).json()[0]["headers"]
    assert {"name": "Facebook-API-Version", "value": "v26.0"} in headers
    assert "headers" not in graph.batch(REEL.item_id, include_headers="false").json()[0]


def test_fifty_are_answered_in_one_request(graph):
    large = graph.of(LARGE)
    urls = [f"{one.item_id}/insights?metric=reach" for one in MANY[:50]]
    found = bodies(large.batch(*urls))
    assert [values_of(body)["reach"] for _, body in found] == [
        one.metrics(NOW)["reach"] for one in MANY[:50]
    ]
    assert len(graph.sandbox.world.log.requests()) == 1


def test_more_than_fifty_are_refused(graph):
    answer = graph.batch(*["me"] * 51)
    error = answer.json()["error"]
    del error["fbtrace_id"]
    assert answer.status_code == 400
    assert error == {
        "message": "Too many requests in batch message. Maximum batch size is 50",
        "type": "GraphBatchException",
    }


@pytest.mark.parametrize("text", ["", "{}", "[]", "[1]", '[{"method": "GET"}]', "[["])
def test_what_is_no_batch_is_refused(graph, text):
    answer = graph.http.post("/", data={"access_token": graph.token, "batch": text})
    assert answer.json()["error"]["type"] == "GraphBatchException"


def test_an_element_may_have_a_token_of_its_own(graph):
    other = graph.of(OTHER)
    found = bodies(graph.batch("me", f"me?access_token={other.token}"))
    assert [body["id"] for _, body in found] == [graph.account.account_key, OTHER.account_key]


def test_a_bad_token_refuses_the_whole_batch(graph):
    answer = graph.batch("me", access_token="made-up")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 190)


def test_pages_of_a_batch_lead_back_to_the_sandbox(graph):
    [(_, body)] = bodies(graph.batch("me/media?limit=1"))
    assert body["paging"]["next"].startswith(f"{graph.sandbox.url}/v26.0/")


def test_an_element_that_times_out_is_null(graph):
    graph.fault("null_element", subject=REEL.item_id)
    elements = graph.batch(REEL.item_id, IMAGE.item_id).json()
    assert elements[0] is None
    assert elements[1]["code"] == 200


def test_a_fault_of_the_transport_strikes_the_batch_as_one(graph):
    graph.fault("http_502", times=1)
    answer = graph.batch("me", "me")
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert [code for code, _ in bodies(graph.batch("me", "me"))] == [200, 200]


def test_a_throttle_strikes_elements_from_some_point_on(graph):
    graph.fault("buc_limit", skip=2, wait_min=19)
    answer = graph.batch(*["me"] * 4)
    assert [code for code, _ in bodies(answer)] == [200, 200, 400, 400]
    headers = {one["name"]: one["value"] for one in answer.json()[2]["headers"]}
    usage = json.loads(headers["X-Business-Use-Case-Usage"])[graph.account.account_key][0]
    assert usage["estimated_time_to_regain_access"] == 19
