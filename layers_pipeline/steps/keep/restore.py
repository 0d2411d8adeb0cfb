"""Bringing a backup back into an empty place.

Belongs here: what must be empty, the order in which stores come back, going on after a crash.
Does not belong here: making backups (``backup``), looking whether all is whole (``verify``).

A note lies in the home from before the first file to after the last: while it is there, no other
command opens the stores. A repeat with the same backup goes on where the last one ended.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import inspect

from layers_pipeline.errors import InputRefusedError, SettingsError, StoreError
from layers_pipeline.lake import catalog
from layers_pipeline.lake.object_store import StoredFiles
from layers_pipeline.lake.reading import damaged
from layers_pipeline.operations.database import Database
from layers_pipeline.operations.model_base import Base
from layers_pipeline.operations.store import Operations
from layers_pipeline.progress import report
from layers_pipeline.seen import Seen
from layers_pipeline.serving import generations
from layers_pipeline.settings import Settings
from layers_pipeline.steps.keep.backup import DATABASE, pinning
from layers_pipeline.steps.keep.contents import chunks_of, write_whole
from layers_pipeline.steps.keep.manifest import Kept, Manifest
from layers_pipeline.steps.keep.operations_copy import load_from_file
from layers_pipeline.steps.keep.vault import Vault
from layers_pipeline.steps.stores import CLOCK, name_of_operations, open_lake, seen_of_lake

EMPTY: Final = "Restore into an empty place: name other ones, or move what lies there away."
Target = Path | StoredFiles
LAST: Final = "/_delta_log/"
"""A table is there once its log is: so logs come after the files that they name."""


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A backup that was brought back; files and bytes written now, and files found from before."""

    manifest: Manifest
    files: int
    bytes: int
    found: int


def restore(settings: Settings, folder: Path, *, name: str = "", runs: Path) -> Restored:
    """Bring a backup back into the places that the settings name.

    Args:
        folder: Where backups lie.
        name: The backup; the newest by default.
        runs: Dagster's folder, for its records if the backup has them.

    Raises:
        NotFoundError: There is no such backup.
        InputRefusedError: A place is not empty, or a restore of another backup was interrupted.
        SettingsError: A setting is another one than stored data depends on.
        StoreError: The backup is damaged, or a place cannot be written.
    """
    vault = Vault(folder)
    chosen = vault.manifest(name or _begun(settings))
    _require_settings(settings, chosen)
    _require_same(settings, chosen)
    try:
        if not _begun(settings):
            _require_empty(settings, runs, with_runs=bool(chosen.of("runs")))
            settings.root.mkdir(parents=True, exist_ok=True)
            settings.restoring_note.write_text(chosen.id, "ascii")
        written = _files(vault, _places(settings, chosen, runs))
        _restore_operations(settings, vault, chosen)
        _note_as_seen(settings, chosen)
        settings.restoring_note.unlink()
    except OSError as error:
        raise StoreError(
            f"{error.filename}: {error.strerror}. Mend that (space, rights), then repeat: the "
            "restore goes on."
        ) from error
    sizes = [size for size in written if size is not None]
    return Restored(
        manifest=chosen, files=len(sizes), bytes=sum(sizes), found=len(written) - len(sizes)
    )


def _begun(settings: Settings) -> str:
    """The backup whose restore was interrupted here; empty if none was."""
    note = settings.restoring_note
    return note.read_text("ascii").strip() if note.exists() else ""


def _require_same(settings: Settings, chosen: Manifest) -> None:
    begun = _begun(settings)
    if begun and begun != chosen.id:
        raise InputRefusedError(
            f"restore: a restore of {begun} was interrupted here. Finish it with --at {begun}, or "
            "empty the places and begin anew."
        )


def _require_settings(settings: Settings, chosen: Manifest) -> None:
    """Refuse settings under which the stored rows would mean something else."""
    ours = pinning(settings)
    other = {key: value for key, value in chosen.settings.items() if ours.get(key, value) != value}
    if other:
        wanted = " ".join(f"{key}={value!r}" for key, value in other.items())
        raise SettingsError(
            f"restore: {', '.join(other)}: stored data depends on what was set when the backup was "
            f"made. Set {wanted}."
        )


def _require_empty(settings: Settings, runs: Path, *, with_runs: bool) -> None:
    database = Database(settings.operations_database_url)
    try:
        is_filled = not database.is_empty_file and _has_tables(database)
    finally:
        database.close()
    taken = [
        *([database.url] if is_filled else []),
        *([settings.lake_location] if _lake_has_content(settings) else []),
        *(
            [str(settings.serve_location)]
            if generations.generations(settings.serve_location)
            else []
        ),
        *([str(runs / "storage")] if with_runs and _has_content(runs / "storage") else []),
    ]
    if taken:
        raise InputRefusedError(f"restore: {taken[0]} is not empty. {EMPTY}")


def _has_tables(database: Database) -> bool:
    with database.read() as session:
        return bool(inspect(session.connection()).get_table_names())


def _lake_has_content(settings: Settings) -> bool:
    stored = _stored(settings)
    if stored is None:
        return _has_content(Path(settings.lake_location))
    try:
        return bool(stored.folders())
    except OSError as error:
        raise damaged("restore", stored.root, error) from error


def _stored(settings: Settings) -> StoredFiles | None:
    """The lake's place, if that is an object store."""
    lake = open_lake(settings)
    if lake.log_folder(catalog.ALL[0]) is not None:
        return None
    return StoredFiles(settings.lake_location.rstrip("/"), lake.storage_options)


def _has_content(folder: Path) -> bool:
    return folder.exists() and any(folder.iterdir())


def _places(settings: Settings, chosen: Manifest, runs: Path) -> list[tuple[Kept, Target]]:
    """Where each file goes, logs of tables last."""
    lake, stored = Path(settings.lake_location), _stored(settings)
    files: list[tuple[Kept, Target]] = [
        (one, stored or lake / one.path) for one in chosen.of("lake")
    ]
    files += [(one, runs / one.path) for one in chosen.of("runs")]
    return sorted(files, key=lambda file: LAST in file[0].path)


def _files(vault: Vault, files: Sequence[tuple[Kept, Target]]) -> list[int | None]:
    """Bytes of each file that was written; None for one that an earlier try had written."""
    made: list[int | None] = []
    for done, (kept, target) in enumerate(files, start=1):
        is_here = isinstance(target, Path)
        made.append(_bring(vault, kept, target) if is_here else _send(vault, kept, target))
        report("files restored", done, len(files))
    return made


def _send(vault: Vault, kept: Kept, stored: StoredFiles) -> int | None:
    """Put a file into an object store, once it is known to be whole."""
    try:
        if stored.size(kept.path) == kept.bytes:
            return None
        digest = hashlib.sha256()
        for part in _object(vault, kept):
            digest.update(part)
        if digest.hexdigest() != kept.sha256:
            raise _damaged(vault, kept, "is not what its name says")
        stored.put(kept.path, _object(vault, kept))
    except OSError as error:
        raise damaged("restore", f"{stored.root}/{kept.path}", error) from error
    return kept.bytes


def _bring(vault: Vault, kept: Kept, target: Path) -> int | None:
    """Put a file in its place, whole or not at all."""
    if target.exists() and target.stat().st_size == kept.bytes:
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.restoring")
    digest, _ = write_whole(fresh, _object(vault, kept))
    if digest != kept.sha256:
        fresh.unlink()
        raise _damaged(vault, kept, "is not what its name says")
    if kept.mtime_ns:
        # As it was, so that the next backup recognises it.
        os.utime(fresh, ns=(kept.mtime_ns, kept.mtime_ns))
    fresh.replace(target)
    return kept.bytes


def _object(vault: Vault, kept: Kept) -> Iterator[bytes]:
    try:
        with vault.object(kept.sha256).open("rb") as file:
            yield from chunks_of(file)
    except FileNotFoundError as error:
        raise _damaged(vault, kept, "is gone") from error


def _damaged(vault: Vault, kept: Kept, what: str) -> StoreError:
    return StoreError(
        f"{vault.object(kept.sha256)}: the content of {kept.path} {what}. The backup is damaged: "
        f"see `layers-pipeline verify {vault.folder} --deep`, and restore another one into an "
        "empty place."
    )


def _restore_operations(settings: Settings, vault: Vault, chosen: Manifest) -> None:
    (kept,) = chosen.of("operations")
    operations = Operations(settings.operations_database_url)
    try:
        if (file := operations.database.file) is not None:
            _bring(vault, kept, file)
            operations.migrate()
            return
        operations.migrate()
        if any(_has_rows(operations.database)):
            return  # an earlier try ended after the one transaction that fills it
        with TemporaryDirectory(prefix="layers-") as elsewhere:
            copy = Path(elsewhere) / DATABASE
            _bring(vault, kept, copy)
            load_from_file(copy, operations.database)
    finally:
        operations.close()


def _has_rows(database: Database) -> Iterator[bool]:
    with database.read() as session:
        for table in Base.metadata.sorted_tables:
            yield session.execute(table.select().limit(1)).first() is not None


def _note_as_seen(settings: Settings, chosen: Manifest) -> None:
    """From here on these stores are what was seen, also where later ones were seen before."""
    seen = seen_of_lake(settings)
    shutil.rmtree(seen.folder, ignore_errors=True)
    for name, table in chosen.tables.items():
        seen.begin_at(name, table.version)
    beside = Seen(settings.seen_location)
    beside.note(name_of_operations(settings), 1)
    beside.note(CLOCK, int(chosen.made_at.timestamp()))
