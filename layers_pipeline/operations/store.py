"""The operational database as the rest of the program sees it.

Belongs here: one method per question or change; each is one transaction.
Does not belong here: SQL (one module per thing) and connections (``database``).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from layers_pipeline.operations import (
    accounts,
    allowlist,
    projects,
    scrape_jobs,
    sync_states,
)
from layers_pipeline.operations.database import Database
from layers_pipeline.operations.leases import Claim
from layers_pipeline.operations.rows import (
    AccountRow,
    AllowlistRow,
    NewAccount,
    NewCreator,
    ProjectRow,
    ScrapeJobRow,
    SyncStateRow,
)
from layers_pipeline.operations.words import AccountStatus, Connection, Depth, JobStatus, Outcome


class Operations:
    """What people and syncs change: projects, accounts, allowlist, sync states, scrape jobs.

    Args:
        url: SQLAlchemy URL of a SQLite file, whose folder is made, or of PostgreSQL.
    """

    def __init__(self, url: str) -> None:
        self.database = Database(url)

    @property
    def url(self) -> str:
        """The database's URL without passwords, for messages."""
        return self.database.url

    def migrate(self) -> None:
        """Bring the schema to the newest revision; safe to repeat and to run at once."""
        self.database.migrate()

    def close(self) -> None:
        """Close the connections."""
        self.database.close()

    def add_project(self, project_id: str, *, name: str, time_zone: str, now: datetime) -> bool:
        """Add an active project; False if it was there, which leaves it unchanged."""
        with self.database.write() as session:
            return projects.add_project(
                session, project_id, name=name, time_zone=time_zone, now=now
            )

    def project(self, project_id: str) -> ProjectRow:
        """The project.

        Raises:
            NotFoundError: There is none of that id; names those there are.
        """
        with self.database.read() as session:
            return projects.project(session, project_id)

    def projects(self) -> list[ProjectRow]:
        """Every project, by id."""
        with self.database.read() as session:
            return projects.projects(session)

    def set_project_active(self, project_id: str, *, is_active: bool) -> None:
        """Switch syncing for the project on or off."""
        with self.database.write() as session:
            projects.set_project_active(session, project_id, is_active=is_active)

    def add_accounts(self, rows: Iterable[NewAccount], *, now: datetime) -> int:
        """Add the accounts that are not there yet; give their number."""
        with self.database.write() as session:
            return accounts.add_accounts(session, rows, now=now)

    def accounts(self) -> list[AccountRow]:
        """Every platform account, by id."""
        with self.database.read() as session:
            return accounts.accounts(session)

    def set_account_status(self, account_id: str, status: AccountStatus) -> None:
        """Pause the account, or make it active again."""
        with self.database.write() as session:
            accounts.set_account_status(session, account_id, status)

    def allow_creators(
        self,
        project_id: str,
        entries: Iterable[NewCreator],
        *,
        allowed_from: datetime | None = None,
    ) -> int:
        """Put creators on the project's allowlist; give the number of entries opened.

        The result does not depend on the order of calls: an open entry begins at the
        earliest instant given, though never before the end of a closed one.

        Raises:
            InputRefusedError: An account is another creator's; nothing was written.
            NotFoundError: The project or an account does not exist; nothing was written.
        """
        with self.database.write() as session:
            return allowlist.allow_creators(session, project_id, entries, allowed_from=allowed_from)

    def disallow_creator(self, project_id: str, creator_id: str, *, now: datetime) -> bool:
        """Close the creator's open allowlist entry; False if there is none."""
        with self.database.write() as session:
            return allowlist.disallow_creator(session, project_id, creator_id, now=now)

    def allowlist(self) -> list[AllowlistRow]:
        """Every allowlist entry, open and closed, once per account of its creator."""
        with self.database.read() as session:
            return allowlist.allowlist(session)

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
        ``worker`` must be unique to the run: it is what proves the lease later.
        """
        claim = Claim(now=now, lease_for=lease_for, worker=worker, limit=limit)
        with self.database.write() as session:
            return sync_states.claim_due(
                session, depth, connection=connection, every=every, claim=claim
            )

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
        """Store how the sync ended and end the lease.

        Only ``ok`` moves the last success; ``reauth_required`` sets the account's status.

        Returns:
            False, and nothing is written, if the worker does not hold the lease any more.
        """
        with self.database.write() as session:
            return sync_states.finish_sync(
                session,
                account_id,
                depth,
                worker=worker,
                outcome=outcome,
                message=message,
                now=now,
                retry_at=retry_at,
            )

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
        with self.database.write() as session:
            sync_states.record_sync(
                session,
                account_id,
                depth,
                outcome=outcome,
                message=message,
                now=now,
                retry_at=retry_at,
            )

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
