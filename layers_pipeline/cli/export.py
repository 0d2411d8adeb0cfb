"""``layers-pipeline export``: a copy of everything published, for another machine.

Belongs here: commands, their options, saying what came of them.
Does not belong here: copying (``serving.copies``), files of one filter (``cli.views``).
"""

from pathlib import Path
from typing import Annotated

import typer

from layers_pipeline.cli.common import example
from layers_pipeline.cli.terminal import say
from layers_pipeline.lake.object_store import options_of
from layers_pipeline.serving.copies import copy_to_duckdb, copy_to_parquet
from layers_pipeline.serving.generations import current
from layers_pipeline.settings import load_settings

export_app = typer.Typer()


@export_app.command("duckdb", epilog=example("export duckdb /media/stick/layers-may.duckdb"))
def export_duckdb(
    file: Annotated[Path, typer.Argument(help="File to make, such as layers-may.duckdb.")],
) -> None:
    """Copy all that is published to one DuckDB file that needs nothing else, macros included."""
    settings = load_settings()
    source = current(settings.serve_location)
    tables = copy_to_duckdb(source, file.absolute(), options_of(settings))
    size = file.stat().st_size / 1e6
    say(f"{file}: {tables} tables and views, {size:,.1f} MB. Open it: duckdb -readonly {file}")


@export_app.command("parquet", epilog=example("export parquet /media/stick/layers-may"))
def export_parquet(
    folder: Annotated[Path, typer.Argument(help="Folder to make, such as layers-may.")],
) -> None:
    """Copy all that is published to Parquet files by project and month, with a manifest."""
    settings = load_settings()
    source = current(settings.serve_location)
    manifest = copy_to_parquet(source, folder.absolute(), options_of(settings))
    tables = manifest["tables"].values()
    files, rows = sum(len(one["files"]) for one in tables), sum(one["rows"] for one in tables)
    say(
        f"{folder}: {len(tables)} tables, {rows:,} rows in {files:,} files, as of"
        f" {manifest['as_of']}. manifest.json says what each holds."
    )
