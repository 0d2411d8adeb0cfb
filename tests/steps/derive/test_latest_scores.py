"""The newest score of content, found from the newest ticks back, is that of all of history."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_pipeline.steps.derive.latest_scores import TICKS_AT_ONCE, latest_scores
from tests.worlds.data_builders import hours

NAMES = ("a", "b", "c", "d")
LAST = 3 * TICKS_AT_ONCE
"""Ticks are looked through some at a time, and here are several times as many."""
TICKS = [hours(4 * number) for number in range(LAST + 1)]
SCORES = st.dictionaries(
    st.tuples(st.sampled_from(NAMES), st.integers(0, LAST)), st.integers(0, 10), max_size=30
)


def stored(scores):
    rows = [(name, TICKS[at], float(score)) for (name, at), score in scores.items()]
    schema = {
        "ads_content_id": pl.String,
        "scored_at": pl.Datetime("us", "UTC"),
        "organic_score": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row").lazy()


def found(scores, wanted):
    columns = ("organic_score", "scored_at")
    newest = latest_scores(stored(scores), TICKS, wanted, columns=columns)
    return {name: (score, TICKS.index(at)) for name, score, at in newest.iter_rows()}


@given(scores=SCORES, wanted=st.sets(st.sampled_from(NAMES)))
def test_it_is_the_newest_of_every_wanted_content(scores, wanted):
    ids = pl.DataFrame({"ads_content_id": sorted(wanted)}, schema={"ads_content_id": pl.String})
    expected = {
        name: max((at, score) for (other, at), score in scores.items() if other == name)
        for name in wanted & {name for name, _ in scores}
    }
    assert found(scores, ids) == {name: (score, at) for name, (at, score) in expected.items()}


@pytest.mark.parametrize(
    ("has", "expected"),
    [
        (None, {"a": (5.0, 2)}),
        (2, {"a": (5.0, 2)}),
        (LAST, {}),
    ],
    ids=["none", "the same", "a newer one"],
)
def test_content_that_has_a_newer_one_is_not_looked_for(has, expected):
    known = pl.DataFrame(
        {"ads_content_id": ["a"], "scored_at": [None if has is None else TICKS[has]]},
        schema={"ads_content_id": pl.String, "scored_at": pl.Datetime("us", "UTC")},
    )
    assert found({("a", 2): 5}, known) == expected
