"""Two lakes compared by content: every table, and every table of their operational databases.

Belongs here: reading both sides, naming what differs.
Does not belong here: making the lakes (``same_lake``).

Rows are compared after sorting by key, exactly: nulls, types and order of columns included. What
cannot be the same in two runs (``DRAWN``) is left out by name and said.
"""

import sqlite3
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import polars as pl
from deltalake import DeltaTable

ROWS_SHOWN: Final = 5
DRAWN: Final = frozenset({"run_id", "encrypted_access", "encrypted_refresh"})
"""Columns that hold what is drawn afresh in every run: ids of runs, encrypted tokens."""

SIGNED: Final = r"(_nc_ohc|_nc_rid|oh|oe|x-expires|x-signature)=[0-9A-Za-z_%]+"
"""Signatures of media's addresses, which a sandbox draws afresh for every answer."""


def differences(left: Path, right: Path) -> Iterator[str]:
    """What differs between the stores of two homes, one line per finding."""
    for name in sorted(_tables(left) | _tables(right)):
        yield from _compare(f"lake {name}", _lake_rows(left, name), _lake_rows(right, name))
    names = _database_tables(left) | _database_tables(right)
    for name in sorted(names - {"alembic_version"}):
        sides = (_database_rows(home, name) for home in (left, right))
        yield from _compare(f"database {name}", *sides)


def counts(home: Path) -> dict[str, int]:
    """Rows of each table of a lake."""
    return {name: _lake_rows(home, name).height for name in sorted(_tables(home))}


def _tables(home: Path) -> set[str]:
    return {log.parent.name for log in (home / "lake").glob("*/_delta_log")}


def _lake_rows(home: Path, name: str) -> pl.DataFrame:
    place = home / "lake" / name
    if not (place / "_delta_log").exists():
        return pl.DataFrame()
    return pl.scan_delta(DeltaTable(place)).collect()


def _database(home: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{home / 'operations.db'}?mode=ro", uri=True)


def _database_tables(home: Path) -> set[str]:
    with _database(home) as connection:
        rows = connection.execute("select name from sqlite_master where type = 'table'")
        return {name for (name,) in rows if not name.startswith("sqlite_")}


def _database_rows(home: Path, name: str) -> pl.DataFrame:
    if name not in _database_tables(home):
        return pl.DataFrame()
    with _database(home) as connection:
        found = connection.execute(f"select * from {name}")  # noqa: S608 - a table's own name
        columns = [column for column, *_ in found.description]
        return pl.DataFrame(
            found.fetchall(), schema=columns, orient="row", infer_schema_length=None
        )


def _compare(what: str, left: pl.DataFrame, right: pl.DataFrame) -> Iterator[str]:
    if left.is_empty() and right.is_empty():  # a table that was never written is an empty one
        return
    left, right = (_undrawn(rows) for rows in (left, right))
    if left.schema != right.schema and not (left.is_empty() or right.is_empty()):
        odd = set(left.schema.items()) ^ set(right.schema.items())
        yield f"{what}: columns differ: {sorted(map(str, odd)) or 'in their order'}"
        return
    left, right = (rows.sort(rows.columns, nulls_last=False) for rows in (left, right))
    if left.equals(right):
        return
    yield f"{what}: {left.height} rows on the left, {right.height} on the right"
    if left.height == right.height:
        odd = [name for name in left.columns if not left[name].equals(right[name])]
        yield f"{what}: differing columns (each sorted with its row): {', '.join(odd)}"
    for side, rows, others in (("left", left, right), ("right", right, left)):
        if rows.is_empty():
            continue
        only = (
            rows
            if others.is_empty()
            else rows.join(others, on=rows.columns, how="anti", nulls_equal=True)
        )
        for row in only.head(ROWS_SHOWN).iter_rows(named=True):
            yield f"{what}: only on the {side}: {row}"


def _undrawn(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows without what is drawn afresh in every run, signatures of addresses included."""
    kept = rows.drop(DRAWN & set(rows.columns))
    return kept.with_columns(pl.selectors.string().str.replace_all(SIGNED, "$1="))


def main(arguments: Sequence[str]) -> int:
    """Print what differs between two homes; 0 if nothing does."""
    left, right = map(Path, arguments)
    found = list(differences(left, right))
    for name, rows in counts(left).items():
        sys.stdout.write(f"{name}: {rows:,} rows\n")
    sys.stdout.write("".join(f"{line}\n" for line in found) or "equal in every table\n")
    sys.stdout.write(f"left out where present: {', '.join(sorted(DRAWN))}\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
