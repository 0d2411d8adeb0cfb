"""Reports of insights that were ordered, and how far each is.

Belongs here: keeping them, and when one can be read.
Does not belong here: how that is told (``report_status``), the rows (``insights``).

A report shows what was true when it was ordered. Its second status is its last, unless a fault
decides otherwise; no clock is needed for it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Final, Literal

from sandbox.graph.ads.query import AdScope, InsightsQuery

KEPT: Final = timedelta(days=30)
READY_AFTER: Final = 2
"""Statuses until a report is completed."""
FIRST_ID: Final = 6_023_920_149_050_000
Outcome = Literal["", "run_failed", "run_too_large", "run_skipped"]


@dataclass(kw_only=True)
class Report:
    """One report that was ordered."""

    run_id: str
    ordered_at: datetime
    scope: AdScope
    query: InsightsQuery
    asked: int = 0
    """How often its status was read."""
    outcome: Outcome = ""
    """How it ended, if not well."""

    @property
    def is_completed(self) -> bool:
        """Whether it can be read."""
        return not self.outcome and self.asked >= READY_AFTER


class Reports:
    """Every report that was ordered."""

    def __init__(self) -> None:
        self._serial = count(1)
        self._reports: dict[str, Report] = {}

    def order(self, scope: AdScope, query: InsightsQuery, *, at: datetime) -> Report:
        """A new report."""
        run_id = str(FIRST_ID + next(self._serial))
        report = Report(run_id=run_id, ordered_at=at, scope=scope, query=query)
        self._reports[run_id] = report
        return report

    def report(self, run_id: str, *, at: datetime) -> Report | None:
        """The report of this id; none after thirty days."""
        report = self._reports.get(run_id)
        return report if report is not None and at < report.ordered_at + KEPT else None
