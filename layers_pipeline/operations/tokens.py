"""Tokens of OAuth accounts: stored, read, refreshed by one worker at a time.

Belongs here: statements on ``account_tokens``.
Does not belong here: keys and encryption (``secrets``), talking to a platform.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from layers_pipeline.errors import NotFoundError
from layers_pipeline.operations import accounts, sync_endings
from layers_pipeline.operations.leases import NO_LEASE, Claim, is_free
from layers_pipeline.operations.oauth_models import AccountToken
from layers_pipeline.operations.oauth_rows import NewToken, TokenRow
from layers_pipeline.operations.rows import NewAccount
from layers_pipeline.operations.secrets import TokenCipher, TokenUnreadableError, require_token
from layers_pipeline.operations.statements import chunks, upsert


def connect_account(
    session: Session, account: NewAccount, token: NewToken, *, cipher: TokenCipher, now: datetime
) -> None:
    """Add an OAuth account with its first token; refuse one that is there."""
    if not accounts.add_accounts(session, [account], now=now):
        accounts.require_new(session, account.account_id)
    store_token(session, account.account_id, token, cipher=cipher, now=now)


def store_token(
    session: Session, account_id: str, token: NewToken, *, cipher: TokenCipher, now: datetime
) -> None:
    """Put the token in the place of any other, and let an account that waited for it sync."""
    accounts.require_oauth(session, account_id)
    columns = {
        "account_id": account_id,
        "encrypted_refresh": None,
        "refresh_expires_at": None,
        "updated_at": now,
        **_encrypted(account_id, token, cipher=cipher),
        **NO_LEASE,  # whoever refreshes the old token comes too late
    }
    sync_endings.welcome_back(session, account_id)
    upsert(session, AccountToken, columns, key="account_id")


def token(session: Session, account_id: str, *, cipher: TokenCipher) -> TokenRow:
    """The account's token, decrypted."""
    stored = session.get(AccountToken, account_id)
    if stored is None:
        raise _no_token(session, account_id)
    return _row(stored, cipher=cipher)


def tokens(
    session: Session, account_ids: Iterable[str], *, cipher: TokenCipher
) -> dict[str, TokenRow]:
    """The tokens that are there and can be decrypted, by account id."""
    readable: dict[str, TokenRow] = {}
    for chunk in chunks(sorted(set(account_ids))):
        query = select(AccountToken).where(AccountToken.account_id.in_(chunk))
        for stored in session.scalars(query):
            try:
                readable[stored.account_id] = _row(stored, cipher=cipher)
            except TokenUnreadableError:
                continue
    return readable


def rotate_tokens(session: Session, *, cipher: TokenCipher) -> int:
    """Encrypt everything with the first key; give the number of accounts that had another."""
    query = select(AccountToken).order_by(AccountToken.account_id).with_for_update()
    return sum(_rotate(stored, cipher=cipher) for stored in session.scalars(query).all())


def claim_token_refresh(
    session: Session, account_id: str, *, expires_before: datetime, claim: Claim
) -> bool:
    """Lease the token, if it is free and ends no later than ``expires_before``."""
    claimed = session.scalars(
        update(AccountToken)
        .where(
            AccountToken.account_id == account_id,
            AccountToken.expires_at <= expires_before,
            is_free(AccountToken, now=claim.now),
        )
        .values(claim.lease)
        .returning(AccountToken.account_id)
    ).all()
    if not claimed:
        _require_token_of(session, account_id)
    return bool(claimed)


def finish_token_refresh(
    session: Session,
    account_id: str,
    *,
    worker: str,
    token: NewToken | None,
    cipher: TokenCipher,
    now: datetime,
) -> bool:
    """Store the new token, if there is one, and end the lease; False if it was lost."""
    columns: dict[str, Any] = dict(NO_LEASE)
    if token is not None:
        columns |= _encrypted(account_id, token, cipher=cipher) | {"updated_at": now}
    held = session.scalars(
        update(AccountToken)
        .where(AccountToken.account_id == account_id, AccountToken.lease_owner == worker)
        .values(columns)
        .returning(AccountToken.account_id)
    ).all()
    if not held:
        _require_token_of(session, account_id)
    return bool(held)


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


def _row(stored: AccountToken, *, cipher: TokenCipher) -> TokenRow:
    owner, refresh = stored.account_id, stored.encrypted_refresh
    return TokenRow(
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


def _require_token_of(session: Session, account_id: str) -> None:
    if session.get(AccountToken, account_id) is None:
        raise _no_token(session, account_id)


def _no_token(session: Session, account_id: str) -> NotFoundError:
    accounts.require_oauth(session, account_id)
    return NotFoundError(
        f"operations: account {account_id} has no token."
        f" Give it one: layers-pipeline account reauth {account_id}."
    )
