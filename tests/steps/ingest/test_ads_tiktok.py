"""Readings of TikTok's ad accounts against the sandbox: what is known afterwards is the truth."""

import asyncio
from datetime import timedelta

import polars as pl
import pytest
from pydantic import SecretStr

from benchmarks.life import HASTY
from layers_pipeline.lake import catalog
from layers_pipeline.sources.http import open_http
from layers_pipeline.sources.rate_limits import UsageBudgets
from layers_pipeline.sources.tiktok.api import Calling
from layers_pipeline.sources.tiktok_ads import reports
from layers_pipeline.sources.tiktok_ads.spark import spark_authorisation
from tests.steps.ingest.ads_world import (
    account_row,
    accounts_of,
    ads_sandbox,
    ads_stores,
    connect_ads,
    known,
    put_fault,
    read_ads,
)

RAW = catalog.RAW_TIKTOK__ADS
MEASURES = ("spend_cents", "impressions", "clicks", "conversions", "conversion_value_cents")
QUICK = pytest.mark.usefixtures("hurried")


@pytest.fixture(scope="module")
def served():
    with ads_sandbox() as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def sandbox(served):
    served.world.faults.clear()
    # An account that reached the limit of a minute is refused for five.
    served.world.clock.advance(301)
    return served


@pytest.fixture
def hurried(monkeypatch):
    """Tasks of reports are asked after at once."""
    monkeypatch.setattr(reports.TaskPatience, "__init__", _hurried)


def _hurried(self, **given):
    del given
    for name, value in (("poll_s", 0.0), ("polls", 5), ("sleep", asyncio.sleep)):
        object.__setattr__(self, name, value)


@pytest.fixture
def stores(served, tmp_path):
    opened = ads_stores(served, tmp_path / "home")
    connect_ads(opened, served, *accounts_of(served, "tiktok"))
    yield opened
    opened.operations.close()


def truth(served, ref, since, until):
    """By ad and day what the sandbox knows: money in minor units, purchases of the ad's day."""
    found = {}
    for row in served.world.ads.days(ref, since, until, at=served.world.clock.now()):
        bought = [
            one for one in row.numbers.purchases_of_day if one.is_within(row.ad.ad_set.window_days)
        ]
        shown = (row.numbers.spend, row.numbers.impressions, row.numbers.clicks)
        found[row.ad.ad_id, row.day] = (*shown, len(bought), sum(one.value for one in bought))
    return found


def stands(stores, served, ref):
    """By ad and day what is known last, of one ad account."""
    ours = {ad.ad_id for ad in served.world.ads.every_ad(ref)}
    rows = stores.lake.read(catalog.AD_DAILY_METRICS).collect().sort("known_at")
    newest = rows.unique(("ad_platform", "ad_id", "spent_on"), keep="last")
    return {
        (row["ad_id"], row["spent_on"]): tuple(row[name] for name in MEASURES)
        for row in newest.iter_rows(named=True)
        if row["ad_id"] in ours
    }


def span(stores, ref):
    row = known(stores, catalog.ADS_READINGS, ref).row(-1, named=True)
    return row["since"], row["until"]


def test_what_is_known_is_the_truth_of_both_accounts_to_the_minor_unit(stores, served):
    summary = read_ads(stores)
    assert summary.outcomes == {"ok": 2}
    for ref in accounts_of(served, "tiktok"):
        since, until = span(stores, ref)
        expected = truth(served, ref, since, until)
        assert expected
        assert stands(stores, served, ref) == expected
        ads = known(stores, catalog.AD_STATES, ref)
        assert set(ads["ad_id"]) == {
            ad.ad_id for ad in served.world.ads.ads(ref, at=served.world.clock.now())
        }
        assert account_row(stores, ref).last_outcome == "ok"


def test_ads_show_their_posts_and_deleted_ones_are_there(stores, served):
    read_ads(stores)
    states = known(stores, catalog.AD_STATES)
    by_id = {row["ad_id"]: row for row in states.iter_rows(named=True)}
    seen = set()
    for ref in accounts_of(served, "tiktok"):
        for ad in served.world.ads.ads(ref, at=served.world.clock.now()):
            state = ad.state(served.world.clock.now())
            row = by_id[ad.ad_id]
            assert row["shows_post_id"] == ad.shows_id
            assert row["is_running"] == (state == "active")
            assert row["is_deleted"] == (state == "deleted")
            seen.add(state)
    assert {"active", "deleted"} <= seen


def test_sums_of_ads_are_the_account_s_totals(stores):
    read_ads(stores)
    days = known(stores, catalog.AD_ACCOUNT_DAYS)
    assert days.height > 0
    assert days["spend_gap_cents"].to_list() == [0] * days.height
    assert set(days["currency"]) == {"USD", "JPY"}


def test_days_are_told_until_when_they_may_change(stores):
    read_ads(stores)
    rows = known(stores, catalog.AD_DAILY_METRICS)
    waits = rows.select((pl.col("may_change_until") - pl.col("spent_on")).dt.total_days())
    assert set(waits.to_series()) == {32}


def test_a_second_reading_restates_what_moved_and_keeps_what_stood(stores, served):
    read_ads(stores)
    before = known(stores, catalog.AD_DAILY_METRICS)
    start = served.world.clock.now()
    served.world.clock.set(start + timedelta(days=1))
    try:
        read_ads(stores, *(one.account_id for one in stores.operations.ad_accounts.all()))
        after = known(stores, catalog.AD_DAILY_METRICS)
        assert before.join(after, on=after.columns, how="anti", nulls_equal=True).is_empty()
        assert after.height > before.height
        for ref in accounts_of(served, "tiktok"):
            since, until = span(stores, ref)
            told = {
                key: value for key, value in stands(stores, served, ref).items() if key[1] >= since
            }
            assert told == truth(served, ref, since, until)
    finally:
        served.world.clock.set(start)


CASES = [
    # kind, how, outcome of the account, whether its days are all there all the same
    ("code_40001", {}, "forbidden", False),
    ("code_40002", {}, "unavailable", False),
    ("code_40105", {}, "reauth_required", False),
    ("code_40102", {}, "reauth_required", False),
    ("code_40100", {}, "rate_limited", False),
    ("limit_minute", {}, "rate_limited", False),
    ("limit_day", {}, "rate_limited", False),
    ("http_429", {}, "rate_limited", False),
    ("code_50000", {"times": 1}, "ok", True),
    ("code_50000", {}, "unavailable", False),
    ("code_50000", {"skip": 3}, "partial", False),
    ("code_60001", {}, "unavailable", False),
    ("code_40200", {"times": 1}, "ok", True),
    ("code_40700", {"times": 1}, "ok", True),
    ("http_500", {"times": 1}, "ok", True),
    ("http_500", {}, "unavailable", False),
    ("truncated_json", {"times": 1}, "ok", True),
    ("truncated_json", {}, "malformed", False),
    ("html_body", {}, "malformed", False),
    ("too_large_7", {}, "ok", True),
    ("too_large_1", {}, "ok", True),
    ("code_51010", {"skip": 2, "times": 3}, "ok", True),
    ("cut_20000", {}, "ok", True),
    ("total_moves", {"times": 1}, "ok", True),
    ("empty_page", {"times": 1}, "ok", True),
    ("empty_page", {}, "partial", False),
    ("slow", {"times": 1}, "ok", True),
]


@QUICK
@pytest.mark.parametrize(
    ("kind", "how", "outcome", "is_whole"),
    [pytest.param(*case, id=f"{case[0]} {case[1] or 'always'}") for case in CASES],
)
def test_each_fault_has_its_outcome_and_nothing_is_lost_or_invented(
    stores, served, kind, how, outcome, is_whole
):
    struck, neighbour = accounts_of(served, "tiktok")
    put_fault(served, struck, kind, **({"times": 10_000} | how))
    read_ads(stores)
    row = account_row(stores, struck)
    assert row.last_outcome == outcome, row.last_message
    reading = known(stores, catalog.ADS_READINGS, struck).row(0, named=True)
    assert reading["is_complete"] == is_whole
    beside = account_row(stores, neighbour)
    assert beside.last_outcome == "ok"
    since, until = span(stores, neighbour)
    expected = truth(served, struck, since - timedelta(days=1), until + timedelta(days=1))
    told = stands(stores, served, struck)
    # What is known is true, and never a zero in place of what was not told.
    assert {key: expected[key] for key in told} == told
    if is_whole:
        assert told == truth(served, struck, reading["since"], reading["until"])
    assert stands(stores, served, neighbour) == truth(served, neighbour, since, until)


@QUICK
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("task_failed", "ended as FAILED"),
        ("task_canceled", "ended as CANCELED"),
        ("task_endless", "not done"),
        ("titles_translated", "enable_report_title_translation"),
        ("link_expired", "HTTP 403"),
    ],
)
def test_a_report_s_task_that_fails_leaves_no_day_and_no_zero(stores, served, kind, said):
    struck, neighbour = accounts_of(served, "tiktok")
    put_fault(served, struck, "cut_20000", times=10_000)
    put_fault(served, struck, kind, times=10_000)
    read_ads(stores)
    row = account_row(stores, struck)
    assert (row.last_outcome, row.read_until) == ("partial", None)
    assert said in row.last_message
    assert stands(stores, served, struck) == {}
    assert account_row(stores, neighbour).last_outcome == "ok"


@QUICK
def test_after_a_fault_the_next_reading_makes_up_for_it(stores, served):
    struck, _ = accounts_of(served, "tiktok")
    put_fault(served, struck, "code_50000", times=3, skip=3)
    read_ads(stores)
    assert account_row(stores, struck).last_outcome == "partial"
    served.world.faults.clear()
    read_ads(stores, account_row(stores, struck).account_id)
    since, until = span(stores, struck)
    assert stands(stores, served, struck) == truth(served, struck, since, until)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("dashes", ("impressions", "clicks", "conversions", "conversion_value_cents", "reach")),
    ],
)
def test_what_is_not_told_is_null(stores, served, kind, names):
    struck, _ = accounts_of(served, "tiktok")
    put_fault(served, struck, kind, times=10_000)
    read_ads(stores)
    ours = {ad.ad_id for ad in served.world.ads.every_ad(struck)}
    rows = known(stores, catalog.AD_DAILY_METRICS).filter(pl.col("ad_id").is_in(list(ours)))
    assert rows.height > 0
    assert rows["spend_cents"].sum() > 0
    assert all(rows[name].null_count() == rows.height for name in names)


def test_no_token_lands_or_is_logged(stores, served, caplog):
    tokens = [served.world.tokens.issue(ref).access for ref in accounts_of(served, "tiktok")]
    read_ads(stores)
    landed = "".join(known(stores, RAW)["body"])
    assert not any(token in landed + caplog.text for token in tokens)


def test_a_spark_code_tells_its_post_and_its_time(served, stores):
    ref = accounts_of(served, "tiktok")[0]
    at = served.world.clock.now()
    code = served.world.ads.spark_codes(at=at)[0]
    token = SecretStr(served.issue(ref, life=timedelta(days=3)).access)

    async def ask():
        async with open_http(served.url) as http:
            calling = Calling(
                http=http,
                clock=stores.clock,
                budgets=UsageBudgets(stores.clock),
                retries=HASTY,
            )
            return await spark_authorisation(
                calling,
                advertiser_id=ref.account_key,
                token=token,
                code=SecretStr(code.code),
            )

    found = asyncio.run(ask())
    assert found.item_id == code.item.item_id
    assert abs(found.starts_at - code.starts_at) < timedelta(seconds=1)
    assert abs(found.ends_at - code.ends_at) < timedelta(seconds=1)
