"""Tokens of OAuth accounts: stored, read, refreshed by one worker at a time.

Belongs here: the table ``account_tokens``, and what a new token changes for its account.
Does not belong here: keys and encryption (``secrets``), talking to a platform.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import SecretStr
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Select,
    Update,
    case,
    select,
    type_coerce,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from layers_pipeline.errors import NotFoundError
from layers_pipeline.operations.accounts import (
    AccountSyncState,
    NewAccount,
    PlatformAccount,
    add_accounts,
    require_new,
    require_oauth,
)
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.leases import Claim, is_free
from layers_pipeline.operations.model_base import Base, whole_lease
from layers_pipeline.operations.secrets import TokenCipher, TokenUnreadableError, require_token
from layers_pipeline.operations.statements import chunks, upsert
from layers_pipeline.operations.utc_datetime import UtcDatetime

_NO_LEASE: Final = {"lease_owner": None, "lease_until": None}


class AccountToken(Base):
    """Grain: one row per OAuth account that has given a token."""

    __tablename__ = "account_tokens"
    __table_args__ = (
        CheckConstraint(
            "encrypted_refresh IS NOT NULL OR refresh_expires_at IS NULL", name="refresh"
        ),
        whole_lease(),
        {"comment": "Tokens, encrypted. Grain: one row per OAuth account that gave one."},
    )

    account_id: Mapped[str] = mapped_column(
        ForeignKey("platform_accounts.account_id"), primary_key=True, comment="Whose."
    )
    encrypted_access: Mapped[str] = mapped_column(comment="Access token, encrypted (Fernet).")
    encrypted_refresh: Mapped[str | None] = mapped_column(
        comment="Refresh token, encrypted (Fernet); null: the platform gives none."
    )
    expires_at: Mapped[datetime] = mapped_column(comment="When the access token ends (UTC).")
    refresh_expires_at: Mapped[datetime | None] = mapped_column(
        comment="When the refresh token ends (UTC); null: unknown, or there is none."
    )
    updated_at: Mapped[datetime] = mapped_column(
        comment="When the token was stored (UTC); a change of keys leaves it."
    )
    lease_owner: Mapped[str | None] = mapped_column(
        comment="Worker that is refreshing the token; null: none."
    )
    lease_until: Mapped[datetime | None] = mapped_column(
        comment="Until when nobody else may refresh it (UTC); null: no lease."
    )


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """What a platform gave for one account. Grain: one access token, with its refresh token."""

    access: SecretStr = field(repr=False)
    refresh: SecretStr | None = field(default=None, repr=False)
    """Null where the platform gives none: Instagram renews the access token itself."""
    expires_at: datetime
    refresh_expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Token(NewToken):
    """A stored token, decrypted. Grain: one per OAuth account that has given one."""

    account_id: str
    updated_at: datetime
    """When the token was stored; Instagram renews none that is younger than a day."""


class Tokens(Repository):
    """What lets us read accounts in their owners' name."""

    def connect(
        self, account: NewAccount, token: NewToken, cipher: TokenCipher, *, now: datetime
    ) -> None:
        """Add an OAuth account together with its first token."""
        with self._database.write() as session:
            if not add_accounts(session, [account], now=now):
                require_new(session, account.account_id)
            _store(session, account.account_id, token, cipher=cipher, now=now)

    def store(
        self, account_id: str, token: NewToken, cipher: TokenCipher, *, now: datetime
    ) -> None:
        """Store a token that a person gave, in the place of any other.

        A refresh under way loses its lease. An account in ``reauth_required`` becomes active
        and waits for nothing any more.
        """
        with self._database.write() as session:
            _store(session, account_id, token, cipher=cipher, now=now)

    def get(self, account_id: str, cipher: TokenCipher) -> Token:
        """The account's token.

        Raises:
            NotFoundError: It has none.
            TokenUnreadableError: No key opens it.
        """
        with self._database.read() as session:
            return _decrypted(_stored(session, account_id), cipher=cipher)

    def readable(self, account_ids: Iterable[str], cipher: TokenCipher) -> dict[str, Token]:
        """The accounts' tokens by account id, without those that are missing or unreadable.

        One unreadable token does not keep the others; ``get`` says what is wrong with it.
        """
        readable: dict[str, Token] = {}
        with self._database.read() as session:
            for chunk in chunks(sorted(set(account_ids))):
                query = select(AccountToken).where(AccountToken.account_id.in_(chunk))
                for stored in session.scalars(query):
                    try:
                        readable[stored.account_id] = _decrypted(stored, cipher=cipher)
                    except TokenUnreadableError:
                        continue
        return readable

    def ending_before(self, moment: datetime) -> list[tuple[str, datetime]]:
        """Accounts whose token ends before a moment, without a refresh token; and the ends."""
        query = select(AccountToken.account_id, AccountToken.expires_at).where(
            AccountToken.encrypted_refresh.is_(None), AccountToken.expires_at < moment
        )
        with self._database.read() as session:
            found = session.execute(query.order_by(AccountToken.account_id))
            return [(account_id, expires_at) for account_id, expires_at in found]

    def ends(self) -> list[tuple[str, datetime]]:
        """When each token ends for good, with its platform; of accounts that nobody paused.

        A refresh token whose end is not told has none here.
        """
        token, account = AccountToken, PlatformAccount
        end = case(
            (token.encrypted_refresh.is_(None), token.expires_at), else_=token.refresh_expires_at
        )
        query = (
            select(account.platform, type_coerce(end, UtcDatetime))
            .join(account, account.account_id == token.account_id)
            .where(account.status != "paused", end.is_not(None))
        )
        with self._database.read() as session:
            return [(platform, at) for platform, at in session.execute(query)]

    def rotate(self, cipher: TokenCipher) -> int:
        """Encrypt every token with the first key; give the number of accounts that had another.

        All or nothing; may be repeated, and then finds what others stored meanwhile.

        Raises:
            TokenUnreadableError: No key opens the token of an account; nothing was changed.
        """
        every = select(AccountToken).order_by(AccountToken.account_id).with_for_update()
        with self._database.write() as session:
            return sum(_rotate(stored, cipher=cipher) for stored in session.scalars(every).all())

    def claim_refresh(
        self,
        account_id: str,
        *,
        worker: str,
        now: datetime,
        lease_for: timedelta,
        expires_before: datetime,
    ) -> bool:
        """True for the one worker that is to refresh the token.

        False while somebody holds the lease, and where the token ends later than
        ``expires_before``: then it was refreshed meanwhile, so read it again. To refresh a token
        that is refused before its time, pass the ``expires_at`` that it was read with.
        ``lease_for`` has to outlast the call to the platform with all its repeats.
        """
        claim = Claim(now=now, lease_for=lease_for, worker=worker, limit=1)
        lease = {"lease_owner": worker, "lease_until": claim.lease_until}
        is_due = (AccountToken.expires_at <= expires_before) & is_free(
            AccountToken.lease_until, now=now
        )
        with self._database.write() as session:
            return _changed(session, update(AccountToken).where(is_due).values(lease), account_id)

    def finish_refresh(
        self,
        account_id: str,
        token: NewToken | None,
        cipher: TokenCipher,
        *,
        worker: str,
        now: datetime,
    ) -> bool:
        """Store the refreshed token and end the lease; null ends the lease only.

        A token that came without a refresh token leaves the stored one in force.

        Returns:
            False, and nothing is written, if the worker does not hold the lease any more: another
            token was stored meanwhile.
        """
        columns: dict[str, Any] = dict(_NO_LEASE)
        if token is not None:
            columns |= _encrypted(account_id, token, cipher=cipher) | {"updated_at": now}
        is_held = AccountToken.lease_owner == worker
        with self._database.write() as session:
            finish = update(AccountToken).where(is_held).values(columns)
            return _changed(session, finish, account_id)


def locked_states() -> Select[AccountSyncState]:
    """Sync states in the one order in which everybody locks them, so that none wait in a ring."""
    state = AccountSyncState
    return select(state).order_by(state.account_id, state.depth).with_for_update()


def _store(
    session: Session, account_id: str, token: NewToken, *, cipher: TokenCipher, now: datetime
) -> None:
    """Put the token in the place of any other, and let an account that waited for it sync."""
    require_oauth(session, account_id)
    columns = {
        "account_id": account_id,
        "encrypted_refresh": None,
        "refresh_expires_at": None,
        "updated_at": now,
        **_encrypted(account_id, token, cipher=cipher),
        **_NO_LEASE,  # whoever refreshes the old token comes too late
    }
    _welcome_back(session, account_id)
    upsert(session, AccountToken, columns, key="account_id")


def _welcome_back(session: Session, account_id: str) -> None:
    """Let an account that waited for a new login sync again, at once."""
    of_account = locked_states().where(AccountSyncState.account_id == account_id)
    states = session.scalars(of_account).all()
    account = session.get_one(PlatformAccount, account_id, with_for_update=True)
    if account.status == "reauth_required":
        account.status = "active"
        for state in states:
            state.retry_at = None


def _changed(session: Session, statement: Update, account_id: str) -> bool:
    """Change the account's token; False if nothing of it met the conditions."""
    of_account = statement.where(AccountToken.account_id == account_id)
    changed = session.scalars(of_account.returning(AccountToken.account_id)).all()
    if not changed:
        _stored(session, account_id)
    return bool(changed)


def _stored(session: Session, account_id: str) -> AccountToken:
    stored = session.get(AccountToken, account_id)
    if stored is None:
        require_oauth(session, account_id)
        raise NotFoundError(
            f"account {account_id} has no token."
            f" Give it one: layers-pipeline account reauth {account_id}."
        )
    return stored


def _encrypted(account_id: str, token: NewToken, *, cipher: TokenCipher) -> dict[str, Any]:
    """The columns that the token sets; one that came without a refresh token leaves those."""
    access = require_token(token.access, what=f"the access token of account {account_id}")
    columns: dict[str, Any] = {
        "encrypted_access": cipher.encrypt(access, account_id=account_id),
        "expires_at": token.expires_at,
    }
    if token.refresh is not None:
        refresh = require_token(token.refresh, what=f"the refresh token of account {account_id}")
        columns["encrypted_refresh"] = cipher.encrypt(refresh, account_id=account_id)
        columns["refresh_expires_at"] = token.refresh_expires_at
    return columns


def _decrypted(stored: AccountToken, *, cipher: TokenCipher) -> Token:
    owner, refresh = stored.account_id, stored.encrypted_refresh
    return Token(
        account_id=owner,
        access=cipher.decrypt(stored.encrypted_access, account_id=owner),
        refresh=None if refresh is None else cipher.decrypt(refresh, account_id=owner),
        expires_at=stored.expires_at,
        refresh_expires_at=stored.refresh_expires_at,
        updated_at=stored.updated_at,
    )


def _rotate(stored: AccountToken, *, cipher: TokenCipher) -> bool:
    """Renew both ciphers; False if they are under the first key."""
    owner, refresh = stored.account_id, stored.encrypted_refresh
    before = (stored.encrypted_access, refresh)
    stored.encrypted_access = cipher.renewed(stored.encrypted_access, account_id=owner)
    if refresh is not None:
        stored.encrypted_refresh = cipher.renewed(refresh, account_id=owner)
    return before != (stored.encrypted_access, stored.encrypted_refresh)
