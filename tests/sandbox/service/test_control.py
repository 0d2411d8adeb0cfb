"""The control plane over real HTTP: clock, accounts, faults, request log."""

import asyncio
import time
from datetime import datetime, timedelta

import httpx
import pytest

from sandbox import World, build_sandbox
from tests.sandbox.conftest import DATASET


def test_the_clock_goes_where_it_is_put_and_stands_still(call):
    call.set_clock(datetime.fromisoformat("2025-05-20T12:00:00+02:00"))
    call.advance(90.5)
    assert call.http.get("/sandbox/clock").json() == {
        "now": "2025-05-20T10:01:30.500000Z",
        "rate": 0,
    }


def test_a_clock_with_a_rate_flows(call):
    call.http.put("/sandbox/clock", json={"now": "2025-05-20T00:00:00Z", "rate": 86_400})
    time.sleep(0.02)
    now = datetime.fromisoformat(call.http.get("/sandbox/clock").json()["now"])
    assert now >= datetime.fromisoformat("2025-05-20T00:25:00Z")


@pytest.mark.parametrize(
    ("path", "method", "body"),
    [
        ("/sandbox/clock", "PUT", {"now": "2025-05-20T00:00:00"}),
        ("/sandbox/clock", "PUT", {"now": "9999-12-31T00:00:00Z"}),
        ("/sandbox/clock/advance", "POST", {"seconds": -1}),
        ("/sandbox/clock/advance", "POST", {"seconds": 1e300}),
    ],
)
def test_a_time_that_cannot_be_is_refused(call, path, method, body):
    assert call.http.request(method, path, json=body).status_code == 422


def test_accounts_are_listed_with_counts_and_span_most_posts_first(call, busy):
    listed = call.http.get("/sandbox/accounts").json()
    first = listed["accounts"][0]
    posts = DATASET.every_item(busy)
    assert listed["dataset"] == "generated-3"
    assert len(listed["accounts"]) == len(DATASET.accounts)
    assert (first["account_key"], first["posts"]) == (busy.account_key, len(posts))
    assert first["captures"] == sum(len(post.captures) for post in posts)
    assert first["first_captured_at"] < first["last_captured_at"]


def test_small_accounts_can_be_left_out_of_the_list(call):
    listed = call.http.get("/sandbox/accounts", params={"min_posts": 3}).json()["accounts"]
    assert len(listed) == len(DATASET.accounts) - 2


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"kind": "throttled", "retry_after_s": 9}, 429),
        ({"kind": "server_error"}, 503),
        ({"kind": "server_error", "status": 502}, 502),
        ({"kind": "private"}, 403),
        ({"kind": "vanished"}, 404),
    ],
    ids=str,
)
def test_a_fault_strikes_its_own_account_on_every_route_until_it_is_off(call, busy, fault, status):
    path = f"{busy.platform}/{busy.account_key}"
    other = next(account for account in DATASET.accounts if account != busy)
    scrape_id = call.submit(busy).json()["scrape_id"]
    assert call.put_fault(busy, **fault).status_code == 200
    struck = [
        call.submit(busy),
        call.get(f"/v1/scrapes/{scrape_id}"),
        call.page(scrape_id),
        call.get(f"/v1/accounts/{path}"),
    ]
    assert [answer.status_code for answer in struck] == [status] * 4
    assert {answer.headers["content-type"] for answer in struck} == {"application/problem+json"}
    assert call.submit(other).status_code == 202
    assert call.http.delete(f"/sandbox/faults/{path}").status_code == 204
    assert call.submit(busy).status_code == 202


def test_throttling_says_how_long_to_wait(call, busy):
    call.put_fault(busy, kind="throttled", retry_after_s=9)
    assert call.submit(busy).headers["retry-after"] == "9"


def test_a_fault_lasts_for_so_many_requests(call, busy):
    call.put_fault(busy, kind="server_error", times=2)
    assert [call.submit(busy).status_code for _ in range(3)] == [503, 503, 202]


def test_truncated_json_is_http_200_that_cannot_be_read(call, busy):
    call.put_fault(busy, kind="truncated_json")
    answer = call.submit(busy)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    with pytest.raises(ValueError, match="Unterminated"):
        answer.json()


def test_a_slow_account_answers_late_and_holds_nobody_else_up(call, busy):
    call.put_fault(busy, kind="slow", delay_s=0.3)
    begun_s = time.monotonic()
    assert call.submit(busy).status_code == 202
    assert time.monotonic() - begun_s >= 0.3


@pytest.mark.parametrize(
    ("kind", "status"), [("job_fails", "failed"), ("job_never_ends", "running")]
)
def test_a_job_keeps_the_fate_it_was_submitted_under(call, busy, kind, status):
    call.put_fault(busy, kind=kind, times=1)
    doomed, well = (call.submit(busy).json()["scrape_id"] for _ in range(2))
    call.advance(90)
    assert call.get(f"/v1/scrapes/{doomed}").json()["status"] == status
    assert call.get(f"/v1/scrapes/{well}").json()["status"] == "succeeded"


def test_repeating_an_order_uses_up_no_job_fault(call, busy):
    call.submit(busy, key="made before the fault")
    call.put_fault(busy, kind="job_fails", times=1)
    call.submit(busy, key="made before the fault")
    scrape_id = call.submit(busy).json()["scrape_id"]
    call.advance(90)
    assert call.get(f"/v1/scrapes/{scrape_id}").json()["status"] == "failed"


@pytest.mark.parametrize(
    "fault", [{"kind": "bad_mood"}, {"kind": "private", "times": 0}, {"king": "private"}], ids=str
)
def test_a_fault_that_does_not_exist_is_refused(call, busy, fault):
    assert call.put_fault(busy, **fault).status_code == 422


def test_an_account_that_does_not_exist_has_no_faults(call, busy):
    assert call.put_fault(busy._replace(account_key="nobody"), kind="slow").status_code == 404


def test_requests_are_logged_with_method_path_and_status_but_no_key_or_query(call, busy):
    scrape_id = call.submit(busy).json()["scrape_id"]
    call.page(scrape_id, cursor="secret-cursor")
    answer = call.http.get("/sandbox/requests")
    logged = [(row["method"], row["path"], row["status"]) for row in answer.json()["requests"]]
    assert logged == [
        ("POST", "/v1/scrapes", 202),
        ("GET", f"/v1/scrapes/{scrape_id}/posts", 409),
    ]
    assert answer.json()["count"] == 2
    assert "secret-cursor" not in answer.text
    assert call.sandbox.key.get_secret_value() not in answer.text


def test_the_log_can_be_cleared(call):
    call.http.get("/v1/health")
    assert call.http.delete("/sandbox/requests").status_code == 204
    assert call.http.get("/sandbox/requests").json() == {"count": 0, "requests": []}


def test_the_controls_need_no_key(call):
    assert call.http.get("/sandbox/clock").status_code == 200


def test_the_clock_begins_at_the_last_capture(call):
    now = datetime.fromisoformat(call.http.get("/sandbox/clock").json()["now"])
    assert now - DATASET.span[1] == timedelta(0)


@pytest.mark.parametrize(("client", "status"), [("192.0.2.9", 403), ("127.0.0.1", 200)])
def test_only_its_own_machine_may_steer_a_sandbox(client, status):
    transport = httpx.ASGITransport(build_sandbox(World(DATASET)), client=(client, 50_000))

    async def read_clock():
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as http:
            return await http.get("/sandbox/clock")

    assert asyncio.run(read_clock()).status_code == status
