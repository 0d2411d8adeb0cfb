"""Leases: who may work on a row, and until when.

Belongs here: when a lease is free, taken, kept or lost, for every table that has one.
Does not belong here: which rows are due.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.checks import require_key
from layers_pipeline.operations.instants import require_aware
from layers_pipeline.operations.models import AccountSyncState, ScrapeJob
from layers_pipeline.operations.oauth_models import AccountToken


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One worker's wish for at most ``limit`` rows, from ``now`` on for ``lease_for``."""

    now: datetime
    lease_for: timedelta
    worker: str
    limit: int

    def __post_init__(self) -> None:
        require_aware(self.now, what=f"claim of worker {self.worker}: now")
        require_key(self.worker, what="worker")
        if self.limit < 1 or self.lease_for <= timedelta(0):
            raise InputRefusedError(
                f"operations: claim of worker {self.worker}: limit {self.limit}, lease for"
                f" {self.lease_for}. Both must be more than zero."
            )

    @property
    def lease(self) -> dict[str, Any]:
        """The columns that make the worker the holder."""
        return {"lease_owner": self.worker, "lease_until": self.now + self.lease_for}


NO_LEASE: dict[str, Any] = {"lease_owner": None, "lease_until": None}
"""The columns that let the next worker in."""


def is_free(
    table: type[AccountSyncState | ScrapeJob | AccountToken], *, now: datetime
) -> ColumnElement[bool]:
    """True where nobody holds a lease that runs beyond ``now``; a holder's name opens nothing."""
    return or_(table.lease_until.is_(None), table.lease_until <= now)
