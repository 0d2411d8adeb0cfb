"""What holds of the simulated ads: who has which, and how their days are restated."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import Plan, World, generated_truth
from sandbox.simulation.ads.numbers import LATE_FIX_AFTER, Numbers, numbers_of
from sandbox.simulation.ads.purchases import DAY, FROZEN_AFTER
from sandbox.simulation.ads.world import AdWorld
from tests.hypothesis_profiles import examples

START = datetime(2025, 5, 14, tzinfo=UTC)
NOW = START + timedelta(days=12, hours=7)
DATASET = generated_truth(3, start=START, plan=Plan(instagram=2, tiktok=2, posts=25))
ADS = AdWorld(DATASET)
EVERY = [ad for account in ADS.accounts for ad in ADS.every_ad(account.ref)]
SINCE, UNTIL = date(2025, 4, 10), date(2025, 5, 27)
DELIVERING = [
    (ad, day)
    for account in ADS.accounts
    for ad, day, numbers in ADS.days(account.ref, SINCE, UNTIL, at=NOW)
    if numbers.spend and ad.stops_at is None
]


def test_each_platform_has_two_accounts_in_two_zones_and_one_currency_without_decimals():
    assert [(a.platform, a.currency, a.decimals, a.zone_name) for a in ADS.accounts] == [
        ("meta_ads", "USD", 2, "Etc/GMT+8"),
        ("meta_ads", "JPY", 0, "Asia/Tokyo"),
        ("tiktok_ads", "USD", 2, "Etc/GMT+8"),
        ("tiktok_ads", "JPY", 0, "Asia/Tokyo"),
    ]


def test_a_zone_with_a_plus_lies_behind_utc():
    assert ADS.accounts[0].day_starts(date(2025, 5, 1)) == datetime(2025, 5, 1, 8, tzinfo=UTC)
    assert ADS.accounts[1].day_starts(date(2025, 5, 1)) == datetime(2025, 4, 30, 15, tzinfo=UTC)


def test_ids_are_longer_than_a_number_of_javascript_holds_and_belong_to_one_ad_each():
    ids = [ad.ad_id for ad in EVERY] + [ad.creative_id for ad in EVERY]
    ids += list({ad.ad_set.ad_set_id for ad in EVERY})
    ids += list({ad.ad_set.campaign.campaign_id for ad in EVERY})
    assert all(int(one) > 2**53 for one in ids)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("account", ADS.accounts, ids=lambda account: account.account_id)
def test_an_account_has_ads_of_every_state_and_some_of_one_name(account):
    ads = ADS.every_ad(account.ref)
    late = NOW + timedelta(days=60)
    states = {"active", "paused", "ad_set_paused", "disapproved", "archived", "deleted"}
    states |= {"unauthorised"} if account.platform == "tiktok_ads" else set()
    assert {ad.state(late) for ad in ads} == states
    assert len({ad.name for ad in ads}) < len(ads)


def test_ads_show_posts_of_the_dataset_or_something_that_nobody_knows():
    known = {
        (account.network, item.item_id)
        for account in DATASET.accounts
        for item in DATASET.every_item(account)
    }
    for ad in EVERY:
        shown = (ad.account.ref.network, ad.shows_id)
        assert (shown in known) == (ad.post is not None)
        assert ad.post is None or ad.created_at > ad.post.published_at
    assert any(ad.shows_id is None for ad in EVERY)
    assert any(ad.shows_id is not None and ad.post is None for ad in EVERY)


def test_a_world_without_posts_has_accounts_and_no_ads():
    empty = AdWorld(generated_truth(1, start=START, plan=Plan(instagram=0, tiktok=0)))
    assert len(empty.accounts) == 4
    assert all(empty.every_ad(account.ref) == () for account in empty.accounts)


def test_equal_posts_make_equal_ads_and_another_seed_makes_others():
    def written(world):
        return [
            (ad.ad_id, ad.shows_id, ad.state(NOW), numbers_of(ad, UNTIL, at=NOW))
            for account in world.accounts
            for ad in world.every_ad(account.ref)
        ]

    assert written(AdWorld(DATASET)) == written(ADS)
    assert written(AdWorld(DATASET, seed=1)) != written(ADS)


def test_another_dataset_has_ads_of_its_own():
    world = World(DATASET, now=NOW)
    before = world.ads
    assert world.ads is before
    world.dataset = generated_truth(4, start=START)
    assert world.ads is not before


@given(
    st.sampled_from(DELIVERING), st.timedeltas(timedelta(), DAY), st.timedeltas(timedelta(), DAY)
)
def test_a_day_grows_while_it_lasts(cell, one, other):
    ad, day = cell
    starts = ad.account.day_starts(day)
    early, late = sorted((one, other))
    before, after = (numbers_of(ad, day, at=starts + moment) for moment in (early, late))
    if late < DAY:
        assert before.spend <= after.spend
        assert before.impressions <= after.impressions


@given(st.sampled_from(DELIVERING), st.timedeltas(DAY, timedelta(days=90)))
def test_spend_moves_by_one_part_in_a_hundred_until_the_third_day_and_then_stands(cell, later):
    ad, day = cell
    starts = ad.account.day_starts(day)
    final = numbers_of(ad, day, at=starts + timedelta(days=365)).spend
    shown = numbers_of(ad, day, at=starts + later).spend
    assert abs(shown - final) <= final / 100
    if later >= DAY + timedelta(days=3):
        assert shown == final


@given(
    st.sampled_from([(ad, day) for ad in EVERY for day in (SINCE, date(2025, 5, 10), UNTIL)]),
    st.timedeltas(timedelta(), timedelta(days=400)),
)
def test_nothing_changes_after_twenty_eight_days(cell, later):
    ad, day = cell
    closed = ad.account.day_starts(day) + DAY + FROZEN_AFTER
    assert numbers_of(ad, day, at=closed) == numbers_of(ad, day, at=closed + later)


def test_a_late_fix_changes_a_day_at_forty_days_where_it_is_switched_on():
    ad, day = DELIVERING[0]
    at = ad.account.day_starts(day) + DAY + LATE_FIX_AFTER
    plain, fixed = (numbers_of(ad, day, at=at, late_fix=on).spend for on in (False, True))
    before = numbers_of(ad, day, at=at - timedelta(seconds=1), late_fix=True).spend
    assert (before, fixed > plain) == (plain, True)


@given(st.sampled_from(DELIVERING))
def test_days_are_really_restated(cell):
    ad, day = cell
    ends = ad.account.day_starts(day) + DAY
    moments = [ends + timedelta(hours=6 * n) for n in range(12)]
    shown = [numbers_of(ad, day, at=at).impressions for at in moments]
    assert any(a != b for a, b in pairwise(shown))


@pytest.mark.parametrize("account", ADS.accounts, ids=lambda account: account.account_id)
def test_every_purchase_is_counted_once_whichever_day_it_is_put_to(account):
    late = NOW + timedelta(days=120)
    until = UNTIL + timedelta(days=20)
    stopped = {
        ad.ad_id
        for ad in ADS.every_ad(account.ref)
        if ad.stops_at is not None and account.day_of(ad.stops_at) < until
    }
    days = ADS.days(account.ref, SINCE, until + timedelta(days=29), at=late)
    own = [row for row in days if row.ad.ad_id in stopped]
    of_day = [p for row in own for p in row.numbers.purchases_of_day]
    is_meta = account.platform == "meta_ads"
    own_days = [
        row.numbers.purchases_meta if is_meta else row.numbers.purchases_made for row in own
    ]
    made = [p for purchases in own_days for p in purchases]
    assert len(of_day) > 20
    assert sorted(map(repr, of_day)) == sorted(map(repr, made))


def test_there_are_days_without_spend_on_which_something_was_bought():
    rows = ADS.days(ADS.accounts[0].ref, SINCE, UNTIL, at=NOW)
    idle = [row for row in rows if not row.numbers.impressions]
    assert idle
    assert all(row.numbers.purchases_made and not row.numbers.spend for row in idle)


@given(st.sampled_from(ADS.accounts), st.dates(SINCE, UNTIL), st.integers(0, 20))
@examples(0.5)
def test_reach_of_several_is_not_more_than_its_sum_nor_less_than_the_largest(account, day, more):
    until = day + timedelta(days=more)
    parts = [row.numbers for row in ADS.days(account.ref, day, until, at=NOW)]
    whole = Numbers.summed(parts)
    assert whole.reach <= sum(one.reach for one in parts)
    assert whole.reach >= max((one.reach for one in parts), default=0)
    assert whole.spend == sum(one.spend for one in parts)
