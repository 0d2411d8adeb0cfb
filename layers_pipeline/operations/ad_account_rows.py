"""Rows of ad accounts: what is kept of each, and how a reading changes it.

Belongs here: the table ``ad_accounts``, records of a new account and of an ended reading.
Does not belong here: transactions, claims and tokens (``ad_accounts``).
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from pydantic import SecretStr
from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from layers_pipeline.operations.model_base import MESSAGE_LENGTH, Base, one_of, whole_lease
from layers_pipeline.operations.sync_outcomes import PATIENT_OUTCOMES, SyncEnding, wait_after
from layers_pipeline.operations.validators import message_to_keep, name_to_keep, require_word
from transforms.vocabulary import (
    ACCOUNT_STATUSES,
    AD_PLATFORMS,
    OUTCOMES,
    REACHED_OUTCOMES,
    AccountStatus,
    AdPlatform,
    Outcome,
)

META_PREFIX: Final = "act_"
"""Meta writes it before an ad account's number in paths; we keep the number."""
CONNECT: Final = "layers-pipeline ads connect {account} --project PROJECT"
"""Connects an ad account, or gives a connected one a new token."""


class AdAccount(Base):
    """Grain: one row per ad account."""

    __tablename__ = "ad_accounts"
    __table_args__ = (
        one_of("ad_platform", AD_PLATFORMS),
        one_of("status", ACCOUNT_STATUSES),
        one_of("last_outcome", OUTCOMES),
        CheckConstraint("failures_in_a_row >= 0", name="failures_in_a_row"),
        whole_lease(),
        {"comment": "Ad accounts that are read, with their tokens. Grain: ad account."},
    )

    ad_platform: Mapped[AdPlatform] = mapped_column(
        String, primary_key=True, comment="meta or tiktok."
    )
    ad_account_id: Mapped[str] = mapped_column(
        primary_key=True, comment="The platform's id, without act_."
    )
    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.project_id"), index=True, comment="Whose; never changes."
    )
    name: Mapped[str | None] = mapped_column(comment="What people call it; null: no name.")
    currency: Mapped[str | None] = mapped_column(
        comment="ISO 4217 code, as the platform says; null: not read yet."
    )
    time_zone: Mapped[str | None] = mapped_column(
        comment="IANA zone of its days, as the platform says; null: not read yet."
    )
    status: Mapped[AccountStatus] = mapped_column(
        String, comment="active, paused by a person, or reauth_required by the platform."
    )
    created_at: Mapped[datetime] = mapped_column(comment="When it was connected (UTC).")
    encrypted_access: Mapped[str] = mapped_column(comment="Access token, encrypted (Fernet).")
    expires_at: Mapped[datetime | None] = mapped_column(
        comment="When the token ends (UTC); null: it does not, or nobody said."
    )
    updated_at: Mapped[datetime] = mapped_column(comment="When the token was stored (UTC).")
    read_until: Mapped[date | None] = mapped_column(
        comment="Last day of the last complete reading, in its zone; null: there was none."
    )
    last_started_at: Mapped[datetime | None] = mapped_column(comment="Last claim (UTC).")
    last_finished_at: Mapped[datetime | None] = mapped_column(comment="Last outcome (UTC).")
    last_success_at: Mapped[datetime | None] = mapped_column(
        comment="When the last reading with outcome ok finished (UTC)."
    )
    last_success_started_at: Mapped[datetime | None] = mapped_column(
        comment="When the last reading with outcome ok was claimed (UTC)."
    )
    last_outcome: Mapped[Outcome | None] = mapped_column(
        String, comment="How the last reading ended; null before the first."
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
    lease_owner: Mapped[str | None] = mapped_column(comment="Worker that is reading; null: none.")
    lease_until: Mapped[datetime | None] = mapped_column(
        comment="Until when nobody else may read (UTC); null: no lease."
    )

    @property
    def account_id(self) -> str:
        """``platform:account``, as people name it."""
        return f"{self.ad_platform}:{self.ad_account_id}"

    @property
    def renewal(self) -> str:
        """The command that gives it a new token."""
        return f"layers-pipeline ads connect {self.account_id} --project {self.project_id}"


@dataclass(frozen=True, kw_only=True)
class NewAdAccount:
    """An ad account to connect, with the token that reads it. Grain: one per ad account."""

    ad_platform: AdPlatform
    ad_account_id: str
    project_id: str
    access: SecretStr = field(repr=False)
    expires_at: datetime | None = None
    name: str | None = None

    @property
    def account_id(self) -> str:
        """``platform:account``, as people name it."""
        return f"{self.ad_platform}:{self.ad_account_id}"


@dataclass(frozen=True, kw_only=True)
class AdsEnding(SyncEnding):
    """How the reading of one ad account ended, and what it told of the account.

    Args:
        read_until: Last day that was read, if the reading was complete.
        currency: Of the account; null: not told.
        time_zone: Of the account's days; null: not told.
    """

    read_until: date | None = None
    currency: str | None = None
    time_zone: str | None = None


def new_row(account: NewAdAccount, access: str, *, now: datetime) -> AdAccount:
    """The row of an account that is connected now; ``access`` is encrypted."""
    return AdAccount(
        ad_platform=account.ad_platform,
        ad_account_id=account.ad_account_id,
        project_id=account.project_id,
        name=name_to_keep(account.name),
        currency=None,
        time_zone=None,
        status="active",
        created_at=now,
        encrypted_access=access,
        expires_at=account.expires_at,
        updated_at=now,
        read_until=None,
        last_started_at=None,
        last_finished_at=None,
        last_success_at=None,
        last_success_started_at=None,
        last_outcome=None,
        last_message=None,
        retry_at=None,
        failures_in_a_row=0,
        lease_owner=None,
        lease_until=None,
    )


def end_reading(stored: AdAccount, ending: AdsEnding, *, now: datetime) -> None:
    """Note how the reading of an account ended, and end its lease."""
    reached = ending.outcome in REACHED_OUTCOMES
    stored.last_outcome = require_word(ending.outcome, OUTCOMES, what="outcome")
    stored.last_message = message_to_keep(ending.message)
    stored.last_finished_at = now
    stored.failures_in_a_row = 0 if reached else stored.failures_in_a_row + 1
    stored.currency = ending.currency or stored.currency
    stored.time_zone = ending.time_zone or stored.time_zone
    stored.read_until = ending.read_until or stored.read_until
    if ending.outcome == "ok":
        stored.last_success_at, stored.last_success_started_at = now, stored.last_started_at
    wait = wait_after(stored.failures_in_a_row) if ending.outcome in PATIENT_OUTCOMES else None
    stored.retry_at = ending.retry_at or (None if wait is None else now + wait)
    given_meanwhile = stored.last_started_at and stored.updated_at > stored.last_started_at
    if ending.outcome == "reauth_required" and stored.status == "active" and not given_meanwhile:
        stored.status = "reauth_required"
    stored.lease_owner = stored.lease_until = None
