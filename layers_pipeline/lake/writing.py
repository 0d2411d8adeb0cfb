"""Who may write at the same time: those who land rows, one who derives, one who scores, one alone.

Belongs here: the lake's locks by name in their one order, what a thread holds of them, the
versions that a derivation goes by.
Does not belong here: how a lock is held (``locks``), what is written (``store``).

Several may land rows at once, also while somebody derives. Whoever derives goes by the landed rows
of one moment, at which nobody was landing: what lands later is known later, and is derived next
time. Whoever writes what ticks come to holds a lock of its own, and derives within it where it has
to. Whoever is alone keeps out all of them. Locks are taken in the order of ``ORDER`` only, so that
no two can wait for each other.
"""

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Final, Literal

from deltalake import DeltaTable

from layers_pipeline.lake.locks import Held, Locks

SCORING: Final = "scoring"
"""Held by who writes scores, eligibility, selections and what else follows from ticks."""
DERIVATION: Final = "derivation"
WRITE_LOCK: Final = "unit"
"""Shared by those who land rows, held by one who is alone. Its name is a file's, or a number of
PostgreSQL's, that processes of older versions take too: never change it."""
LANDING: Final = "landing-"
TABLE: Final = "table-"
"""Locks of one table, by its name after these."""
ORDER: Final = (
    "demo",
    "migration",
    "maintenance",
    "publish",
    "creators",
    SCORING,
    DERIVATION,
    WRITE_LOCK,
    LANDING,
    TABLE,
)
"""Whoever holds a lock may take those after it, and none before it or of its own kind."""
Role = Literal["landing", "deriving", "alone"]
Pins = Mapping[str, DeltaTable | None]
"""Tables that others write, as they were at one moment; None for one that was not there yet."""


class _Mine(threading.local):
    """What the thread holds."""

    def __init__(self) -> None:
        self.held: list[tuple[str, Held]] = []
        self.role: Role | None = None
        self.pins: Pins = {}


class Writing:
    """The lake's locks as one process takes them; each thread holds its own."""

    def __init__(self, locks: Locks) -> None:
        self._locks = locks
        self._mine = _Mine()

    @contextmanager
    def lock(self, name: str, *, shared: bool = False) -> Generator[None]:
        """A lock by name, taken in its order.

        Raises:
            RuntimeError: The thread holds one that comes after it: a fault of the program.
        """
        held = self._mine.held
        if held and place_of(held[-1][0]) >= place_of(name):
            raise RuntimeError(f"the lock {name!r} is not to be taken within {held[-1][0]!r}")
        with self._locks.hold(name, shared=shared) as taken:
            held.append((name, taken))
            try:
                yield
            finally:
                held.pop()

    @contextmanager
    def alone(self) -> Generator[None]:
        """Nobody else writes; part of a derivation or of itself if taken within one."""
        if self._mine.role in {"alone", "deriving"}:
            yield
            return
        with (
            self.scoring(),
            self.lock(DERIVATION),
            self.lock(WRITE_LOCK),
            self._as("alone"),
        ):
            yield

    @contextmanager
    def scoring(self) -> Generator[None]:
        """One writes what ticks come to at a time; part of itself or of being alone."""
        if self.holds(SCORING):
            yield
            return
        with self.lock(SCORING):
            yield

    @contextmanager
    def deriving(self, landed_now: Callable[[], Pins]) -> Generator[None]:
        """One derives at a time, by what had landed at one moment; part of being alone.

        Args:
            landed_now: Opens the tables that others may write meanwhile; called while nobody
                lands rows.
        """
        if self._mine.role in {"alone", "deriving"}:
            yield
            return
        with self.lock(DERIVATION):
            with self.lock(WRITE_LOCK):
                pins = landed_now()
            with self._as("deriving", pins):
                yield

    @contextmanager
    def going_by(self, pins: Pins) -> Generator[None]:
        """Read tables as they were; takes no lock."""
        with self._as(self._mine.role, pins):
            yield

    @contextmanager
    def landing(self, table: str | None) -> Generator[None]:
        """Others land rows too, but not in the table that is named; part of being alone."""
        if self._mine.role == "alone":
            yield
            return
        with self.lock(WRITE_LOCK, shared=True), self._as("landing"):
            if table is None:
                yield
                return
            with self.lock(f"{LANDING}{table}"):
                yield

    @contextmanager
    def _as(self, role: Role | None, pins: Pins | None = None) -> Generator[None]:
        before = self._mine.role, self._mine.pins
        self._mine.role, self._mine.pins = role, pins or {}
        try:
            yield
        finally:
            self._mine.role, self._mine.pins = before

    def holds(self, name: str) -> bool:
        """Whether the thread holds the lock of a name."""
        return any(held == name for held, _ in self._mine.held)

    @property
    def pins(self) -> Pins:
        """The tables that the thread reads as they were."""
        return self._mine.pins

    def require(self) -> None:
        """See to it that no lock of the thread was lost, before it commits.

        Raises:
            LockLostError: One was.
        """
        for _, held in self._mine.held:
            held.require()


def place_of(name: str) -> int:
    """Where a lock stands in the order."""
    kinds = {LANDING, TABLE}
    kind = next((kind for kind in kinds if name.startswith(kind)), name)
    return ORDER.index(kind)
