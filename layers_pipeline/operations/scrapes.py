"""Asynchronous scrapes at SIFT: asked for, watched, collected.

Belongs here: the table ``scrape_jobs``.
Does not belong here: talking to SIFT.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select, update
from sqlalchemy.orm import Mapped, mapped_column

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.accounts import require_accounts
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.leases import Claim, is_free
from layers_pipeline.operations.model_base import MESSAGE_LENGTH, Base, one_of, whole_lease
from layers_pipeline.operations.statements import insert_if_absent
from layers_pipeline.operations.validators import message_to_keep, require_key, require_word
from transforms.vocabulary import JOB_STATUSES, OPEN_JOB_STATUSES, JobStatus

_SETTABLE: Final[tuple[JobStatus, ...]] = ("succeeded", "collected", "failed", "expired")


class ScrapeJob(Base):
    """Grain: one row per scrape that we asked SIFT for."""

    __tablename__ = "scrape_jobs"
    __table_args__ = (
        one_of("status", JOB_STATUSES),
        CheckConstraint("attempts >= 0", name="attempts"),
        whole_lease(),
        Index(None, "status", "submitted_at"),
        {"comment": "Asynchronous scrapes at SIFT. Grain: one row per scrape asked for."},
    )

    scrape_job_id: Mapped[str] = mapped_column(primary_key=True, comment="Our idempotency key.")
    account_id: Mapped[str] = mapped_column(
        ForeignKey("platform_accounts.account_id"), index=True, comment="Scraped account."
    )
    source_job_id: Mapped[str | None] = mapped_column(comment="SIFT's id; null until it is known.")
    status: Mapped[JobStatus] = mapped_column(
        String, comment="submitted, succeeded at SIFT, collected by us, failed or expired."
    )
    submitted_at: Mapped[datetime] = mapped_column(comment="When we asked for it (UTC).")
    finished_at: Mapped[datetime | None] = mapped_column(
        comment="When it was collected, failed or expired (UTC)."
    )
    message: Mapped[str | None] = mapped_column(
        String(MESSAGE_LENGTH), comment="What was said about the status, cut."
    )
    attempts: Mapped[int] = mapped_column(comment="How often a worker has claimed the job.")
    last_claimed_at: Mapped[datetime | None] = mapped_column(comment="Last claim (UTC).")
    lease_owner: Mapped[str | None] = mapped_column(comment="Worker that has it; null: none.")
    lease_until: Mapped[datetime | None] = mapped_column(
        comment="Until when nobody else may work on it (UTC); null: no lease."
    )


_OPEN: Final = select(ScrapeJob).where(ScrapeJob.status.in_(OPEN_JOB_STATUSES))


class Scrapes(Repository):
    """The scrapes that SIFT does for us."""

    def submit(
        self, scrape_job_id: str, account_id: str, *, source_job_id: str | None, now: datetime
    ) -> bool:
        """Record a scrape; False if it was there, which then only learns a missing SIFT id."""
        job = {
            "scrape_job_id": require_key(scrape_job_id, what="scrape job id"),
            "account_id": account_id,
            "source_job_id": source_job_id,
            "status": "submitted",
            "submitted_at": now,
            "attempts": 0,
        }
        with self._database.write() as session:
            require_accounts(session, [account_id])
            if insert_if_absent(session, ScrapeJob, [job], returning=ScrapeJob.scrape_job_id):
                return True
            session.execute(
                update(ScrapeJob)
                .where(ScrapeJob.scrape_job_id == scrape_job_id, ScrapeJob.source_job_id.is_(None))
                .values(source_job_id=source_job_id)
            )
            return False

    def all_open(self, *, limit: int) -> list[ScrapeJob]:
        """Scrapes that still have something to collect, oldest first."""
        if limit < 1:
            raise InputRefusedError(f"open scrapes: limit {limit}. Ask for one or more.")
        oldest = _OPEN.order_by(ScrapeJob.submitted_at, ScrapeJob.scrape_job_id)
        return self._rows(oldest.limit(limit))

    def claim(
        self, *, now: datetime, lease_for: timedelta, worker: str, limit: int
    ) -> list[ScrapeJob]:
        """Lease open scrapes: those never claimed, then the longest untried, oldest first.

        No two workers get the same, and a few that never finish cannot keep the others waiting.
        """
        claim = Claim(now=now, lease_for=lease_for, worker=worker, limit=limit)
        longest_untried = (
            _OPEN.where(is_free(ScrapeJob.lease_until, now=now))
            .order_by(
                ScrapeJob.last_claimed_at.asc().nulls_first(),
                ScrapeJob.submitted_at,
                ScrapeJob.scrape_job_id,
            )
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with self._database.write() as session:
            claimed = list(session.scalars(longest_untried))
            for job in claimed:
                job.last_claimed_at = now
                job.attempts += 1
                job.lease_owner, job.lease_until = worker, claim.lease_until
            return claimed

    def release(self, scrape_job_id: str, *, worker: str) -> bool:
        """End the lease and leave the scrape open; False if the worker does not hold it."""
        return self._let_go(scrape_job_id, worker=worker, columns={})

    def finish(
        self,
        scrape_job_id: str,
        *,
        worker: str,
        status: JobStatus,
        message: str | None,
        now: datetime,
    ) -> bool:
        """Set the status and end the lease; False if the worker does not hold it any more.

        ``succeeded`` leaves the scrape open, to be collected; the other words close it.
        """
        known = require_word(status, _SETTABLE, what="scrape job status")
        columns = {
            "status": known,
            "message": message_to_keep(message),
            "finished_at": None if known in OPEN_JOB_STATUSES else now,
        }
        return self._let_go(scrape_job_id, worker=worker, columns=columns)

    def _let_go(self, scrape_job_id: str, *, worker: str, columns: dict[str, Any]) -> bool:
        with self._database.write() as session:
            held = session.scalars(
                update(ScrapeJob)
                .where(ScrapeJob.scrape_job_id == scrape_job_id, ScrapeJob.lease_owner == worker)
                .values(lease_owner=None, lease_until=None, **columns)
                .returning(ScrapeJob.scrape_job_id)
            ).all()
            if not held and session.get(ScrapeJob, scrape_job_id) is None:
                raise NotFoundError(
                    f"scrape job {scrape_job_id!r} does not exist."
                    " Check the id, or submit the job first."
                )
            return bool(held)
