"""Bytes of kept files: written through to the disk, with their checksum, in parts.

Belongs here: reading and writing one file's bytes.
Does not belong here: where contents lie and what names them (``vault``).
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final

CHUNK: Final = 1024 * 1024


def write_whole(target: Path, chunks: Iterable[bytes]) -> tuple[str, int]:
    """Write a file through to the disk; its checksum and size."""
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size


def chunks_of(file: IO[bytes]) -> Iterator[bytes]:
    """What is left of a file, in parts that fit into memory."""
    return iter(lambda: file.read(CHUNK), b"")


def has_size(path: Path, size: int) -> bool:
    """Whether a file is there with so many bytes."""
    try:
        return path.stat().st_size == size
    except OSError:
        return False
