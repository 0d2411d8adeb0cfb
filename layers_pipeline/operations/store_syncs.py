"""Syncs and scrape jobs, as the rest of the program sees them.

Belongs here: one method per question or change; each is one transaction.
Does not belong here: SQL (``sync_states``, ``sync_endings``, ``scrape_jobs``).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from layers_pipeline.operations import scrape_jobs, sync_endings, sync_states
from layers_pipeline.operations.database import Database
from layers_pipeline.operations.leases import Claim
from layers_pipeline.operations.rows import AccountRow, ScrapeJobRow, SyncEnding, SyncStateRow
from transforms.vocabulary import Connection, Depth, JobStatus, Outcome


class SyncMethods:
    """Which accounts sync, how their syncs ended, and the scrapes that SIFT does for us."""

    database: Database

    def sync_states(self) -> list[SyncStateRow]:
        """Every account at every depth, those never synced included."""
        with self.database.read() as session:
            return sync_states.sync_states(session)

    def claim_due(
        self,
        depth: Depth,
        *,
        connection: Connection,
        now: datetime,
        every: timedelta,
        lease_for: timedelta,
        worker: str,
        limit: int,
    ) -> list[AccountRow]:
        """Lease the accounts that are due at the depth (R5), the longest untried first.

        No account is given to two workers while a lease lasts, nor twice for one ``now``.
        A lease keeps one depth only. Of the OAuth accounts, depth ``posts`` takes those that no
        other depth has read successfully within ``every`` (R4).
        ``worker`` must be unique to the run: it is what proves the lease later.
        """
        claim = Claim(now=now, lease_for=lease_for, worker=worker, limit=limit)
        with self.database.write() as session:
            return sync_states.claim_due(
                session, depth, connection=connection, every=every, claim=claim
            )

    def claim_accounts(
        self,
        depth: Depth,
        account_ids: Iterable[str],
        *,
        now: datetime,
        lease_for: timedelta,
        worker: str,
    ) -> list[AccountRow]:
        """Lease accounts that a person names, by id, whether stale or not and without waiting.

        Accounts on whose sync at this depth another worker is at work are left out.

        Raises:
            InputRefusedError: An account is unknown, paused, in need of a new token, or wanted by
                no active project; names each with its remedy, and nothing was claimed.
        """
        wanted = set(account_ids)
        claim = Claim(now=now, lease_for=lease_for, worker=worker, limit=max(1, len(wanted)))
        with self.database.write() as session:
            return sync_states.claim_accounts(session, depth, wanted, claim=claim)

    def finish_syncs(
        self, endings: Iterable[SyncEnding], depth: Depth, *, worker: str, now: datetime
    ) -> set[str]:
        """Store how syncs ended and end their leases, all in one transaction.

        Only ``ok`` moves the last success. ``reauth_required`` sets an active account's status,
        unless it was given a token after the claim. ``rate_limited`` with ``retry_at`` holds the
        account back at every depth, and shortens no longer wait. ``unavailable`` and
        ``malformed`` without ``retry_at`` wait as ``backoff`` says.

        Returns:
            The accounts whose lease the worker still held; nothing was written of the others.
        """
        with self.database.write() as session:
            return sync_endings.finish_syncs(session, endings, depth, worker=worker, now=now)

    def finish_sync(
        self,
        account_id: str,
        depth: Depth,
        *,
        worker: str,
        outcome: Outcome,
        message: str | None,
        now: datetime,
        retry_at: datetime | None = None,
    ) -> bool:
        """Store how one sync ended and end the lease, as ``finish_syncs`` does.

        Returns:
            False, and nothing is written, if the worker does not hold the lease any more.
        """
        ending = SyncEnding(
            account_id=account_id, outcome=outcome, message=message, retry_at=retry_at
        )
        with self.database.write() as session:
            return sync_endings.finish_sync(session, ending, depth, worker=worker, now=now)

    def record_sync(
        self,
        account_id: str,
        depth: Depth,
        *,
        outcome: Outcome,
        message: str | None,
        now: datetime,
        retry_at: datetime | None = None,
    ) -> None:
        """Store how a sync ended whose exclusivity another lease gave, such as a scrape job's."""
        ending = SyncEnding(
            account_id=account_id, outcome=outcome, message=message, retry_at=retry_at
        )
        with self.database.write() as session:
            sync_endings.record_sync(session, ending, depth, now=now)

    def submit_job(
        self, scrape_job_id: str, account_id: str, *, source_job_id: str | None, now: datetime
    ) -> bool:
        """Record a scrape; False if it was there, which then only learns a missing SIFT id."""
        with self.database.write() as session:
            return scrape_jobs.submit_job(
                session, scrape_job_id, account_id, source_job_id=source_job_id, now=now
            )

    def open_jobs(self, *, limit: int) -> list[ScrapeJobRow]:
        """Scrapes that still have something to collect, oldest first."""
        with self.database.read() as session:
            return scrape_jobs.open_jobs(session, limit=limit)

    def claim_jobs(
        self, *, now: datetime, lease_for: timedelta, worker: str, limit: int
    ) -> list[ScrapeJobRow]:
        """Lease open scrapes, the longest untried first; no two workers get the same."""
        claim = Claim(now=now, lease_for=lease_for, worker=worker, limit=limit)
        with self.database.write() as session:
            return scrape_jobs.claim_jobs(session, claim=claim)

    def release_job(self, scrape_job_id: str, *, worker: str) -> bool:
        """End the lease and leave the scrape open; False if the worker does not hold it."""
        with self.database.write() as session:
            return scrape_jobs.release_job(session, scrape_job_id, worker=worker)

    def finish_job(
        self,
        scrape_job_id: str,
        *,
        worker: str,
        status: JobStatus,
        message: str | None,
        now: datetime,
    ) -> bool:
        """Set the status and end the lease; False if the worker does not hold it any more."""
        with self.database.write() as session:
            return scrape_jobs.finish_job(
                session, scrape_job_id, worker=worker, status=status, message=message, now=now
            )
