"""The two tables of errors (spec: Graph API 1.5 and 1.7, Business API 2.5) as cases of one test.

Belongs here: each row's fault, and what one full sync that meets it must leave behind.
Does not belong here: running syncs (``fault_world``), asserting (``test_fault_matrix``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from tests.steps.fault_world import TOKEN_LIFE

LOOK_AGAIN_MIN = 6 * 60.0
UNSTATED_MIN = 5.0
TRIES = 3


@dataclass(frozen=True, kw_only=True)
class Left:
    """What one sync of one account left behind."""

    outcome: str
    status: str = "active"
    wait_min: float | None = None
    """Minutes until ``retry_at``; none: as its cadence says."""
    pause_min: float | None = None
    """Minutes for which the whole API gets no calls; none: it is not paused."""
    requests: int
    """HTTP requests, as the sandbox counted them."""
    rows: int = 0
    """Response rows landed."""
    posts: int = 0
    snapshots: int = 0
    is_complete: bool = False
    """Whether the listing proves anything about deletions."""
    dropped: frozenset[str] = frozenset()
    """Metrics remembered as refused."""
    unreadable: int = 0
    """Items remembered as having no insights for ever."""


WELL = {
    "instagram": Left(
        outcome="ok", requests=3, rows=16, posts=6, snapshots=6, is_complete=True
    ),
    "tiktok": Left(outcome="ok", requests=2, rows=6, posts=5, snapshots=5, is_complete=True),
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One row of a table, and what must follow."""

    name: str
    platform: str
    faults: tuple[Mapping[str, Any], ...]
    left: Left
    life: timedelta = TOKEN_LIFE
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kinds(self) -> frozenset[str]:
        """Rows of the sandbox's table of faults, without places."""
        return frozenset(fault["kind"].rpartition(":")[2] for fault in self.faults)


def instagram(*kinds: str, name: str = "", left: Left, settings=None, **given: Any) -> Case:
    """A case of the Graph API; what is given holds for each of its faults."""
    return Case(
        name=f"instagram {name or kinds[0]}",
        platform="instagram",
        faults=tuple({"kind": kind, **given} for kind in kinds),
        left=left,
        settings=settings or {},
    )


def tiktok(*faults: str | Mapping[str, Any], name: str = "", left: Left, **given: Any) -> Case:
    """A case of the Business API."""
    listed = tuple({"kind": one} if isinstance(one, str) else one for one in faults)
    life = given.pop("life", TOKEN_LIFE)
    return Case(
        name=f"tiktok {name or listed[0]['kind']}",
        platform="tiktok",
        faults=tuple({**one, **given} for one in listed),
        left=left,
        life=life,
    )


def well(platform: str, **changes: Any) -> Left:
    """A sync that lost nothing but what is said."""
    return replace(WELL[platform], **changes)
