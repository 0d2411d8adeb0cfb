from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds.creative_builders import daily, spent
from tests.worlds.data_builders import AS_OF, hours
from transforms.contracts.ads import AdDailyMetrics
from transforms.facts.ad_restatements import AD_DAY, VALUES, restatements

DAY = AS_OF.date()
MOMENTS = [hours(number) for number in range(-7, 1)]


def actual(*rows):
    """Rows given as (hours after ``AS_OF``, cents) and maybe clicks, of one ad and day."""
    return [
        spent(row[1], DAY, known_at=hours(row[0])) | {"clicks": row[2] if row[2:] else None}
        for row in rows
    ]


def kept(rows):
    found = restatements(daily(rows)).collect().sort("known_at")
    return [
        ((row["known_at"] - AS_OF) / timedelta(hours=1), row["spend_cents"])
        for row in found.iter_rows(named=True)
    ]


def known(rows, moment):
    """What the newest rows known at a moment say, by ad and day; written as plain loops."""
    newest = {}
    for row in sorted(rows, key=lambda row: row["known_at"]):
        if row["known_at"] <= moment:
            newest[tuple(row[name] for name in AD_DAY)] = tuple(row.get(name) for name in VALUES)
    return newest


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([(-3, 100), (-2, 90)], [(-3, 100), (-2, 90)], id="a restatement"),
        pytest.param([(-3, 100), (-2, 100)], [(-3, 100)], id="an equal repeat"),
        pytest.param([(-3, 9), (-2, 8), (-1, 9)], [(-3, 9), (-2, 8), (-1, 9)], id="back again"),
        pytest.param([(-3, 9), (-2, 9, 4)], [(-3, 9), (-2, 9)], id="a value is shown first"),
        pytest.param([(-3, 9, 4), (-2, 9)], [(-3, 9), (-2, 9)], id="a value is lacking"),
        pytest.param([(-3, 9, 0), (-2, 9)], [(-3, 9), (-2, 9)], id="none is not nothing"),
        pytest.param([(-3, 7), (-3, 9)], [(-3, 9)], id="one moment, reported in two ways"),
        pytest.param(
            [(-4, 9), (-3, 7), (-3, 9)],
            [(-4, 9), (-3, 9)],
            id="reported in two ways, then a repeat",
        ),
    ],
)
def test_a_row_is_kept_that_shows_something_new_of_its_day(rows, expected):
    assert kept(actual(*rows)) == expected
    assert kept(actual(*rows)[::-1]) == expected


def test_days_and_ads_are_distinguished():
    rows = [
        spent(5, DAY),
        spent(5, DAY - timedelta(days=1)),
        spent(5, DAY, ad_id="other"),
        spent(5, DAY) | {"ad_platform": "tiktok"},
    ]
    assert restatements(daily(rows)).collect().height == 4


ROWS = st.lists(
    st.builds(
        lambda cents, clicks, **how: spent(cents, DAY, **how) | {"clicks": clicks},
        st.integers(0, 2),
        st.sampled_from([None, 0, 1]),
        ad_id=st.sampled_from(["one", "two"]),
        known_at=st.sampled_from(MOMENTS),
    ),
    max_size=12,
)
DISTINCT = ROWS.map(lambda rows: list({(r["ad_id"], r["known_at"]): r for r in rows}.values()))


@given(rows=DISTINCT)
def test_what_is_left_out_changes_nothing_that_was_known(rows):
    found = restatements(daily(rows)).collect().to_dicts()
    assert [known(found, moment) for moment in MOMENTS] == [
        known(rows, moment) for moment in MOMENTS
    ]


@given(rows=ROWS, order=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows, order):
    shuffled = order.sample(rows, len(rows))
    found, expected = (
        restatements(daily(some)).collect().sort(AdDailyMetrics.primary_key())
        for some in (shuffled, rows)
    )
    assert found.equals(expected)


@given(rows=ROWS)
def test_what_is_kept_keeps_the_contract(rows):
    found = restatements(daily(rows)).collect()
    assert AdDailyMetrics.is_valid(found)
