"""Periods: what a URL asks for, and the days before."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.views.periods import (
    LONGEST_DAYS,
    Figure,
    Period,
    last_days,
    period_of,
    today_in,
)

TODAY = date(2025, 4, 2)
DAYS = st.dates(min_value=date(2020, 1, 1), max_value=TODAY)


@given(first=DAYS, length=st.integers(0, LONGEST_DAYS - 1))
def test_a_period_and_the_one_before_are_equal_and_touch(first, length):
    period = Period(first=first, last=first + timedelta(days=length))

    assert list(period.before) == [day - timedelta(days=period.days) for day in period]
    assert period.before.last + timedelta(days=1) == period.first


@given(last=DAYS, length=st.integers(0, LONGEST_DAYS - 1))
def test_a_period_s_query_gives_it_back(last, length):
    period = Period(first=last - timedelta(days=length), last=last)

    assert period_of(parse_qs(period.to_query()), today=TODAY) == period


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        pytest.param({}, date(2025, 3, 26), date(2025, 4, 1), id="seven whole days"),
        pytest.param({"days": "1"}, date(2025, 4, 1), date(2025, 4, 1), id="yesterday"),
        pytest.param(
            {"from": ["2025-04-02"], "until": ["2025-04-02"], "tab": ["x"]},
            TODAY,
            TODAY,
            id="today, beside another's parameter",
        ),
    ],
)
def test_a_query_gives_a_period(query, first, last):
    assert period_of(query, today=TODAY) == Period(first=first, last=last)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"days": "0"}, "period days: '0': write a whole number from 1 to 731"),
        ({"days": "-3"}, "period days: '-3'"),
        ({"days": "٣"}, "period days: '٣'"),
        ({"days": "9" * 5000}, "period days: '999"),
        ({"days": "7", "from": "2025-04-01", "until": "2025-04-02"}, "there are days already"),
        ({"from": "2025-04-01"}, "period until: it is missing"),
        ({"until": "2025-04-01"}, "period from: it is missing"),
        ({"from": "2025-13-01", "until": "2025-04-01"}, "period from: '2025-13-01': write a day"),
        ({"from": "2025-04-02", "until": "2025-04-01"}, "is no day"),
        ({"from": "2025-04-02", "until": "2025-04-03"}, "period until: '2025-04-03'"),
        ({"from": "1999-01-01", "until": "2025-04-01"}, "days. Give 731 at most"),
        ({"days": ["1", "2"]}, "period days: '2': it comes twice"),
    ],
)
def test_what_is_no_period_is_refused_with_what_is_allowed(query, said):
    with pytest.raises(InputRefusedError) as refused:
        period_of(query, today=TODAY)
    assert said in str(refused.value)


def test_last_days_end_yesterday():
    assert last_days(7, today=TODAY).last == date(2025, 4, 1)


@pytest.mark.parametrize(
    ("zone", "day"), [("America/New_York", 29), ("Europe/Berlin", 30), ("Asia/Tokyo", 30)]
)
def test_today_is_the_zone_s(zone, day):
    moment = datetime(2025, 3, 29, 23, 30, tzinfo=UTC)
    assert today_in(zone, moment) == date(2025, 3, day)


@pytest.mark.parametrize(
    ("now", "before", "change", "ratio"),
    [
        (12, 10, 2, 0.2),
        (-5, -10, 5, 0.5),
        (5, 0, 5, None),
        (0, 5, -5, -1.0),
        (None, 5, None, None),
        (5, None, None, None),
    ],
)
def test_a_change_is_unknown_where_either_number_is(now, before, change, ratio):
    figure = Figure(now=now, before=before)
    assert (figure.change, figure.change_ratio) == (change, ratio)
