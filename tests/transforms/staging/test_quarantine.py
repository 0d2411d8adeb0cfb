import json
from datetime import UTC, datetime

import dataframely as dy
import polars as pl
import pytest

from transforms.contracts.captures import Quarantine
from transforms.staging.parsing import BREACHES
from transforms.staging.quarantine import is_sound, split

AT = datetime(2025, 6, 1, tzinfo=UTC)


class Things(dy.Schema):
    name = dy.String(primary_key=True)
    size = dy.Int64(nullable=False, min=0)
    kind = dy.String(nullable=True, check={"unknown_kind": lambda kind: kind.is_in(["x"])})


def parted(rows, *, added=None):
    columns = {"name": pl.String, "size": rows[0].get("dtype", pl.Int64), "kind": pl.String}
    things = pl.DataFrame(rows, schema=columns).with_columns(**(added or {}))
    named = {"table_name": "things", "origin": pl.col("name"), "quarantined_at": AT, "run_id": "r"}
    return split(Things, things, **named)


def test_sound_rows_pass_in_their_order():
    good, refused = parted([{"name": "b", "size": 1}, {"name": "a", "size": 2}])
    assert good.columns == Things.column_names()
    assert good["name"].to_list() == ["b", "a"]
    assert refused.is_empty()
    assert Quarantine.is_valid(refused)


def test_no_rows_give_no_rows():
    good, refused = parted([{"name": "a", "size": 1}], added={"size": pl.lit(-1)})
    assert (good.height, refused.height) == (0, 1)
    empty = pl.DataFrame(schema=good.schema)
    again = split(
        Things, empty, table_name="t", origin=pl.col("name"), quarantined_at=AT, run_id="r"
    )
    assert [part.height for part in again] == [0, 0]


def test_a_refused_row_says_what_it_is_and_every_rule_it_broke():
    _, refused = parted([{"name": "a", "size": -1, "kind": "y"}])
    row = refused.row(0, named=True)
    assert (row["quarantine_id"], row["origin"]) == ("things:a", "a")
    assert row["broken_rules"] == "kind|unknown_kind,size|min"
    assert json.loads(row["row"]) == {"name": "a", "size": -1, "kind": "y"}


def test_a_value_that_cannot_be_cast_is_kept_as_it_was():
    _, refused = parted([{"name": "a", "dtype": pl.String, "size": "abc"}])
    assert refused["broken_rules"].to_list() == ["size|dtype"]
    assert json.loads(refused["row"][0])["size"] == "abc"


def test_every_row_of_a_repeated_key_is_set_aside_under_one_name():
    good, refused = parted([{"name": "a", "size": 1}, {"name": "a", "size": 2}])
    assert good.is_empty()
    assert refused["broken_rules"].to_list() == ["primary_key"]


def test_a_value_that_could_not_be_read_is_not_missing_too():
    breaches = pl.lit(["size|unreadable"], pl.List(pl.String))
    _, refused = parted([{"name": "a", "size": None}], added={BREACHES: breaches})
    assert refused["broken_rules"].to_list() == ["size|unreadable"]
    assert BREACHES not in refused["row"][0]


def test_the_row_as_received_is_kept_instead_of_the_row():
    _, refused = parted([{"name": "a", "size": -1}], added={"received": pl.lit("as it came")})
    assert refused["row"].to_list() == ["as it came"]


@pytest.mark.parametrize(
    ("rows", "is_so"),
    [
        pytest.param([], True, id="no rows"),
        pytest.param([("a", 1, None), ("b", 0, "x")], True, id="in the order of the key"),
        pytest.param([("b", 1, None), ("a", 0, "x")], True, id="in another order"),
        pytest.param([("b", 1, None), ("a", 0, "y")], False, id="in another order, unknown word"),
        pytest.param([("a", 1, None), ("a", 1, None)], False, id="a repeated key"),
        pytest.param([("b", 1, None), ("a", 1, None), ("b", 2, "x")], False, id="repeated apart"),
        pytest.param([("a", -1, None)], False, id="below the least"),
        pytest.param([("a", None, None)], False, id="null"),
        pytest.param([("a", 1, "y")], False, id="an unknown word"),
        pytest.param([(None, 1, None)], False, id="no key"),
    ],
)
def test_rows_are_sound_if_they_keep_the_contract_in_any_order(rows, is_so):
    columns = {"name": pl.String, "size": pl.Int64, "kind": pl.String}
    assert is_sound(Things, pl.DataFrame(rows, schema=columns, orient="row")) is is_so


class Pairs(dy.Schema):
    one = dy.String(primary_key=True)
    two = dy.Int64(primary_key=True)


@pytest.mark.parametrize(
    ("second", "is_so"), [(("a", 2), True), (("b", 0), True), (("a", 1), False), (("a", 0), True)]
)
def test_a_key_of_several_columns_is_unique_as_a_whole(second, is_so):
    rows = pl.DataFrame([("a", 1), second], schema=["one", "two"], orient="row")
    assert is_sound(Pairs, rows) is is_so


@pytest.mark.parametrize(
    ("breaches", "is_so"), [(None, True), ([], True), ([None], True), (["size|number"], False)]
)
def test_rows_with_a_value_that_a_reader_could_not_type_are_not_sound(breaches, is_so):
    added = pl.Series(BREACHES, [breaches], dtype=pl.List(pl.String))
    rows = pl.DataFrame({"name": ["a"], "size": [1], "kind": ["x"]}).with_columns(added)
    assert is_sound(Things, rows) is is_so


def test_rows_are_marked_as_sorted_only_by_what_they_are_sorted_by():
    rows = pl.DataFrame(
        {"one": ["a", "a", "b", "b"], "two": [2, 1, 2, 1]}, schema=dict(Pairs.create_empty().schema)
    )
    named = {"table_name": "pairs", "origin": pl.col("one"), "quarantined_at": AT, "run_id": "r"}
    by_first, _ = split(Pairs, rows, **named)
    assert [by_first[name].flags["SORTED_ASC"] for name in ("one", "two")] == [True, False]
    by_none, _ = split(Pairs, rows.reverse().head(3), **named)
    assert [by_none[name].flags["SORTED_ASC"] for name in ("one", "two")] == [False, False]


def test_rows_of_other_columns_or_types_are_not_taken_for_sound():
    rows = pl.DataFrame({"name": ["a"], "size": [1.0], "kind": ["x"]})
    assert not is_sound(Things, rows)
    assert not is_sound(Things, rows.drop("size"))
