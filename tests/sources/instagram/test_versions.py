from datetime import date

import pytest

from layers_pipeline.settings import Settings
from layers_pipeline.sources.instagram.versions import ENDS, NEWEST, notice_of

TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("version", "on", "words"),
    [
        pytest.param("v21.0", date(2026, 10, 23), "ends on 2027-01-21, in 90 days", id="90 days"),
        pytest.param("v21.0", date(2027, 1, 20), "in 1 day", id="the day before"),
        pytest.param("v21.0", date(2027, 1, 21), "ended on 2027-01-21", id="the day"),
        pytest.param("v20.0", TODAY, "ended on 2026-09-24", id="long ended"),
        pytest.param("v9.0", TODAY, "ended before v20.0", id="older than all that are known"),
        pytest.param("v26.5", TODAY, "is no version", id="one that never was"),
    ],
)
def test_a_version_that_ends_is_told_with_the_remedy(version, on, words):
    notice = notice_of(version, on=on)
    assert words in notice
    assert f"Set LAYERS_INSTAGRAM_VERSION to {NEWEST}" in notice


@pytest.mark.parametrize(
    ("version", "on"),
    [
        pytest.param("v21.0", date(2026, 10, 22), id="91 days ahead"),
        pytest.param("v26.0", TODAY, id="no end is known"),
        pytest.param(NEWEST, TODAY, id="the newest"),
        pytest.param("v28.0", TODAY, id="newer than known here"),
    ],
)
def test_nothing_is_said_of_a_version_that_lasts(version, on):
    assert notice_of(version, on=on) == ""


def test_the_default_is_a_known_version_without_an_end():
    assert ENDS[Settings().instagram_version] is None


def test_versions_end_in_their_order():
    ends = [end for end in ENDS.values() if end is not None]
    assert ends == sorted(ends)
    assert list(ENDS)[-1] == NEWEST
