"""Each fault of an ad account strikes where its row says, and nowhere else."""

import json

import pytest

from sandbox.graph.ads.faults import AD_FAULTS
from tests.sandbox.graph.ads.caller import EVERY_STATUS, SINCE, UNTIL, caller_of

WEEK = {"time_range": {"since": SINCE, "until": "2025-05-07"}}
LONG = {"time_range": {"since": SINCE, "until": UNTIL}}
ROWS = {"level": "ad", "time_increment": "1", "fields": "ad_id,reach,frequency,actions,clicks"}
REFUSED = {
    kind: (fault.places, fault)
    for kind, fault in AD_FAULTS.items()
    if fault.refusal and "insights" in fault.places
}


@pytest.fixture
def meta():
    return caller_of()


def run_of(meta):
    return str(meta.read(f"{meta.act}/insights", method="POST", **LONG)["report_run_id"])


@pytest.mark.parametrize("kind", REFUSED)
def test_a_refusal_of_insights_strikes_once_and_is_over(meta, kind):
    meta.fault(kind, times=1)
    reply = meta.reply(f"{meta.act}/insights", **LONG, **ROWS, limit="100")
    assert reply.status >= 400
    assert meta.reply(f"{meta.act}/insights", **LONG, **ROWS, limit="100").status == 200


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("reduce_data", (500, 1, None)),
        ("reduce_data_user_msg", (400, 1, 99)),
        ("too_many_rows", (400, 100, 1_487_534)),
        ("sync_timeout", (400, 100, 1_504_018)),
        ("sync_timeout_2", (400, 2, 1_504_038)),
        ("app_load", (400, 4, 1_504_022)),
        ("global_load", (400, 4, 1_504_039)),
        ("ads_80004", (400, 80_004, 2_446_079)),
        ("user_17", (400, 17, 2_446_079)),
        ("account_613", (400, 613, 1_487_742)),
        ("range_3018", (400, 3018, None)),
        ("permission_270", (400, 270, None)),
    ],
)
def test_a_refusal_has_its_status_code_and_subcode(meta, kind, expected):
    meta.fault(kind)
    reply = meta.reply(f"{meta.act}/insights", **LONG, **ROWS, limit="100")
    error = reply.body["error"]
    assert (reply.status, error["code"], error.get("error_subcode")) == expected


@pytest.mark.parametrize("kind", ["reduce_data", "reduce_data_user_msg"])
def test_a_smaller_page_cures_what_is_too_much(meta, kind):
    meta.fault(kind)
    error = meta.error(f"{meta.act}/insights", **LONG, **ROWS, limit="100")
    assert "reduce the amount of data" in error["message"] + error.get("error_user_msg", "")
    assert meta.read(f"{meta.act}/insights", **LONG, **ROWS, limit="25")["data"]


@pytest.mark.parametrize("kind", ["too_many_rows", "sync_timeout", "sync_timeout_2", "reduce_days"])
def test_fewer_days_or_a_report_cure_what_takes_too_long(meta, kind):
    meta.fault(kind)
    assert meta.reply(f"{meta.act}/insights", **LONG).status >= 400
    assert meta.read(f"{meta.act}/insights", **WEEK)["data"]
    run = run_of(meta)
    assert [meta.read(run)["async_status"] for _ in range(2)][1] == "Job Completed"
    assert meta.every(f"{run}/insights")


def test_an_apps_load_is_refused_though_the_own_use_is_low(meta):
    meta.fault("app_load")
    reply = meta.reply(f"{meta.act}/insights", **LONG)
    used = json.loads(reply.headers["X-FB-Ads-Insights-Throttle"])
    assert used["acc_id_util_pct"] < 50


def test_a_throttle_of_the_account_tells_how_long_to_wait(meta):
    meta.fault("ads_80004", wait_min=7)
    reply = meta.reply(f"{meta.act}/ads")
    [usage] = json.loads(reply.headers["X-Business-Use-Case-Usage"])[meta.account.account_id]
    assert usage["estimated_time_to_regain_access"] == 7
    assert usage["type"] == "ads_management"


def test_one_accounts_fault_spares_the_other(meta):
    other = caller_of(1).act
    agency = caller_of(0)
    agency.fault("permission_270")
    assert agency.error(f"{agency.act}/ads")["code"] == 270
    assert agency.every(f"{other}/ads")


def test_one_forbidden_ad_ends_every_reading_that_has_it(meta):
    ad = meta.ad_in("active").ad_id
    meta.fault("forbidden_ad", subject=ad)
    for path, asked in ((meta.act, ROWS), (ad, {})):
        assert meta.error(f"{path}/insights", **LONG, **asked)["code"] == 10
    assert meta.read(f"{meta.act}/insights", **LONG, level="campaign")["data"]
    others = [{"field": "ad.id", "operator": "NOT_IN", "value": [ad]}]
    assert meta.read(f"{meta.act}/insights", **LONG, **ROWS, filtering=others)["data"]


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("run_stuck", ("Job Not Started", 0)),
        ("run_running_100", ("Job Running", 100)),
    ],
)
def test_a_report_may_stay_where_it_is(meta, kind, state):
    meta.fault(kind)
    run = run_of(meta)
    found = [meta.read(run) for _ in range(5)]
    assert {(one["async_status"], one["async_percent_completion"]) for one in found} == {state}


@pytest.mark.parametrize(
    ("kind", "state", "code"),
    [
        ("run_failed", "Job Failed", -2),
        ("run_too_large", "Job Failed", -3),
        ("run_skipped", "Job Skipped", None),
    ],
)
def test_a_report_that_failed_stays_so(meta, kind, state, code):
    meta.fault(kind, times=1)
    run = run_of(meta)
    found = [meta.read(run) for _ in range(3)]
    assert {one["async_status"] for one in found} == {state}
    assert found[2].get("error_code") == code
    assert meta.error(f"{run}/insights")["code"] == 2601


def test_a_completed_report_may_not_be_readable_at_once(meta):
    meta.fault("run_unreadable", times=2)
    run = run_of(meta)
    for _ in range(2):
        meta.read(run)
    errors = [meta.error(f"{run}/insights") for _ in range(2)]
    assert {(one["code"], one["error_subcode"], one["is_transient"]) for one in errors} == {
        (2601, 1_815_107, True)
    }
    assert meta.every(f"{run}/insights")


def test_a_page_in_the_middle_may_fail(meta):
    meta.fault("insights:http_500", skip=1, times=1)
    first = meta.read(f"{meta.act}/insights", **LONG, **ROWS)
    after = first["paging"]["cursors"]["after"]
    assert meta.reply(f"{meta.act}/insights", **LONG, **ROWS, after=after).status == 500
    assert meta.read(f"{meta.act}/insights", **LONG, **ROWS, after=after)["data"]


@pytest.mark.parametrize("kind", ["empty_page_with_next", "short_page"])
def test_a_page_may_be_short_or_empty_and_nothing_is_lost(meta, kind):
    whole = meta.by_ad_and_day(fields="ad_id")
    meta.fault(kind, times=2)
    assert meta.by_ad_and_day(fields="ad_id", limit="50") == whole


@pytest.mark.parametrize(
    ("kind", "names"),
    [("reach_absent", ["reach", "frequency"]), ("actions_absent", ["actions"])],
)
def test_fields_may_be_absent(meta, kind, names):
    meta.fault(kind)
    rows = meta.by_ad_and_day(fields=ROWS["fields"])
    assert not any(name in row for row in rows for name in names)
    meta.world.faults.clear()
    rows = meta.by_ad_and_day(fields=ROWS["fields"])
    assert any(name in row for row in rows for name in names)


def test_counts_may_be_numbers_while_ids_stay_texts(meta):
    meta.fault("plain_numbers")
    rows = meta.by_ad_and_day(fields=ROWS["fields"])
    assert all(isinstance(row["clicks"], int) and isinstance(row["ad_id"], str) for row in rows)


def test_a_late_fix_restates_days_of_forty_days_ago(meta):
    meta.world.clock.advance(50 * 86_400)
    before = meta.insights(fields="spend", filtering=EVERY_STATUS)
    meta.fault("late_fix")
    after = meta.insights(fields="spend", filtering=EVERY_STATUS)
    assert float(after[0]["spend"]) > float(before[0]["spend"])


def test_a_token_that_has_ended_is_told_as_for_others(meta):
    meta.world.tokens.revoke(meta.ref, why="460")
    error = meta.error(f"{meta.act}/ads")
    assert (error["code"], error["error_subcode"]) == (190, 460)


def test_every_kind_says_what_it_means():
    assert all(fault.means for fault in AD_FAULTS.values())
