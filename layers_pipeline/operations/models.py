"""The tables of the operational database that hold what is synced and when, as models.

Belongs here: columns, keys and constraints, each with its comment. A change needs a migration.
Does not belong here: tokens and what clients remember (``oauth_models``), queries.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from layers_pipeline.operations.model_base import MESSAGE_LENGTH, Base, key_of, one_of, whole_lease
from transforms import vocabulary


class Project(Base):
    """Grain: one row per project."""

    __tablename__ = "projects"
    __table_args__ = ({"comment": "A brand's workspace. Grain: one row per project."},)

    project_id: Mapped[str] = mapped_column(primary_key=True, comment="Slug that people choose.")
    name: Mapped[str] = mapped_column(comment="Name that people read.")
    time_zone: Mapped[str] = mapped_column(comment="IANA zone of the project's days.")
    is_active: Mapped[bool] = mapped_column(comment="False: nothing is synced for it.")
    created_at: Mapped[datetime] = mapped_column(comment="When the project was added (UTC).")


class PlatformAccount(Base):
    """Grain: one row per platform account."""

    __tablename__ = "platform_accounts"
    __table_args__ = (
        UniqueConstraint("platform", "account_key"),
        one_of("platform", vocabulary.PLATFORMS),
        one_of("connection", vocabulary.CONNECTIONS),
        one_of("status", vocabulary.ACCOUNT_STATUSES),
        CheckConstraint("(connection = 'oauth') = (project_id IS NOT NULL)", name="owner"),
        {"comment": "One Instagram or TikTok account. Grain: one row per account."},
    )

    account_id: Mapped[str] = mapped_column(primary_key=True, comment="platform:account_key.")
    platform: Mapped[vocabulary.Platform] = mapped_column(String, comment="instagram or tiktok.")
    account_key: Mapped[str] = mapped_column(comment="What the source calls the account.")
    connection: Mapped[vocabulary.Connection] = mapped_column(
        String, comment="oauth: we hold a token; external: SIFT scrapes it."
    )
    project_id: Mapped[str | None] = key_of(
        "projects.project_id", "Owner of an oauth account; null for external.", index=True
    )
    status: Mapped[vocabulary.AccountStatus] = mapped_column(
        String, comment="active, paused by a person, or reauth_required by the platform."
    )
    created_at: Mapped[datetime] = mapped_column(comment="When the account was added (UTC).")
    display_name: Mapped[str | None] = mapped_column(
        comment="What people call it; null: nobody gave it a name."
    )


class AccountSyncState(Base):
    """Grain: one row per platform account and depth; made together with the account."""

    __tablename__ = "account_sync_states"
    __table_args__ = (
        one_of("depth", vocabulary.DEPTHS),
        one_of("last_outcome", vocabulary.OUTCOMES),
        CheckConstraint("failures_in_a_row >= 0", name="failures_in_a_row"),
        whole_lease(),
        Index(None, "depth", "last_started_at"),
        {"comment": "How the syncs of an account stand. Grain: one row per account and depth."},
    )

    account_id: Mapped[str] = key_of(
        "platform_accounts.account_id", "The account.", primary_key=True
    )
    depth: Mapped[vocabulary.Depth] = mapped_column(
        String, primary_key=True, comment="quick, posts or full."
    )
    last_started_at: Mapped[datetime | None] = mapped_column(comment="Last claim (UTC).")
    last_finished_at: Mapped[datetime | None] = mapped_column(comment="Last outcome (UTC).")
    last_success_at: Mapped[datetime | None] = mapped_column(
        comment="When the last sync with outcome ok finished (UTC)."
    )
    last_success_started_at: Mapped[datetime | None] = mapped_column(
        comment="When the last sync with outcome ok was claimed (UTC); cadence counts from here."
    )
    last_outcome: Mapped[vocabulary.Outcome | None] = mapped_column(
        String, comment="How the last finished sync ended; null before the first."
    )
    last_message: Mapped[str | None] = mapped_column(
        String(MESSAGE_LENGTH), comment="What was said about the last outcome, cut."
    )
    retry_at: Mapped[datetime | None] = mapped_column(
        comment="Not before this instant (UTC), and then at once; null: by cadence."
    )
    failures_in_a_row: Mapped[int] = mapped_column(
        comment="Outcomes other than ok and partial since the last ok or partial."
    )
    lease_owner: Mapped[str | None] = mapped_column(comment="Worker that is syncing; null: none.")
    lease_until: Mapped[datetime | None] = mapped_column(
        comment="Until when nobody else may sync (UTC); null: no lease."
    )


class Creator(Base):
    """Grain: one row per creator."""

    __tablename__ = "creators"
    __table_args__ = ({"comment": "The person behind external accounts. Grain: one per person."},)

    creator_id: Mapped[str] = mapped_column(primary_key=True, comment="Key that people choose.")
    display_name: Mapped[str] = mapped_column(comment="Name that people read; the first given.")
    created_at: Mapped[datetime] = mapped_column(
        comment="The earliest instant at which any project allowed the creator (UTC)."
    )


class CreatorAccount(Base):
    """Grain: one row per account that belongs to a creator."""

    __tablename__ = "creator_accounts"
    __table_args__ = ({"comment": "Whose account it is. Grain: one row per account."},)

    account_id: Mapped[str] = key_of(
        "platform_accounts.account_id",
        "The account; it belongs to one creator only.",
        primary_key=True,
    )
    creator_id: Mapped[str] = key_of("creators.creator_id", "Whose account it is.", index=True)


_OPEN = text("allowed_to IS NULL")


class AllowlistEntry(Base):
    """Grain: one row per period in which a project allows a creator."""

    __tablename__ = "allowlist_entries"
    __table_args__ = (
        CheckConstraint("allowed_to >= allowed_from", name="period"),
        Index(
            "uq_allowlist_entries_open",
            "creator_id",
            "project_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        {"comment": "Who may be scraped for whom, and when. Grain: one row per period."},
    )

    allowlist_entry_id: Mapped[int] = mapped_column(primary_key=True, comment="Running number.")
    project_id: Mapped[str] = key_of("projects.project_id", "Who allows.", index=True)
    creator_id: Mapped[str] = key_of("creators.creator_id", "Who is allowed.")
    allowed_from: Mapped[datetime] = mapped_column(comment="First allowed instant (UTC).")
    allowed_to: Mapped[datetime | None] = mapped_column(
        comment="First instant no longer allowed (UTC); null: the entry is open."
    )


class ScrapeJob(Base):
    """Grain: one row per scrape that we asked SIFT for."""

    __tablename__ = "scrape_jobs"
    __table_args__ = (
        one_of("status", vocabulary.JOB_STATUSES),
        CheckConstraint("attempts >= 0", name="attempts"),
        whole_lease(),
        Index(None, "status", "submitted_at"),
        {"comment": "Asynchronous scrapes at SIFT. Grain: one row per scrape asked for."},
    )

    scrape_job_id: Mapped[str] = mapped_column(primary_key=True, comment="Our idempotency key.")
    account_id: Mapped[str] = key_of("platform_accounts.account_id", "Scraped account.", index=True)
    source_job_id: Mapped[str | None] = mapped_column(comment="SIFT's id; null until it is known.")
    status: Mapped[vocabulary.JobStatus] = mapped_column(
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
