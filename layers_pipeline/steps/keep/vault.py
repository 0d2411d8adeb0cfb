"""The folder that backups lie in: every content once, whatever names it, and one manifest each.

Belongs here: objects by checksum, which backups there are, what an interrupted one had copied,
deleting old backups.
Does not belong here: what belongs into a backup (``backup``), bringing it back (``restore``), how
bytes are written (``contents``).

``objects/ab/abcd…`` holds a content under its SHA-256; ``backups/ID.json`` names those of a backup.
While one is made, ``backups/ID.incomplete`` tells what was copied; the next one goes on from it.
"""

import json
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from pydantic import ValidationError

from layers_pipeline.errors import LockTimeoutError, NotFoundError, StoreError
from layers_pipeline.lake.locks import FileLocks
from layers_pipeline.steps.keep import manifest
from layers_pipeline.steps.keep.contents import chunks_of, has_size, write_whole
from layers_pipeline.steps.keep.manifest import Kept, Manifest, Store

ID: Final = "%Y%m%dT%H%M%SZ"
INCOMPLETE: Final = ".incomplete"
Place = tuple[Store, str]


@dataclass
class Copied:
    """What making a backup did: files in all, those whose content was new, and their bytes."""

    files: int = 0
    bytes: int = 0
    new_files: int = 0
    new_bytes: int = 0
    known: dict[Place, Kept] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file that lies elsewhere: its address, its bytes, and when it was last changed.

    ``mtime_ns`` is 0 of a file whose name is never given to another content.
    """

    name: str
    bytes: int
    mtime_ns: int = 0


class Vault:
    """One folder of backups."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._backups = folder / "backups"
        self._objects = folder / "objects"

    def ids(self) -> list[str]:
        """Names of the complete backups, oldest first."""
        return sorted(path.stem for path in self._backups.glob("*.json"))

    def incomplete(self) -> list[str]:
        """Names of the backups that were begun and not finished."""
        return sorted(path.stem for path in self._backups.glob(f"*{INCOMPLETE}"))

    def manifest(self, name: str = "") -> Manifest:
        """The manifest of a backup; the newest by default.

        Raises:
            NotFoundError: There is no such backup, or none at all.
            StoreError: Its manifest is damaged.
        """
        self.require_any()
        ids = self.ids()
        if name and name not in ids:
            state = "was interrupted and is incomplete" if name in self.incomplete() else "is none"
            raise NotFoundError(
                f"{self.folder}: {name} {state}. Complete ones: {', '.join(ids[-5:])}."
            )
        return manifest.read(self._path(name or ids[-1]))

    def require_any(self) -> None:
        """Refuse a folder without a complete backup.

        Raises:
            NotFoundError: There is none.
        """
        if not self.ids():
            begun = " One was begun and not finished." if self.incomplete() else ""
            raise NotFoundError(
                f"{self.folder}: there is no complete backup.{begun} Name the folder that "
                "`layers-pipeline backup` was given."
            )

    def object(self, sha256: str) -> Path:
        """Where a content lies."""
        return self._objects / sha256[:2] / sha256

    @contextmanager
    def held(self) -> Generator[None]:
        """Hold the folder: one process at a time writes to it.

        Raises:
            LockTimeoutError: Another one does.
        """
        try:
            self._backups.mkdir(parents=True, exist_ok=True)
            with FileLocks(self.folder, timeout_s=0.0).hold("backups"):
                yield
        except LockTimeoutError as error:
            raise LockTimeoutError(
                f"{self.folder}: another process makes or deletes backups here. Repeat once it "
                "has finished."
            ) from error
        except OSError as error:
            raise StoreError(
                f"{error.filename or self.folder}: {error.strerror or error}. Mend that (space, "
                "rights), then repeat: what was copied is kept."
            ) from error

    def name_at(self, moment: datetime) -> str:
        """A name that no backup has yet, from the moment; to the second."""
        name, number = f"{moment:{ID}}", 1
        while name in self.ids():
            number += 1
            name = f"{moment:{ID}}-{number}"
        return name

    @contextmanager
    def writing(self, name: str) -> Generator["Writer"]:
        """Begin a backup: what others copied before, whole or not, need not be copied again."""
        known = self._known()
        path = self._backups / f"{name}{INCOMPLETE}"
        with path.open("a", encoding="utf-8") as journal:
            yield Writer(self, journal, Copied(known=known))

    def finish(self, made: Manifest) -> None:
        """Write the manifest, and forget what was interrupted before."""
        manifest.write(made, self._path(made.id))
        for left in self._backups.glob(f"*{INCOMPLETE}"):
            left.unlink()

    def prune(self, keep: int) -> tuple[list[str], int, int]:
        """Delete all but the newest backups, and every content that no other names.

        Returns:
            Names of what was deleted, and how many contents and bytes went with them.

        Raises:
            StoreError: A manifest cannot be read, so nobody can tell what it names.
        """
        old, kept = self.ids()[:-keep], self.ids()[-keep:]
        needed = {one.sha256 for name in kept for one in self.manifest(name).files}
        for name in old:
            self._path(name).unlink()
            self._path(name).with_suffix(".sha256").unlink(missing_ok=True)
        for name in self.incomplete():
            (self._backups / f"{name}{INCOMPLETE}").unlink()
        files = size = 0
        for path in self.contents():
            if path.name not in needed:
                files, size = files + 1, size + path.stat().st_size
                path.unlink()
        return old, files, size

    def contents(self) -> Iterator[Path]:
        """Every content that lies here, and what a killed process left of one."""
        return (path for path in self._objects.glob("*/*") if path.is_file())

    def _path(self, name: str) -> Path:
        return self._backups / f"{name}.json"

    def _known(self) -> dict[Place, Kept]:
        """What is known of files by their place, from complete backups and interrupted ones."""
        found: dict[Place, Kept] = {}
        for name in self.ids():
            try:
                found |= {(one.store, one.path): one for one in self.manifest(name).files}
            except StoreError:
                continue  # ``verify`` tells of it; here it only saves reading files again
        for name in self.incomplete():
            lines = (self._backups / f"{name}{INCOMPLETE}").read_text("utf-8").splitlines()
            found |= {(one.store, one.path): one for one in map(_parsed, lines) if one}
        return found


class Writer:
    """Copies files into the vault, and notes each at once, so that a repeat goes on."""

    def __init__(self, vault: Vault, journal: IO[str], copied: Copied) -> None:
        self._vault, self._journal, self.copied = vault, journal, copied

    def keep(self, store: Store, path: str, source: Path, *, size: int | None = None) -> Kept:
        """Keep a file; one that was kept before, and has not changed, is not read.

        Args:
            size: The bytes that it must have.

        Raises:
            StoreError: It is gone, or has another size.
        """
        try:
            found = source.stat()
        except FileNotFoundError as error:
            raise _not_as_told(source, None, size) from error
        if size is not None and found.st_size != size:
            raise _not_as_told(source, found.st_size, size)
        dated = found.st_mtime_ns
        if known := self.kept_before(store, path, size=found.st_size, mtime_ns=dated):
            return known
        with source.open("rb") as file:
            return self._store(store, path, chunks_of(file), mtime_ns=dated)

    def keep_from(
        self, store: Store, path: str, read: Callable[[], Iterator[bytes]], source: Source
    ) -> Kept:
        """Keep a file that lies elsewhere; one that was kept before is not read.

        Args:
            read: Its bytes, from the beginning.

        Raises:
            StoreError: It has another size.
        """
        size, dated = source.bytes, source.mtime_ns
        if known := self.kept_before(store, path, size=size, mtime_ns=dated):
            return known
        kept = self._store(store, path, read(), mtime_ns=dated)
        if kept.bytes != size:
            raise _not_as_told(source.name, kept.bytes, size)
        return kept

    def kept_before(self, store: Store, path: str, *, size: int, mtime_ns: int) -> Kept | None:
        """What an earlier backup kept of a file that has not changed since; noted for this one."""
        known = self.copied.known.get((store, path))
        if known is None or (known.bytes, known.mtime_ns) != (size, mtime_ns):
            return None
        if not has_size(self._vault.object(known.sha256), known.bytes):
            return None
        self._count(known, is_new=False)
        return known

    def keep_bytes(self, store: Store, path: str, body: bytes) -> Kept:
        """Keep a content that lies in no file any more."""
        return self._store(store, path, [body], mtime_ns=0)

    def _store(self, store: Store, path: str, chunks: Iterable[bytes], *, mtime_ns: int) -> Kept:
        incoming = self._vault.folder / "objects" / f".incoming-{os.getpid()}"
        incoming.parent.mkdir(parents=True, exist_ok=True)
        digest, size = write_whole(incoming, chunks)
        target = self._vault.object(digest)
        is_new = not has_size(target, size)
        if is_new:
            target.parent.mkdir(exist_ok=True)
            incoming.replace(target)
        else:
            incoming.unlink()
        kept = Kept(store=store, path=path, bytes=size, sha256=digest, mtime_ns=mtime_ns)
        self._count(kept, is_new=is_new)
        return kept

    def _count(self, kept: Kept, *, is_new: bool) -> None:
        self._journal.write(kept.model_dump_json() + "\n")
        self._journal.flush()
        self.copied.files += 1
        self.copied.bytes += kept.bytes
        self.copied.new_files += is_new
        self.copied.new_bytes += kept.bytes if is_new else 0


def _parsed(line: str) -> Kept | None:
    """A line of a journal; the last one of a killed process may be cut."""
    try:
        return Kept.model_validate(json.loads(line))
    except (ValueError, ValidationError):
        return None


def _not_as_told(source: Path | str, size: int | None, wanted: int | None) -> StoreError:
    is_there = "is gone" if size is None else f"has {size:,} of {wanted:,} bytes"
    return StoreError(
        f"{source} {is_there}: the store is damaged and no backup was made of it. See "
        "`layers-pipeline verify`; older backups are as they were."
    )
