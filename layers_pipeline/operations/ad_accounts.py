"""Ad accounts of both platforms: connecting them, their tokens, when they are read and how it went.

Belongs here: the table ``ad_accounts``, leases of its rows, outcomes of readings.
Does not belong here: reading an ad account (``sources``), ads themselves (the lake).

A token is stored with its account: who may read the account's ads is one secret, given by a
person and renewed by a person. It is encrypted like all others (``secrets``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from pydantic import SecretStr
from sqlalchemy import CheckConstraint, ForeignKey, String, and_, exists, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.leases import Claim, is_free
from layers_pipeline.operations.model_base import MESSAGE_LENGTH, Base, one_of, whole_lease
from layers_pipeline.operations.projects import Project, require_projects
from layers_pipeline.operations.secrets import TokenCipher, require_token
from layers_pipeline.operations.sync_outcomes import PATIENT_OUTCOMES, SyncEnding, wait_after
from layers_pipeline.operations.validators import (
    message_to_keep,
    name_to_keep,
    require_key,
    require_word,
)
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


class AdAccounts(Repository):
    """The ad accounts that we read."""

    def connect(self, account: NewAdAccount, cipher: TokenCipher, *, now: datetime) -> bool:
        """Store an ad account with its token, or give one that is there a new token.

        Returns:
            Whether it is new.

        Raises:
            InputRefusedError: The id or token cannot be one, or the account is another project's.
            NotFoundError: The project does not exist.
        """
        platform = require_word(account.ad_platform, AD_PLATFORMS, what="ad platform")
        _require_id(account.ad_account_id, platform)
        what = f"the access token of ad account {account.account_id}"
        access = cipher.encrypt(require_token(account.access, what=what), account_id=_of(account))
        with self._database.write() as session:
            require_projects(session, [account.project_id])
            key = (platform, account.ad_account_id)
            stored = session.get(AdAccount, key, with_for_update=True)
            if stored is None:
                session.add(_new(account, access, now=now))
                return True
            _require_same_project(stored, account)
            stored.encrypted_access, stored.expires_at = access, account.expires_at
            stored.name = name_to_keep(account.name) or stored.name
            stored.updated_at, stored.retry_at = now, None
            if stored.status == "reauth_required":
                stored.status = "active"
            return False

    def all(self) -> list[AdAccount]:
        """Every ad account, by platform and id."""
        return self._rows(
            select(AdAccount).order_by(AdAccount.ad_platform, AdAccount.ad_account_id)
        )

    def set_status(self, account_id: str, status: AccountStatus) -> None:
        """Pause the ad account, which a person does, or make it active again.

        Raises:
            NotFoundError: There is no such ad account.
        """
        known = require_word(status, ACCOUNT_STATUSES, what="account status")
        with self._database.write() as session:
            (stored,) = _named(session, [account_id])
            stored.status = known

    def token(self, account: AdAccount, cipher: TokenCipher) -> SecretStr:
        """The account's token.

        Raises:
            TokenUnreadableError: No key opens it.
        """
        return cipher.decrypt(account.encrypted_access, account_id=_of(account))

    def rotate(self, cipher: TokenCipher) -> int:
        """Encrypt every token with the first key; give the number that had another."""
        changed = 0
        with self._database.write() as session:
            for stored in session.scalars(select(AdAccount).with_for_update()).all():
                before = stored.encrypted_access
                stored.encrypted_access = cipher.renewed(before, account_id=_of(stored))
                changed += stored.encrypted_access != before
        return changed

    def claim_due(
        self, claim: Claim, *, every: timedelta, platforms: Sequence[AdPlatform]
    ) -> list[AdAccount]:
        """Lease the ad accounts that are due, the longest untried first.

        Due: active, of an active project, not leased, and its wait or its cadence has passed.
        """
        account = AdAccount
        by_cadence = or_(
            account.last_success_started_at.is_(None),
            account.last_success_started_at <= claim.now - every,
        )
        due = select(account).where(
            account.status == "active",
            account.ad_platform.in_(platforms),
            exists().where(Project.project_id == account.project_id, Project.is_active),
            or_(and_(account.retry_at.is_(None), by_cadence), account.retry_at <= claim.now),
            is_free(account.lease_until, now=claim.now),
        )
        ordered = due.order_by(
            account.last_started_at.asc().nulls_first(), account.ad_platform, account.ad_account_id
        )
        with self._database.write() as session:
            locked = ordered.limit(claim.limit).with_for_update(skip_locked=True)
            return _lease(session.scalars(locked).all(), claim)

    def claim_named(self, account_ids: Sequence[str], claim: Claim) -> list[AdAccount]:
        """Lease ad accounts that a person names as platform:account, without waiting.

        Accounts that another worker is reading are left out.

        Raises:
            NotFoundError: An account does not exist; nothing was claimed.
            InputRefusedError: An account may not be read now; names it with the remedy.
        """
        with self._database.write() as session:
            named = _named(session, sorted(set(account_ids)))
            if refused := [why for row in named if (why := _why_not(session, row))]:
                raise InputRefusedError(f"cannot be read: {'; '.join(refused)}.")
            free = [row for row in named if row.lease_until is None or row.lease_until <= claim.now]
            for row in free:
                row.retry_at = None
            return _lease(free, claim)

    def finish(self, endings: Iterable[AdsEnding], *, worker: str, now: datetime) -> set[str]:
        """Store how readings ended and end their leases; give the accounts it still held.

        As with other accounts: only ``ok`` moves the last success; ``reauth_required`` waits for
        a new token; ``unavailable`` and ``malformed`` wait longer with each failure.
        """
        by_id = {ending.account_id: ending for ending in endings}
        held = set[str]()
        with self._database.write() as session:
            for stored in _named(session, sorted(by_id)):
                if stored.lease_owner == worker:
                    _finish(stored, by_id[stored.account_id], now=now)
                    held.add(stored.account_id)
        return held


def _of(account: AdAccount | NewAdAccount) -> str:
    """Whom an encrypted token is for; the ids of other accounts never look so."""
    return f"ads/{account.account_id}"


def _require_id(ad_account_id: str, platform: str) -> None:
    require_key(ad_account_id, what=f"{platform} ad account")
    if not (ad_account_id.isascii() and ad_account_id.isdigit()):
        raise InputRefusedError(
            f"{platform} ad account {ad_account_id!r} is no number. Write the platform's id in"
            " digits, such as meta:act_1234567890 or tiktok:7000000000000000000."
        )


def _require_same_project(stored: AdAccount, account: NewAdAccount) -> None:
    if stored.project_id != account.project_id:
        raise InputRefusedError(
            f"ad account {account.account_id} belongs to project {stored.project_id!r}, not"
            f" {account.project_id!r}. Its ads and spend are that project's: name that one."
        )


def _new(account: NewAdAccount, access: str, *, now: datetime) -> AdAccount:
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


def _named(session: Session, account_ids: Sequence[str]) -> list[AdAccount]:
    """The accounts of the ids platform:account, locked; all of them are there."""
    found = []
    for account_id in account_ids:
        platform, _, key = account_id.partition(":")
        number = key.removeprefix(META_PREFIX)
        stored = session.get(AdAccount, (platform, number), with_for_update=True)
        if stored is None:
            raise NotFoundError(
                f"ad account {account_id!r} does not exist. See: layers-pipeline ads accounts. "
                f"Connect it: {CONNECT.format(account=account_id)}."
            )
        found.append(stored)
    return found


def _why_not(session: Session, account: AdAccount) -> str | None:
    project = session.get_one(Project, account.project_id)
    match account.status:
        case "paused":
            return f"{account.account_id} is paused (layers-pipeline ads resume)"
        case "reauth_required":
            connect = CONNECT.format(account=account.account_id)
            return f"{account.account_id} needs a new token ({connect})"
        case _ if not project.is_active:
            return f"{account.account_id} belongs to project {project.project_id!r}, which is off"
        case _:
            return None


def _lease(rows: Sequence[AdAccount], claim: Claim) -> list[AdAccount]:
    for row in rows:
        row.last_started_at = claim.now
        row.lease_owner, row.lease_until = claim.worker, claim.lease_until
    return list(rows)


def _finish(stored: AdAccount, ending: AdsEnding, *, now: datetime) -> None:
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
