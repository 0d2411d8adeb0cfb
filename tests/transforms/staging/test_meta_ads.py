"""Meta's rows as typed ones: one purchase once, money exact, absent is absent."""

import json
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.contracts.ads_landed import RawMetaAds
from transforms.currencies import DECIMALS
from transforms.staging.ads import money_in_minor_units
from transforms.staging.meta_ads import PURCHASES, stage_meta_ads

AT = datetime(2025, 5, 14, 12, tzinfo=UTC)
DAY = {"ad_id": "120203029307580037", "date_start": "2025-05-13", "spend": "14.68"}


def staged(entity, *bodies, currency="USD"):
    rows = [
        {
            "landing_id": f"l#{number}",
            "reading_id": "l",
            "ad_account_id": "1",
            "entity": entity,
            "subject": "",
            "currency": currency,
            "time_zone": "UTC",
            "received_at": AT,
            "known_at": AT,
            "run_id": "r",
            "body": json.dumps(body),
            "landed_on": AT.date(),
        }
        for number, body in enumerate(bodies)
    ]
    landed = pl.DataFrame(rows, schema=dict(RawMetaAds.create_empty().schema))
    return stage_meta_ads(landed, 28)


def day(currency="USD", **changes):
    return staged("ad_day", DAY | changes, currency=currency).days.row(0, named=True)


def bought(value, *names):
    return [{"action_type": name, "value": value} for name in ("link_click", *names)]


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        pytest.param(bought("3", *PURCHASES), 3, id="six names of one purchase"),
        pytest.param(bought("3", "purchase", "omni_purchase"), 3, id="in any order"),
        pytest.param(bought("2", "offsite_conversion.fb_pixel_purchase"), 2, id="the pixel's"),
        pytest.param(bought("2"), 0, id="none among other actions"),
        pytest.param(None, 0, id="no list, which Meta leaves out where there is none"),
        pytest.param(bought(2, "purchase"), 2, id="a number"),
        pytest.param(bought("many", "purchase"), None, id="no number"),
    ],
)
def test_a_purchase_counts_once(actions, expected):
    assert day(actions=actions)["conversions"] == expected


def test_the_value_of_a_purchase_is_money_of_the_account():
    values = bought("19.99", *PURCHASES)
    assert day(action_values=values)["conversion_value_cents"] == 1999
    assert day("JPY", spend="12", action_values=bought("300", "purchase")) | {
        "spend_cents": 12,
        "conversion_value_cents": 300,
    } == day("JPY", spend="12", action_values=bought("300", "purchase"))


@pytest.mark.parametrize(
    ("spend", "currency", "minor"),
    [
        pytest.param("5339.5", "USD", 533_950, id="one decimal"),
        pytest.param("3.378254", "USD", 338, id="finer than cents"),
        pytest.param("0.005", "USD", 0, id="half a cent, to even"),
        pytest.param("0.015", "USD", 2, id="half a cent, to even above"),
        pytest.param("1200", "JPY", 1200, id="yen"),
        pytest.param("1.2345", "KWD", 1234, id="thousandths, half to even"),
        pytest.param(14.68, "USD", 1468, id="a JSON number"),
        pytest.param("0", "USD", 0, id="nothing"),
    ],
)
def test_spend_is_exact_in_minor_units_of_its_currency(spend, currency, minor):
    assert day(currency, spend=spend)["spend_cents"] == minor


@pytest.mark.parametrize("spend", ["-", "1,5", "1e3", None, "NaN"])
def test_spend_that_is_no_amount_is_no_spend_and_not_zero(spend):
    assert day(spend=spend)["spend_cents"] is None


@given(amount=st.decimals(0, 10**9, places=6), currency=st.sampled_from(sorted(DECIMALS)))
def test_money_is_rounded_as_decimals_are_half_to_even(amount, currency):
    rows = pl.DataFrame({"amount": [f"{amount:f}"], "currency": [currency]})
    found = rows.select(money_in_minor_units(pl.col("amount"), pl.col("currency"))).item()
    assert found == int(
        (amount * 10 ** DECIMALS[currency]).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    )


def test_a_day_without_delivery_keeps_its_late_purchases():
    row = day(spend="0", impressions="0", clicks="0", actions=bought("2", "omni_purchase"))
    assert (row["spend_cents"], row["impressions"], row["conversions"]) == (0, 0, 2)
    assert (row["reach"], row["frequency"]) == (None, None)


def test_a_day_says_until_when_it_may_change():
    row = day(impressions=361324, reach="1000", frequency="1.5")
    assert row["may_change_until"] == date(2025, 6, 10)
    assert (row["impressions"], row["reach"], row["frequency"]) == (361_324, 1000, 1.5)
    assert (row["spent_in"], row["currency"]) == ("2025-05", "USD")


@pytest.mark.parametrize(
    ("ad", "expected"),
    [
        pytest.param(
            {"effective_status": "ACTIVE", "creative": {"effective_instagram_media_id": "9"}},
            ("ACTIVE", True, False, "instagram", "9"),
            id="runs, shows a post",
        ),
        pytest.param(
            {"effective_status": "DELETED", "creative": {"id": "5"}},
            ("DELETED", False, True, None, None),
            id="deleted, shows a video of its own",
        ),
        pytest.param(
            {"effective_status": "ADSET_PAUSED", "creative": {"source_instagram_media_id": "8"}},
            ("ADSET_PAUSED", False, False, "instagram", "8"),
            id="its ad set is paused",
        ),
        pytest.param({"status": "PAUSED"}, ("PAUSED", False, False, None, None), id="old fields"),
        pytest.param({}, ("UNKNOWN", False, False, None, None), id="says nothing"),
    ],
)
def test_an_ad_is_as_the_platform_says(ad, expected):
    row = staged("ad", {"id": "7", "created_time": "2020-04-13T18:04:59-0700"} | ad).states.row(
        0, named=True
    )
    names = ("status", "is_running", "is_deleted", "shows_platform", "shows_post_id")
    assert tuple(row[name] for name in names) == expected
    assert row["created_at"] == datetime(2020, 4, 14, 1, 4, 59, tzinfo=UTC)
