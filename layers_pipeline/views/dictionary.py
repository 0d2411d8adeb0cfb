"""What the analysts' file says of itself: tables, columns and macros, each with its comment.

Belongs here: reading the comments.
Does not belong here: the comments (``transforms``), laying them out (``tools``, the dashboard).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from layers_pipeline.views.opening import Reader, Views
from transforms.sql import sql_of


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table or view."""

    name: str
    type: str
    says: str


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A table or a view."""

    name: str
    kind: str
    says: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, kw_only=True)
class Macro:
    """A question that the file knows by name."""

    name: str
    parameters: str
    says: str
    is_table: bool
    """Whether it gives rows; else a value."""

    @property
    def call(self) -> str:
        """How it is asked."""
        return f"{'from' if self.is_table else 'select'} {self.name}({self.parameters})"


@dataclass(frozen=True, kw_only=True)
class Dictionary:
    """Everything that can be asked of the file, by name."""

    relations: tuple[Relation, ...]
    macros: tuple[Macro, ...]


def meanings(views: Views | Reader, *relations: str) -> dict[str, str]:
    """What columns of some relations mean, by column; the first relation that has it counts."""
    columns = sql_of("views", "dictionary_columns")
    question = f"select * from ({columns}) where list_contains($names, table_name)"  # noqa: S608 - our own text
    with views.reading() as reader:
        rows = reader.rows(question, {"names": list(relations)})
    found: dict[str, str] = {}
    for name in reversed(relations):
        found |= {row["column_name"]: row["says"] for row in rows if row["table_name"] == name}
    return found


def read_dictionary(views: Views | Reader) -> Dictionary:
    """The dictionary of the generation that is looked at."""
    with views.reading() as reader:
        tables, columns, macros = (
            reader.rows(sql_of("views", f"dictionary_{part}"))
            for part in ("tables", "columns", "macros")
        )
    of_table: dict[str, list[Column]] = {}
    for row in columns:
        own = of_table.setdefault(row["table_name"], [])
        own.append(Column(name=row["column_name"], type=row["data_type"], says=row["says"] or ""))
    return Dictionary(
        relations=tuple(_relation(row, of_table) for row in tables),
        macros=tuple(_macro(row) for row in macros),
    )


def _relation(row: Mapping[str, Any], columns: Mapping[str, list[Column]]) -> Relation:
    return Relation(
        name=row["relation"],
        kind=row["kind"],
        says=row["says"] or "",
        columns=tuple(columns.get(row["relation"], ())),
    )


def _macro(row: Mapping[str, Any]) -> Macro:
    return Macro(
        name=row["macro_name"],
        parameters=row["takes"] or "",
        says=row["says"] or "",
        is_table=row["kind"] == "table_macro",
    )
