"""One version of each table of the lake, all of one moment, down to the files that make it up.

Belongs here: which files a version needs, data and log, while nobody writes.
Does not belong here: copying them (``backup``).

A table's log is taken whole: versions that other tables have read stay readable by number.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from layers_pipeline.errors import SettingsError
from layers_pipeline.lake import catalog
from layers_pipeline.lake.log import LOG_FILE
from layers_pipeline.lake.store import Lake

LOG: Final = "_delta_log"
NOTE: Final = "_last_checkpoint"
"""The log's own note of its last checkpoint; it is overwritten, so its bytes are taken."""


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One table at one version.

    Args:
        folder: Where it lies.
        files: Data files by place within it, and their bytes as the log says.
        log: Names of the log's files up to the version.
        note: The log's note of its last checkpoint, where there is one.
    """

    name: str
    version: int
    rows: int
    folder: Path
    files: dict[str, int]
    log: tuple[str, ...]
    note: bytes | None


def pin_all(lake: Lake) -> list[Pin]:
    """Every stored table at its version; the caller holds the lake's write lock.

    Raises:
        SettingsError: The lake lies in an object store.
    """
    return list(_pins(lake))


def _pins(lake: Lake) -> Iterator[Pin]:
    for table in catalog.TABLES:
        log = lake.log_folder(table)
        if log is None:
            raise SettingsError(
                f"LAYERS_LAKE_URL: the lake lies in an object store ({lake.uri(table)}). Its own "
                "versions and copies keep it; `backup` copies lakes in folders only."
            )
        if (handle := lake.handle(table)) is not None:
            listed = handle.get_add_actions()
            paths, sizes, rows = (
                listed[name].to_pylist() for name in ("path", "size_bytes", "num_records")
            )
            yield Pin(
                name=table.name,
                version=handle.version(),
                rows=sum(count or 0 for count in rows),
                folder=log.parent,
                files=dict(zip(map(unquote, paths), sizes, strict=True)),
                log=_log_up_to(log, handle.version()),
                note=_note(log),
            )


def _log_up_to(log: Path, version: int) -> tuple[str, ...]:
    found = (LOG_FILE.fullmatch(path.name) for path in log.iterdir())
    return tuple(sorted(one.group() for one in found if one and int(one["version"]) <= version))


def _note(log: Path) -> bytes | None:
    path = log / NOTE
    return path.read_bytes() if path.exists() else None
