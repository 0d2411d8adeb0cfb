"""Insights of ads agree with each other and with what is true, at every level and in every cut."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hypothesis_profiles import examples
from tests.sandbox.graph.ads.caller import EVERY_STATUS, NOW, SINCE, UNTIL, caller_of, of_type

COUNTS = "ad_id,spend,impressions,clicks,reach,frequency,actions,action_values"
HIDDEN = ("archived", "deleted")
SIX = [
    *("purchase", "omni_purchase", "offsite_conversion.fb_pixel_purchase"),
    *("onsite_web_purchase", "onsite_web_app_purchase", "web_in_store_purchase"),
]


@pytest.fixture(params=[0, 1], ids=["USD", "JPY"])
def meta(request):
    return caller_of(request.param)


def summed(rows):
    """What can be added over ads and days."""
    return {
        "spend": sum((Decimal(row["spend"]) for row in rows), Decimal()),
        "impressions": sum(int(row["impressions"]) for row in rows),
        "clicks": sum(int(row["clicks"]) for row in rows),
        "purchases": sum(int(of_type(row.get("actions")) or 0) for row in rows),
        "worth": sum((Decimal(of_type(row.get("action_values")) or 0) for row in rows), Decimal()),
    }


def test_a_row_tells_what_is_true_of_its_ad_and_day(meta):
    rows = meta.by_ad_and_day(fields=COUNTS)
    decimals = meta.account.decimals
    assert len(rows) > 50
    for row in rows:
        true = meta.truth(row)
        bought = [p for p in true.purchases_meta if p.is_within(28 if decimals else 7)]
        assert Decimal(row["spend"]) == Decimal(true.spend).scaleb(-decimals)
        assert int(row["impressions"]) == true.impressions
        assert int(row["reach"]) == true.reach
        assert int(of_type(row.get("actions")) or 0) == len(bought)
        worth = Decimal(sum(p.value for p in bought)).scaleb(-decimals)
        assert Decimal(of_type(row.get("action_values")) or 0) == worth


def test_counts_and_money_are_texts_and_yen_have_no_decimals(meta):
    rows = meta.by_ad_and_day(fields=COUNTS)
    assert all(isinstance(row[name], str) for row in rows for name in ("spend", "impressions"))
    assert any("." in row["spend"] for row in rows) == (meta.account.decimals == 2)


def test_one_purchase_comes_under_six_names(meta):
    rows = [row for row in meta.by_ad_and_day(fields=COUNTS) if of_type(row.get("actions"))]
    assert rows
    for row in rows:
        assert len({of_type(row["actions"], name) for name in SIX}) == 1
        assert len({of_type(row["action_values"], name) for name in SIX}) == 1


def test_types_of_actions_contain_each_other(meta):
    for row in meta.by_ad_and_day(fields=COUNTS):
        if of_type(row.get("actions"), "post_engagement"):
            links = int(of_type(row["actions"], "link_click") or 0)
            assert int(of_type(row["actions"], "post_engagement")) >= links


def test_there_are_rows_of_late_purchases_without_delivery(meta):
    late = [row for row in meta.by_ad_and_day(fields=COUNTS) if row["impressions"] == "0"]
    assert late
    assert all(row["spend"] == "0" and row["actions"] for row in late)


@pytest.mark.parametrize("level", ["adset", "campaign", "account"])
def test_ads_with_deleted_ones_add_up_to_every_level(meta, level):
    ads = summed(meta.by_ad_and_day(fields=COUNTS))
    groups = meta.insights(level=level, time_increment="1", fields=COUNTS.replace("ad_id,", ""))
    assert summed(groups) == ads


def test_the_default_is_short_by_exactly_the_hidden_ads(meta):
    every = meta.by_ad_and_day(fields=COUNTS)
    usual = meta.insights(level="ad", time_increment="1", fields=COUNTS)
    hidden = {ad.ad_id for ad in meta.ads() if ad.state(NOW) in HIDDEN}
    gone = [row for row in every if row["ad_id"] in hidden]
    assert gone
    assert {row["ad_id"] for row in usual}.isdisjoint(hidden)
    assert [summed(usual)[k] + summed(gone)[k] for k in summed([])] == [*summed(every).values()]


def test_deleted_ads_are_told_by_their_id_even_where_lists_never_have_them(meta):
    deleted = meta.ad_in("deleted")
    meta.fault("deleted_unlisted")
    rows = meta.by_ad_and_day(fields=COUNTS)
    assert deleted.ad_id not in {row["ad_id"] for row in rows}
    own = meta.insights(deleted.ad_id, fields=COUNTS)
    assert Decimal(own[0]["spend"]) == meta.account.major(meta.spend(deleted))


@given(
    since=st.dates(date(2025, 4, 20), date(2025, 5, 20)),
    days=st.integers(0, 20),
    increment=st.sampled_from(["1", "3", "7", "90", "monthly", "all_days"]),
    number=st.integers(0, 1),
    limit=st.integers(25, 500),
)
@examples(0.3)
def test_days_add_up_to_their_range_however_it_is_cut_and_paged(
    since, days, increment, number, limit
):
    meta = caller_of(number)
    span = {"since": f"{since}", "until": f"{since + timedelta(days=days)}"}
    asked = {"level": "ad", "filtering": EVERY_STATUS, "fields": COUNTS, "time_range": span}
    whole = meta.insights(**asked)
    cut = meta.insights(**asked, time_increment=increment, limit=str(limit))
    assert summed(cut) == summed(whole)
    reach = defaultdict(int)
    for row in cut:
        reach[row["ad_id"]] += int(row["reach"])
    for row in whole:
        assert int(row["reach"]) <= reach[row["ad_id"]]


def test_frequency_is_impressions_by_reach(meta):
    for row in meta.insights(level="campaign", fields="impressions,reach,frequency"):
        share = Decimal(row["impressions"]) / Decimal(row["reach"])
        assert abs(Decimal(row["frequency"]) - share) < Decimal("0.000001")


def test_a_report_holds_what_the_reading_at_once_holds(meta):
    asked = {"level": "ad", "time_increment": "1", "filtering": EVERY_STATUS, "fields": COUNTS}
    span = {"time_range": {"since": SINCE, "until": UNTIL}}
    ordered = meta.read(f"{meta.act}/insights", method="POST", **asked, **span)
    run = str(ordered["report_run_id"])
    assert meta.error(f"{run}/insights")["error_subcode"] == 1_815_107
    states = [meta.read(run)["async_status"] for _ in range(3)]
    assert states == ["Job Running", "Job Completed", "Job Completed"]
    assert meta.every(f"{run}/insights", limit="40") == meta.by_ad_and_day(fields=COUNTS)


def test_a_report_shows_what_was_true_when_it_was_ordered(meta):
    span = {"since": f"{NOW.date()}", "until": f"{NOW.date()}"}
    ordered = meta.read(f"{meta.act}/insights", method="POST", time_range=span)
    run = str(ordered["report_run_id"])
    before = meta.insights(time_range=span)
    meta.world.clock.advance(6 * 3600)
    for _ in range(2):
        meta.read(run)
    assert meta.every(f"{run}/insights") == before != meta.insights(time_range=span)


def test_a_report_is_gone_after_thirty_days(meta):
    run = str(meta.read(f"{meta.act}/insights", method="POST")["report_run_id"])
    meta.world.clock.advance(30 * 86_400)
    assert meta.error(run)["error_subcode"] == 33


def test_windows_are_told_beside_the_value_and_retired_ones_are_empty(meta):
    windows = ["1d_click", "7d_click", "28d_click", "1d_view", "7d_view"]
    rows = meta.by_ad_and_day(fields=COUNTS, action_attribution_windows=windows)
    told = [row for row in rows if of_type(row.get("actions"))]
    for row in told:
        one, seven, all_clicks = (int(of_type(row["actions"], key=w) or 0) for w in windows[:3])
        views = [p for p in meta.truth(row).purchases_meta if p.by_view]
        assert one <= seven <= all_clicks
        assert all_clicks + len(views) == len(meta.truth(row).purchases_meta)
        assert of_type(row["actions"], key="7d_view") is None
    assert of_type(told[0]["actions"], key="28d_click") or of_type(
        told[0]["actions"], key="1d_view"
    )
    settings = {row["attribution_setting"] for row in meta.insights(fields="attribution_setting")}
    assert settings == {"28d_click" if meta.account.decimals else "7d_click"}


def test_without_a_range_it_is_the_thirty_days_before_today(meta):
    row = meta.every(f"{meta.act}/insights")[0]
    today = meta.account.day_of(NOW)
    assert row["date_start"] == f"{today - timedelta(days=30)}"
    assert row["date_stop"] == f"{today - timedelta(days=1)}"


def test_filters_are_of_ids_states_and_least_counts(meta):
    ad = meta.ad_in("active")
    by_id = [{"field": "ad.id", "operator": "IN", "value": [ad.ad_id]}]
    rows = meta.insights(level="ad", filtering=by_id, fields="ad_id,ad_name,adset_id,campaign_name")
    assert {row["ad_id"] for row in rows} == {ad.ad_id}
    assert rows[0]["adset_id"] == ad.ad_set.ad_set_id
    least = [{"field": "ad.impressions", "operator": "GREATER_THAN", "value": 0}]
    seen = meta.insights(level="ad", time_increment="1", filtering=least, fields="impressions")
    assert all(int(row["impressions"]) > 0 for row in seen)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"level": "post"}, 100),
        ({"fields": "shoe_size"}, 100),
        ({"time_range": {"since": "2025-05-02"}}, 100),
        ({"time_range": {"since": "2025-05-02", "until": "2025-05-01"}}, 100),
        ({"time_range": {"since": "2022-03-01", "until": "2022-03-01"}}, 3018),
        ({"time_increment": "91"}, 100),
        ({"date_preset": "always", "time_range": ""}, 100),
        ({"breakdowns": "age"}, 2),
        ({"action_attribution_windows": ["2d_click"]}, 100),
        ({"filtering": [{"field": "shoe.id", "operator": "IN", "value": ["1"]}]}, 100),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_refused(asked, code):
    meta = caller_of()
    span = {"time_range": {"since": SINCE, "until": UNTIL}}
    assert meta.error(f"{meta.act}/insights", **(span | asked))["code"] == code


def test_retired_parameters_are_ignored():
    meta = caller_of()
    asked = {"use_unified_attribution_setting": "true", "action_report_time": "impression"}
    assert meta.insights(fields=COUNTS) == meta.insights(fields=COUNTS, **asked)


def test_rows_have_an_order_that_nobody_promised():
    rows = caller_of().by_ad_and_day(fields="ad_id")
    days = [row["date_start"] for row in rows]
    assert days != sorted(days)
    assert rows == caller_of().by_ad_and_day(fields="ad_id")


def test_insights_tell_how_much_of_the_allowance_is_used():
    meta = caller_of()
    meta.fault("throttle_full")
    header = meta.reply(f"{meta.act}/insights").headers["X-FB-Ads-Insights-Throttle"]
    assert '"acc_id_util_pct":100' in header
