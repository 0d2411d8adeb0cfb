"""``layers-pipeline backup``, ``restore``, ``verify``: keeping what is stored, and getting it back.

Belongs here: commands, their options, saying what came of them.
Does not belong here: how it is done (``steps.keep``), backups that were made (``backups``).
"""

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from layers_pipeline.cli.answers import FormatOption, print_rows
from layers_pipeline.cli.common import dagster_home, opened
from layers_pipeline.cli.terminal import progress_bars, say
from layers_pipeline.errors import InputRefusedError, StoreError

FOUND: Final = ("what", "state", "found", "what to do")
PG_URL: Final = "LAYERS_DAGSTER_PG_URL"
KEYS_APART: Final = "Not in it: LAYERS_TOKEN_KEYS and other settings. Keep them apart from it."


def backup(
    folder: Annotated[Path, typer.Argument(help="Folder of backups, best on another disk.")],
    with_runs: Annotated[
        bool, typer.Option("--with-runs", help="Keep Dagster's history of runs, too.")
    ] = False,
) -> None:
    """Back up database and lake to one moment, while others write; copy only what is new."""
    from layers_pipeline.steps.keep.backup import back_up

    if with_runs and os.environ.get(PG_URL):
        raise InputRefusedError(
            f"backup: --with-runs: {PG_URL} is set, so Dagster's records lie in PostgreSQL. Back "
            "that database up by its own means (pg_dump)."
        )
    with opened() as stores, progress_bars():
        runs = dagster_home(stores.settings) if with_runs else None
        done = back_up(stores, folder.absolute(), runs=runs)
    copied, made = done.copied, done.manifest
    say(
        f"Backup {made.id} in {folder}: {len(made.tables)} tables, {copied.files:,} files, "
        f"{copied.bytes:,} bytes. New: {copied.new_files:,} files, {copied.new_bytes:,} bytes; "
        f"the other {copied.files - copied.new_files:,} files were there."
    )
    say(KEYS_APART)


def restore(
    folder: Annotated[Path, typer.Argument(help="Folder of backups.")],
    at: Annotated[str, typer.Option("--at", help="Backup; the newest by default.")] = "",
) -> None:
    """Bring a backup back into the empty places that the settings name; a repeat goes on."""
    from layers_pipeline.settings import load_settings
    from layers_pipeline.steps.keep.restore import restore as bring_back

    settings = load_settings()
    with progress_bars():
        done = bring_back(settings, folder.absolute(), name=at, runs=dagster_home(settings))
    before = f" {done.found:,} files were there from an earlier try." if done.found else ""
    say(
        f"Restored {done.manifest.id} ({done.manifest.made_at:%Y-%m-%d %H:%M} UTC): "
        f"{len(done.manifest.tables)} tables, {done.files:,} files, {done.bytes:,} bytes.{before}"
    )
    say("Next: layers-pipeline publish, then layers-pipeline verify.")


def verify(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of backups to look at instead of the stores.")
    ] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Read every file to its end.")] = False,
    form: FormatOption = "table",
) -> None:
    """Look whether all stores are whole and agree with each other, or whether backups are.

    Nothing is changed. Ends with 4 where something is damaged.
    """
    from layers_pipeline.settings import load_settings
    from layers_pipeline.steps.keep import verify as looking

    with progress_bars():
        if folder is None:
            found = [*looking.verify(load_settings(), deep=deep)]
        else:
            found = [*looking.verify_backups(folder.absolute(), deep=deep)]
    print_rows(
        form, FOUND, [(one.subject, one.state, one.said, one.remedy or None) for one in found]
    )
    if any(one.state == "fault" for one in found):
        raise typer.Exit(StoreError.exit_code)
