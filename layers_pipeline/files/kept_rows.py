"""Rows that are kept until they are needed: in memory, or on disk where they are many.

Belongs here: the kept rows and the temporary files that they lie in.
Does not belong here: what the rows are.
"""

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

MOST_IN_MEMORY: Final = 100_000
"""Rows of one file."""


class KeptRows:
    """Rows in the order in which they came.

    Temporary files hold what is more than ``most`` rows; they go when nobody holds this any more.
    A process that is killed leaves them in the system's folder of temporary files.

    Args:
        most: Rows that are kept in memory.
    """

    def __init__(self, most: int = MOST_IN_MEMORY) -> None:
        self.height = 0
        self._most = most
        self._frames: list[pl.DataFrame] = []
        self._in_memory = 0
        self._parts: list[Path] = []
        self._folder: Path | None = None

    def add(self, rows: pl.DataFrame) -> None:
        """Keep some more rows."""
        if rows.is_empty():
            return
        self.height += rows.height
        self._in_memory += rows.height
        self._frames.append(rows)
        if self._in_memory > self._most:
            self._put_away()

    def frames(self) -> Iterator[pl.DataFrame]:
        """The rows in parts; parts may have different columns."""
        for part in self._parts:
            yield pl.read_ipc(part)
        yield from self._frames

    def _put_away(self) -> None:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="layers-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        part = self._folder / f"{len(self._parts)}.arrow"
        pl.concat(self._frames, how="diagonal").write_ipc(part, compression="lz4")
        self._parts.append(part)
        self._frames, self._in_memory = [], 0
