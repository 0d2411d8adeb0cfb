"""Where the files of one table lie, a folder or an object store, as a backup takes them from there.

Belongs here: listing a table's log, handing its files to the vault.
Does not belong here: which files a version needs (``pins``), how contents are kept (``vault``).
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from deltalake.exceptions import DeltaError

from layers_pipeline.lake.object_store import StoredFile, StoredFiles
from layers_pipeline.lake.reading import damaged
from layers_pipeline.lake.store import Lake
from layers_pipeline.lake.table import Table
from layers_pipeline.steps.keep.contents import CHUNK
from layers_pipeline.steps.keep.manifest import Kept
from layers_pipeline.steps.keep.vault import Source, Writer

LOG: Final = "_delta_log"
NOTE: Final = "_last_checkpoint"
"""The log's own note of its last checkpoint; it is overwritten, so its bytes are taken."""


class Place(Protocol):
    """Where the files of one table lie."""

    def log(self) -> list[str]:
        """Names of the log's files."""
        ...

    def note(self) -> bytes | None:
        """The log's note of its last checkpoint, where there is one."""
        ...

    def keep(self, writer: Writer, path: str, *, size: int | None = None) -> Kept:
        """Keep a file by its place below the table.

        Args:
            size: Its bytes as the log says, of a data file.

        Raises:
            StoreError: It is gone, or has another size.
        """
        ...


class InFolder:
    """On this machine."""

    def __init__(self, name: str, root: Path) -> None:
        self._name, self._root = name, root

    def log(self) -> list[str]:
        """As of ``Place``."""
        return [path.name for path in (self._root / LOG).iterdir()]

    def note(self) -> bytes | None:
        """As of ``Place``."""
        path = self._root / LOG / NOTE
        return path.read_bytes() if path.exists() else None

    def keep(self, writer: Writer, path: str, *, size: int | None = None) -> Kept:
        """As of ``Place``."""
        return writer.keep("lake", f"{self._name}/{path}", self._root / path, size=size)


class InStore:
    """In an object store. A data file is recognised by its name and size: no name is used twice."""

    def __init__(self, name: str, files: StoredFiles) -> None:
        self._name, self._files = name, files
        self._log: dict[str, StoredFile] = {}

    def log(self) -> list[str]:
        """As of ``Place``."""
        try:
            self._log = {one.name: one for one in self._files.listed(LOG)}
        except (DeltaError, OSError) as error:
            raise damaged(self._name, self._files.root, error) from error
        return list(self._log)

    def note(self) -> bytes | None:
        """As of ``Place``; ``log`` was asked before."""
        return b"".join(self._chunks(f"{LOG}/{NOTE}")) if NOTE in self._log else None

    def keep(self, writer: Writer, path: str, *, size: int | None = None) -> Kept:
        """As of ``Place``; ``log`` was asked before."""
        name, place = f"{self._files.root}/{path}", f"{self._name}/{path}"
        if size is None:
            listed = self._log[path.removeprefix(f"{LOG}/")]
            source = Source(name=name, bytes=listed.bytes, mtime_ns=listed.mtime_ns)
        else:
            source = Source(name=name, bytes=size)
        return writer.keep_from("lake", place, partial(self._chunks, path), source)

    def _chunks(self, path: str) -> Iterator[bytes]:
        try:
            yield from self._files.chunks(path, size=CHUNK)
        except (DeltaError, OSError) as error:
            raise damaged(self._name, f"{self._files.root}/{path}", error) from error


def place_of(lake: Lake, table: Table) -> Place:
    """Where the files of a table lie."""
    log = lake.log_folder(table)
    if log is not None:
        return InFolder(table.name, log.parent)
    return InStore(table.name, StoredFiles(lake.uri(table), lake.storage_options))
