"""Meta's refusals, each with its own cure, and what must never be shown.

Belongs here: the table of error bodies (spec: ads.md 1.5), headers of usage, secrets.
Does not belong here: whole readings (``tests.steps.ingest.test_fault_matrix_meta_ads``).
"""

import asyncio
import json
from datetime import UTC, date, datetime

import httpx
import pytest
from pydantic import SecretStr

from layers_pipeline.clock import FixedClock
from layers_pipeline.errors import (
    SourceForbiddenError,
    SourceThrottledError,
    SourceUnauthorizedError,
    SourceUnavailableError,
)
from layers_pipeline.sources.ads_client import AdsAccount, AdsRequest, days_to_read, spans
from layers_pipeline.sources.http import RetryPolicy
from layers_pipeline.sources.meta_ads.client import MetaAdsClient
from layers_pipeline.sources.meta_ads.errors import fault_of
from layers_pipeline.sources.meta_ads.session import MarketingApi, ads_usage
from layers_pipeline.sources.meta_ads.spans import AD_ID, CAMPAIGN_ID, STATUSES, Span
from layers_pipeline.sources.rate_limits import UsageBudgets

NOW = datetime(2025, 5, 14, 3, tzinfo=UTC)
TOKEN = "EAAB-token-nobody-may-see"
REDUCE = "Please reduce the amount of data you're asking for, then retry your request"


def kind(status=400, **error):
    fault = fault_of({"error": {"message": "no"} | error}, status=status, clean=str)
    return fault and fault.kind


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"code": 1, "message": REDUCE}, "too_much"),
        ({"code": 1, "error_subcode": 99, "error_user_msg": f"{REDUCE}."}, "too_much"),
        ({"code": 1, "error_subcode": 99}, "too_much"),
        ({"code": 1}, "passing"),
        ({"code": 100, "error_subcode": 1487534}, "too_much"),
        ({"code": 100, "error_subcode": 1504018}, "too_slow"),
        ({"code": 2, "error_subcode": 1504038}, "too_slow"),
        ({"code": 2, "error_subcode": 1504041}, "other"),
        ({"code": 2, "error_subcode": 1504043}, "passing"),
        ({"code": -2, "error_subcode": 2490547}, "too_much"),
        ({"code": -3, "error_subcode": 1504045}, "too_much"),
        ({"code": 4, "error_subcode": 1504022}, "app_throttled"),
        ({"code": 4, "error_subcode": 1504039}, "app_throttled"),
        ({"code": 17, "error_subcode": 2446079}, "account_throttled"),
        ({"code": 613, "error_subcode": 1487742}, "account_throttled"),
        ({"code": 80000}, "account_throttled"),
        ({"code": 80004, "error_subcode": 2446079}, "account_throttled"),
        ({"code": 3018}, "too_old"),
        ({"code": 2601, "error_subcode": 1815107, "is_transient": True}, "not_ready"),
        ({"code": 2637}, "not_ready"),
        ({"code": 2635}, "old_version"),
        ({"code": 190}, "unauthorized"),
        *[({"code": code}, "not_permitted") for code in (10, 200, 270, 294, 3191001)],
        ({"code": "200"}, "not_permitted"),
        ({"code": 100, "error_subcode": 33}, "gone"),
        ({"code": 100}, "other"),
        ({}, "other"),
    ],
    ids=str,
)
def test_each_error_body_has_its_kind(error, expected):
    assert kind(**error) == expected


def test_an_answer_without_an_error_is_none():
    assert fault_of({"data": []}, status=200, clean=str) is None


def test_only_allowances_for_ads_count():
    records = [
        {"type": "ads_insights", "call_count": 40, "estimated_time_to_regain_access": 2},
        {"type": "instagram", "call_count": 99},
    ]
    headers = {
        "x-business-use-case-usage": json.dumps({"1": records, "2": [{"call_count": 100}]}),
        "x-fb-ads-insights-throttle": '{"app_id_util_pct": 12.5, "acc_id_util_pct": 70}',
    }
    usage = ads_usage(headers, "1")
    assert (usage.app_pct, usage.account_pct, usage.regain_s) == (12.5, 70, 120)
    assert ads_usage({"x-fb-ads-insights-throttle": "nonsense"}, "1").account_pct == 0


def read(answer, *, first_days=3):
    """One reading whose every request has the answer; the reading and the requests."""
    requests = []

    def respond(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return answer(request) if callable(answer) else answer

    async def run():
        transport = httpx.MockTransport(respond)
        async with httpx.AsyncClient(transport=transport, base_url="http://meta.example") as http:
            clock = FixedClock(NOW)
            api = MarketingApi(
                http=http,
                version="v27.0",
                clock=clock,
                budgets=UsageBudgets(clock),
                app_secret=SecretStr("app-secret-nobody-may-see"),
                retries=RetryPolicy(attempts=2, wait_initial_s=0, wait_max_s=0, jitter_s=0),
            )
            wanted = AdsRequest(
                ad_account_id="1",
                token=SecretStr(TOKEN),
                trailing_days=28,
                first_days=first_days,
            )
            return await MetaAdsClient(api).read(wanted)

    return asyncio.run(run()), requests


def refused(status=400, **error):
    return httpx.Response(status, json={"error": {"message": f"no {TOKEN}"} | error})


@pytest.mark.parametrize(
    ("error", "raised", "calls"),
    [
        ({"code": 190}, SourceUnauthorizedError, 1),
        ({"code": 200}, SourceForbiddenError, 1),
        ({"code": 80004}, SourceThrottledError, 1),
        ({"code": 4, "error_subcode": 1504022}, SourceThrottledError, 1),
        ({"code": 2}, SourceUnavailableError, 2),
    ],
    ids=str,
)
def test_a_refusal_ends_the_reading_and_shows_no_token(error, raised, calls):
    reading, requests = read(refused(**error))
    assert isinstance(reading.error, raised)
    assert len(requests) == calls
    assert TOKEN not in str(reading.error)
    assert not reading.is_complete
    assert not reading.rows


ACCOUNT = {"id": "act_1", "currency": "USD", "timezone_name": "Etc/GMT+8"}


def served(request: httpx.Request) -> httpx.Response:
    """An account whose only ad repeats our token in its name."""
    if request.url.path.endswith("/act_1"):
        return httpx.Response(200, json=ACCOUNT)
    rows = [{"id": "7", "name": f"x {TOKEN}", "date_start": "2025-05-13", "ad_id": "7"}]
    return httpx.Response(200, json={"data": rows})


def test_tokens_travel_in_a_header_and_are_taken_out_of_what_is_kept():
    reading, requests = read(served)
    assert reading.is_complete
    assert not any(TOKEN in str(request.url) for request in requests)
    assert all(request.headers["authorization"] == f"Bearer {TOKEN}" for request in requests)
    assert all("appsecret_proof" in request.url.params for request in requests)
    kept = "".join(row.body for row in reading.rows)
    assert TOKEN not in kept
    assert "x ***" in kept


def test_days_are_the_accounts_and_every_status_is_asked_for_by_name():
    reading, requests = read(served)
    # 03:00 UTC is still the day before, eight hours west.
    assert (reading.since, reading.until) == (date(2025, 5, 10), date(2025, 5, 13))
    asked = {request.url.path.rpartition("/")[2]: request.url.params for request in requests}
    assert json.loads(asked["ads"]["effective_status"]) == list(STATUSES)
    (filters,) = [
        json.loads(request.url.params["filtering"])
        for request in requests
        if request.url.params.get("level") == "ad"
    ]
    assert filters == [{"field": "ad.effective_status", "operator": "IN", "value": list(STATUSES)}]


def test_an_account_in_no_known_currency_is_malformed():
    odd = httpx.Response(200, json=ACCOUNT | {"currency": "XXX"})
    reading, _ = read(odd)
    assert "unknown to ISO 4217" in str(reading.error)


def test_an_answer_that_is_no_json_is_never_an_empty_list():
    reading, _ = read(httpx.Response(200, text="<html>"))
    assert not reading.is_complete
    assert reading.error is not None


@pytest.mark.parametrize(
    ("read_until", "since"),
    [
        (None, date(2025, 2, 13)),
        (date(2025, 5, 14), date(2025, 4, 16)),
        (date(2025, 5, 1), date(2025, 4, 3)),
        (date(2025, 6, 1), date(2025, 4, 16)),
    ],
    ids=["first", "as usual", "after an outage", "a clock that was ahead"],
)
def test_a_reading_goes_back_from_the_last_day_that_was_read(read_until, since):
    wanted = AdsRequest(
        ad_account_id="1",
        token=SecretStr(TOKEN),
        trailing_days=28,
        first_days=90,
        read_until=read_until,
    )
    utc = AdsAccount(currency="USD", time_zone="UTC")
    assert days_to_read(wanted, utc, now=NOW) == (since, date(2025, 5, 14))


@pytest.mark.parametrize("days", [1, 2, 7, 30, 31])
def test_spans_and_halves_have_no_gap_and_no_overlap(days):
    since, until = date(2025, 4, 3), date(2025, 5, 14)
    covered = [
        date.fromordinal(day)
        for first, last in spans(since, until, days=days)
        for day in range(first.toordinal(), last.toordinal() + 1)
    ]
    assert covered == [
        date.fromordinal(day) for day in range(since.toordinal(), until.toordinal() + 1)
    ]
    newer, older = Span(path="act_1", level="ad", since=since, until=until).halves()
    assert (older.since, newer.until, (newer.since - older.until).days) == (since, until, 1)


@pytest.mark.parametrize("number", [1, 2, 5, 130])
def test_a_day_by_ids_is_each_id_once_and_all_that_has_none_of_them(number):
    day = Span(path="act_1", level="ad", since=NOW.date(), until=NOW.date())
    ids = [str(place) for place in range(number)]
    *some, rest = day.by(AD_ID, ids)
    assert [one for part in some for one in part.among[-1].values] == ids
    assert all(not part.is_long for part in some)
    filters = json.loads(rest.params()["filtering"])
    assert filters[-1] == {"field": "ad.id", "operator": "NOT_IN", "value": ids}
    assert number == 1 or len(some) > 1
    (first, second) = day.by(AD_ID, ids)[0].by_half_of_its_ids()
    assert first.among[-1].values + second.among[-1].values == some[0].among[-1].values


def never_ready(request: httpx.Request) -> httpx.Response:
    """Days of ads time out however few are asked for, and every report fails."""
    path, level = request.url.path.rpartition("/")[2], request.url.params.get("level")
    if request.method == "POST":
        return httpx.Response(200, json={"report_run_id": 6})
    if path == "6":
        failed = {"async_status": "Job Failed", "async_percent_completion": 0}
        return httpx.Response(200, json=failed)
    if path == "insights" and level == "ad":
        return refused(code=100, error_subcode=1504018)
    return served(request)


def test_a_day_that_fails_down_to_a_single_ad_ends_the_reading_and_names_it():
    reading, requests = read(never_ready)
    assert isinstance(reading.error, SourceUnavailableError)
    assert "act_1 2025-05-13 to 2025-05-13 of 1 ad.id: report failed" in str(reading.error)
    filters = [
        json.loads(request.url.params["filtering"])[-1]
        for request in requests
        if request.url.params.get("level") == "ad"
    ]
    assert [one["field"] for one in filters[-3:]] == ["ad.effective_status", CAMPAIGN_ID, AD_ID]
    assert not reading.is_complete
