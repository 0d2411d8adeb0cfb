"""Tokens at the simulated Graph API: where they stand, what they open, how they end."""

from datetime import timedelta

import pytest

from sandbox import AccountRef
from tests.sandbox.graph.caller import LARGE, MINE, NOW, OTHER, as_at_first, graph_sandbox

ME = {"id": MINE.account_key}


@pytest.fixture(scope="module")
def served():
    with graph_sandbox() as caller:
        yield caller


@pytest.fixture
def graph(served):
    return as_at_first(served)


def refusal(graph, **params):
    answer = graph.http.get("/v26.0/me", params=params)
    return answer.status_code, answer.json()["error"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_token_may_stand_in_the_query(graph, method):
    params = {"access_token": graph.token, "method": "get", "appsecret_proof": "x", "odd": "1"}
    assert graph.http.request(method, "/v26.0/me", params=params).json() == ME


def test_the_token_may_stand_in_a_header(graph):
    headers = {"Authorization": f"Bearer {graph.token}"}
    answer = graph.http.get("/v26.0/me/media", params={"limit": 1}, headers=headers).json()
    assert f"access_token={graph.token}" in answer["paging"]["next"]


@pytest.mark.parametrize("form", ["data", "files", "json"])
def test_the_token_may_stand_in_the_body(graph, form):
    fields = {"access_token": graph.token, "method": "GET"}
    body = {name: (None, value) for name, value in fields.items()} if form == "files" else fields
    assert graph.http.post("/v26.0/me", **{form: body}).json() == ME


def test_without_a_token_nothing_is_read(graph):
    status, error = refusal(graph)
    assert (status, error["code"], error["type"]) == (401, 104, "OAuthException")


@pytest.mark.parametrize("account", [None, AccountRef("tiktok", "open-1")], ids=["none", "tiktok"])
def test_an_unknown_token_is_invalid(graph, account):
    token = "made-up" if account is None else graph.of(account).token
    status, error = refusal(graph, access_token=token)
    assert (status, error["code"]) == (400, 190)
    assert "error_subcode" not in error


def test_an_expired_token_says_since_when(graph):
    token = graph.sandbox.world.tokens.issue(MINE, life=timedelta(hours=1)).access
    graph.sandbox.world.clock.set(NOW + timedelta(hours=3))
    status, error = refusal(graph, access_token=token)
    assert (status, error["code"], error["error_subcode"]) == (400, 190, 463)
    assert error["message"] == (
        "Error validating access token: Session has expired on Sunday, 10-May-26 06:30:00 PDT. "
        "The current time is Sunday, 10-May-26 08:30:00 PDT."
    )


@pytest.mark.parametrize(("why", "subcode"), [("458", 458), ("467", 467), ("revoked", 460)])
def test_a_revoked_token_says_why(graph, why, subcode):
    caller = graph.of(LARGE)
    graph.sandbox.world.tokens.revoke(LARGE, why=why)
    assert refusal(graph, access_token=caller.token)[1]["error_subcode"] == subcode


def test_every_answer_has_a_trace_of_its_own(graph):
    traces = [refusal(graph)[1]["fbtrace_id"] for _ in range(3)]
    assert len(set(traces)) == 3


def refresh(graph):
    params = {"grant_type": "ig_refresh_token", "access_token": graph.token}
    return graph.http.get("/refresh_access_token", params=params)


def test_a_token_of_a_day_is_refreshed_for_sixty(graph):
    graph.sandbox.world.clock.advance(24 * 3600)
    answer = refresh(graph).json()
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 5_184_000)
    assert answer["access_token"] != graph.token
    newer = {"access_token": answer["access_token"]}
    assert graph.http.get("/me", params=newer).json() == ME


def test_a_younger_or_an_expired_token_is_not_refreshed(graph):
    assert refresh(graph).json()["error"]["code"] == 100
    graph.sandbox.world.clock.advance(61 * 86_400)
    assert refresh(graph).json()["error"]["error_subcode"] == 463


def test_a_token_is_exchanged_as_facebook_login_does(graph):
    params = {"grant_type": "fb_exchange_token", "client_id": "1", "client_secret": "s"}
    params["fb_exchange_token"] = graph.of(OTHER).token
    answer = graph.http.get("/v26.0/oauth/access_token", params=params).json()
    me = graph.http.get("/me", params={"access_token": answer["access_token"]}).json()
    assert me == {"id": OTHER.account_key}


def test_an_exchange_without_a_secret_is_refused(graph):
    params = {"grant_type": "fb_exchange_token", "client_id": "1"}
    error = graph.http.get("/oauth/access_token", params=params).json()["error"]
    assert error["message"] == "Missing client_secret parameter."


def test_a_fault_can_strike_the_exchange_itself(graph):
    graph.sandbox.world.clock.advance(24 * 3600)
    graph.fault("token:transient_2", times=1)
    assert refresh(graph).json()["error"]["code"] == 2
    assert refresh(graph).status_code == 200
