"""The SIFT routes over real HTTP: jobs, paging, what a row may hold, refusals."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.hypothesis_profiles import examples
from tests.sandbox.conftest import DATASET

METRICS = {"views", "likes", "comments", "shares", "saves", "followers"}
ALWAYS = {
    "post_id",
    "platform",
    "account_key",
    "captured_at",
    "published_at",
    "media_type",
    "permalink",
    "media_url",
}


def instant(text):
    return datetime.fromisoformat(text)


def test_a_scrape_is_accepted_with_202_and_queued(call, busy):
    answer = call.submit(busy)
    assert answer.status_code == 202
    assert answer.json() | {"scrape_id": "", "submitted_at": ""} == {
        "scrape_id": "",
        "status": "queued",
        "platform": busy.platform,
        "account_key": busy.account_key,
        "limit": 50,
        "submitted_at": "",
    }


def test_the_same_key_gives_the_same_job_even_later(call, busy):
    first = call.submit(busy, key="same").json()
    call.advance(3600)
    again = call.submit(busy, key="same").json()
    assert again["scrape_id"] == first["scrape_id"]
    assert again["submitted_at"] == first["submitted_at"]


def test_other_keys_give_other_jobs(call, busy):
    assert call.submit(busy).json()["scrape_id"] != call.submit(busy).json()["scrape_id"]


def test_an_idempotency_key_is_required(call, busy):
    answer = call.http.post("/v1/scrapes", json=busy._asdict(), headers=call.key)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "header.idempotency-key"


@pytest.mark.parametrize(
    "order",
    [{"limit": 0}, {"limit": 51}, {"platform": "myspace"}, {"account_key": ""}, {"colour": "red"}],
    ids=str,
)
def test_an_order_outside_the_contract_is_refused(call, busy, order):
    assert call.submit(busy, **order).status_code == 422


def test_pages_hold_twenty_posts_newest_first_and_fifty_in_all(call, busy):
    scrape_id = call.submit(busy).json()["scrape_id"]
    call.advance(90)
    first = call.page(scrape_id).json()
    second = call.page(scrape_id, first["next_cursor"]).json()
    last = call.page(scrape_id, second["next_cursor"]).json()
    rows = [*first["posts"], *second["posts"], *last["posts"]]
    newest = [post.post_id for post in DATASET.posts(busy)[:50]]
    assert [len(page["posts"]) for page in (first, second, last)] == [20, 20, 10]
    assert [row["post_id"] for row in rows] == newest
    assert "next_cursor" not in last


def test_a_limit_is_kept(call, busy):
    assert len(call.posts(busy, limit=7)) == 7


def test_pages_of_a_job_do_not_change_as_the_clock_moves_on(call, busy):
    call.set_clock(DATASET.span[0] + timedelta(days=2))
    scrape_id = call.submit(busy).json()["scrape_id"]
    call.advance(90)
    before = call.page(scrape_id).json()
    call.advance(12 * 3600)
    assert call.page(scrape_id).json() == before


@pytest.mark.parametrize("cursor", ["x", "####", "c2NyXzE6MjA=", "é"])
def test_a_cursor_of_another_scrape_is_refused(call, busy, cursor):
    scrape_id = call.submit(busy).json()["scrape_id"]
    call.advance(90)
    assert call.page(scrape_id, cursor).status_code == 400


def test_moving_the_clock_brings_newer_captures(call, busy):
    call.set_clock(DATASET.span[0] + timedelta(days=1))
    earlier = {row["post_id"]: row["captured_at"] for row in call.posts(busy)}
    call.advance(86_400)
    later = {row["post_id"]: row["captured_at"] for row in call.posts(busy)}
    shared = earlier.keys() & later.keys()
    assert shared
    assert all(later[post] > earlier[post] for post in shared)


def test_before_its_first_capture_an_account_has_no_posts(call, busy):
    call.set_clock(DATASET.span[0] - timedelta(days=1))
    assert call.posts(busy) == []


def test_set_back_before_its_end_a_finished_scrape_is_under_way_again(call, busy):
    scrape_id = call.submit(busy).json()["scrape_id"]
    call.advance(90)
    call.set_clock(DATASET.span[1] - timedelta(hours=1))
    assert call.get(f"/v1/scrapes/{scrape_id}").json()["status"] == "queued"
    assert call.page(scrape_id).status_code == 409


@examples(2, suppress_health_check=list(HealthCheck))
@given(
    hours=st.lists(st.floats(-5, 110), min_size=1, max_size=3),
    account=st.sampled_from(DATASET.accounts),
)
def test_nothing_captured_after_the_clock_is_ever_returned(call, hours, account):
    for hour in hours:
        submitted_at = DATASET.span[0] + timedelta(hours=hour)
        call.set_clock(submitted_at)
        rows = call.posts(account)
        assert all(instant(row["captured_at"]) <= submitted_at for row in rows)
        assert all(instant(row["published_at"]) <= submitted_at for row in rows)


@pytest.mark.parametrize("account", DATASET.accounts, ids="-".join)
def test_a_metric_not_shown_is_absent_and_nothing_is_null(call, account):
    expected = {
        post.post_id: dict(capture.metrics)
        for post, capture in DATASET.recent(account, as_of=DATASET.span[1])
    }
    rows = call.posts(account)
    assert rows
    for row in rows:
        assert row.keys() - METRICS - {"caption"} == ALWAYS
        assert {name: row[name] for name in METRICS & row.keys()} == expected[row["post_id"]]
        assert None not in row.values()
        assert row["captured_at"].endswith("Z")


def test_account_metadata_follows_the_clock(call, busy):
    path = f"/v1/accounts/{busy.platform}/{busy.account_key}"
    call.set_clock(DATASET.span[0] - timedelta(days=1))
    before = call.get(path).json()
    call.set_clock(DATASET.span[1])
    after = call.get(path).json()
    assert before == {**busy._asdict(), "handle": busy.account_key, "post_count": 0} | {
        "niche": DATASET.niches[busy]
    }
    assert after["post_count"] == len(DATASET.posts(busy))
    assert after["followers"] > 0
    assert 0 < after["engagement_rate"] < 1


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/nowhere", 404),
        ("/v1/scrapes/scr_unknown", 404),
        ("/v1/scrapes/scr_unknown/posts", 404),
        ("/v1/accounts/tiktok/nobody", 404),
        ("/v1/accounts/myspace/tom", 422),
        ("/v1/scrapes", 405),
    ],
)
def test_every_refusal_is_a_problem_document(call, path, status):
    answer = call.get(path)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"]) == (status, status)
    assert problem.keys() >= {"type", "title", "status", "detail"}


def test_a_body_that_is_not_json_is_a_problem_document(call):
    headers = call.key | {"Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = call.http.post("/v1/scrapes", content="{", headers=headers)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}], ids=["none", "bad"])
def test_without_the_key_nothing_but_health_answers(call, headers):
    answer = call.http.get("/v1/scrapes/scr_1", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert call.http.get("/v1/health", headers=headers).json() == {"status": "ok"}


def test_an_unknown_account_cannot_be_ordered(call, busy):
    assert call.submit(busy._replace(account_key="nobody")).status_code == 404
