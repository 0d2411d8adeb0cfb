"""Histories of ads' states, and accounts' totals beside the sums of their ads."""

from datetime import timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds.ads_builders import state, states, total, totals
from tests.worlds.creative_builders import daily, spent
from tests.worlds.data_builders import AS_OF, hours
from transforms.facts.ad_accounts import account_days, gaps
from transforms.facts.ad_states import TOLD, changes_of_state, states_at

DAY = AS_OF.date()
BELONGS = pl.LazyFrame(
    [{"ad_platform": "meta", "ad_id": name, "ad_account_id": "1"} for name in ("ad", "two")]
)
TELLINGS = st.lists(
    st.builds(
        lambda at, status, ad_id: state(ad_id, known_at=hours(at), status=status),
        st.integers(-6, 0),
        st.sampled_from(["ACTIVE", "PAUSED", "DELETED"]),
        st.sampled_from(["a", "b"]),
    ),
    max_size=12,
)


def known_at(rows, moment):
    """What each ad's newest row says as of a moment; the greater where two are as new."""
    found = {}
    for row in sorted(rows, key=lambda row: (row["known_at"], row["status"])):
        if row["known_at"] <= moment:
            found[row["ad_id"]] = row["status"]
    return found


@given(rows=TELLINGS, order=st.randoms(use_true_random=False))
def test_a_history_of_changes_says_the_same_as_all_tellings_at_any_moment(rows, order):
    changes = changes_of_state(states(order.sample(rows, len(rows)))).collect()
    for hour in range(-7, 2):
        moment = hours(hour)
        standing = states_at(changes.lazy(), as_of=moment).collect()
        assert dict(standing.select("ad_id", "status").rows()) == known_at(rows, moment)


@given(rows=TELLINGS)
def test_no_change_repeats_the_one_before(rows):
    changes = changes_of_state(states(rows)).collect().sort("ad_id", "known_at")
    for _, of_ad in changes.group_by("ad_id", maintain_order=True):
        told = of_ad.select(TOLD).rows()
        assert all(one != other for one, other in pairwise(told))


def compared(stated, days):
    rows = account_days(totals(stated), daily(days), BELONGS).collect()
    wanted = ("spend_cents", "ads_spend_cents", "spend_gap_cents", "ads")
    return [tuple(row[name] for name in wanted) for row in rows.to_dicts()]


@pytest.mark.parametrize(
    ("stated", "days", "expected"),
    [
        pytest.param(
            [total(DAY, 100)],
            [spent(60, DAY), spent(40, DAY, ad_id="two")],
            [(100, 100, 0, 2)],
            id="all of it",
        ),
        pytest.param([total(DAY, 100)], [spent(60, DAY)], [(100, 60, 40, 1)], id="a hidden ad"),
        pytest.param([total(DAY, 100)], [], [(100, 0, 100, 0)], id="no ad at all"),
        pytest.param(
            [total(DAY, 100)],
            [spent(60, DAY), spent(100, DAY, known_at=hours(0))],
            [(100, 100, 0, 1)],
            id="a restated day",
        ),
        pytest.param(
            [total(DAY, 90), total(DAY, 100, known_at=hours(0), landing_id="u")],
            [spent(100, DAY)],
            [(100, 100, 0, 1)],
            id="a restated total",
        ),
        pytest.param(
            [total(DAY, 100)],
            [spent(60, DAY), spent(40, DAY, ad_id="two") | {"currency": "EUR"}],
            [(100, 60, 40, 2)],
            id="another currency is never added",
        ),
        pytest.param(
            [total(DAY, 60)],
            [spent(60, DAY), spent(9, DAY, ad_id="else")],
            [(60, 60, 0, 1)],
            id="an ad of another account",
        ),
        pytest.param([], [spent(60, DAY)], [], id="a day of which no total was stated"),
    ],
)
def test_a_total_stands_beside_the_sum_of_the_newest_days(stated, days, expected):
    assert compared(stated, days) == expected


def test_an_account_is_told_of_once_its_gap_is_a_share_of_its_spend():
    rows = account_days(totals([total(DAY, 100)]), daily([spent(98, DAY)]), BELONGS)
    assert gaps(rows, as_of=AS_OF, share=0.01).collect()["gap_cents"].to_list() == [2]
    assert gaps(rows, as_of=AS_OF, share=0.02).collect().is_empty()
    assert gaps(rows, as_of=AS_OF - timedelta(days=2), share=0.01).collect().is_empty()
