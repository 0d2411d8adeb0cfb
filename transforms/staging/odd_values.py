"""Odd values: single values that break their column's rules, while the rest of their row is sound.

Belongs here: finding the values that may be set aside alone, and the rows without them.
Does not belong here: which those are (``contracts.captures``), rows set aside whole
(``quarantine``).
"""

from collections.abc import Iterator, Sequence
from typing import Final

import dataframely as dy
import polars as pl

from transforms.contracts.captures import LONE_VALUES, Capture, StgImportCaptures
from transforms.contracts.posts import PostCollaborations
from transforms.staging.parsing import BREACHES

RECEIVED: Final = "received"
"""Column in which a reader leaves the row as it was received: JSON text or a struct."""
POSITION: Final = "position_in_rows"
ODD_VALUES: Final = pl.Schema(
    {POSITION: pl.UInt32, "column_name": pl.String, "broken_rules": pl.String, "row": pl.String}
)
"""Grain: one row per odd value: the row and column it stands in, what it broke, and itself."""


def lone_values(schema: type[dy.Schema]) -> tuple[str, ...]:
    """What of a contract's rows may be set aside alone: the numbers that a platform showed.

    Of an imported capture also when and what the post was: the capture is worth more.
    """
    if issubclass(schema, StgImportCaptures):
        return (*LONE_VALUES, "published_at", "media_type")
    return LONE_VALUES if issubclass(schema, Capture | PostCollaborations) else ()


def without_odd_values(
    schema: type[dy.Schema], rows: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Make null whatever may be set aside alone and breaks a rule.

    Args:
        rows: Rows with their position, and the rules that a reader found broken.

    Returns:
        The rows, without breaches of such values, and what was odd: rows of ``ODD_VALUES``.
    """
    names = lone_values(schema)
    if not names:
        return rows, ODD_VALUES.to_frame()
    columns = schema.columns()  # made anew at each call
    rules = {name: _broken_rule(columns[name], name) for name in names if name in columns}
    by_contract = rows.select(POSITION, **rules).filter(pl.any_horizontal(*_is_shown(rules)))
    odd = [*_odd_to_contract(rows, by_contract, list(rules)), *_odd_to_reader(rows, names)]
    if not odd:
        return rows, ODD_VALUES.to_frame()
    sound = {name: pl.when(rule.is_null()).then(name) for name, rule in rules.items()}
    others = pl.element().filter(~_column_of(pl.element()).is_in(names))
    mended = rows.with_columns(**sound, **{BREACHES: pl.col(BREACHES).list.eval(others)})
    return mended, pl.concat(odd)


def _is_shown(names: Sequence[str] | dict[str, pl.Expr]) -> Iterator[pl.Expr]:
    return (pl.col(name).is_not_null() for name in names)


def _broken_rule(column: dy.Column, name: str) -> pl.Expr:
    """The rule of its own column that a value breaks, as text; null where it is sound."""
    typed = pl.col(name).cast(column.dtype, strict=False)
    rule = pl.when(pl.col(name).is_not_null() & typed.is_null()).then(pl.lit("dtype"))
    for word, is_kept in column.validation_rules(typed).items():
        rule = rule.when(~is_kept).then(pl.lit(word.removeprefix("check__")))
    return rule.otherwise(None)


def _odd_to_contract(
    rows: pl.DataFrame, broken: pl.DataFrame, names: Sequence[str]
) -> Iterator[pl.DataFrame]:
    for name in names:
        found = broken.select(POSITION, rule=name).drop_nulls("rule")
        if not found.is_empty():
            yield _described(rows, found, name)


def _odd_to_reader(rows: pl.DataFrame, names: Sequence[str]) -> Iterator[pl.DataFrame]:
    told = rows.select(POSITION, breach=BREACHES).explode("breach", empty_as_null=False)
    split = told.select(
        POSITION,
        column=_column_of(pl.col("breach")),
        rule=pl.col("breach").str.replace(r"^[^|]*\|", ""),
    ).filter(pl.col("column").is_in(names))
    for (name,), found in split.group_by("column", maintain_order=True):
        yield _described(rows, found.drop("column"), str(name))


def _column_of(breach: pl.Expr) -> pl.Expr:
    return breach.str.extract(r"^([^|]*)\|", 1)


def _described(rows: pl.DataFrame, found: pl.DataFrame, name: str) -> pl.DataFrame:
    """The odd values of one column, each as it was received, as JSON under the column's name."""
    received = rows.schema.get(RECEIVED)
    is_apart = isinstance(received, pl.Struct) and name in {part.name for part in received.fields}
    value = pl.col(RECEIVED).struct.field(name) if is_apart else pl.col(name)
    shown = found.join(rows.select(POSITION, value=value), on=POSITION, maintain_order="left")
    return shown.select(
        POSITION,
        column_name=pl.lit(name),
        broken_rules=pl.lit(f"{name}|") + pl.col("rule"),
        row=pl.struct(pl.col("value").alias(name)).struct.json_encode(),
    )
