"""How far a report of insights is, as Meta tells it.

Belongs here: the fields of a report, and how faults bend its state.
Does not belong here: which reports there are (``reports``).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sandbox.graph.ads.reports import Report
from sandbox.graph.call import Json

CODES: Final[Mapping[str, tuple[int, int]]] = {
    "run_failed": (-2, 2_490_547),
    "run_too_large": (-3, 1_504_045),
}


def status_json(report: Report, *, bent: str, at: datetime) -> Json:
    """How far a report is; asking moves it on.

    Args:
        report: The report.
        bent: A fault that bends its state.
        at: The moment.
    """
    if bent in ("run_failed", "run_too_large", "run_skipped"):
        report.outcome = bent
    if bent not in ("run_stuck", "run_running_100"):
        report.asked += 1
    status, percent, is_running = _state(report, bent)
    since, until = report.query.span
    found: Json = {
        "id": report.run_id,
        "account_id": report.scope.account.account_id,
        "time_ref": int(report.ordered_at.timestamp()),
        "async_status": status,
        "async_percent_completion": percent,
        "is_running": is_running,
        "date_start": f"{since}",
        "date_stop": f"{until}",
    }
    if report.is_completed and not is_running:
        found["time_completed"] = int(at.timestamp())
    return found | _error(report)


def _state(report: Report, bent: str) -> tuple[str, int, bool]:
    if bent == "run_stuck":
        return "Job Not Started", 0, False
    if bent == "run_running_100":
        return "Job Running", 100, True
    if report.outcome == "run_skipped":
        return "Job Skipped", 0, False
    if report.outcome:
        return "Job Failed", 50, False
    if report.is_completed:
        return "Job Completed", 100, False
    return "Job Running", 50, True


def _error(report: Report) -> Json:
    """Since v25.0 a report that failed says why."""
    if report.outcome not in CODES:
        return {}
    code, subcode = CODES[report.outcome]
    return {
        "error_code": code,
        "error_subcode": subcode,
        "error_message": "The report could not be made.",
        "error_user_title": "Report failed",
        "error_user_msg": "Ask for less data.",
    }
