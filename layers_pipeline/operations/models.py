"""The tables of the operational database, as SQLAlchemy models.

Belongs here: columns, keys and constraints, each with its comment. A change needs a migration.
Does not belong here: queries, and rules that a constraint cannot express.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, MetaData, String, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from layers_pipeline.operations import words
from layers_pipeline.operations.instants import UtcInstant

MESSAGE_LENGTH: Final = 500
"""Longest message kept, in characters."""


class Base(DeclarativeBase):
    """Holds the metadata; constraint names follow from table and column names."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {datetime: UtcInstant}  # noqa: RUF012 - SQLAlchemy reads it as it is


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    """A CHECK that the column holds one of the words, or null where it may be null."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _key(
    target: str, comment: str, *, primary_key: bool = False, index: bool = False
) -> Mapped[Any]:
    """A column that refers to another table's key."""
    return mapped_column(
        ForeignKey(target), comment=comment, primary_key=primary_key, index=index or None
    )


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
        _one_of("platform", words.PLATFORMS),
        _one_of("connection", words.CONNECTIONS),
        _one_of("status", words.ACCOUNT_STATUSES),
        CheckConstraint("(connection = 'oauth') = (project_id IS NOT NULL)", name="owner"),
        {"comment": "One Instagram or TikTok account. Grain: one row per account."},
    )

    account_id: Mapped[str] = mapped_column(primary_key=True, comment="platform:account_key.")
    platform: Mapped[words.Platform] = mapped_column(String, comment="instagram or tiktok.")
    account_key: Mapped[str] = mapped_column(comment="What the source calls the account.")
    connection: Mapped[words.Connection] = mapped_column(
        String, comment="oauth: we hold a token; external: SIFT scrapes it."
    )
    project_id: Mapped[str | None] = _key(
        "projects.project_id", "Owner of an oauth account; null for external.", index=True
    )
    status: Mapped[words.AccountStatus] = mapped_column(
        String, comment="active, paused by a person, or reauth_required by the platform."
    )
    created_at: Mapped[datetime] = mapped_column(comment="When the account was added (UTC).")


class AccountSyncState(Base):
    """Grain: one row per platform account and depth; made together with the account."""

    __tablename__ = "account_sync_states"
    __table_args__ = (
        _one_of("depth", words.DEPTHS),
        _one_of("last_outcome", words.OUTCOMES),
        CheckConstraint("failures_in_a_row >= 0", name="failures_in_a_row"),
        CheckConstraint("(lease_owner IS NULL) = (lease_until IS NULL)", name="lease"),
        Index(None, "depth", "last_started_at"),
        {"comment": "How the syncs of an account stand. Grain: one row per account and depth."},
    )

    account_id: Mapped[str] = _key("platform_accounts.account_id", "The account.", primary_key=True)
    depth: Mapped[words.Depth] = mapped_column(
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
    last_outcome: Mapped[words.Outcome | None] = mapped_column(
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

    account_id: Mapped[str] = _key(
        "platform_accounts.account_id",
        "The account; it belongs to one creator only.",
        primary_key=True,
    )
    creator_id: Mapped[str] = _key("creators.creator_id", "Whose account it is.", index=True)


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
    project_id: Mapped[str] = _key("projects.project_id", "Who allows.", index=True)
    creator_id: Mapped[str] = _key("creators.creator_id", "Who is allowed.")
    allowed_from: Mapped[datetime] = mapped_column(comment="First allowed instant (UTC).")
    allowed_to: Mapped[datetime | None] = mapped_column(
        comment="First instant no longer allowed (UTC); null: the entry is open."
    )


class ScrapeJob(Base):
    """Grain: one row per scrape that we asked SIFT for."""

    __tablename__ = "scrape_jobs"
    __table_args__ = (
        _one_of("status", words.JOB_STATUSES),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("(lease_owner IS NULL) = (lease_until IS NULL)", name="lease"),
        Index(None, "status", "submitted_at"),
        {"comment": "Asynchronous scrapes at SIFT. Grain: one row per scrape asked for."},
    )

    scrape_job_id: Mapped[str] = mapped_column(primary_key=True, comment="Our idempotency key.")
    account_id: Mapped[str] = _key("platform_accounts.account_id", "Scraped account.", index=True)
    source_job_id: Mapped[str | None] = mapped_column(comment="SIFT's id; null until it is known.")
    status: Mapped[words.JobStatus] = mapped_column(
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
