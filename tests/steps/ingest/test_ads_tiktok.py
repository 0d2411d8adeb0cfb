"""Readings of TikTok's ad accounts against the sandbox: what is known afterwards is the truth."""

import asyncio
from datetime import timedelta

import polars as pl
import pytest
from pydantic import SecretStr

from benchmarks.life import HASTY
from layers_pipeline.lake import catalog
from layers_pipeline.sources.ads_client import AdsRequest
from layers_pipeline.sources.http import open_http
from layers_pipeline.sources.rate_limits import UsageBudgets
from layers_pipeline.sources.tiktok.api import Calling
from layers_pipeline.sources.tiktok_ads.client import TikTokAdsClient
from layers_pipeline.sources.tiktok_ads.reports import TaskPatience
from layers_pipeline.sources.tiktok_ads.spark import spark_authorisation
from layers_pipeline.steps.ingest.ads_outcomes import outcome_of_reading
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
from tests.steps.ingest.fault_world import cipher
from transforms.staging.tiktok_ads import stage_tiktok_ads

RAW = catalog.RAW_TIKTOK__ADS
MEASURES = ("spend_cents", "impressions", "clicks", "conversions", "conversion_value_cents")


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


async def _at_once(seconds):
    del seconds


def read_alone(served, ref):
    """One reading of an ad account by the client alone, today and twenty days before it."""

    async def read():
        async with open_http(served.url) as http:
            clock = served.world.clock
            calling = Calling(http=http, clock=clock, budgets=UsageBudgets(clock), retries=HASTY)
            client = TikTokAdsClient(
                calling, patience=TaskPatience(poll_s=0, polls=5, sleep=_at_once)
            )
            return await client.read(wanted)

    token = SecretStr(served.issue(ref, life=timedelta(days=3)).access)
    wanted = AdsRequest(ad_account_id=ref.account_key, token=token, trailing_days=20, first_days=20)
    return asyncio.run(read())


def outcome_of(read_once, ref, reading):
    """What the reading means for its account."""
    account = account_row(read_once[0], ref)
    return outcome_of_reading(reading, account, now=read_once[2]).outcome


def staged_days(reading):
    """The days of a reading, typed."""
    account, empty = reading.account, RAW.empty()
    rows = [
        {"landing_id": f"{number}", "entity": row.entity, "subject": row.subject, "body": row.body}
        | {"currency": account.currency if account else "", "landed_on": row.received_at.date()}
        for number, row in enumerate(reading.rows)
    ]
    return stage_tiktok_ads(pl.DataFrame(rows, schema=dict(empty.schema)), 32).days


def days_in(reading):
    """By ad and day what a reading tells."""
    return {
        (row["ad_id"], row["spent_on"]): tuple(row[name] for name in MEASURES)
        for row in staged_days(reading).iter_rows(named=True)
    }


@pytest.fixture(scope="module")
def read_once(served, tmp_path_factory):
    """A deployment that has read both accounts once, without a fault; nobody changes it."""
    served.world.faults.clear()
    opened = ads_stores(served, tmp_path_factory.mktemp("once"))
    connect_ads(opened, served, *accounts_of(served, "tiktok"))
    at = served.world.clock.now()
    summary = read_ads(opened)
    yield opened, summary, at
    opened.operations.close()


@pytest.fixture
def stores(served, tmp_path):
    opened = ads_stores(served, tmp_path / "home")
    connect_ads(opened, served, *accounts_of(served, "tiktok"))
    yield opened
    opened.operations.close()


def truth(served, ref, since, until, *, at=None):
    """By ad and day what the sandbox knows: money in minor units, purchases of the ad's day."""
    found = {}
    for row in served.world.ads.days(ref, since, until, at=at or served.world.clock.now()):
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
    row = known(stores, catalog.ADS_READINGS, ref).sort("started_at").row(-1, named=True)
    return row["since"], row["until"]


def test_what_is_known_is_the_truth_of_both_accounts_to_the_minor_unit(read_once, served):
    stores, summary, at = read_once
    assert summary.outcomes == {"ok": 2}
    for ref in accounts_of(served, "tiktok"):
        expected = truth(served, ref, *span(stores, ref), at=at)
        assert expected
        assert stands(stores, served, ref) == expected
        ads = known(stores, catalog.AD_STATES, ref)
        assert set(ads["ad_id"]) == {ad.ad_id for ad in served.world.ads.ads(ref, at=at)}
        assert account_row(stores, ref).last_outcome == "ok"


def test_ads_show_their_posts_and_deleted_ones_are_there(read_once, served):
    stores, _, at = read_once
    by_id = {row["ad_id"]: row for row in known(stores, catalog.AD_STATES).iter_rows(named=True)}
    seen = set()
    for ref in accounts_of(served, "tiktok"):
        for ad in served.world.ads.ads(ref, at=at):
            state, row = ad.state(at), by_id[ad.ad_id]
            assert row["shows_post_id"] == ad.shows_id
            assert row["is_running"] == (state == "active")
            # What Meta would call archived is deleted on TikTok.
            assert row["is_deleted"] == (state in {"deleted", "archived"})
            seen.add(state)
    assert {"active", "deleted"} <= seen


def test_sums_of_ads_are_the_account_s_totals(read_once):
    days = known(read_once[0], catalog.AD_ACCOUNT_DAYS)
    assert days.height > 0
    assert days["spend_gap_cents"].to_list() == [0] * days.height
    assert set(days["currency"]) == {"USD", "JPY"}


def test_days_are_told_until_when_they_may_change(read_once):
    rows = known(read_once[0], catalog.AD_DAILY_METRICS)
    waits = rows.select((pl.col("may_change_until") - pl.col("spent_on")).dt.total_days())
    assert set(waits.to_series()) == {32}


def test_no_token_lands(read_once, served):
    stores, _, _ = read_once
    landed = "".join(known(stores, RAW)["body"])
    for ref in accounts_of(served, "tiktok"):
        token = stores.operations.ad_accounts.token(account_row(stores, ref), cipher())
        assert token.get_secret_value() not in landed


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
    ("empty_page", {}, "unavailable", False),
]


@pytest.mark.parametrize(
    ("kind", "how", "expected"),
    [
        pytest.param(kind, how, expected, id=f"{kind} {how or 'always'}")
        for kind, how, *expected in CASES
    ],
)
def test_each_fault_has_its_outcome_and_nothing_is_lost_or_invented(
    read_once, served, kind, how, expected
):
    struck = accounts_of(served, "tiktok")[0]
    put_fault(served, struck, kind, **({"times": 10_000} | how))
    reading = read_alone(served, struck)
    found = [outcome_of(read_once, struck, reading), reading.is_complete]
    assert found == expected, str(reading.error)
    told, today = days_in(reading), served.world.clock.now().date()
    true = truth(served, struck, today - timedelta(days=30), today + timedelta(days=1))
    # What is known is true, and never a zero in place of what was not told.
    assert {key: true[key] for key in told} == told
    if reading.is_complete:
        assert told == truth(served, struck, reading.since, reading.until)


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
def test_a_report_s_task_that_fails_leaves_no_day_and_no_zero(read_once, served, kind, said):
    struck = accounts_of(served, "tiktok")[0]
    put_fault(served, struck, "cut_20000", times=10_000)
    put_fault(served, struck, kind, times=10_000)
    reading = read_alone(served, struck)
    assert outcome_of(read_once, struck, reading) == "partial"
    assert said in str(reading.error)
    assert (days_in(reading), reading.is_complete) == ({}, False)
    assert "until=" not in str(reading.error)


@pytest.mark.parametrize("kind", ["dashes", "less_than_five"])
def test_what_is_not_told_is_null(served, kind):
    struck = accounts_of(served, "tiktok")[0]
    put_fault(served, struck, kind, times=10_000)
    rows = staged_days(read_alone(served, struck))
    hidden = {"dashes": MEASURES[1:], "less_than_five": ()}[kind]
    assert rows.height > 0
    assert rows["spend_cents"].sum() > 0
    assert all(rows[name].null_count() == rows.height for name in hidden)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [("code_40001", "forbidden"), ("limit_minute", "rate_limited"), ("cut_20000", "partial")],
)
def test_a_fault_harms_no_neighbour_and_the_next_reading_makes_up_for_it(
    stores, served, kind, outcome
):
    struck, neighbour = accounts_of(served, "tiktok")
    put_fault(served, struck, kind, times=10_000)
    put_fault(served, struck, "task_failed", times=10_000)
    read_ads(stores)
    row = account_row(stores, struck)
    assert (row.last_outcome, row.read_until) == (outcome, None)
    assert stands(stores, served, struck) == {}
    assert account_row(stores, neighbour).last_outcome == "ok"
    assert stands(stores, served, neighbour) == truth(served, neighbour, *span(stores, neighbour))
    served.world.faults.clear()
    served.world.clock.advance(301)
    read_ads(stores, row.account_id)
    assert stands(stores, served, struck) == truth(served, struck, *span(stores, struck))


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
