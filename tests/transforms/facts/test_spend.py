from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds.creative_builders import ad, ads, daily, spent
from tests.worlds.data_builders import AS_OF, hours
from transforms.facts.spend import dollars, trailing_spend
from transforms.scoring.rules import ACTIVE

TODAY = AS_OF.date()
MIDNIGHT = AS_OF.replace(hour=0)
DAYS = ACTIVE.generated.boost_days
ONE_AD = (ad(),)
CONTENT = "brand/generated:c"


def ago(days):
    return TODAY - timedelta(days=days)


def spend(rows, shown=ONE_AD, *, as_of=AS_OF):
    """Cents of each content."""
    sums = trailing_spend(daily(rows), ads(shown), as_of=as_of, days=DAYS).collect()
    return dict(sums.select("ads_content_id", "spend_30d_cents").rows())


@pytest.mark.parametrize(
    ("as_of", "days", "counts"),
    [
        pytest.param(AS_OF, 0, True, id="noon: the running day"),
        pytest.param(AS_OF, 29, True, id="noon: the oldest day that lies wholly within 30 days"),
        pytest.param(AS_OF, 30, False, id="noon: a day that began 30.5 days ago"),
        pytest.param(MIDNIGHT, 30, True, id="midnight: 30 whole days"),
        pytest.param(MIDNIGHT, 31, False, id="midnight: a day before them"),
        pytest.param(AS_OF, -1, False, id="tomorrow, which has begun elsewhere"),
    ],
)
def test_the_days_that_began_in_the_30_days_before_the_tick_count(as_of, days, counts):
    assert spend([spent(100, ago(days))], as_of=as_of) == ({CONTENT: 100} if counts else {})


def test_days_and_ads_of_one_content_add_up():
    rows = [spent(143, ago(1)), spent(57, ago(2)), spent(1, ago(1), ad_id="other")]
    assert spend(rows, [ad(), ad("other")]) == {CONTENT: 201}


def test_ads_of_two_platforms_may_share_an_id():
    rows = [spent(100, ago(1)), spent(7, ago(1)) | {"ad_platform": "tiktok"}]
    shown = [ad(), ad(content="brand/manual:m", ad_platform="tiktok")]
    assert spend(rows, shown) == {CONTENT: 100, "brand/manual:m": 7}


@pytest.mark.parametrize(
    ("restated_at", "cents"),
    [
        pytest.param(-1, 90, id="known by the tick"),
        pytest.param(0, 90, id="known at the tick"),
        pytest.param(1, 100, id="known after the tick"),
        pytest.param(-99, 100, id="known before the value that stands"),
    ],
)
def test_a_restated_day_counts_as_last_known_at_the_tick(restated_at, cents):
    rows = [spent(100, ago(6), known_at=hours(-9)), spent(90, ago(6), known_at=hours(restated_at))]
    assert spend(rows) == {CONTENT: cents}
    assert spend(rows[::-1]) == {CONTENT: cents}


def test_spend_that_is_not_known_yet_is_not_seen():
    assert spend([spent(100, ago(1), known_at=hours(1))]) == {}


def test_an_ad_of_unknown_content_is_no_contents_spend():
    assert spend([spent(100, ago(1), ad_id="unknown")]) == {}


@pytest.mark.parametrize(("moved_at", "content"), [(-1, "brand/manual:m"), (1, CONTENT)])
def test_an_ad_counts_for_the_content_it_was_last_known_to_show(moved_at, content):
    shown = [ad(), ad(content="brand/manual:m", known_at=hours(moved_at))]
    assert spend([spent(100, ago(1))], shown) == {content: 100}


def test_every_sum_of_cents_is_the_nearest_float_however_rows_are_batched():
    cents = pl.DataFrame({"cents": range(20_000)})
    expected = [number / 100 for number in range(20_000)]
    assert cents.select(dollars("cents")).to_series().to_list() == expected
    assert cents[35:36].select(dollars("cents")).item() == 0.35


ROWS = st.lists(
    st.builds(
        spent,
        st.integers(0, 10**7),
        st.integers(-2, 40).map(ago),
        ad_id=st.sampled_from(["ad", "two", "three", "unknown"]),
        known_at=st.integers(-1000, 48).map(hours),
    ),
    max_size=12,
    unique_by=lambda row: (row["ad_id"], row["spent_on"], row["known_at"]),
)
SHOWN = (ad(), ad("two"), ad("three", "other/manual:m"))


@given(rows=ROWS, order=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows, order):
    assert spend(order.sample(rows, len(rows)), SHOWN) == spend(rows, SHOWN)


@given(rows=ROWS, later=ROWS)
def test_what_becomes_known_later_changes_no_earlier_tick(rows, later):
    beyond = [row for row in later if row["known_at"] > AS_OF]
    assert spend([*rows, *beyond], SHOWN) == spend(rows, SHOWN)


@given(rows=ROWS, days=st.integers(-400, 400))
def test_shifting_all_times_by_days_shifts_nothing(rows, days):
    shift = timedelta(days=days)
    moved = [
        row | {"spent_on": row["spent_on"] + shift, "known_at": row["known_at"] + shift}
        for row in rows
    ]
    shown = [row | {"known_at": row["known_at"] + shift} for row in SHOWN]
    assert spend(moved, shown, as_of=AS_OF + shift) == spend(rows, SHOWN)


@given(rows=ROWS)
def test_restating_a_day_by_what_it_says_changes_nothing(rows):
    again = [row | {"known_at": row["known_at"] + timedelta(minutes=1)} for row in rows]
    known = [row for row in again if row["known_at"] <= AS_OF]
    last = {
        (row["ad_id"], row["spent_on"]): row
        for row in sorted(known, key=lambda row: row["known_at"])
    }
    assert spend([*rows, *last.values()], SHOWN) == spend(rows, SHOWN)
