"""Of what marts are made, read from their SQL: tables, and columns of columns.

Belongs here: parsing, and writing down what was read, in ``transforms/sql/marts/lineage.json``.
Does not belong here: the SQL (``transforms.sql``), what Dagster shows of it (``assets``).

Parsing takes a second, so it is done once, here, and not by every process that loads the assets.
"""

import json
from functools import cache
from pathlib import Path
from typing import Final

from sqlglot import exp, parse_one
from sqlglot.lineage import Node, lineage
from sqlglot.schema import MappingSchema

from layers_pipeline.lake import catalog
from transforms.sql.models import Model, models

DIALECT: Final = "duckdb"
PAGE: Final = Path("transforms/sql/marts/lineage.json")


def read_all() -> str:
    """Of every mart the tables and marts that it reads, and by column the columns, as JSON."""
    found = {
        model.name: {"deps": deps_of(model), "columns": columns_of(model)} for model in models()
    }
    return json.dumps(found, indent=1) + "\n"


def deps_of(model: Model) -> list[str]:
    """The tables and marts that a mart reads."""
    tree = parse_one(model.sql, dialect=DIALECT)
    inside = {cte.alias for cte in tree.find_all(exp.CTE)}
    return sorted({table.name for table in tree.find_all(exp.Table)} - inside - {""})


def columns_of(model: Model) -> dict[str, list[tuple[str, str]]]:
    """By column of a mart, the columns that make it up, as table and column.

    A column that counts rows, or holds a word of the mart's own, is made of none.
    """
    found = lineage(None, model.sql, _schema(), dialect=DIALECT, trim_selects=False)
    if not isinstance(found, dict):
        raise TypeError(f"{model.name}: sqlglot gave no columns.")
    return {column: _leaves(node) for column, node in found.items()}


def _leaves(node: Node) -> list[tuple[str, str]]:
    found = {
        (leaf.source.name, leaf.name.rpartition(".")[2].strip('"'))
        for leaf in node.walk()
        if not leaf.downstream and isinstance(leaf.source, exp.Table)
    }
    return sorted(found)


@cache
def _schema() -> MappingSchema:
    columns: dict[str, object] = {
        table.name: dict.fromkeys(table.columns, "text") for table in catalog.ALL
    }
    columns |= {
        model.name: {column.name: column.type for column in model.columns} for model in models()
    }
    return MappingSchema(columns, dialect=DIALECT)


if __name__ == "__main__":
    PAGE.write_text(read_all(), encoding="utf-8")
