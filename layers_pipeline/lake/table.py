"""How a table of the lake is divided and how its rows are told apart.

Belongs here: table descriptions and the SQL conditions that follow from them.
Does not belong here: reading and writing (``lake``), which tables there are (``tables``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import dataframely as dy
import polars as pl


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of the lake: its name, its contract, and how its files are divided.

    ``prune_by`` are partition columns that are functions of the key, so that a merge
    need only look into the partitions of its own rows.
    """

    name: str
    schema: type[dy.Schema]
    partition_by: tuple[str, ...] = ()
    prune_by: tuple[str, ...] = ()

    @cached_property
    def key(self) -> tuple[str, ...]:
        """Columns that tell rows apart."""
        return tuple(self.schema.primary_key())

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every column, in the contract's order."""
        return tuple(self.schema.column_names())

    @cached_property
    def stored_columns(self) -> tuple[str, ...]:
        """Columns that the data files hold: all but the partition's."""
        return tuple(name for name in self.columns if name not in self.partition_by)

    def empty(self) -> pl.DataFrame:
        """No rows of the table's shape."""
        return self.schema.create_empty()

    def shape(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with the table's columns and types."""
        return rows.select(self.columns).cast(self.empty().schema)

    def origin(self) -> pl.Expr:
        """A row's key as text, null parts included."""
        parts = [pl.col(name).cast(pl.String).fill_null("") for name in self.key]
        return pl.concat_str(parts, separator="|")


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a write did, in rows."""

    inserted: int = 0
    updated: int = 0
    quarantined: int = 0

    def __add__(self, other: "Written") -> "Written":
        return Written(
            inserted=self.inserted + other.inserted,
            updated=self.updated + other.updated,
            quarantined=self.quarantined + other.quarantined,
        )


def same_row(table: Table, rows: pl.DataFrame) -> str:
    """SQL condition under which ``t`` (stored) and ``s`` (given) are the same row."""
    parts = [f"t.{column} = s.{column}" for column in (*table.key, *table.prune_by)]
    parts += [f"t.{column} IN {_values(rows[column])}" for column in table.prune_by]
    return " AND ".join(parts)


def differ(columns: Sequence[str]) -> str:
    """SQL condition under which a stored row and a given one differ; null equals null."""
    return " OR ".join(f"(t.{name} IS DISTINCT FROM s.{name})" for name in columns)


def in_partitions(where: Mapping[str, Sequence[str]]) -> str:
    """SQL condition for rows of the named partitions."""
    return " AND ".join(f"{column} IN {_texts(values)}" for column, values in where.items())


def _values(column: pl.Series) -> str:
    found = column.unique().sort().to_list()
    if column.dtype == pl.Date:
        return "(" + ", ".join(f"CAST('{value.isoformat()}' AS DATE)" for value in found) + ")"
    if column.dtype == pl.String:
        return _texts(found)
    return "(" + ", ".join(str(int(value)) for value in found) + ")"


def _texts(values: Sequence[str]) -> str:
    return "(" + ", ".join("'" + value.replace("'", "''") + "'" for value in values) + ")"
