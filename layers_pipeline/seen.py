"""What a deployment has seen of its stores, so that a store that lost something is recognised.

Belongs here: small files beside the stores, each with a number that only grows.
Does not belong here: what follows from a number that is lower than before (each store says it).

A store that is empty, or older than it was, looks like one that is new: only something outside it
can tell. These files are no part of the data: whoever deletes one begins anew.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layers_pipeline.errors import StoreError

RESTORE: Final = "Restore it from a copy; to go on with what is there, without the rest"


@dataclass(frozen=True)
class Seen:
    """Numbers by name, in one folder."""

    folder: Path

    def path(self, name: str) -> Path:
        """The file of a name."""
        return self.folder / name

    def number(self, name: str) -> int:
        """The largest number that was noted; -1 before the first, or if it cannot be read."""
        try:
            return int(self.path(name).read_text("ascii"))
        except (OSError, ValueError):
            return -1

    def note(self, name: str, number: int) -> None:
        """Note a number unless a larger one is known; what cannot be written is not noted."""
        if number > self.number(name):
            self.begin_at(name, number)

    def begin_at(self, name: str, number: int) -> None:
        """Begin anew at a number, also at a lower one: a store was restored on purpose."""
        path = self.path(name)
        fresh = path.with_name(f".{name}.{os.getpid()}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            fresh.write_text(str(number), "ascii")
            fresh.replace(path)
        except OSError:
            fresh.unlink(missing_ok=True)

    def lost(self, name: str, what: str, why: str, *, remedy: str = RESTORE) -> StoreError:
        """The error that a store has lost something: restore it, or say that this is the truth."""
        return StoreError(
            f"{what}: {why}. Nothing was changed. {remedy}, delete {self.path(name)}."
        )
