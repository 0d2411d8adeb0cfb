"""What is said of a table of the lake: how it is divided, made, checked and published.

Belongs here: table descriptions and the SQL conditions that follow from them.
Does not belong here: reading and writing (``store``), which tables there are (``catalog``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import dataframely as dy
import polars as pl

TICK: Final = "tick"
Group = Literal[
    "raw",
    "staged",
    "facts",
    "dimensions",
    "content",
    "scoring",
    "ads",
    "selection",
    "creators",
    "payouts",
    "audit",
]
Publication = Literal["copy", "view", "no"]


@dataclass(frozen=True, kw_only=True)
class Parent:
    """A table that must have a row for every row of another, and the columns that name it."""

    table: str
    key: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Everything that is said of a table; other tables and assets are meant by their names.

    Args:
        name: Its name, the same in the lake, in Dagster and in the analysts' file.
        schema: Its contract.
        partition_by: Columns that divide its files.
        prune_by: Partition columns that are functions of the key, so that a merge need only
            look into the partitions of its own rows.
        group: Where it stands in the flow.
        deps: What it is made from.
        remembers: Tables of which it notes up to which version it has read them.
        published: Copied whole into the analysts' file, shown as a view over its files (for
            tables that grow without end), or not shown under its own name.
        shown_in: The table of the analysts' file that shows its rows together with others'.
        is_stored: Whether the lake holds it; else it is a query of the analysts' file.
        checked: Whether what a run wrote is held to its contract once more. Not so where rows
            are as received, or a whole copy of others that was held to its contract just then.
        sets_aside: Whether a check reports rows meant for it that broke its contract.
        parents: Tables that must have a row for each of its rows.
        in_order_of: Columns in whose order upkeep lays out each partition, so that who looks for
            one of their values reads little.
    """

    name: str
    schema: type[dy.Schema]
    partition_by: tuple[str, ...] = ()
    prune_by: tuple[str, ...] = ()
    group: Group = "facts"
    deps: tuple[str, ...] = ()
    remembers: tuple[str, ...] = ()
    published: Publication = "no"
    shown_in: str = ""
    is_stored: bool = True
    checked: bool = True
    sets_aside: bool = False
    parents: tuple[Parent, ...] = ()
    in_order_of: tuple[str, ...] = ()

    @property
    def per_tick(self) -> bool:
        """Whether each scoring tick has rows of its own, as one partition."""
        return self.partition_by == (TICK,)

    @cached_property
    def key(self) -> tuple[str, ...]:
        """Columns that identify a row."""
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
        return self._empty.clone()

    @cached_property
    def _empty(self) -> pl.DataFrame:
        """Made once: making it takes as long as writing some rows."""
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
    """What a write did, in rows; ``quarantined`` are those of ``quarantine``, odd values too."""

    inserted: int = 0
    updated: int = 0
    quarantined: int = 0

    def __add__(self, other: "Written") -> "Written":
        return Written(
            inserted=self.inserted + other.inserted,
            updated=self.updated + other.updated,
            quarantined=self.quarantined + other.quarantined,
        )


def add_up(total: dict[str, Written], more: Mapping[str, Written]) -> None:
    """Add what was written to what had been written before, table by table."""
    for name, done in more.items():
        total[name] = total.get(name, Written()) + done


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
