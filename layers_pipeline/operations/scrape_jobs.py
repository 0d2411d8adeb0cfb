"""Asynchronous scrapes at SIFT: asked for, watched, collected.

Belongs here: statements on ``scrape_jobs``.
Does not belong here: talking to SIFT.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.accounts import require_accounts
from layers_pipeline.operations.checks import message_to_keep, require_key, require_word
from layers_pipeline.operations.leases import NO_LEASE, Claim, is_free
from layers_pipeline.operations.models import ScrapeJob
from layers_pipeline.operations.rows import ScrapeJobRow
from layers_pipeline.operations.statements import chunks, fetch, insert_if_absent, select_rows
from transforms import vocabulary

_SETTABLE: tuple[vocabulary.JobStatus, ...] = ("succeeded", "collected", "failed", "expired")


def submit_job(
    session: Session,
    scrape_job_id: str,
    account_id: str,
    *,
    source_job_id: str | None,
    now: datetime,
) -> bool:
    """Record the job; False if it was there, which then only learns a missing SIFT id."""
    require_accounts(session, [account_id])
    job = {
        "scrape_job_id": require_key(scrape_job_id, what="scrape job id"),
        "account_id": account_id,
        "source_job_id": source_job_id,
        "status": "submitted",
        "submitted_at": now,
        "attempts": 0,
    }
    if insert_if_absent(session, ScrapeJob, [job], returning=ScrapeJob.scrape_job_id):
        return True
    session.execute(
        update(ScrapeJob)
        .where(ScrapeJob.scrape_job_id == scrape_job_id, ScrapeJob.source_job_id.is_(None))
        .values(source_job_id=source_job_id)
    )
    return False


def open_jobs(session: Session, *, limit: int) -> list[ScrapeJobRow]:
    """Jobs that still have something to collect, oldest first."""
    if limit < 1:
        raise InputRefusedError(f"operations: open jobs: limit {limit}. Ask for one or more.")
    oldest = _open().order_by(ScrapeJob.submitted_at, ScrapeJob.scrape_job_id)
    return fetch(session, ScrapeJobRow, oldest.limit(limit))


def claim_jobs(session: Session, *, claim: Claim) -> list[ScrapeJobRow]:
    """Lease open jobs: those never claimed, then the longest untried, oldest first.

    So a few jobs that never finish cannot keep the others waiting.
    """
    free = fetch(
        session,
        ScrapeJobRow,
        _open()
        .where(is_free(ScrapeJob, now=claim.now))
        .order_by(
            ScrapeJob.last_claimed_at.asc().nulls_first(),
            ScrapeJob.submitted_at,
            ScrapeJob.scrape_job_id,
        )
        .limit(claim.limit)
        .with_for_update(skip_locked=True),
    )
    claimed: dict[str, ScrapeJobRow] = {}
    for job_ids in chunks(job.scrape_job_id for job in free):
        claimed |= _leased(session, job_ids, claim=claim)
    return [claimed[job.scrape_job_id] for job in free]


def release_job(session: Session, scrape_job_id: str, *, worker: str) -> bool:
    """End the worker's lease and leave the job open; False if the worker does not hold it."""
    return _update_held(session, scrape_job_id, worker=worker, columns=NO_LEASE)


def finish_job(
    session: Session,
    scrape_job_id: str,
    *,
    worker: str,
    status: str,
    message: str | None,
    now: datetime,
) -> bool:
    """Set the status and end the lease; False if the worker no longer holds it.

    ``succeeded`` leaves the job open, to be collected; the other words close it.
    """
    known = require_word(status, _SETTABLE, what="scrape job status")
    finished_at = None if known in vocabulary.OPEN_JOB_STATUSES else now
    columns = {
        "status": known,
        "message": message_to_keep(message),
        "finished_at": finished_at,
        **NO_LEASE,
    }
    return _update_held(session, scrape_job_id, worker=worker, columns=columns)


def _open() -> Select[Any]:
    statement = select_rows(ScrapeJobRow, ScrapeJob)
    return statement.where(ScrapeJob.status.in_(vocabulary.OPEN_JOB_STATUSES))


def _leased(session: Session, job_ids: list[str], *, claim: Claim) -> dict[str, ScrapeJobRow]:
    """Lease the jobs; give them as they stand afterwards."""
    are_chosen = ScrapeJob.scrape_job_id.in_(job_ids)
    session.execute(
        update(ScrapeJob)
        .where(are_chosen)
        .values(last_claimed_at=claim.now, attempts=ScrapeJob.attempts + 1, **claim.lease)
    )
    leased = fetch(session, ScrapeJobRow, select_rows(ScrapeJobRow, ScrapeJob).where(are_chosen))
    return {job.scrape_job_id: job for job in leased}


def _update_held(
    session: Session, scrape_job_id: str, *, worker: str, columns: dict[str, Any]
) -> bool:
    held = session.scalars(
        update(ScrapeJob)
        .where(ScrapeJob.scrape_job_id == scrape_job_id, ScrapeJob.lease_owner == worker)
        .values(columns)
        .returning(ScrapeJob.scrape_job_id)
    ).all()
    if not held:
        _require_job(session, scrape_job_id)
    return bool(held)


def _require_job(session: Session, scrape_job_id: str) -> None:
    known = select(ScrapeJob.scrape_job_id).where(ScrapeJob.scrape_job_id == scrape_job_id)
    if session.scalar(known) is None:
        raise NotFoundError(
            f"operations: scrape job {scrape_job_id!r} does not exist."
            " Check the id, or submit the job first."
        )
