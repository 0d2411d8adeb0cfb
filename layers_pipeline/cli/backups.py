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
from layers_pipeline.steps.keep.vault import Vault

backups_app = typer.Typer()

COLUMNS: Final = ("backup", "state", "moment (UTC)", "tables", "rows", "files", "bytes", "package")
FolderArgument = Annotated[Path, typer.Argument(help="Folder of backups.")]


@backups_app.command("list", epilog=example("backups list /media/disk/layers"))
def list_backups(folder: FolderArgument, form: FormatOption = "table") -> None:
    """Show each backup: its moment, and what is in it."""
    vault = Vault(folder.absolute())
    vault.manifest()
    made = [vault.manifest(name) for name in vault.ids()]
    rows = [
        (
            one.id,
            "complete",
            one.made_at,
            len(one.tables),
            sum(table.rows for table in one.tables.values()),
            len(one.files),
            one.bytes,
            one.package,
        )
        for one in made
    ]
    begun = [(name, "incomplete", *[None] * (len(COLUMNS) - 2)) for name in vault.incomplete()]
    print_rows(form, COLUMNS, [*rows, *begun])


@backups_app.command("prune", epilog=example("backups prune /media/disk/layers --keep 30"))
def prune_backups(
    folder: FolderArgument,
    keep: Annotated[int, typer.Option(min=1, help="So many of the newest backups stay.")],
) -> None:
    """Delete all but the newest backups, and the contents that no other one names."""
    vault = Vault(folder.absolute())
    vault.manifest()
    with vault.held():
        gone, files, size = vault.prune(keep)
    say(f"Deleted {len(gone)} backups, {files:,} files, {size:,} bytes. {len(vault.ids())} stay.")
