"""Histories of followers: which day each line tells of.

Belongs here: reading such a file.
Does not belong here: storing what it tells (``tests.cli.test_keys``).
"""

from datetime import UTC, date, datetime, timedelta

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.follower_histories import follower_history
from tests.files.samples import FOLLOWERS, NOW, OVERVIEW, csv
from tests.hypothesis_profiles import examples

HEADER = '"Date","Followers","Difference in followers from previous day"'
PATTERNS = {"en": "MMMM d", "de": "d. MMMM", "ru": "d MMMM", "ja": "M月d日", "fr": "d MMMM"}


def read(folder, content, *, now=NOW, zone=None):
    path = folder / "FollowerHistory.csv"
    path.write_bytes(content)
    found = follower_history(path, time_zone=zone, now=now)
    return None if found is None else [(one.at, one.followers) for one in found]


def test_a_day_without_a_number_tells_nothing(tmp_path):
    assert read(tmp_path, FOLLOWERS) == [(datetime(2026, 2, 26, 23, 59, 59, tzinfo=UTC), 152)]


@pytest.mark.parametrize("is_newest_first", [False, True])
def test_days_follow_on_each_other_over_the_end_of_a_year(is_newest_first, tmp_path):
    lines = [f'"{day}","{at}","0"' for at, day in enumerate(("December 31", "January 1"))]
    lines = lines[::-1] if is_newest_first else lines
    found = read(tmp_path, csv(HEADER, *lines), zone="Asia/Ho_Chi_Minh")
    assert found == [
        (datetime(2025, 12, 31, 16, 59, 59, tzinfo=UTC), 0),
        (datetime(2026, 1, 1, 16, 59, 59, tzinfo=UTC), 1),
    ]


def test_a_day_that_is_not_over_is_left_out(tmp_path):
    lines = ('"November 29","7","0"', '"November 30","8","1"')
    found = read(tmp_path, csv(HEADER, *lines), now=datetime(2026, 11, 30, 9, tzinfo=UTC))
    assert found == [(datetime(2026, 11, 29, 23, 59, 59, tzinfo=UTC), 7)]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (['"May 1","7","0"', '"May 3","8","1"'], "not days in a row"),
        (['"soon","7","0"'], "not days in a row"),
        (['"February 30","7","0"'], "not days in a row"),
        (['"May 1","many 7","0"'], "line 2: followers many 7: is no count"),
        (['"May 1","-7","0"'], "line 2: followers -7: is no count"),
    ],
)
def test_what_leaves_its_days_open_is_refused(lines, words, tmp_path):
    with pytest.raises(InputRefusedError, match=words):
        read(tmp_path, csv(HEADER, *lines))


def test_other_tables_hold_none(tmp_path):
    assert read(tmp_path, OVERVIEW) is None


@examples(1)
@given(
    first=st.dates(date(2023, 1, 1), date(2025, 6, 1)),
    count=st.integers(1, 366),
    locale=st.sampled_from(sorted(PATTERNS)),
)
def test_days_in_any_language_are_read_back(first, count, locale, tmp_path_factory):
    days = [first + timedelta(days=at) for at in range(count)]
    lines = [
        f'"{format_date(day, PATTERNS[locale], locale=locale)}","{at}","0"'
        for at, day in enumerate(days)
    ]
    # Exported within a year of its last day.
    now = datetime.combine(days[-1] + timedelta(days=300), datetime.min.time(), tzinfo=UTC)
    found = read(tmp_path_factory.mktemp("days"), csv(HEADER, *lines), now=now)
    assert [(at.date(), number) for at, number in found] == [
        (day, at) for at, day in enumerate(days)
    ]
