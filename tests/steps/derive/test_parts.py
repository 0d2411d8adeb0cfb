"""Rows in parts: none is lost, none is doubled, and no more are read at a time than was asked."""

import tempfile
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.merging import DAY, by_bucket, by_day
from layers_pipeline.steps.derive.parts import (
    Parts,
    bucket_groups,
    grouped,
    parts_for,
    take_apart,
)
from tests.hypothesis_profiles import examples

SCHEMA = {"key": pl.String, DAY: pl.Date, "value": pl.Int64}
FIRST = date(2026, 1, 1)

rows = st.lists(
    st.tuples(
        st.integers(0, 30).map("post{}".format),
        st.integers(0, 5).map(lambda days: FIRST + timedelta(days=days)),
        st.one_of(st.none(), st.integers(0, 9)),
    ),
    max_size=60,
).map(lambda given: pl.DataFrame(given, schema=SCHEMA, orient="row"))


def apart(folder, given, at_once):
    parts = Parts(Path(folder) / "rows", given.clear(), number=parts_for(given.height, at_once))
    pieces = (piece.lazy() for piece in given.iter_slices(7))
    take_apart(pieces, parts, key="key", at_once=at_once)
    return parts


def all_of(pieces):
    return pl.concat([pl.DataFrame(schema=SCHEMA), *pieces]).sort(pl.all())


@examples(3)
@given(given=rows, at_once=st.integers(1, 70))
def test_rows_that_were_taken_apart_come_back_each_once(given, at_once):
    with tempfile.TemporaryDirectory() as folder:
        parts = apart(folder, given, at_once)
        assert all_of([parts.scan().collect()]).equals(all_of([given]))
        assert all_of(by_bucket(parts, at_once)).equals(all_of([given]))
        assert all_of(by_day(parts, at_once)).equals(all_of([given]))


@examples(3)
@given(given=rows, at_once=st.integers(1, 20))
def test_a_part_holds_all_rows_of_its_keys_and_of_one_bucket(given, at_once):
    with tempfile.TemporaryDirectory() as folder:
        parts = apart(folder, given, at_once)
        found = {part: set(parts.scan([part]).collect()["key"]) for part in parts.rows}
    keys = [key for own in found.values() for key in own]
    assert len(keys) == len(set(keys))
    if parts.number > 1:
        for part, own in found.items():
            buckets = set(catalog.buckets(pl.Series(sorted(own))))
            assert buckets == {part % catalog.BUCKETS}


@examples(3)
@given(given=rows, at_once=st.integers(1, 70))
def test_a_days_rows_are_together_unless_they_are_too_many(given, at_once):
    with tempfile.TemporaryDirectory() as folder:
        pieces = list(by_day(apart(folder, given, at_once), at_once))
    days = [day for piece in pieces for day in sorted(piece[DAY].unique())]
    assert days == sorted(days)
    for piece in pieces:
        assert piece.height <= at_once or piece[DAY].n_unique() == 1


@given(sizes=st.lists(st.integers(0, 9), max_size=12), at_once=st.integers(1, 20))
def test_groups_keep_the_order_and_are_no_larger_than_asked(sizes, at_once):
    groups = grouped(enumerate(sizes), at_once)
    assert [number for group in groups for number in group] == list(range(len(sizes)))
    for group in groups:
        assert len(group) <= 1 or sum(sizes[number] for number in group) <= at_once


@given(rows=st.integers(0, 10_000), at_once=st.integers(1, 1_000))
def test_every_bucket_is_in_one_group(rows, at_once):
    groups = list(bucket_groups(rows, at_once))
    assert [bucket for group in groups for bucket in group] == list(range(catalog.BUCKETS))
