"""Shortcuts over whole columns give what each row gives alone.

Belongs here: laws that compare a shortcut with the reading that it stands for.
Does not belong here: what a reading makes of a value (``tests.files``).
"""

import re
from datetime import UTC, datetime

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tests.hypothesis_profiles import examples
from transforms.exports.values import plain_instants
from transforms.staging.captures import PLAIN_POST, _are_plain
from transforms.staging.keys import NO_KEY
from transforms.staging.parsing import of_few, shown_of, shown_text

TEXTS = st.lists(st.none() | st.text(st.sampled_from("aB1-. \n\u00a0"), max_size=4), max_size=9)
CLOCK = "2025-05-14T08:55:00.000Z"
CLOCKS = st.lists(
    st.none()
    | st.datetimes(datetime(1000, 1, 1), datetime(2999, 1, 1)).map(  # noqa: DTZ001 - UTC below
        lambda at: at.replace(tzinfo=UTC).isoformat(timespec="milliseconds")[:23] + "Z"
    )
    | st.builds(
        lambda at, sign, length: CLOCK[:at] + sign + CLOCK[at + length :],
        st.integers(0, 23),
        st.sampled_from(["0", "9", "-", "+", " ", ":", "Z", ""]),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=3,
)
KEYS = st.sampled_from(["None", "undefined", "N/A", "a-b", "ab", "-----------", "x" * 20, "é", ""])


def column(texts):
    return pl.DataFrame({"a": texts}, schema={"a": pl.String})


@examples(1)
@given(texts=TEXTS)
def test_texts_are_shown_as_one_by_one(texts):
    rows = column(texts)
    assert shown_of(rows, "a").equals(rows.select(shown_text("a"))["a"], null_equal=True)


@examples(1)
@given(texts=TEXTS)
def test_a_reading_of_few_texts_is_that_of_each_row(texts):
    rows, read = column(texts), shown_text("a").str.to_lowercase() + "!"
    assert rows.select(a=of_few(rows, "a", read)).equals(rows.select(a=read))


@examples(2)
@given(texts=CLOCKS)
def test_instants_of_a_column_are_those_of_each_text(texts):
    found = plain_instants(pl.Series(texts, dtype=pl.String))
    alone = [
        pl.Series([text]).str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_zone="UTC", strict=False)[0]
        if text is not None
        else None
        for text in texts
    ]
    is_whole = all((one is None) == (text is None) for one, text in zip(alone, texts, strict=True))
    assert (found.to_list() if found is not None else None) == (alone if is_whole else None)


@examples(1)
@given(keys=st.lists(KEYS | st.none(), min_size=1, max_size=4))
def test_keys_are_plain_if_each_of_them_is(keys):
    each = [
        key is not None and bool(re.search(PLAIN_POST, key)) and not re.search(NO_KEY, key)
        for key in keys
    ]
    rows = column(keys)
    assert rows.select(_are_plain("a", PLAIN_POST)).item() == all(each)
