"""The control plane over accounts that hold tokens, and the counts of requests."""

import asyncio

import httpx
import pytest

from sandbox.world import LoggedRequest, RequestLog
from tests.sandbox.tiktok.caller import NOW, TikTokCaller

OAUTH = "/sandbox/oauth"


@pytest.fixture
def tiktok():
    return TikTokCaller(posts=6, stories=2)


def path_of(tiktok, rest=""):
    return f"{OAUTH}/accounts/tiktok/{tiktok.account.account_key}{rest}"


def test_accounts_are_listed_with_their_items_tokens_and_faults(tiktok):
    tiktok.put("slow")
    listed = tiktok.request("GET", f"{OAUTH}/accounts").json()["accounts"]
    row = next(one for one in listed if one["account_key"] == tiktok.account.account_key)
    assert [one["platform"] for one in listed] == ["instagram", "tiktok", "tiktok"]
    assert [one["token"] for one in listed] == ["none", "valid", "none"]
    assert (row["posts"], row["items_ever"]) == (len(tiktok.alive()), 6)
    assert (row["stories"], row["faults"]) == (0, 1)


def test_a_token_that_was_issued_opens_its_account(tiktok):
    answer = tiktok.request("POST", path_of(tiktok, "/tokens"))
    token = answer.json()["access_token"]
    assert answer.status_code == 201
    assert answer.json()["expires_at"] == "2025-05-15T12:00:00Z"
    assert tiktok.get("business/video/list/", token=token).json()["code"] == 0


def test_a_token_can_be_issued_for_a_short_life(tiktok):
    answer = tiktok.request("POST", path_of(tiktok, "/tokens"), json={"life_s": 60})
    assert answer.json()["expires_at"] == "2025-05-14T12:01:00Z"


@pytest.mark.parametrize(
    ("end", "code", "refreshed"),
    [
        ({"kind": "expire"}, 40102, 0),
        ({"kind": "expire", "life_s": 60}, 0, 0),
        ({"kind": "expire_refresh"}, 0, 40103),
        ({"kind": "revoke"}, 40105, 40107),
    ],
    ids=str,
)
def test_tokens_can_be_ended(tiktok, end, code, refreshed):
    assert tiktok.request("POST", path_of(tiktok, "/tokens/end"), json=end).status_code == 204
    assert tiktok.get("business/video/list/").json()["code"] == code
    assert tiktok.refresh()["code"] == refreshed


def test_faults_are_switched_on_side_by_side_listed_and_cleared(tiktok):
    path = path_of(tiktok, "/faults")
    posted = [
        tiktok.request("POST", path, json={"kind": kind, "times": 2})
        for kind in ("code_50000", "slow")
    ]
    tiktok.get("business/get/")
    listed = tiktok.request("GET", path).json()["faults"]
    assert [answer.status_code for answer in posted] == [201, 201]
    assert [(one["kind"], one["times"]) for one in listed] == [("code_50000", 1), ("slow", 2)]
    assert tiktok.request("DELETE", path).status_code == 204
    assert tiktok.request("GET", path).json() == {"faults": []}


@pytest.mark.parametrize(
    "fault", [{"kind": "buc_limit"}, {"kind": "slow", "times": 0}, {"king": "slow"}], ids=str
)
def test_a_fault_that_the_platform_does_not_know_is_refused(tiktok, fault):
    assert tiktok.request("POST", path_of(tiktok, "/faults"), json=fault).status_code == 422


def test_an_instagram_account_takes_instagrams_faults(tiktok):
    key = tiktok.world.dataset.holders[0].account_key
    path = f"{OAUTH}/accounts/instagram/{key}/faults"
    kinds = ("buc_limit", "list:buc_limit", "code_50000")
    answers = [tiktok.request("POST", path, json={"kind": kind}) for kind in kinds]
    assert [answer.status_code for answer in answers] == [201, 201, 422]


def test_the_truth_is_reported_in_our_words_with_what_is_deleted():
    caller = TikTokCaller(posts=6, deletions=1)
    caller.advance(days=2)
    truth = caller.request("GET", path_of(caller, "/truth")).json()
    now = caller.world.clock.now()
    items = caller.world.dataset.every_item(caller.account)
    assert truth["followers"] == caller.world.dataset.followers(caller.account, at=now)
    assert [one["item_id"] for one in truth["items"]] == [item.item_id for item in items]
    assert [one["alive"] for one in truth["items"]] == [item.lives(now) for item in items]
    assert [one["metrics"] for one in truth["items"]] == [
        item.metrics(now) if item.lives(now) else {} for item in items
    ]
    assert False in [one["alive"] for one in truth["items"]]


@pytest.mark.parametrize(
    ("method", "rest"), [("GET", "/truth"), ("POST", "/tokens"), ("GET", "/faults")]
)
def test_an_account_that_is_not_there_is_not_found(tiktok, method, rest):
    answer = tiktok.request(method, f"{OAUTH}/accounts/tiktok/nobody{rest}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_tiktoks_calls_per_second_can_be_limited(tiktok):
    path = f"{OAUTH}/tiktok/limit"
    assert tiktok.request("GET", path).json() == {"limit": None}
    assert tiktok.request("PUT", path, json={"limit": 1}).json() == {"limit": 1}
    codes = [tiktok.get("business/get/").json()["code"] for _ in range(2)]
    assert codes == [0, 40100]
    tiktok.request("PUT", path, json={"limit": None})
    assert tiktok.get("business/get/").json()["code"] == 0


def test_tiktoks_calls_per_minute_can_be_limited(tiktok):
    path = f"{OAUTH}/tiktok/minute-limits"
    first = {"account_per_min": 40, "app_per_min": 600, "refused": 0}
    assert tiktok.request("GET", path).json() == first
    none = {"account_per_min": None, "app_per_min": None}
    two = {"account_per_min": 2, "app_per_min": None}
    assert tiktok.request("PUT", path, json=two).json() == two
    assert [tiktok.get("business/get/").json()["code"] for _ in range(3)] == [0, 0, 40100]
    assert tiktok.request("GET", path).json() == two | {"refused": 1}
    tiktok.request("PUT", path, json=none)
    assert tiktok.get("business/get/").json()["code"] == 0


def test_only_its_own_machine_gets_tokens(tiktok):
    transport = httpx.ASGITransport(tiktok.app, client=("192.0.2.9", 50_000))

    async def ask():
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as http:
            return await http.post(path_of(tiktok, "/tokens"))

    assert asyncio.run(ask()).status_code == 403


def test_requests_are_counted_by_kind_of_path(tiktok):
    for number in range(3):
        tiktok.request("GET", f"/v26.0/1784{number:013d}/media")
    tiktok.get("business/get/")
    counted = tiktok.request("GET", "/sandbox/requests/counts").json()
    graph = tiktok.request("GET", "/sandbox/requests/counts", params={"prefix": "/v26.0/"}).json()
    assert counted == {
        "count": 4,
        "by_path": {"/v26.0/*/media": 3, "/open_api/v1.3/business/get/": 1},
    }
    assert graph["count"] == 3


def test_requests_are_counted_that_the_log_no_longer_keeps():
    log = RequestLog(length=10)
    for number in range(25):
        path = f"/v1/scrapes/scr_{number}/posts"
        log.add(LoggedRequest(at=NOW, method="GET", path=path, status=200))
    assert len(log.requests()) == 10
    assert log.count("/v1/scrapes/scr_7/") == 25
    assert log.count("/v2/") == 0
    log.clear()
    assert log.count() == 0


def test_a_log_without_a_limit_keeps_everything():
    log = RequestLog(length=None)
    for _ in range(100_001):
        log.add(LoggedRequest.model_construct(at=NOW, method="GET", path="/v1/health", status=200))
    assert len(log.requests()) == log.count() == 100_001
