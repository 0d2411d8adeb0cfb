"""Ad accounts of both platforms: connecting them, their tokens, when they are read and how it went.

Belongs here: transactions on ad accounts, leases, outcomes of readings.
Does not belong here: the table (``ad_account_rows``), reading an ad account (``sources``).

A token is stored with its account: who may read the account's ads is one secret, given by a
person and renewed by a person. It is encrypted like all others (``secrets``).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from pydantic import SecretStr
from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.ad_account_rows import (
    CONNECT,
    META_PREFIX,
    AdAccount,
    AdsEnding,
    NewAdAccount,
    end_reading,
    new_row,
)
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.leases import Claim, is_free
from layers_pipeline.operations.projects import Project, require_projects
from layers_pipeline.operations.secrets import TokenCipher, require_token
from layers_pipeline.operations.validators import name_to_keep, require_key, require_word
from transforms.vocabulary import ACCOUNT_STATUSES, AD_PLATFORMS, AccountStatus, AdPlatform


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
                session.add(new_row(account, access, now=now))
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

    def tokens_ending_before(self, moment: datetime) -> list[AdAccount]:
        """Accounts that are to be read whose token ends before a moment, or was refused."""
        account = AdAccount
        ends = or_(account.expires_at < moment, account.status == "reauth_required")
        wanted = select(account).where(ends, account.status != "paused")
        return self._rows(wanted.order_by(account.ad_platform, account.ad_account_id))

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
                    end_reading(stored, by_id[stored.account_id], now=now)
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
            return f"{account.account_id} needs a new token ({account.renewal})"
        case _ if not project.is_active:
            return f"{account.account_id} belongs to project {project.project_id!r}, which is off"
        case _:
            return None


def _lease(rows: Sequence[AdAccount], claim: Claim) -> list[AdAccount]:
    for row in rows:
        row.last_started_at = claim.now
        row.lease_owner, row.lease_until = claim.worker, claim.lease_until
    return list(rows)
