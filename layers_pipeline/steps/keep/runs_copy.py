"""Dagster's own records: the history of runs, which holds no data of the pipeline.

Belongs here: copying its SQLite files while Dagster may write them.
Does not belong here: what they hold (Dagster's), deleting old runs (``dagster_support``).
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from layers_pipeline.errors import StoreError
from layers_pipeline.progress import report
from layers_pipeline.steps.keep.manifest import Kept
from layers_pipeline.steps.keep.vault import Writer

DATABASES: Final = "storage/**/*.db"
SETTINGS: Final = "dagster.yaml"


def keep_runs(home: Path, writer: Writer) -> list[Kept]:
    """Keep Dagster's files of runs and schedules; those of finished runs are copied once.

    Args:
        home: Dagster's folder.

    Raises:
        StoreError: One of them is damaged.
    """
    kept: list[Kept] = []
    found = sorted(home.glob(DATABASES))
    with TemporaryDirectory(prefix="layers-") as elsewhere:
        for done, path in enumerate(found, start=1):
            place = path.relative_to(home).as_posix()
            kept.append(
                _kept_before(writer, place, path)
                or writer.keep("runs", place, _copied(path, Path(elsewhere)))
            )
            report("records of runs kept", done, len(found))
    settings = home / SETTINGS
    return [*kept, writer.keep("runs", SETTINGS, settings)] if settings.exists() else kept


def _kept_before(writer: Writer, place: str, path: Path) -> Kept | None:
    if _is_open(path):
        return None
    found = path.stat()
    return writer.kept_before("runs", place, size=found.st_size, mtime_ns=found.st_mtime_ns)


def _is_open(path: Path) -> bool:
    """Whether SQLite's log beside a file may hold what the file does not."""
    return path.with_name(f"{path.name}-wal").exists()


def _copied(path: Path, folder: Path) -> Path:
    """A whole copy of a file, dated as the file is."""
    target = folder / "copy.db"
    target.unlink(missing_ok=True)
    dated = path.stat().st_mtime_ns
    try:
        with (
            closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as original,
            closing(sqlite3.connect(target)) as copy,
        ):
            original.backup(copy)
    except sqlite3.Error as error:
        raise StoreError(
            f"{path}: {error}. Dagster's records hold no data: back up without `--with-runs`."
        ) from error
    os.utime(target, ns=(dated, dated))
    return target
