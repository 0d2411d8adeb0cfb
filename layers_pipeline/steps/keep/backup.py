"""Making a backup: one moment of every store, copied while others go on writing.

Belongs here: pinning the moment, the order of copying, what a backup says of itself.
Does not belong here: where copies lie (``vault``), bringing them back (``restore``).

The moment is pinned under the lake's write lock, under which everything that lands or is derived
is written: no table is ahead of its sources, and the operational database agrees with both. The
lock is let go of as soon as the tables' versions are listed and the database is copied. Upkeep
waits until the logs are copied; data files stay for a week after the last version that needs them.
"""

from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.progress import report
from layers_pipeline.settings import Settings
from layers_pipeline.steps.keep.manifest import Kept, KeptTable, Manifest
from layers_pipeline.steps.keep.operations_copy import copy_to_file
from layers_pipeline.steps.keep.pins import Pin, pin_all
from layers_pipeline.steps.keep.places import LOG, NOTE
from layers_pipeline.steps.keep.runs_copy import keep_runs
from layers_pipeline.steps.keep.vault import Copied, Vault, Writer
from layers_pipeline.steps.stores import Stores

DATABASE: Final = "operations.db"
PINNING: Final = ("first_tick", "tick_cron", "instagram_skip_rate")
"""Settings that stored rows depend on: with others, the same rows would mean something else."""


@dataclass(frozen=True, kw_only=True)
class BackedUp:
    """A backup that was made, and what was copied for it."""

    manifest: Manifest
    copied: Copied


def back_up(stores: Stores, folder: Path, *, runs: Path | None = None) -> BackedUp:
    """Back up every store to one moment; what an earlier backup has copied is not copied again.

    Args:
        folder: Where backups lie; made if it is not there.
        runs: Dagster's folder, if its records are to be kept, too.

    Raises:
        InputRefusedError: The folder lies in the home that it is to outlive.
        StoreError: A store is damaged, or the folder cannot be written.
        LockTimeoutError: Somebody else holds a store or the folder for too long.
    """
    _require_outside(stores.settings, folder)
    vault, now = Vault(folder), stores.clock.now()
    with vault.held(), vault.writing(name := vault.name_at(now)) as writer:
        with stores.lake.lock("maintenance"):
            with stores.lake.write_lock():
                pins = pin_all(stores.lake)
                kept, rows = _keep_operations(stores, writer)
            files = [kept, *_keep_logs(pins, writer)]
        files += _keep_data(pins, writer)
        files += keep_runs(runs, writer) if runs else []
        made = Manifest(
            id=name,
            made_at=now,
            package=metadata.version("layers-pipeline"),
            revision=stores.operations.database.revision(),
            settings=pinning(stores.settings),
            tables={pin.name: KeptTable(version=pin.version, rows=pin.rows) for pin in pins},
            rows=rows,
            files=tuple(files),
        )
        vault.finish(made)
    return BackedUp(manifest=made, copied=writer.copied)


def pinning(settings: Settings) -> dict[str, str]:
    """The settings that stored data depends on, by variable."""
    return {f"LAYERS_{name.upper()}": str(getattr(settings, name)) for name in PINNING}


def _require_outside(settings: Settings, folder: Path) -> None:
    stores = [settings.root, settings.serve_location]
    if "://" not in settings.lake_location:
        stores.append(Path(settings.lake_location))
    for store in stores:
        if folder.resolve().is_relative_to(store.resolve()):
            raise InputRefusedError(
                f"backup: {folder} lies within {store}, and would be lost with it. Name a folder "
                "on another disk."
            )


def _keep_operations(stores: Stores, writer: Writer) -> tuple[Kept, dict[str, int]]:
    with TemporaryDirectory(prefix="layers-") as elsewhere:
        file = Path(elsewhere) / DATABASE
        rows = copy_to_file(stores.operations.database, file)
        return writer.keep("operations", DATABASE, file), rows


def _keep_logs(pins: list[Pin], writer: Writer) -> list[Kept]:
    kept: list[Kept] = []
    for done, pin in enumerate(pins, start=1):
        kept += [pin.place.keep(writer, f"{LOG}/{name}") for name in pin.log]
        if pin.note is not None:
            kept.append(writer.keep_bytes("lake", f"{pin.name}/{LOG}/{NOTE}", pin.note))
        report("logs kept", done, len(pins))
    return kept


def _keep_data(pins: list[Pin], writer: Writer) -> list[Kept]:
    wanted = [(pin, path, size) for pin in pins for path, size in pin.files.items()]
    kept: list[Kept] = []
    for done, (pin, path, size) in enumerate(wanted, start=1):
        kept.append(pin.place.keep(writer, path, size=size))
        report("data files kept", done, len(wanted))
    return kept
