"""Rows that keep a contract apart from rows that break it, with every broken rule named.

Belongs here: the split, for any contract, and the shape of what is set aside.
Does not belong here: what the contracts are; single odd values (``odd_values``); where either
part is stored.
"""

from collections.abc import Sequence
from copy import copy
from datetime import datetime
from functools import cache
from typing import cast

import dataframely as dy
import polars as pl

from transforms.contracts.captures import Quarantine
from transforms.staging.odd_values import POSITION, RECEIVED, without_odd_values
from transforms.staging.parsing import BREACHES


def split(
    schema: type[dy.Schema],
    rows: pl.DataFrame,
    *,
    table_name: str,
    origin: pl.Expr,
    quarantined_at: datetime,
    run_id: str,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split rows into those that keep the contract and those that break it.

    All rows of a repeated primary key are set aside, because none of them can be preferred. Of a
    capture an odd number alone is set aside: it is null in the row, which is kept.

    Args:
        schema: The contract. Values are cast to its types; a value that cannot be is ``dtype``.
        rows: The schema's columns, and two that a reader may add: breaches (rules that a value
            broke before it could be typed) and received (the row as it was refused; without it
            that is the row itself).
        origin: What a row came from, as text; names it in the quarantine.
    Returns:
        The good rows in the schema's columns, in their order, and one row of ``Quarantine`` per
        refused origin, and per odd value of a good row.
    """
    typed = _typed(schema, rows)
    if typed is not None and is_sound(schema, typed):
        return _known_sorted(schema, typed), _nothing()
    numbered = _with_breaches(rows).with_row_index(POSITION)
    mended, odd = without_odd_values(schema, numbered)
    good, failures = _numbered(schema).filter(mended, cast=True)
    broken = _broken_rules(failures, odd)
    refused = numbered.join(broken, on=POSITION, maintain_order="left").select(
        broken.columns, origin=origin.cast(pl.String), row=_row_as_received(rows)
    )
    kept = odd.join(broken, on=POSITION, how="anti")
    lone = kept.join(numbered, on=POSITION, maintain_order="left").select(
        odd.columns, origin=origin.cast(pl.String)
    )
    quarantined = pl.concat([refused, lone], how="diagonal").with_columns(
        table_name=pl.lit(table_name),
        quarantined_at=pl.lit(quarantined_at, pl.Datetime("us", "UTC")),
        run_id=pl.lit(run_id),
    )
    return good.drop(POSITION, BREACHES), _named(quarantined)


def _typed(schema: type[dy.Schema], rows: pl.DataFrame) -> pl.DataFrame | None:
    """The rows in the contract's types; None if some value has no place in its type."""
    types = _types(schema)
    if all(rows.schema.get(name, kind) == kind for name, kind in types.items()):
        return rows
    given = [name for name in types if name in rows.columns]
    try:
        return rows.cast({name: types[name] for name in given})
    except pl.exceptions.InvalidOperationError:
        return None


@cache
def _types(schema: type[dy.Schema]) -> dict[str, pl.DataType]:
    return dict(schema.create_empty().schema)


@cache
def _nothing() -> pl.DataFrame:
    """No row set aside, made once: nearly always nothing is."""
    return Quarantine.create_empty()


def is_sound(schema: type[dy.Schema], rows: pl.DataFrame) -> bool:
    """Whether rows keep the contract; cheaper than a split, most of all in the order of the key."""
    names = schema.column_names()
    if not set(names) <= set(rows.columns) or _has_breaches(rows):
        return False
    key = schema.primary_key()
    if not (_rises(rows, key) or rows.select(key).n_unique() == rows.height):
        return False
    return _without_key(schema).is_valid(rows.select(names))


def _rises(rows: pl.DataFrame, key: Sequence[str]) -> bool:
    """Whether every row's key is greater than that of the row before it."""
    if not key:
        return True
    is_greater = pl.lit(value=False)
    for name in reversed(key):
        value, before = pl.col(name), pl.col(name).shift(1)
        is_greater = (value > before) | ((value == before) & is_greater)
    return bool(rows.select(is_greater.slice(1).all(ignore_nulls=False)).item())


def _known_sorted(schema: type[dy.Schema], rows: pl.DataFrame) -> pl.DataFrame:
    """The rows, marked as sorted by the parts of the key that they are sorted by."""
    sorted_by = []
    for name in schema.primary_key():
        if not rows[name].is_sorted():
            break
        sorted_by.append(name)
        if rows.height and rows[name][0] != rows[name][-1]:
            break
    return rows.select(schema.column_names()).with_columns(
        pl.col(name).set_sorted() for name in sorted_by
    )


@cache
def _without_key(schema: type[dy.Schema]) -> type[dy.Schema]:
    """The contract but for the uniqueness of its key."""
    plain = {}
    for name in schema.primary_key():
        plain[name] = copy(schema.columns()[name])
        plain[name].primary_key = False
    return cast("type[dy.Schema]", type(schema.__name__, (schema,), plain))


def _has_breaches(rows: pl.DataFrame) -> bool:
    """Whether a reader found a value that it could not type."""
    if BREACHES not in rows.columns:
        return False
    return (rows[BREACHES].list.drop_nulls().list.len() > 0).any()


def _with_breaches(rows: pl.DataFrame) -> pl.DataFrame:
    none = pl.lit([], pl.List(pl.String))
    found = pl.col(BREACHES).fill_null(none) if BREACHES in rows.columns else none
    return rows.with_columns(found.list.drop_nulls().alias(BREACHES))


@cache
def _numbered(schema: type[dy.Schema]) -> type[dy.Schema]:
    """The contract, and that a row has no breaches; the position names the row afterwards."""
    added = {POSITION: dy.UInt32(), BREACHES: dy.List(dy.String(), max_length=0)}
    return cast("type[dy.Schema]", type(schema.__name__, (schema,), added))


def _broken_rules(failures: dy.FailureInfo, odd: pl.DataFrame) -> pl.DataFrame:
    """Per refused row its rules, sorted; a value that could not be read is not missing too."""
    details = failures.details()
    by_contract = details.unpivot(list(failures.counts()), index=POSITION, variable_name="rule")
    by_reader = details.select(POSITION, rule=BREACHES).explode("rule").drop_nulls()
    by_value = odd.join(details, on=POSITION, how="semi").select(POSITION, rule="broken_rules")
    broken = (
        pl.concat(
            [by_contract.filter(value="invalid").select(POSITION, "rule"), by_reader, by_value]
        )
        .filter(~pl.col("rule").str.starts_with(f"{BREACHES}|"))
        .with_columns(rule=pl.col("rule").str.replace("|check__", "|", literal=True))
        .unique()
    )
    column = pl.col("rule").str.split("|").list.first()
    is_echo = pl.col("rule").str.ends_with("|nullability") & (pl.len().over(POSITION, column) > 1)
    return (
        broken.filter(~is_echo)
        .group_by(POSITION)
        .agg(broken_rules=pl.col("rule").sort().str.join(","))
    )


def _named(quarantined: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``Quarantine``, of several with one name the first."""
    parts = ("table_name", "origin", "column_name")
    name = pl.concat_str(parts, separator=":", ignore_nulls=True)
    named = quarantined.with_columns(quarantine_id=name)
    return Quarantine.validate(
        named.select(Quarantine.column_names()).unique(
            "quarantine_id", keep="first", maintain_order=True
        )
    )


def _row_as_received(rows: pl.DataFrame) -> pl.Expr:
    if RECEIVED not in rows.columns:
        return pl.struct(pl.col(rows.columns).exclude(BREACHES)).struct.json_encode()
    if rows.schema[RECEIVED] == pl.String:
        return pl.col(RECEIVED)
    return pl.col(RECEIVED).struct.json_encode()
