"""The log of a table on this machine, kept as short as its readers allow.

Belongs here: which versions stay readable, writing checkpoints for them, deleting the rest.
Does not belong here: data files (``Lake.vacuum``), which versions anybody needs (the caller).

Opening or writing a table lists its whole log in a folder, however few files of it are read, and a
sync every five minutes makes some hundred a day. In an object store a listing begins behind the
last checkpoint; there the log is left to deltalake, which cleans it by age.
"""

import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from layers_pipeline.errors import NotFoundError
from layers_pipeline.lake.commits import PROPERTIES
from layers_pipeline.lake.store import Lake
from layers_pipeline.lake.table import Table

LEFT_ALONE_S: Final = 3_600
"""Versions of the last hour stay readable: a run may have begun at any of them."""
CHECKPOINT: Final = ".checkpoint.parquet"
LOG_FILE: Final = re.compile(r"(?P<version>\d{20})(?P<kind>\.json|\.checkpoint\.parquet)")


def shorten_log(lake: Lake, table: Table, *, keep: Iterable[int]) -> int:
    """Delete what no version of the last hour and no kept version is read from.

    Args:
        keep: Versions that stay readable, whatever their age; each gets a checkpoint.

    Returns:
        Files deleted.
    """
    log = lake.log_folder(table)
    return 0 if log is None else lake.commit(table, lambda _: _shorten(lake, table, log, set(keep)))


def _shorten(lake: Lake, table: Table, log: Path, keep: set[int]) -> int:
    _set_properties(lake, table)
    newest = lake.version(table)
    there = set(_named(log, CHECKPOINT).values())
    # The newest one last: the log's own note of its last checkpoint is that of the last written.
    for version in (*sorted(keep - there - {newest}), newest):
        _write_checkpoint(lake, table, version)
    needed = _oldest_needed(log, newest)
    deleted = 0
    # Oldest first: a version whose commit is there has those after it, too (``reading.Opened``).
    for path in sorted(log.iterdir()):
        found = LOG_FILE.fullmatch(path.name)
        if found is None or int(found["version"]) >= needed:
            continue
        if found["kind"] == ".json" or int(found["version"]) not in keep:
            path.unlink(missing_ok=True)
            deleted += 1
    return deleted


def _set_properties(lake: Lake, table: Table) -> None:
    """Give a table that an older version of this package made what new ones have."""
    handle = lake.ensure(table)
    lacking = dict(PROPERTIES.items() - handle.metadata().configuration.items())
    if lacking:
        handle.alter.set_table_properties(lacking)


def _write_checkpoint(lake: Lake, table: Table, version: int) -> None:
    try:
        handle = lake.handle(table, version=version)
    except NotFoundError:
        return
    if handle is not None:
        handle.create_checkpoint()


def _oldest_needed(log: Path, newest: int) -> int:
    """The checkpoint that every version of the last hour is read from.

    It is itself older than that: whoever opened the table within the hour began from it or from a
    later one, and may read the log on from there.
    """
    since = time.time() - LEFT_ALONE_S
    old = {path.name for path in log.iterdir() if path.stat().st_mtime < since}
    young = [version for name, version in _named(log, ".json").items() if name not in old]
    oldest = min(young, default=newest)
    begun = [version for name, version in _named(log, CHECKPOINT).items() if name in old]
    return max((version for version in begun if version <= oldest), default=0)


def _named(log: Path, kind: str) -> dict[str, int]:
    """The versions of the log's files of a kind, by file name."""
    found = (LOG_FILE.fullmatch(path.name) for path in log.glob(f"*{kind}"))
    return {match.group(): int(match["version"]) for match in found if match}
