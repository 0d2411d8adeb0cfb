"""The data dictionary: what a published file says of itself, as Markdown.

Belongs here: reading comments of tables, columns and macros, and laying them out as a page.
Does not belong here: the comments (``transforms.contracts``), and putting them in (``serving``).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb

from layers_pipeline.serving import generations
from layers_pipeline.settings import Settings
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.stores import open_stores
from transforms.sql import sql_of

INTRODUCTION: Final = """# Data dictionary

Every table, column and macro of the analysts' DuckDB file. This page is made from the comments
in that file; `duckdb_tables()`, `duckdb_columns()` and `duckdb_functions()` give the same
inside it. How to open the file, and example questions: [analysts.md](analysts.md).

Counts grow over a post's life and are as the platform reports them. A null count was not
collected or not reported; a zero was reported as zero. Instants are in UTC.
"""
RELATIONS, COLUMNS, MACROS = (
    sql_of("views", f"dictionary_{part}") for part in ("tables", "columns", "macros")
)
"""The questions that the dashboard's dictionary asks too."""


def as_markdown(path: str | Path) -> str:
    """The data dictionary of a published file.

    A table that is a view in one deployment and a copy in another is called a table in both.

    Args:
        path: A generation of the analysts' file.
    """
    with duckdb.connect(str(path), read_only=True, config=generations.CONFIG) as connection:
        relations = connection.execute(RELATIONS).fetchall()
        columns = connection.execute(COLUMNS).fetchall()
        macros = connection.execute(MACROS).fetchall()
    of_table: dict[str, list[Any]] = {}
    for table, *column in columns:
        of_table.setdefault(table, []).append(column)
    sections = [
        INTRODUCTION,
        _contents(relations, macros),
        *(_table(name, comment, of_table[name]) for name, _, comment in relations),
        *(_macro(*macro) for macro in macros),
    ]
    return "\n".join(sections)


def uncommented(path: str | Path) -> list[str]:
    """Names of the tables, columns and macros of a published file that have no comment."""
    with duckdb.connect(str(path), read_only=True, config=generations.CONFIG) as connection:
        named = {name: text for name, _, text in connection.execute(RELATIONS).fetchall()} | {
            f"{table}.{column}": text
            for table, column, _, text in connection.execute(COLUMNS).fetchall()
        }
        macros = connection.execute(MACROS).fetchall()
    return _without_text(named | {f"{name}({given})": text for name, given, text, _ in macros})


def publish_empty(home: Path) -> Path:
    """Publish a lake in which nothing has happened yet, and give the file.

    Args:
        home: An empty folder for its stores.
    """
    stores = open_stores(Settings(home=home, operations_url="", lake_url="", serve_dir=None))
    try:
        return publish(stores).path
    finally:
        stores.operations.close()


def _without_text(comments: Mapping[str, str | None]) -> list[str]:
    return sorted(name for name, text in comments.items() if not (text or "").strip())


def _contents(relations: Sequence[Any], macros: Sequence[Any]) -> str:
    lines = [f"- [{name}](#{name}): {_grain(comment)}" for name, _, comment in relations]
    lines += [f"- [{name}](#{name}): {comment}" for name, _, comment, _ in macros]
    return "\n".join([*lines, ""])


def _grain(comment: str | None) -> str:
    """The first sentence of a table's comment, without the word that begins it."""
    sentence = (comment or "").removeprefix("Grain: ").split(". ", 1)[0]
    return sentence.rstrip(".") + "."


def _table(name: str, comment: str | None, columns: Sequence[Any]) -> str:
    rows = [f"| `{column}` | {kind} | {_cell(text)} |" for column, kind, text in columns]
    head = ["| column | type | meaning |", "|---|---|---|"]
    return "\n".join([f"## {name}", "", comment or "", "", *head, *rows, ""])


def _macro(name: str, parameters: str, comment: str | None, kind: str) -> str:
    verb = "from" if kind == "table_macro" else "select"
    call = f"`{verb} {name}({parameters})`"
    return "\n".join([f"## {name}", "", f"Macro: {call}. {comment or ''}", ""])


def _cell(text: str | None) -> str:
    return (text or "").replace("|", r"\|").replace("\n", " ")


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        Path("docs/data_dictionary.md").write_text(
            as_markdown(publish_empty(Path(folder))), encoding="utf-8"
        )
