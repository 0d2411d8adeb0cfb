from dataclasses import asdict, replace
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.hypothesis_profiles import examples
from tests.oracles import ad_classes
from tests.worlds.ad_weeks import ADS, LAST, classified, day, running, verdict, week
from tests.worlds.data_builders import AS_OF, hours
from transforms.ads.classification import REASONS
from transforms.ads.rules import ACTIVE, AD_RULES
from transforms.ads.windows import last_whole_days
from transforms.contracts.ad_classifications import AdClassifications
from transforms.vocabulary import AD_CLASSES

OTHER = running("other")
DEAR = [200, 100, 100, 100, 100, 100, 300]
"""Cents; with two conversions on day 1 and two on day 7, a conversion becomes 1.5 times as dear."""
BOUGHT = [2, 1, 1, 1, 1, 1, 2]
SEEN = {"impressions": 1000, "reach": 2300, "clicks": 10}


@pytest.mark.parametrize(
    ("ad", "days", "expected"),
    [
        pytest.param({"began_at": hours(-71.9)}, week([9000] * 7), "too_young", id="under 3 days"),
        pytest.param({"began_at": hours(-72)}, week([9000] * 7), "critical", id="3 days old"),
        pytest.param({}, week([1000] * 5), "underperforming", id="$50 in 7 days and no conversion"),
        pytest.param({}, week([*[1000] * 5, 1]), "critical", id="above $50 and no conversion"),
        pytest.param({}, week([*[1000] * 5, 1], conversions=1), "healthy", id="one conversion"),
        pytest.param({}, week(DEAR, **SEEN, conversions=BOUGHT), "fatigued", id="seen, and dear"),
        pytest.param(
            {}, week(DEAR, **SEEN | {"reach": 2334}, conversions=BOUGHT), "healthy", id="seen 3.0"
        ),
        pytest.param(
            {},
            week([*DEAR[:-1], 299], **SEEN, conversions=BOUGHT),
            "healthy",
            id="a little less than 1.5 times as dear",
        ),
        pytest.param(
            {},
            week([50] * 7, impressions=999, clicks=[20, 20, 20, 9, 9, 9, 9]),
            "healthy",
            id="click rate falls, but under $5",
        ),
        pytest.param(
            {},
            week([80] * 7, impressions=999, clicks=[20, 20, 20, 9, 9, 9, 9]),
            "fatigued",
            id="click rate falls",
        ),
        pytest.param(
            {},
            week([80] * 7, impressions=999, clicks=[20, 20, 20, 9, 16, 16, 16]),
            "healthy",
            id="click rate at 0.8 of what it was",
        ),
    ],
)
def test_an_ad_is_classified_as_the_document_says(ad, days, expected):
    assert verdict(running(**ad), days)["classification"] == expected


@pytest.mark.parametrize(
    ("cents", "conversions", "expected"),
    [
        pytest.param(2501, 1, "cpa_far_above_pool", id="above 2.5 times the average"),
        pytest.param(2500, 1, "cpa_above_pool", id="2.5 times the average"),
        pytest.param(1501, 1, "cpa_above_pool", id="above 1.5 times"),
        pytest.param(1500, 1, "in_line", id="1.5 times"),
        pytest.param(2100, 3, "cpa_below_pool", id="0.7 times, 3 conversions"),
        pytest.param(1400, 2, "in_line", id="0.7 times, 2 conversions"),
        pytest.param(2103, 3, "in_line", id="above 0.7 times"),
    ],
)
def test_cost_is_compared_with_what_the_pool_s_conversions_cost_on_average(
    cents, conversions, expected
):
    # The other ad makes the pool's average exactly 10 dollars.
    rest = day(7, 1_000_000 - cents, "other", conversions=1000 - conversions)
    found = verdict(running(), [day(7, cents, conversions=conversions), rest], OTHER)
    assert found["reason_key"] == expected


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"project_id": "rival"}, id="another project"),
        pytest.param({"scoring_pool": "ugc"}, id="another pool"),
        pytest.param({"scoring_pool": None}, id="no pool"),
    ],
)
def test_ads_of_other_pools_are_not_compared(changes):
    days = [day(7, 9000, conversions=1), day(7, 10, "other", conversions=100)]
    assert verdict(running(), days, running("other", **changes))["cpa_pool_ratio"] == 1.0


@pytest.mark.parametrize(
    ("days", "reason"),
    [
        pytest.param(week([9000] * 7, currency="EUR"), "currency_not_usd", id="euros"),
        pytest.param(
            [day(6, 1, currency="EUR"), day(7, 1, currency="USD")], "currencies_mixed", id="two"
        ),
        pytest.param(week([10] * 7, conversions=None), "conversions_unknown", id="no conversions"),
        pytest.param([], "no_delivery", id="no days"),
        pytest.param([day(7, 0, impressions=0, conversions=3)], "no_delivery", id="late purchases"),
        pytest.param([day(0, 9000), day(8, 9000)], "no_delivery", id="days outside the window"),
    ],
)
def test_what_cannot_be_said_is_not_said(days, reason):
    found = verdict(running(), days)
    assert (found["classification"], found["reason_key"]) == (None, reason)


def test_ratios_are_told_in_any_currency_and_only_within_it():
    days = [
        day(7, 9000, currency="EUR", conversions=1),
        day(7, 1000, "other", currency="EUR", conversions=10),
        day(7, 1, "third", currency="JPY", conversions=100),
    ]
    found = verdict(running(), days, OTHER, running("third"))
    assert found["reason_key"] == "cpa_far_above_pool"
    assert (found["pool_spend_7d_minor"], found["pool_conversions_7d"]) == (10_000, 11)


def test_what_is_known_later_is_not_seen():
    early, late = day(7, 9000), day(7, 9000, conversions=9, known_at=hours(1))
    assert verdict(running(), [early, late])["classification"] == "critical"


def test_the_newest_report_of_a_day_counts_as_a_whole():
    days = [day(7, 9000), day(7, 100, known_at=hours(-0.5), conversions=None)]
    found = verdict(running(), days)
    assert (found["spend_7d_minor"], found["conversions_7d"]) == (100, None)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"is_deleted": True}, "archived", id="deleted"),
        pytest.param({"status": "ARCHIVED"}, "archived", id="archived"),
        pytest.param({}, "live", id="runs"),
        pytest.param({"is_running": False}, "disabled", id="ran"),
        pytest.param({"is_running": False, "has_run": False}, "generated", id="never ran"),
        pytest.param(
            {"is_running": False, "has_run": False, "approval": "approved"},
            "approved",
            id="approved",
        ),
        pytest.param(
            {"is_running": False, "has_run": False, "ads_content_id": None},
            "draft",
            id="no content",
        ),
        pytest.param({"is_running": None}, "live", id="its reports say that it runs"),
    ],
)
def test_a_creative_has_a_state(changes, expected):
    found = verdict(running(**changes), [day(7, 100)])
    assert found["state"] == expected
    assert (found["reason_key"] == "not_running") == (expected != "live")


def test_a_fatigued_ad_makes_its_creative_fatigued():
    days = week([80] * 7, impressions=999, clicks=[20, 20, 20, 9, 9, 9, 9])
    assert verdict(running(), days)["state"] == "fatigued"


@pytest.mark.parametrize(
    ("ad", "days", "expected"),
    [
        ({"began_at": hours(-71.999)}, [], "2.99 days old; it is judged from day 3 on"),
        ({}, [day(7, 6120)], "61.20 USD in 7 days and no conversion; critical above 50.00 USD"),
        ({}, week([9] * 7, currency="EUR"), "it spends EUR, and the limits of spend are dollars; "
         "no ratio tells against it"),
        ({}, week(DEAR, **SEEN, conversions=BOUGHT), "seen up to 3.05 times per person in 7 days, "
         "and a conversion costs 1.50 times that of day 1"),
    ],
)  # fmt: skip
def test_a_reason_is_told_in_words(ad, days, expected):
    assert verdict(running(**ad), days)["reason"] == expected


def test_days_are_those_of_the_account_s_zone():
    zones = pl.Series("time_zone", ["Etc/GMT+8", "Asia/Tokyo", None])
    at = AS_OF.replace(hour=4)
    days = dict(last_whole_days(zones, as_of=at).iter_rows())
    assert days == {None: LAST, "Asia/Tokyo": LAST, "Etc/GMT+8": LAST - timedelta(days=1)}


def test_every_reason_leads_to_a_word_and_every_word_has_a_reason():
    assert {one.classification for one in REASONS.values()} == {*AD_CLASSES, None}


def test_versions_are_registered_under_their_names_and_cannot_be_changed():
    assert {name: rules.version for name, rules in AD_RULES.items()} == {"1": "1"}
    with pytest.raises(TypeError):
        AD_RULES["1"] = replace(ACTIVE, version="1")
    assert asdict(ACTIVE)["fatigue_frequency"] == 3.0


COUNT = st.none() | st.integers(0, 40)
DAY = st.fixed_dictionaries(
    {
        "number": st.integers(-1, 8),
        "cents": st.sampled_from([0, 1, 499, 500, 2000, 2001, 5000, 5001]) | st.integers(0, 3000),
        "impressions": st.none() | st.sampled_from([0, 499, 500, 1000]) | st.integers(0, 3000),
        "clicks": COUNT,
        "conversions": COUNT,
        "reach": st.none() | st.integers(0, 900),
        "currency": st.sampled_from([None, None, None, "USD", "EUR"]),
        "known_at": st.sampled_from([hours(-2), hours(-1), hours(0), hours(1)]),
        "ad_id": st.sampled_from(["a", "a", "b", "c"]),
    }
)
AD = st.fixed_dictionaries(
    {
        "project_id": st.sampled_from(["brand", "brand", "rival", None]),
        "scoring_pool": st.sampled_from(["ugc", "ugc", "generated", None]),
        "ads_content_id": st.sampled_from([None, "brand/tiktok:1"]),
        "approval": st.sampled_from([None, "approved", "pending", "not_required", "rejected"]),
        "status": st.sampled_from([None, "ACTIVE", "PAUSED", "ARCHIVED"]),
        "is_running": st.sampled_from([True, True, None, False]),
        "is_deleted": st.sampled_from([False, False, True]),
        "has_run": st.booleans(),
        "began_at": st.sampled_from([None, hours(-71), hours(-72), hours(-999)]),
    }
)
WORLD = st.tuples(
    st.fixed_dictionaries({"a": AD, "b": AD, "c": AD}), st.lists(DAY, max_size=24)
).map(
    lambda given: (
        [running(name, **ad) for name, ad in given[0].items()],
        list(
            {
                (one["ad_id"], one["number"], one["known_at"]): day(
                    one["number"],
                    one["cents"],
                    **{k: v for k, v in one.items() if k not in {"number", "cents"}},
                )
                for one in given[1]
            }.values()
        ),
    )
)


@examples(5)
@given(world=WORLD)
def test_the_oracle_says_the_same(world):
    ads, days = world
    rows = classified(ads, days).iter_rows(named=True)
    names = ("reason_key", "classification", "state")
    found = {
        (row["ad_platform"], row["ad_id"]): {name: row[name] for name in names} for row in rows
    }
    assert found == ad_classes.judged(ads, days, AS_OF)


@given(world=WORLD)
def test_rows_keep_their_contract_and_have_words(world):
    rows = classified(*world).with_columns(tick=pl.lit("t"))
    assert rows["reason"].null_count() == 0
    shaped = rows.select(AdClassifications.column_names())
    assert AdClassifications.is_valid(shaped.cast(AdClassifications.create_empty().schema))


@given(world=WORLD, order=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(world, order):
    ads, days = world
    shuffled = classified(order.sample(ads, len(ads)), order.sample(days, len(days)))
    assert_frame_equal(shuffled, classified(ads, days), check_exact=True)


@given(world=WORLD)
def test_other_projects_change_nothing(world):
    ads, days = world
    own = [ad for ad in ads if ad["project_id"] == "brand"]
    both = classified(ads, days).filter(pl.col("project_id") == "brand")
    assert_frame_equal(both, classified(own, days), check_exact=True)


@given(world=WORLD)
def test_what_becomes_known_later_changes_nothing(world):
    ads, days = world
    known = [one for one in days if one["known_at"] <= AS_OF]
    assert_frame_equal(classified(ads, known), classified(ads, days), check_exact=True)


def test_the_builders_have_the_columns_that_are_read():
    assert set(ADS) >= {"began_at", "last_day_on", "has_run"}
