"""``layers-pipeline backups``: which backups there are, and deleting old ones.

Belongs here: commands on a folder of backups, saying what came of them.
Does not belong here: making and restoring (``keeping``), how contents lie there (``steps.keep``).
"""

from pathlib import Path
from typing import Annotated, Final

import typer

from layers_pipeline.cli.answers import FormatOption, print_rows
from layers_pipeline.cli.common import example
from layers_pipeline.cli.terminal import say
from layers_pipeline.errors import StoreError
from layers_pipeline.steps.keep.vault import Vault

backups_app = typer.Typer()

COLUMNS: Final = ("backup", "state", "moment (UTC)", "tables", "rows", "files", "bytes", "package")
FolderArgument = Annotated[Path, typer.Argument(help="Folder of backups.")]


@backups_app.command("list", epilog=example("backups list /media/disk/layers"))
def list_backups(folder: FolderArgument, form: FormatOption = "table") -> None:
    """Show each backup: its moment, and what is in it."""
    vault = Vault(folder.absolute())
    vault.require_any()
    rows = [_row(vault, name) for name in vault.ids()]
    begun = [_row_of(name, "incomplete") for name in vault.incomplete()]
    print_rows(form, COLUMNS, [*rows, *begun])


def _row(vault: Vault, name: str) -> tuple[object, ...]:
    try:
        made = vault.manifest(name)
    except StoreError:
        return _row_of(name, "damaged")
    rows = sum(table.rows for table in made.tables.values())
    return (
        *(made.id, "complete", made.made_at, len(made.tables), rows),
        *(len(made.files), made.bytes, made.package),
    )


def _row_of(name: str, state: str) -> tuple[object, ...]:
    return (name, state, *[None] * (len(COLUMNS) - 2))


@backups_app.command("prune", epilog=example("backups prune /media/disk/layers --keep 30"))
def prune_backups(
    folder: FolderArgument,
    keep: Annotated[int, typer.Option(min=1, help="So many of the newest backups stay.")],
) -> None:
    """Delete all but the newest backups, and the contents that no other one names."""
    vault = Vault(folder.absolute())
    vault.require_any()
    with vault.held():
        gone, files, size = vault.prune(keep)
    say(f"Deleted {len(gone)} backups, {files:,} files, {size:,} bytes. {len(vault.ids())} stay.")
