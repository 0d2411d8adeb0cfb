"""Whether the rows of marts hold what their records say: counting the breaches in SQL.

Belongs here: unique keys, values that may not be null, closed words, relations.
Does not belong here: what must hold (``transforms.sql.models``), what Dagster makes of it
(``assets``).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Literal

import duckdb

from layers_pipeline.serving.macros import sql_literal
from layers_pipeline.serving.remote import reach_what_is_shown
from transforms.sql.models import DAY, Column, Model

Rule = Literal["unique", "not_null", "accepted_values", "relations"]
RULES: Final[dict[Rule, str]] = {
    "unique": "No two rows have the same key.",
    "not_null": "Nothing is null that may not be.",
    "accepted_values": "Columns of closed words hold no other.",
    "relations": "Every row has the rows of other tables that it names.",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check of one mart found."""

    rule: Rule
    breaches: dict[str, int]
    """Rows that break the rule, by column or key; only where there are any."""
    unread: str = ""
    """Why the rows could not be looked at."""


def rules_of(model: Model) -> list[Rule]:
    """The rules that say anything of a mart."""
    found: list[Rule] = ["unique", "not_null"]
    if model.words_of_columns:
        found.append("accepted_values")
    if _related(model):
        found.append("relations")
    return found


def findings(
    path: Path, marts: Iterable[tuple[Model, Sequence[date]]], options: Mapping[str, str]
) -> dict[str, list[Finding]]:
    """Hold the rows of marts in a published file to every rule.

    Args:
        path: A generation.
        marts: Each with the days that were made anew, of one that is divided by days; no others
            are read.
        options: How to reach the files that it shows (``lake.object_store.options_of``).

    Returns:
        What each rule of a mart found, by the mart's name.
    """
    with duckdb.connect() as connection:
        try:
            connection.execute(f"attach {sql_literal(str(path))} as published (read_only)")
        except duckdb.IOException as error:
            return {
                model.name: [_unread(rule, error) for rule in rules_of(model)] for model, _ in marts
            }
        reach_what_is_shown(connection, options)
        connection.execute("use published")
        return {model.name: _found(connection, model, days) for model, days in marts}


def _found(
    connection: duckdb.DuckDBPyConnection, model: Model, days: Sequence[date]
) -> list[Finding]:
    where = _where(model, days)
    found: list[Finding] = []
    for rule in rules_of(model):
        counted: dict[str, int] = {}
        for names, query in _queries(model, rule, where):
            counts = connection.execute(query).fetchall()[0]
            counted |= zip(names, counts, strict=True)
        breaches = {what: number for what, number in counted.items() if number}
        found.append(Finding(rule=rule, breaches=breaches))
    return found


def _unread(rule: Rule, error: duckdb.IOException) -> Finding:
    """Somebody opened the file to write, between its publication and this look at it."""
    said = str(error).splitlines()[0]
    return Finding(rule=rule, breaches={}, unread=f"{said} Close it there; publish again.")


def _where(model: Model, days: Sequence[date]) -> str:
    if model.kind != "by_day":
        return model.checked
    if not days:
        return "false"
    return f"{DAY} in ({', '.join(sql_literal(str(day)) for day in days)})"


def _queries(model: Model, rule: Rule, where: str) -> Iterator[tuple[Sequence[str], str]]:
    """What is looked at, and a query of one row that counts the breaches of each."""
    rows = f"from {model.name} where {where}"
    match rule:
        case "unique":
            key = ", ".join(model.key)
            repeated = f"select 1 {rows} group by {key} having count(*) > 1"
            yield [key], _count(f"({repeated})")
        case "not_null":
            kept = [column.name for column in model.columns if column.not_null]
            yield kept, _count_each([f"{name} is null" for name in kept], rows)
        case "accepted_values":
            listed = {
                name: f"{name} not in ({', '.join(map(sql_literal, words))})"
                for name, words in model.words_of_columns.items()
            }
            yield list(listed), _count_each(list(listed.values()), rows)
        case "relations":
            yield from (([column.name], _orphans(column, rows)) for column in _related(model))


def _count(rows: str) -> str:
    return f"select count(*) from {rows}"  # noqa: S608 - names of our own


def _count_each(breaches: Sequence[str], rows: str) -> str:
    """At once: the rows of a view are made for every query of them."""
    return f"select {', '.join(f'count_if({breach})' for breach in breaches)} {rows}"


def _orphans(column: Column, rows: str) -> str:
    """A query that counts values that the other table lacks."""
    table, _, parent = column.relation.partition(".")
    values = f"select distinct {column.name} as value {rows} and {column.name} is not null"
    return _count(f"({values}) as child anti join {table} on child.value = {table}.{parent}")


def _related(model: Model) -> list[Column]:
    return [column for column in model.columns if column.relation]
