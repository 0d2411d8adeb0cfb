"""Copies of a generation that need nothing else: one DuckDB file, or Parquet files.

Belongs here: copying all tables with comments and macros, the manifest of the Parquet files.
Does not belong here: making generations (``database``), exports of a filter (``views.exports``).
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC
from pathlib import Path
from typing import Any, Final

import duckdb

from layers_pipeline.errors import InputRefusedError, StoreError
from layers_pipeline.serving.macros import make_macros, sql_literal
from layers_pipeline.serving.outline import CONFIG
from layers_pipeline.serving.remote import reach_what_is_shown

FORMAT: Final = 1
"""Of the manifest; a reader refuses a number that it does not know."""
DAYS: Final = ("day_on", "published_on", "spent_on", "period_starts_on")
MOMENTS: Final = ("captured_at", "scored_at", "published_at", "known_at")
"""Columns by whose month a table is divided: the first that it has."""
ATTACH: Final = "attach {path} as copied (storage_version 'v1.0.0')"
RELATIONS: Final = """
    select table_name as name, false as is_view, comment, table_oid as place, '' as sql
    from duckdb_tables() where database_name = 'published'
    union all
    select view_name, true, comment, view_oid, sql
    from duckdb_views() where database_name = 'published' and not internal
    order by place
"""
COLUMNS: Final = """
    select table_name, column_name, data_type, comment
    from duckdb_columns() where database_name = 'published' and not internal
    order by table_name, column_index
"""
PUBLISHED: Final = "select generation, published_at from published.publication limit 1"


def copy_to_duckdb(source: Path, target: Path, options: Mapping[str, str]) -> int:
    """Copy a generation to a file that needs no other; give the number of its tables and views.

    Args:
        source: The generation.
        target: The file to make; nothing may lie there yet.
        options: How to reach the files that it shows (``lake.object_store.options_of``).

    Raises:
        InputRefusedError: Something lies there.
        StoreError: It cannot be written.
    """
    _refuse_present(target)
    making = target.with_name(f".making-{target.name}")
    with _written(target, making), _opened(source, options) as connection:
        connection.execute(ATTACH.format(path=sql_literal(str(making))))
        relations = connection.sql(RELATIONS).pl().to_dicts()
        connection.execute("use copied")
        connection.execute("begin")
        _copy_rows(connection, [one for one in relations if not _is_query(one)])
        _make_views(connection, [one for one in relations if _is_query(one)])
        for column in connection.sql(COLUMNS).pl().to_dicts():
            _comment(connection, f"column {column['table_name']}.{column['column_name']}", column)
        make_macros(connection)
        connection.execute("commit")
        connection.execute("use memory")
        connection.execute("detach copied")
        making.replace(target)
    return len(relations)


def copy_to_parquet(source: Path, folder: Path, options: Mapping[str, str]) -> dict[str, Any]:
    """Copy a generation to a folder of Parquet files, by project and month; give the manifest.

    Each table has a folder; below it ``project_id=…`` and ``month=YYYY-MM`` where the table has a
    project and a day or moment. The columns stand in the files too.

    Args:
        source: The generation.
        folder: The folder to make; nothing may lie there yet.
        options: How to reach the files that it shows (``lake.object_store.options_of``).

    Raises:
        InputRefusedError: Something lies there.
        StoreError: It cannot be written.
    """
    _refuse_present(folder)
    making = folder.with_name(f".making-{folder.name}")
    with _written(folder, making), _opened(source, options) as connection:
        generation, published_at = connection.sql(PUBLISHED).pl().row(0)
        columns: dict[str, dict[str, dict[str, str]]] = {}
        for row in connection.sql(COLUMNS).pl().to_dicts():
            about = {"type": row["data_type"], "comment": row["comment"]}
            columns.setdefault(row["table_name"], {})[row["column_name"]] = about
        tables = {
            relation["name"]: {
                "comment": relation["comment"],
                "columns": columns[relation["name"]],
                **_write_table(connection, making, relation["name"], columns[relation["name"]]),
            }
            for relation in connection.sql(RELATIONS).pl().to_dicts()
        }
        manifest = {
            "format": FORMAT,
            "generation": generation,
            "as_of": published_at.astimezone(UTC).isoformat(),
            "tables": tables,
        }
        text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
        (making / "manifest.json").write_text(text, encoding="utf-8")
        making.replace(folder)
    return manifest


def _is_query(relation: dict[str, Any]) -> bool:
    """Whether it is a view over what lies in the file: such a one stays a view."""
    return relation["is_view"] and "read_parquet" not in relation["sql"]


def _copy_rows(connection: duckdb.DuckDBPyConnection, relations: Sequence[dict[str, Any]]) -> None:
    for relation in relations:
        name = relation["name"]
        connection.execute(f"create table {name} as from published.{name}")
        _comment(connection, f"table {name}", relation)


def _make_views(connection: duckdb.DuckDBPyConnection, views: Sequence[dict[str, Any]]) -> None:
    """Make views in rounds: one can be made once those are there that it asks."""
    waiting = list(views)
    while waiting:
        later: list[dict[str, Any]] = []
        for view in waiting:
            try:
                connection.execute(view["sql"])
            except duckdb.CatalogException:
                if view is waiting[-1] and len(later) == len(waiting) - 1:
                    raise
                later.append(view)
                continue
            _comment(connection, f"view {view['name']}", view)
        waiting = later


def _comment(connection: duckdb.DuckDBPyConnection, target: str, of: dict[str, Any]) -> None:
    if of["comment"] is not None:
        connection.execute(f"comment on {target} is {sql_literal(of['comment'])}")


def _write_table(
    connection: duckdb.DuckDBPyConnection, folder: Path, name: str, columns: dict[str, Any]
) -> dict[str, Any]:
    home = folder / name
    home.mkdir(parents=True)
    divided = [*(["project_id"] if "project_id" in columns else []), *_month(columns)]
    rows = f"select *{', '.join(['', *_month_of(columns)])} from published.{name}"  # noqa: S608 - our own names
    if divided:
        options = f"partition_by ({', '.join(divided)}), write_partition_columns true"
        target = sql_literal(str(home))
    else:
        options, target = "compression zstd", sql_literal(str(home / "data.parquet"))
    connection.execute(f"copy ({rows}) to {target} (format parquet, {options})")
    count = connection.sql(f"select count(*) as n from published.{name}").pl()["n"][0]  # noqa: S608 - our own names
    files = [_file(path, folder) for path in sorted(home.rglob("*.parquet"))]
    return {"rows": count, "divided_by": divided, "files": files}


def _month(columns: dict[str, Any]) -> list[str]:
    return ["month"] if _dated(columns) else []


def _month_of(columns: dict[str, Any]) -> list[str]:
    dated = _dated(columns)
    return [f"strftime({dated}, '%Y-%m') as month"] if dated else []


def _dated(columns: dict[str, Any]) -> str | None:
    return next((name for name in (*DAYS, *MOMENTS) if name in columns), None)


def _file(path: Path, folder: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "path": path.relative_to(folder).as_posix(),
        "bytes": path.stat().st_size,
        "sha256": digest,
    }


def _refuse_present(target: Path) -> None:
    if target.exists():
        raise InputRefusedError(f"{target}: something lies there. Name a place that is free.")


@contextmanager
def _opened(source: Path, options: Mapping[str, str]) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config=CONFIG) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute(f"attach {sql_literal(str(source))} as published (read_only)")
        reach_what_is_shown(connection, options)
        connection.execute("use published")
        yield connection


@contextmanager
def _written(target: Path, making: Path) -> Iterator[None]:
    """Nothing half made stays, and what went wrong is told with its place."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove(making)
        yield
    except (OSError, duckdb.Error) as error:
        said = " ".join(str(error).split())
        raise StoreError(f"{target}: {said}. Make room, or name another place.") from error
    finally:
        _remove(making)


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
