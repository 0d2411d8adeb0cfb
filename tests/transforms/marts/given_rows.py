"""Tables with a few rows written as text, for the cases that lie beside the marts.

Belongs here: making such tables in DuckDB, with every other column null.
Does not belong here: the cases (``transforms/sql/marts/*.tests.toml``), assertions.
"""

from collections.abc import Mapping
from typing import Any

import duckdb

from layers_pipeline.lake import catalog
from transforms.sql.models import Model, lineage, models

MARTS = {model.name: model for model in models()}


def rows_of(text: str) -> list[dict[str, str | None]]:
    """Rows of a table that is written with bars; an empty cell is null."""
    head, *lines = [line for line in text.strip().splitlines() if line.strip()]
    names = [name.strip() for name in head.split("|")]
    return [
        dict(zip(names, (cell.strip() or None for cell in line.split("|")), strict=True))
        for line in lines
    ]


def columns_of(text: str) -> list[str]:
    return [name.strip() for name in text.strip().splitlines()[0].split("|")]


def given(model: Model, case: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    """A database with every table that a mart reads, filled as the case says."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    for name in lineage()[model.name].deps:
        _make_empty(connection, name)
        for row in rows_of(case.get("given", {}).get(name, "nothing")):
            insert(connection, name, row)
    return connection


def insert(connection: duckdb.DuckDBPyConnection, name: str, row: Mapping[str, str | None]) -> None:
    places = ", ".join("?" for _ in row)
    connection.execute(
        f"insert into {name} ({', '.join(row)}) values ({places})", list(row.values())
    )


def _make_empty(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    if name in MARTS:
        columns = ", ".join(f"{column.name} {column.type}" for column in MARTS[name].columns)
        connection.execute(f"create table {name} ({columns})")
    else:
        empty = catalog.BY_NAME[name].empty().to_arrow()
        connection.execute(f"create table {name} as from empty")
        assert empty is not None
