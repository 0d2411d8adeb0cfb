"""What the operational database takes and gives, as frozen rows.

Belongs here: one dataclass per kind of row, with its grain.
Does not belong here: queries, and anything that holds a session open.
"""

from dataclasses import dataclass
from datetime import datetime

from transforms.vocabulary import (
    AccountStatus,
    Connection,
    Depth,
    JobStatus,
    Outcome,
    Platform,
)


@dataclass(frozen=True, kw_only=True)
class ProjectRow:
    """Grain: one row per project."""

    project_id: str
    name: str
    time_zone: str
    is_active: bool
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class NewAccount:
    """A platform account to add. Grain: one per (platform, account_key)."""

    platform: Platform
    account_key: str
    connection: Connection
    project_id: str | None = None
    """Owner of an oauth account; an external account has none."""
    status: AccountStatus = "active"
    """Status to begin with; an account that is there already keeps its own."""
    display_name: str | None = None
    """What people call it, where ``account_key`` is a number that means nothing to them."""

    @property
    def account_id(self) -> str:
        """The id that the account has, or will have: ``platform:account_key``."""
        return f"{self.platform}:{self.account_key}"


@dataclass(frozen=True, kw_only=True)
class AccountRow:
    """Grain: one row per platform account."""

    account_id: str
    platform: Platform
    account_key: str
    connection: Connection
    project_id: str | None
    status: AccountStatus
    created_at: datetime
    display_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class SyncEnding:
    """How the sync of one account ended. Grain: one per account; of repeats the last counts."""

    account_id: str
    outcome: Outcome
    message: str | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class SyncStateRow:
    """Grain: one row per platform account and depth; all instants null before the first sync."""

    account_id: str
    depth: Depth
    last_started_at: datetime | None
    last_finished_at: datetime | None
    last_success_at: datetime | None
    """When the last sync with outcome ``ok`` finished."""
    last_success_started_at: datetime | None
    """When that sync was claimed; cadence is measured from here."""
    last_outcome: Outcome | None
    last_message: str | None
    retry_at: datetime | None
    failures_in_a_row: int
    lease_owner: str | None
    lease_until: datetime | None


@dataclass(frozen=True, kw_only=True)
class NewCreator:
    """A creator to allow in a project. Grain: one per creator; repeats are merged."""

    creator_id: str
    display_name: str
    account_ids: tuple[str, ...] = ()
    allowed_from: datetime | None = None
    """Null: the instant that the whole call names."""


@dataclass(frozen=True, kw_only=True)
class AllowlistRow:
    """Grain: one row per allowlist entry and account of its creator."""

    project_id: str
    creator_id: str
    platform: Platform
    account_key: str
    account_id: str
    allowed_from: datetime
    allowed_to: datetime | None
    """First instant at which it is no longer allowed; null while the entry is open."""


@dataclass(frozen=True, kw_only=True)
class ScrapeJobRow:
    """Grain: one row per scrape that we asked SIFT for."""

    scrape_job_id: str
    account_id: str
    source_job_id: str | None
    status: JobStatus
    submitted_at: datetime
    finished_at: datetime | None
    message: str | None
    attempts: int
    """How often a worker has claimed the job."""
    lease_owner: str | None
    lease_until: datetime | None
