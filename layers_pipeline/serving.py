"""The analysts' file: generations of one read-only DuckDB file, swapped in whole.

Belongs here: building a generation from pinned tables, commenting it, putting it in place.
Does not belong here: which versions are pinned and when (``steps.publication``).
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import dataframely as dy
import duckdb
import polars as pl

from layers_pipeline.errors import NotFoundError, PublicationError
from layers_pipeline.lake_table import Table
from transforms.contracts.columns import comment_of
from transforms.sql import sql_of

LINK: Final = "layers.duckdb"
GENERATION: Final = re.compile(r"layers-(\d{6})\.duckdb")
CONFIG: Final[dict[str, bool | int | float | str | list[str]]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
ATTACH: Final = "ATTACH {path} AS published (STORAGE_VERSION 'v1.0.0', BLOCK_SIZE 16384)"


@dataclass(frozen=True, kw_only=True)
class Pinned:
    """One version of one table, as the files that make it up."""

    table: Table
    version: int
    files: tuple[str, ...]
    as_view: bool = False
    """Publish a view over the files instead of a copy, for tables that grow without end."""

    @property
    def is_local(self) -> bool:
        """Whether every file lies on this machine."""
        return all("://" not in uri or uri.startswith("file://") for uri in self.files)


@dataclass(frozen=True, kw_only=True)
class Macro:
    """A table macro: its name, its one parameter, and what it answers."""

    name: str
    parameter: str
    comment: str


MACROS: Final = (
    Macro(
        name="posts_as_of",
        parameter="as_of",
        comment="Every post as it was known at a moment: one row per post, last known counts.",
    ),
    Macro(
        name="score_explain",
        parameter="post",
        comment="The newest score of one post taken apart: one row per part, points and words.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Generation:
    """A published file."""

    number: int
    path: Path
    rows: Mapping[str, int]


def publish(
    folder: Path,
    *,
    pinned: Sequence[Pinned],
    at: datetime,
    kept: int,
) -> Generation:
    """Build the next generation beside the current one and swap the link to it.

    Readers of an older generation go on undisturbed; the newest ``kept`` generations stay.

    Args:
        folder: Where the analysts' files lie.
        pinned: Tables of the lake, all pinned in one moment.
        at: When the generation is made.
        kept: How many generations to keep.

    Raises:
        PublicationError: The file could not be built; the current generation stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    number = max(generations(folder), default=0) + 1
    path = folder / f"layers-{number:06d}.duckdb"
    making = folder / f".making-{number:06d}.duckdb"
    making.unlink(missing_ok=True)
    try:
        rows = _build(making, pinned=pinned, number=number, at=at)
    except (duckdb.Error, pl.exceptions.PolarsError, OSError) as error:
        making.unlink(missing_ok=True)
        making.with_name(f"{making.name}.wal").unlink(missing_ok=True)
        raise PublicationError(f"{path}: {error}. The previous generation stays.") from error
    _sync(making)
    making.replace(path)
    _swap_link(folder, path.name)
    for old in sorted(generations(folder))[: -max(kept, 1)]:
        (folder / f"layers-{old:06d}.duckdb").unlink(missing_ok=True)
    return Generation(number=number, path=path, rows=rows)


def generations(folder: Path) -> list[int]:
    """Numbers of the generations that lie in a folder."""
    found = (GENERATION.fullmatch(path.name) for path in folder.glob("layers-*.duckdb"))
    return [int(match.group(1)) for match in found if match]


def current(folder: Path) -> Path:
    """The file that the link names now.

    Raises:
        NotFoundError: Nothing was published yet.
    """
    link = folder / LINK
    if not link.exists():
        raise NotFoundError(
            f"{link}: nothing was published yet. Run `layers-pipeline publish` or `make demo`."
        )
    return link.resolve()


def pinned_versions(folder: Path) -> dict[str, list[int]]:
    """Versions of the lake's tables that kept generations still read."""
    found: dict[str, list[int]] = {}
    for number in generations(folder):
        path = folder / f"layers-{number:06d}.duckdb"
        # Attached, because the same process may hold the file open under another configuration.
        with duckdb.connect(config=CONFIG) as connection:
            connection.execute(f"attach {_text(str(path))} as published (read_only)")
            query = (
                "select table_name, lake_version from published.publication where lake_version >= 0"
            )
            for name, version in connection.execute(query).fetchall():
                found.setdefault(name, []).append(version)
    return found


def _build(
    making: Path,
    *,
    pinned: Sequence[Pinned],
    number: int,
    at: datetime,
) -> dict[str, int]:
    with duckdb.connect(config=CONFIG) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(ATTACH.format(path=_text(str(making))))
        connection.execute("use published")
        for pin in pinned:
            _make_pinned(connection, pin)
        rows = _make_publication(connection, pinned, number=number, at=at)
        for macro in MACROS:
            _make_macro(connection, macro)
        connection.execute("use memory")
        connection.execute("detach published")
    return rows


def _make_pinned(connection: duckdb.DuckDBPyConnection, pin: Pinned) -> None:
    table = pin.table
    columns = ", ".join(table.stored_columns)
    kind = "view" if pin.as_view and pin.files and pin.is_local else "table"
    if pin.files and pin.is_local:
        listed = ", ".join(_text(_path(uri)) for uri in pin.files)
        source = f"select {columns} from read_parquet([{listed}], hive_partitioning = false)"  # noqa: S608 - addresses of our own files
        connection.execute(f"create {kind} {table.name} as {source}")
    else:
        rows = (
            pl.read_parquet(list(pin.files), hive_partitioning=False)
            if pin.files
            else table.empty()
        )
        _make_table(connection, table.name, rows.select(table.stored_columns))
    _comment(connection, kind, table.name, table.schema, table.stored_columns)


def _make_table(connection: duckdb.DuckDBPyConnection, name: str, rows: pl.DataFrame) -> None:
    connection.register("rows_to_publish", rows)
    connection.execute(f"create table {name} as from rows_to_publish")
    connection.unregister("rows_to_publish")


def _make_publication(
    connection: duckdb.DuckDBPyConnection,
    pinned: Sequence[Pinned],
    *,
    number: int,
    at: datetime,
) -> dict[str, int]:
    versions = {pin.table.name: pin.version for pin in pinned}
    rows = {
        name: int(connection.execute(f"select count(*) from {name}").fetchall()[0][0])  # noqa: S608 - our own table names
        for name in versions
    }
    connection.execute(
        "create table publication (table_name varchar, lake_version bigint, row_count bigint, "
        "generation bigint, published_at timestamptz)"
    )
    connection.executemany(
        "insert into publication values (?, ?, ?, ?, ?)",
        [(name, version, rows[name], number, at) for name, version in versions.items()],
    )
    for target, text in PUBLICATION_COMMENTS.items():
        connection.execute(f"comment on {target} is {_text(text)}")
    return rows


PUBLICATION_COMMENTS: Final = {
    "table publication": "Grain: one row per table of this file: what exactly was published.",
    "column publication.table_name": "Table or view of this file.",
    "column publication.lake_version": "Version of the lake's table; -1: it was never written.",
    "column publication.row_count": "Rows at publication.",
    "column publication.generation": "Number of this generation.",
    "column publication.published_at": "When this generation was made. Instant, UTC.",
}


def _make_macro(connection: duckdb.DuckDBPyConnection, macro: Macro) -> None:
    body = sql_of("macros", macro.name).replace(f"${macro.parameter}", macro.parameter)
    connection.execute(f"create macro {macro.name}({macro.parameter}) as table {body}")
    connection.execute(f"comment on macro table {macro.name} is {_text(macro.comment)}")


def _comment(
    connection: duckdb.DuckDBPyConnection,
    kind: str,
    name: str,
    schema: type[dy.Schema],
    columns: Sequence[str],
) -> None:
    grain = " ".join((schema.__doc__ or "").split())
    connection.execute(f"comment on {kind} {name} is {_text(grain)}")
    described = schema.columns()
    for column in columns:
        text = _text(comment_of(described[column]))
        connection.execute(f"comment on column {name}.{column} is {text}")


def _text(value: str) -> str:
    """A text literal, for statements of the definition language that take no parameters."""
    return "'" + value.replace("'", "''") + "'"


def _path(uri: str) -> str:
    """The path of a file as DuckDB takes it, in which ``*``, ``?`` and ``[`` are wildcards."""
    return re.sub(r"([*?\[])", r"[\1]", uri.removeprefix("file://"))


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _swap_link(folder: Path, target: str) -> None:
    """Point the link to a new generation in one step, so that it is never missing."""
    fresh = folder / f".{LINK}.next"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(folder / LINK)
