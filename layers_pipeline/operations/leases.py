"""Leases: who may work on a row, and until when.

Belongs here: when a lease is free, taken, kept or lost, for every table that has one.
Does not belong here: which rows are due.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.utc_datetime import require_aware
from layers_pipeline.operations.validators import require_key


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
                f"claim of worker {self.worker}: limit {self.limit}, lease for"
                f" {self.lease_for}. Both must be more than zero."
            )

    @property
    def lease_until(self) -> datetime:
        """Until when nobody else may work on the rows."""
        return self.now + self.lease_for


def is_free(
    lease_until: InstrumentedAttribute[datetime | None], *, now: datetime
) -> ColumnElement[bool]:
    """True where nobody holds a lease that runs beyond ``now``; a holder's name opens nothing."""
    return or_(lease_until.is_(None), lease_until <= now)
