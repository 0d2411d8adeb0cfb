"""Asynchronous reports of insights: asked for, waited for, read.

Belongs here: a report's life, with the odd states that it is seen in.
Does not belong here: when a report is the better way (``insights``).

A report is done where it says so *and* stands at 100 percent; even then it may not be readable yet.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from layers_pipeline.errors import SourceMalformedError, SourceUnavailableError
from layers_pipeline.sources.meta_ads.errors import SOURCE, FaultError
from layers_pipeline.sources.meta_ads.lists import Row, pages
from layers_pipeline.sources.meta_ads.session import AdsSession

COMPLETED: Final = "Job Completed"
FAILED: Final = "Job Failed"
SKIPPED: Final = "Job Skipped"
"""It expired, or was passed over: the same is asked for again."""
WHOLE_PCT: Final = 100
POLLS_MAX: Final = 90
"""With the usual waits, twenty minutes at least: after that it is given up."""
POLLS_AT_ZERO_MAX: Final = 30
"""It stands at 0 percent for so long: it hangs."""
READS_MAX: Final = 8
ASKED_MAX: Final = 3
POLL_WAIT_S: Final = 2.0
POLL_WAIT_MAX_S: Final = 20.0


class ReportFailedError(Exception):
    """The report came to nothing; for fewer days it may come to something."""


async def report_rows(
    session: AdsSession, path: str, params: Mapping[str, str], smaller: Callable[[int], None]
) -> list[Row]:
    """The rows of a report, asked for now.

    Raises:
        ReportFailedError: It failed, hung, or stayed unreadable.
        FaultError: The platform refuses the report, or its rows, for another reason.
        SourceError: There was no answer, or none that it promises.
    """
    for _ in range(ASKED_MAX):
        try:
            asked = await session.post(f"{path}/insights", params)
            run = _run_id(asked)
            if await _is_done(session, run):
                return await _read(session, run, smaller)
        except FaultError as refused:
            if refused.fault.kind in ("too_much", "too_slow", "not_ready"):
                raise ReportFailedError(refused.fault.message) from refused
            raise
    raise ReportFailedError(f"report skipped {ASKED_MAX} times")


def _run_id(asked: Mapping[str, Any]) -> str:
    """The report's id, a number in the documents and text in the clients that were seen."""
    found = asked.get("report_run_id")
    run = str(found) if isinstance(found, int | str) and not isinstance(found, bool) else ""
    if not run.isdigit():
        raise SourceMalformedError(SOURCE, "report: answer without a report_run_id")
    return run


async def _is_done(session: AdsSession, run: str) -> bool:
    """Wait until the report is done; false where it is to be asked for again."""
    at_zero = 0
    for poll in range(POLLS_MAX):
        told = await session.get(
            run, {"fields": "async_status,async_percent_completion,error_code"}
        )
        status, percent = told.get("async_status"), told.get("async_percent_completion")
        if status == COMPLETED and percent == WHOLE_PCT:
            return True
        if status == SKIPPED:
            return False
        if status == FAILED:
            raise ReportFailedError(f"report failed, error {told.get('error_code') or 'not told'}")
        at_zero = at_zero + 1 if percent == 0 else 0
        if at_zero >= POLLS_AT_ZERO_MAX:
            raise ReportFailedError(f"report at 0 % after {at_zero} looks")
        await _wait(session, poll)
    raise ReportFailedError(f"report not done after {POLLS_MAX} looks")


async def _read(session: AdsSession, run: str, smaller: Callable[[int], None]) -> list[Row]:
    for attempt in range(READS_MAX):
        try:
            return await pages(session, f"{run}/insights", {}, key="date_start", smaller=smaller)
        except FaultError as refused:
            if refused.fault.kind != "not_ready":
                raise
            await _wait(session, attempt)
    raise SourceUnavailableError(SOURCE, f"report {run} is done and cannot be read")


async def _wait(session: AdsSession, times: int) -> None:
    """Longer with each time; as short as the retries of a test where those are."""
    longest = min(POLL_WAIT_MAX_S, session.retries.wait_max_s * POLL_WAIT_S)
    await asyncio.sleep(min(longest, POLL_WAIT_S * 2 ** min(times, 6)))
