"""Making marts: tables, views and daily parts of a generation, over the tables it pinned.

Belongs here: running the marts' text, putting parts together, comments, marts without rows.
Does not belong here: their text and records (``transforms.sql``), which days changed
(``mart_days``).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from time import perf_counter
from typing import Final

import duckdb
import polars as pl

from layers_pipeline.serving import mart_days
from layers_pipeline.serving.macros import sql_literal
from layers_pipeline.serving.mart_days import Made
from layers_pipeline.serving.pinned import Pinned
from layers_pipeline.serving.rolled import Rolled, escaped
from transforms.sql import sql_of
from transforms.sql.models import DAY, Model, models

ANY_GAP: Final = 10**6
OF_DAYS: Final = (
    "copy (from ({select}) order by {key}) to {folder} (format parquet, partition_by ({day}), "
    "write_partition_columns true, overwrite_or_ignore true, filename_pattern '{prefix}{{i}}', "
    "row_group_size 20480)"
)
"""In order, so that who looks for one post reads one group of rows of each part."""


@dataclass(frozen=True, kw_only=True)
class Mart:
    """What a publication did for one mart."""

    rows: int | None
    """Rows that were written; None of a view."""
    seconds: float
    days: tuple[date, ...] = ()
    """Days that were made anew, of a mart that is divided by them."""


def outline_marts(connection: duckdb.DuckDBPyConnection, *, at: datetime) -> None:
    """Put every mart without rows into the database in use, which has the tables it is made of."""
    for model in models():
        match model.kind:
            case "by_day":
                connection.execute(f"create view {model.name} as {_nothing(model)}")
            case "view":
                connection.execute(f"create view {model.name} as {model.sql}")
            case "table":
                statement = f"create table {model.name} as from ({model.sql}) limit 0"
                connection.execute(statement, _parameters(model, at))
        _comment(connection, model)


def fill_marts(
    connection: duckdb.DuckDBPyConnection,
    serve: Path,
    pinned: Sequence[Pinned],
    rolled: Rolled,
    *,
    number: int,
    at: datetime,
) -> dict[str, Mart]:
    """Put the rows of every mart into the database in use, which has the pinned ones.

    Args:
        serve: The folder of the generations; parts of daily marts lie below it.
        rolled: What stands for parts of months that are over.
        number: Of the generation that is made; the one before is the newest that is there.
    """
    daily = _Daily(connection, serve, pinned, rolled, number=number)
    made: dict[str, Mart] = {}
    for model in models():
        began = perf_counter()
        rows, days = None, ()
        match model.kind:
            case "by_day":
                rows, days = daily.make(model)
            case "table":
                rows = _fill(connection, model, at=at)
        made[model.name] = Mart(rows=rows, seconds=perf_counter() - began, days=days)
    daily.save()
    return made


def _fill(connection: duckdb.DuckDBPyConnection, model: Model, *, at: datetime) -> int:
    # As copies of the lake's tables lie: in the order of the key.
    rows = f"select * from ({model.sql}) order by {', '.join(model.key)}"  # noqa: S608 - our own text
    filled = connection.execute(f"insert into {model.name} {rows}", _parameters(model, at))
    return int(filled.fetchall()[0][0])


def _parameters(model: Model, at: datetime) -> dict[str, datetime]:
    return {"as_of": at} if "$as_of" in model.sql else {}


class _Daily:
    """Marts that are divided by days, in one publication."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        serve: Path,
        pinned: Sequence[Pinned],
        rolled: Rolled,
        *,
        number: int,
    ) -> None:
        self._connection = connection
        self._rolled = rolled
        self._serve = serve.resolve()
        self._pinned = pinned
        self._number = number
        self._texts = {model.name: _text(model) for model in models() if model.kind == "by_day"}
        before = mart_days.load(serve, number - 1)
        self._before = before if before and before.texts == self._texts else None
        self._moments: pl.Series | None = None
        self._parts: dict[str, dict[str, Sequence[str]]] = {}

    def make(self, model: Model) -> tuple[int, tuple[date, ...]]:
        """Make the days anew that changed, and the view over all parts."""
        kept = {} if self._before is None else self._before.parts[model.name]
        days = self._days_of(model, kept)
        anew = set(map(str, days))
        gap = ANY_GAP if self._before is None else 1
        fresh = self._written(model, mart_days.ranges(days, gap=gap))
        self._parts[model.name] = {day: kept[day] for day in kept if day not in anew} | fresh
        self._show(model)
        return self._count(fresh), tuple(date.fromisoformat(day) for day in sorted(fresh))

    def save(self) -> None:
        """Write down what the generation was made of, if it has any parts."""
        if any(pin.files for pin in self._pinned if pin.table.shown_in):
            made = Made(
                texts=self._texts,
                files=mart_days.files_of(self._pinned),
                accounts=mart_days.accounts_in(self._connection),
                parts=self._parts,
            )
            mart_days.save(self._serve, self._number, made)

    def _days_of(self, model: Model, kept: Mapping[str, Sequence[str]]) -> list[date]:
        """Days whose captures changed, and those after them: changes are from day to day."""
        if self._moments is None:
            self._moments = mart_days.touched(self._connection, self._pinned, before=self._before)
        if "project_id" not in model.key:
            return sorted(mart_days.days_of(self._moments, ["UTC"]))
        days = mart_days.days_of(self._moments, self._zones())
        after = {day + mart_days.ONE_DAY for day in days}
        return sorted(days | {day for day in after if str(day) in kept})

    def _zones(self) -> set[str]:
        """Zones of projects, now and in the generation before: a day may go, too."""
        found = self._connection.execute("select distinct time_zone from projects").fetchall()
        before = () if self._before is None else self._before.accounts
        return {zone for (zone,) in found} | {zone for *_, zone in before}

    def _written(
        self, model: Model, spans: Sequence[tuple[date, date]]
    ) -> dict[str, Sequence[str]]:
        folder = mart_days.folder_of(self._serve) / model.name
        prefix = f"{self._number:06d}-"
        for litter in folder.glob(f"day_on=*/{prefix}*"):
            litter.unlink()
        if spans:
            folder.mkdir(parents=True, exist_ok=True)
        for place, (first, last) in enumerate(spans):
            statement = OF_DAYS.format(
                select=_between(model, first, last),
                key=", ".join(_order(model)),
                folder=sql_literal(str(folder)),
                day=DAY,
                prefix=f"{prefix}{place}-",
            )
            self._connection.execute(statement)
        return dict(mart_days.parts_in(folder, prefix))

    def _show(self, model: Model) -> None:
        columns = ", ".join(column.name for column in model.columns)
        at = mart_days.folder_of(self._serve)
        paths = [str(at / part) for files in self._parts[model.name].values() for part in files]
        shown = self._rolled.files(model.name, paths, order=_order(model))
        listed = ", ".join(sql_literal(escaped(path)) for path in shown)
        source = f"read_parquet([{listed}], hive_partitioning = false)"
        rows = f"select {columns} from {source}"  # noqa: S608 - our own files
        if paths:
            self._connection.execute(f"create or replace view {model.name} as {rows}")
            _comment(self._connection, model)

    def _count(self, parts: dict[str, Sequence[str]]) -> int:
        at = mart_days.folder_of(self._serve)
        paths = [str(at / part) for files in parts.values() for part in files]
        if not paths:
            return 0
        found = self._connection.execute(
            "select sum(num_rows) from parquet_file_metadata(?)", [list(map(escaped, paths))]
        )
        return int(found.fetchall()[0][0])


def _between(model: Model, first: date, last: date) -> str:
    """The mart's text for a range of days."""
    text = model.sql.replace("$first_day", f"date '{first}'")
    return text.replace("$last_day", f"date '{last}'")


def _order(model: Model) -> list[str]:
    """The order of rows within a part."""
    return [name for name in model.key if name != DAY]


def _nothing(model: Model) -> str:
    nulls = ", ".join(f"null::{column.type} as {column.name}" for column in model.columns)
    return f"select {nulls} where false"


def _text(model: Model) -> str:
    """Fingerprint of the mart's text and of those that it is made of."""
    made_of = [one for one in models() if re.search(rf"from {one.name}\b", model.sql)]
    checks = sql_of("views", "platform_post_checks")
    return mart_days.fingerprint([checks, model.sql, *map(_text, made_of)])


def _comment(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    kind = "table" if model.kind == "table" else "view"
    said = {f"{kind} {model.name}": model.grain} | {
        f"column {model.name}.{column.name}": column.comment for column in model.columns
    }
    statements = [f"comment on {target} is {sql_literal(text)}" for target, text in said.items()]
    connection.execute(";".join(statements))
