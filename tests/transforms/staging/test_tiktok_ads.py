import json
from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds.data_builders import AS_OF
from transforms.contracts.ads_landed import (
    RawTiktokAds,
    StgAdsAccountDays,
    StgAdsDays,
    StgAdsStates,
)
from transforms.staging.tiktok_ads import stage_tiktok_ads

DAY = "2025-12-03 00:00:00"


def landed(*rows, currency="USD", entity="ad_day"):
    """Landed rows with these bodies, of one account."""
    known = {"known_at": AS_OF, "received_at": AS_OF, "landed_on": AS_OF.date(), "run_id": "r"}
    named = {"reading_id": "x", "ad_account_id": "7", "currency": currency, "time_zone": "UTC"}
    return pl.DataFrame(
        [
            {"landing_id": f"x:{number}", "entity": entity, "subject": "17", **named, **known}
            | {"body": body if isinstance(body, str) else json.dumps(body)}
            for number, body in enumerate(rows)
        ],
        schema=dict(RawTiktokAds.create_empty().schema),
    )


def day_of(of_account="USD", **metrics):
    """The staged row of an ad's day with these metrics."""
    body = {"dimensions": {"ad_id": "17", "stat_time_day": DAY}, "metrics": metrics}
    return stage_tiktok_ads(landed(body, currency=of_account), 32).days.row(0, named=True)


def state_of(**fields):
    return stage_tiktok_ads(landed({"ad_id": "17"} | fields, entity="ad"), 32).states.row(
        0, named=True
    )


def test_a_day_is_read_as_recorded():
    row = day_of(spend="14.68", impressions="1079", clicks="9", reach="900", frequency="1.2")
    assert (row["spent_on"], row["spent_in"]) == (date(2025, 12, 3), "2025-12")
    assert (row["spend_cents"], row["impressions"], row["clicks"]) == (1468, 1079, 9)
    assert (row["reach"], row["frequency"], row["currency"]) == (900, 1.2, "USD")
    assert row["may_change_until"] == date(2026, 1, 4)


@pytest.mark.parametrize("shown", ["-", "<5", "", None])
@pytest.mark.parametrize("name", ["impressions", "clicks", "reach", "frequency"])
def test_what_is_not_told_is_null_and_no_zero(name, shown):
    assert day_of(**{"spend": "1", name: shown})[name] is None


def test_spend_that_is_not_told_is_no_zero():
    row = day_of(spend="-")
    assert row["spend_cents"] is None


@pytest.mark.parametrize(
    ("currency", "shown", "minor"),
    [
        ("USD", "14.68", 1468),
        ("USD", "0.1", 10),
        ("JPY", "1200", 1200),
        ("JPY", "1200.00", 1200),
        ("KWD", "1.234", 1234),
        ("USD", "0.005", 0),
        ("USD", "0.015", 2),
        ("USD", "1e3", None),
        ("USD", "1,000.00", None),
    ],
)
def test_money_is_exact_in_minor_units_of_its_currency(currency, shown, minor):
    assert day_of(currency, spend=shown)["spend_cents"] == minor


def test_a_row_s_own_currency_goes_before_its_account_s():
    row = day_of("USD", spend="1200", currency="jpy")
    assert (row["currency"], row["spend_cents"]) == ("JPY", 1200)
    assert day_of("JPY", spend="1200", currency="-")["spend_cents"] == 1200


def test_purchases_are_those_on_the_web_in_apps_and_in_the_shop():
    row = day_of(
        spend="1",
        conversion="99",
        real_time_conversion="98",
        complete_payment="2",
        total_complete_payment_rate="30.50",
        total_purchase="-",
        onsite_shopping="1",
        total_onsite_shopping_value="4.00",
    )
    assert (row["conversions"], row["conversion_value_cents"]) == (3, 3450)


def test_purchases_that_nothing_tells_are_null():
    row = day_of(spend="1", complete_payment="-", conversion="5")
    assert (row["conversions"], row["conversion_value_cents"]) == (None, None)


def test_a_total_of_an_account_is_read_like_its_ads_days():
    body = {"dimensions": {"advertiser_id": "7", "stat_time_day": DAY}, "metrics": {"spend": "3"}}
    rows = stage_tiktok_ads(landed(body, entity="account_day"), 32).account_days
    assert StgAdsAccountDays.is_valid(rows)
    assert rows.select("ad_account_id", "spend_cents").row(0) == ("7", 300)


@pytest.mark.parametrize(
    ("status", "is_running", "is_deleted"),
    [
        ("AD_STATUS_DELIVERY_OK", True, False),
        ("AD_STATUS_BUDGET_EXCEED", True, False),
        ("AD_STATUS_NOT_START", False, False),
        ("AD_STATUS_DISABLE", False, False),
        ("AD_STATUS_ADGROUP_DISABLE", False, False),
        ("AD_STATUS_DELETE", False, True),
        ("AD_STATUS_CAMPAIGN_DELETE", False, True),
        ("AD_STAUS_PIXEL_UNBIND", False, False),
        ("ADVERTISER_ACCOUNT_PUNISH", False, False),
        ("A_WORD_OF_TOMORROW", False, False),
    ],
)
def test_a_status_tells_whether_an_ad_may_deliver(status, is_running, is_deleted):
    row = state_of(secondary_status=status, operation_status="ENABLE")
    assert (row["status"], row["is_running"], row["is_deleted"]) == (status, is_running, is_deleted)


@pytest.mark.parametrize(("word", "is_running"), [("ENABLE", True), ("DISABLE", False)])
def test_without_a_status_in_effect_the_switch_counts(word, is_running):
    row = state_of(operation_status=word)
    assert (row["status"], row["is_running"]) == (word, is_running)


def test_an_ad_that_is_switched_off_does_not_run_whatever_else_is_said():
    row = state_of(secondary_status="AD_STATUS_DELIVERY_OK", operation_status="DISABLE")
    assert row["is_running"] is False


@pytest.mark.parametrize("item", ["", "0", None])
def test_an_ad_without_a_post_shows_none(item):
    row = state_of(secondary_status="AD_STATUS_DONE", tiktok_item_id=item)
    assert (row["shows_platform"], row["shows_post_id"]) == (None, None)


def test_a_spark_ad_shows_its_post():
    row = state_of(
        secondary_status="AD_STATUS_DONE",
        tiktok_item_id=7300000000000000123,
        adgroup_id="170",
        campaign_id="1",
        create_time="2025-12-01 08:00:00",
    )
    assert (row["shows_platform"], row["shows_post_id"]) == ("tiktok", "7300000000000000123")
    assert (row["ad_set_id"], row["campaign_id"]) == ("170", "1")
    assert row["created_at"] == datetime(2025, 12, 1, 8, tzinfo=UTC)


def test_smart_plus_ads_without_times_are_read():
    row = state_of(secondary_status="AD_STATUS_DONE")
    assert (row["created_at"], row["ad_name"], row["ad_id"]) == (None, None, "17")


@pytest.mark.parametrize("body", ["", "[]", "no json", '{"dimensions": 3, "metrics": []}'])
def test_what_cannot_be_read_breaks_the_contract_alone(body):
    good = {"dimensions": {"ad_id": "17", "stat_time_day": DAY}, "metrics": {"spend": "1"}}
    rows = stage_tiktok_ads(landed(body, good), 32).days
    kept, failed = StgAdsDays.filter(rows)
    assert (kept.height, sum(failed.counts().values()) > 0) == (1, True)


def test_nothing_landed_gives_nothing():
    found = stage_tiktok_ads(landed(), 32)
    assert [found.states.height, found.days.height, found.account_days.height] == [0, 0, 0]
    assert StgAdsStates.is_valid(found.states)


@given(cents=st.integers(0, 10**12), decimals=st.sampled_from([0, 2]), padding=st.integers(0, 6))
def test_any_amount_is_exact(cents, decimals, padding):
    whole, rest = divmod(cents, 10**decimals)
    text = f"{whole}.{rest:0{decimals}}{'0' * padding}" if decimals else f"{whole}"
    assert day_of("USD" if decimals else "JPY", spend=text)["spend_cents"] == cents
