"""Each fault of an advertiser strikes where its row says, and nowhere else."""

import pytest

from sandbox.tiktok.ads.faults import TIKTOK_AD_FAULTS
from tests.sandbox.tiktok.ads.caller import REPORT, SINCE, caller_of

REPORT_ROUTE = "report/integrated/get"
CODED = {kind: fault for kind, fault in TIKTOK_AD_FAULTS.items() if fault.code is not None}


@pytest.fixture
def tiktok():
    return caller_of()


@pytest.mark.parametrize("kind", CODED)
def test_a_code_is_answered_in_place_of_the_data_once(tiktok, kind):
    tiktok.put(kind, times=1)
    code, message = tiktok.refusal(REPORT_ROUTE, **REPORT)
    assert code == CODED[kind].code
    assert message
    if kind == "limit_minute":
        tiktok.advance(minutes=5)
    assert tiktok.report()


def test_the_limit_of_a_minute_refuses_for_five(tiktok):
    tiktok.put("limit_minute", times=1)
    assert tiktok.refusal("ad/get")[0] == 40100
    tiktok.advance(minutes=4)
    assert tiktok.refusal("ad/get")[0] == 40100
    tiktok.advance(minutes=1)
    assert tiktok.read("ad/get")["list"]


@pytest.mark.parametrize(("kind", "days"), [("too_large_7", 7), ("too_large_1", 1)])
def test_fewer_days_at_once_cure_what_is_too_large(tiktok, kind, days):
    tiktok.put(kind)
    assert tiktok.refusal(REPORT_ROUTE, **REPORT)[0] == 40067
    assert tiktok.report(end_date=f"{SINCE.replace(day=days)}")


def test_one_advertisers_fault_spares_the_other(tiktok):
    other = caller_of(1).account.account_id
    tiktok.put("code_50000")
    assert tiktok.read("ad/get", advertiser_id=other)["list"]


def test_a_report_cut_at_twenty_thousand_tells_it_in_a_header_alone(tiktok):
    whole = tiktok.report()
    tiktok.put("cut_20000", times=1)
    answer = tiktok.get(REPORT_ROUTE, **REPORT)
    assert "X-Tt-Ads-Throttle" in answer.headers
    assert answer.json()["code"] == 0
    assert 0 < len(answer.json()["data"]["list"]) < len(whole)
    assert "X-Tt-Ads-Throttle" not in tiktok.get(REPORT_ROUTE, **REPORT).headers


@pytest.mark.parametrize(("kind", "text"), [("dashes", "-"), ("less_than_five", "<5")])
def test_a_value_may_be_no_number(tiktok, kind, text):
    tiktok.put(kind)
    rows = tiktok.report()
    assert {row["metrics"]["conversion"] for row in rows} == {text}
    assert text not in {row["metrics"]["spend"] for row in rows}


@pytest.mark.parametrize(
    ("kind", "state"), [("task_failed", "FAILED"), ("task_canceled", "CANCELED")]
)
def test_a_task_that_failed_stays_so(tiktok, kind, state):
    tiktok.put(kind, times=1)
    assert tiktok.states(tiktok.create()) == [state] * 3


def test_a_task_may_never_end(tiktok):
    tiktok.put("task_endless")
    assert tiktok.states(tiktok.create(), 5) == ["PROCESSING"] * 5


def test_a_link_may_have_expired_and_titles_be_for_people(tiktok):
    tiktok.put("link_expired", times=1)
    task = tiktok.create(output_format="CSV_DOWNLOAD", enable_report_title_translation=False)
    tiktok.states(task)
    link = tiktok.read("report/task/download", task_id=task)["download_url"]
    assert tiktok.request("GET", link).status_code == 403
    tiktok.put("titles_translated", times=1)
    link = tiktok.read("report/task/download", task_id=task)["download_url"]
    assert tiktok.request("GET", link).text.startswith("Ad ID")


def test_pages_may_count_differently_and_be_empty(tiktok):
    tiktok.put("total_moves")
    counts = [tiktok.read("ad/get", page=n)["page_info"]["total_number"] for n in (1, 2)]
    assert counts[1] == counts[0] + 1
    tiktok.world.faults.clear()
    tiktok.put("empty_page", times=1)
    found = tiktok.read("ad/get")
    assert (found["list"], found["page_info"]["total_number"] > 0) == ([], True)


def test_a_code_may_be_told_as_expired(tiktok):
    [code, *_] = tiktok.world.ads.spark_codes(at=tiktok.world.clock.now())
    tiktok.put("spark_expired", subject=code.item.item_id)
    found = tiktok.read("tt_video/info", auth_code=code.code)
    assert found["auth_info"]["ad_auth_status"] == "EXPIRED"


@pytest.mark.parametrize(("kind", "status"), [("http_500", 500), ("http_429", 429)])
def test_what_never_reaches_tiktok_is_no_json(tiktok, kind, status):
    tiktok.put(kind, times=1)
    answer = tiktok.get("ad/get")
    assert (answer.status_code, answer.text[:1]) != (200, "{")
    assert answer.status_code == status


@pytest.mark.parametrize("kind", ["truncated_json", "html_body"])
def test_an_answer_may_be_spoilt(tiktok, kind):
    tiktok.put(kind, times=1)
    with pytest.raises(ValueError, match=r"."):
        tiktok.get("ad/get").json()
