"""What becomes of each error of TikTok's ads API: its cure, or its end."""

import asyncio
import traceback
from datetime import UTC, date, datetime

import httpx
import pytest
from pydantic import SecretStr

from layers_pipeline.errors import (
    SourceForbiddenError,
    SourceMalformedError,
    SourceRejectedError,
    SourceThrottledError,
    SourceUnauthorizedError,
    SourceUnavailableError,
)
from layers_pipeline.sources.client import TokenExpiredError
from layers_pipeline.sources.rate_limits import UsageBudgets
from layers_pipeline.sources.tiktok_ads.spark import spark_authorisation
from tests.sources.tiktok_ads.world import (
    ACCOUNT,
    CLOCK,
    TOKEN,
    Answer,
    Service,
    ad,
    ad_day,
    bodies,
    calling_over,
    envelope,
    read,
    subjects,
)

REPORT = "/report/integrated/get/"
AD_LEVEL = "AUCTION_AD&"
DAY = "2026-02-25 00:00:00"
CODE = "#dGhlIGNvZGUvKw+/do-not-print="


def failing(code, message="no", *, days=None):
    """An answer to reports of more days than so many, or to all of them."""

    def answer(request):
        params = request.url.params
        length = (
            date.fromisoformat(params["end_date"]) - date.fromisoformat(params["start_date"])
        ).days + 1
        return envelope(code=code, message=message) if length > (days or 0) else None

    return answer


def served(**options):
    service = Service([ad("1")], **options)
    service.days = lambda day: [ad_day("1", day)]
    return service


@pytest.mark.parametrize(
    ("code", "message", "error", "tries"),
    [
        (40001, "No permission to operate advertiser 7", SourceForbiddenError, 1),
        (40002, "invalid", SourceRejectedError, 1),
        (40100, "Too many requests (QPS)", SourceThrottledError, 3),
        (40100, "Too many requests. QPM limit", SourceThrottledError, 1),
        (40105, "Access token is incorrect", TokenExpiredError, 1),
        (40110, "Auth code", SourceUnauthorizedError, 1),
        (40200, "task conflict", SourceUnavailableError, 3),
        (40201, "task not ready", SourceUnavailableError, 1),
        (40202, "task busy", SourceUnavailableError, 3),
        (40700, "internal", SourceUnavailableError, 3),
        (50000, "System error", SourceUnavailableError, 3),
        (60001, "Maintenance", SourceUnavailableError, 3),
    ],
)
def test_a_code_ends_the_reading_with_its_error_and_keeps_what_came_before(
    code, message, error, tries
):
    service = served()
    service.strike(REPORT, envelope(code=code, message=message))
    reading = read(service)
    assert (type(reading.error), reading.is_complete) == (error, False)
    assert f"code {code}" in str(reading.error)
    assert service.paths().count(REPORT) == tries
    assert subjects(reading, "ad") == ["1"]
    assert reading.days == 0


def test_permission_lost_names_who_is_to_assign_the_account():
    service = served()
    service.strike("/advertiser/info/", envelope(code=40001, message="No permission to operate"))
    assert "Business Center" in str(read(service).error)


def test_a_throttle_by_the_minute_waits_five_minutes_and_asks_nothing_meanwhile():
    service, budgets = served(), UsageBudgets(CLOCK)
    service.strike(REPORT, envelope(code=40100, message="QPM"))
    assert read(service, budgets=budgets).error.retry_after_s == 300
    before = len(service.asked)
    again = read(service, budgets=budgets)
    assert (type(again.error), len(service.asked)) == (SourceThrottledError, before)


def test_a_throttle_by_the_day_waits_for_the_next_day_in_utc():
    service = served()
    service.strike(REPORT, envelope(code=40100, message="reached QPD limit"))
    assert read(service).error.retry_after_s == 13 * 3600


def test_a_throttle_never_makes_portions_smaller():
    service = served()
    service.strike(REPORT, envelope(code=40100, message="QPM"))
    read(service)
    assert service.reports() == [("2026-02-20", "2026-02-26")]


@pytest.mark.parametrize(
    ("code", "message"),
    [(40067, "The requested data is too large"), (50002, "timed out"), (51010, "timeout")],
)
def test_a_week_that_is_too_much_is_asked_for_day_by_day(code, message):
    service = served()
    service.strike(AD_LEVEL, failing(code, message, days=1))
    reading = read(service)
    assert (reading.error, reading.days, reading.is_complete) == (None, 10, True)
    assert len({row["dimensions"]["stat_time_day"] for row in bodies(reading, "ad_day")}) == 10
    assert not any("task" in path for path in service.paths())


def test_a_day_that_is_too_much_is_ordered_as_a_task():
    service = served()
    service.strike(AD_LEVEL, failing(40067))
    service.csv += f"1,{DAY},2.50,7\n"
    reading = read(service, trailing_days=0, first_days=0)
    assert (reading.error, reading.days) == (None, 1)
    metrics = bodies(reading, "ad_day")[0]["metrics"]
    assert metrics == {"spend": "2.50", "impressions": "7"}


def test_a_report_that_was_cut_is_ordered_as_a_task_and_its_rows_are_not_kept():
    service = served()
    rows = [ad_day("1", date(2026, 2, 25))]
    cut = {"list": rows, "page_info": {"total_page": 1, "total_number": 1}}
    header = {"X-Tt-Ads-Throttle": "20000"}
    service.strike(AD_LEVEL, lambda _: envelope(cut, headers=header))
    service.csv += f"1,{DAY},2.50,7\n2,{DAY},-,-\n"
    service.hidden.append(ad("2"))
    reading = read(service, trailing_days=6, first_days=6)
    assert sorted(subjects(reading, "ad_day")) == ["1", "2"]
    assert sorted(subjects(reading, "ad")) == ["1", "2"]
    assert reading.is_complete


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (["FAILED"], "ended as FAILED"),
        (["CANCELED"], "ended as CANCELED"),
        (["PROCESSING"], "not done after 3 s"),
    ],
)
def test_a_task_that_comes_to_nothing_is_no_empty_report(status, said):
    service = served()
    service.strike(AD_LEVEL, failing(40067))
    service.status = status
    reading = read(service)
    assert type(reading.error) is SourceUnavailableError
    assert said in str(reading.error)
    assert (reading.days, reading.is_complete) == (0, False)


def test_a_link_that_has_expired_is_asked_for_once_more():
    service = served()
    service.strike(AD_LEVEL, failing(40067))
    service.csv += f"1,{DAY},2.50,7\n"
    gone = iter([Answer(403), None])
    service.strike("files.example", lambda _: next(gone))
    reading = read(service, trailing_days=0, first_days=0)
    assert (reading.error, reading.days) == (None, 1)


@pytest.mark.parametrize("answer", [Answer(403), Answer(500)])
def test_a_file_that_is_not_given_ends_the_reading_and_its_link_is_not_shown(answer):
    service = served()
    service.strike(AD_LEVEL, failing(40067))
    service.strike("files.example", answer)
    reading = read(service)
    assert type(reading.error) is SourceUnavailableError
    assert "do-not-print" not in "".join(traceback.format_exception(reading.error))


def test_a_file_is_asked_for_without_the_token():
    service = served()
    service.strike(AD_LEVEL, failing(40067))
    read(service, trailing_days=0, first_days=0)
    (asked,) = [request for request in service.asked if request.url.host == "files.example"]
    assert TOKEN not in str(asked.headers)
    order = next(request for request in service.asked if request.method == "POST")
    assert b'"enable_report_title_translation":false' in order.content.replace(b" ", b"")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Ad ID,By Day,Cost\n1,2026-02-25,1.00\n", id="titles translated"),
        pytest.param("ad_id,stat_time_day,spend\n1,2026-02-25\n", id="a line too short"),
        pytest.param("ad_id,stat_time_day,spend\n1,2026-02-25,1,2\n", id="a line too long"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_file_that_cannot_be_read_is_no_empty_report(text):
    service = served()
    service.strike(AD_LEVEL, failing(40067))
    service.csv = text
    reading = read(service)
    assert (type(reading.error), reading.days) == (SourceMalformedError, 0)


def test_lines_without_an_ad_are_no_ads():
    service = served()
    service.strike(AD_LEVEL, failing(40067))
    service.csv = (
        f"\ufeffad_id,stat_time_day,spend\n1,{DAY},1.00\n-,-,1.00\nTotal of 1 results,,1.00\n"
    )
    assert subjects(read(service, trailing_days=0, first_days=0), "ad_day") == ["1"]


def test_days_that_were_read_before_a_failure_are_kept():
    service = served()
    service.strike("start_date=2026-02-27", envelope(code=50000, message="System error"))
    reading = read(service)
    assert (reading.days, reading.is_complete) == (7, False)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(500), SourceUnavailableError),
        (Answer(200, text="<html>"), SourceMalformedError),
        (Answer(200, text='{"code": 0, "da'), SourceMalformedError),
    ],
)
def test_what_is_no_answer_is_no_empty_list(answer, error):
    service = served()
    service.strike("/ad/get/", answer)
    reading = read(service)
    assert (type(reading.error), reading.ads) == (error, 0)


def authorised(answer):
    asked = []

    def serve(request: httpx.Request) -> Answer:
        asked.append(request)
        return answer

    spark = spark_authorisation(
        calling_over(serve), advertiser_id=ACCOUNT, token=SecretStr(TOKEN), code=SecretStr(CODE)
    )
    return asyncio.run(spark), asked[0]


def test_a_code_tells_which_post_may_run_and_how_long():
    times = {"auth_start_time": "2026-02-01 08:00:00", "auth_end_time": "2026-03-03 08:00:00"}
    answer = envelope(
        {
            "item_info": {"item_id": "7300000000000000001"},
            "auth_info": times | {"ad_auth_status": "IN_USE"},
        }
    )
    found, asked = authorised(answer)
    assert (found.item_id, found.status) == ("7300000000000000001", "IN_USE")
    assert found.starts_at == datetime(2026, 2, 1, 8, tzinfo=UTC)
    assert found.ends_at == datetime(2026, 3, 3, 8, tzinfo=UTC)
    assert b"auth_code=%23dGhlIGNvZGUvKw%2B%2Fdo-not-print%3D" in asked.url.query


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (envelope(code=40002, message=f"auth code {CODE} is expired"), SourceRejectedError),
        (envelope({"item_info": {}}), SourceMalformedError),
        (envelope({"item_info": {"item_id": "1"}, "auth_info": {}}), SourceMalformedError),
    ],
)
def test_a_code_is_shown_nowhere(answer, error, caplog):
    with pytest.raises(error) as raised:
        authorised(answer)
    assert "do-not-print" not in "".join(traceback.format_exception(raised.value)) + caplog.text
