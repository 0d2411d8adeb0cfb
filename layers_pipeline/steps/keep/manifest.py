"""What a backup holds, as it is written down beside it.

Belongs here: the manifest of one backup, reading and writing it.
Does not belong here: the files it names (``vault``), what is done with them.

The manifest is written last, so a backup without one was interrupted. A second file holds its
checksum in the form that ``sha256sum -c`` reads.
"""

import hashlib
import os
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from layers_pipeline.errors import StoreError

FORMAT: Final = 1
"""A reader refuses a number that it does not know."""
Store = Literal["lake", "operations", "runs"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Kept(_Part):
    """One file of a store, and the object that holds its bytes.

    Args:
        store: Whose file it is.
        path: Where it lies within the store.
        bytes: Its size.
        sha256: The checksum, which is the object's name.
        mtime_ns: When it was last changed: the same file at the same time needs no second look.
    """

    store: Store
    path: str
    bytes: int
    sha256: str
    mtime_ns: int


class KeptTable(_Part):
    """A table of the lake: its version, and its rows as the log counts them."""

    version: int
    rows: int


class Manifest(_Part):
    """One backup. Grain: one per moment.

    Args:
        id: The moment as a name, such as ``20261201T033000Z``.
        made_at: The moment that all stores are of (UTC).
        package: Version of this package that made it.
        revision: Revision of the operational database's schema.
        settings: Settings that stored data depends on, by variable.
        tables: The lake's tables by name.
        rows: Rows of the operational database by table.
        files: Every file of every store.
    """

    format: int = FORMAT
    id: str
    made_at: datetime
    package: str
    revision: str
    settings: dict[str, str]
    tables: dict[str, KeptTable]
    rows: dict[str, int]
    files: tuple[Kept, ...]

    @property
    def bytes(self) -> int:
        """What its files take, each counted once however often it is named."""
        return sum({one.sha256: one.bytes for one in self.files}.values())

    def of(self, store: Store) -> list[Kept]:
        """The files of one store."""
        return [one for one in self.files if one.store == store]


def write(manifest: Manifest, path: Path) -> None:
    """Put the manifest in place as the last thing, its checksum before it."""
    body = (manifest.model_dump_json(indent=1) + "\n").encode()
    _put(path.with_suffix(".sha256"), f"{hashlib.sha256(body).hexdigest()}  {path.name}\n".encode())
    _put(path, body)


def read(path: Path) -> Manifest:
    """A manifest that is as it was written.

    Raises:
        StoreError: It is damaged, or of a newer version of this package.
    """
    remedy = "Use another backup: layers-pipeline backups list"
    try:
        body = path.read_bytes()
        told = path.with_suffix(".sha256").read_text("ascii").split()[0]
    except (OSError, UnicodeDecodeError, IndexError) as error:
        raise StoreError(f"{path}: the manifest cannot be read ({error}). {remedy}") from error
    if hashlib.sha256(body).hexdigest() != told:
        raise StoreError(f"{path}: the manifest is not what its checksum says. {remedy}")
    try:
        manifest = Manifest.model_validate_json(body)
    except ValidationError as error:
        raise StoreError(
            f"{path}: another version of this package wrote the manifest. Install that version, or "
            "a newer one."
        ) from error
    if manifest.format != FORMAT:
        raise StoreError(
            f"{path}: the manifest has format {manifest.format}, this package reads {FORMAT}. "
            "Install the version that wrote it, or a newer one."
        )
    return manifest


def _put(path: Path, body: bytes) -> None:
    fresh = path.with_name(f".{path.name}.making")
    with fresh.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
