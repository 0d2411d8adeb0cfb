"""Stored tokens: read back, unreadable in the database, under new keys.

Belongs here: storing, reading and rotating.
Does not belong here: refreshing (``test_token_refresh``), encryption alone (``test_secrets``).
"""

from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.model_base import Base
from layers_pipeline.operations.secrets import TokenCipher, TokenUnreadableError, new_key
from layers_pipeline.operations.store import Operations
from layers_pipeline.operations.tokens import Token
from tests.operations.world import (
    ACCESS,
    CIPHER,
    EXTERNAL,
    KEY,
    LEASE,
    MINUTE,
    NOW,
    OAUTH,
    REFRESH,
    add_external,
    add_oauth,
    add_project,
    claimed_ids,
    each_database,
    finish,
    give_token,
    new_token,
    state_of,
)

OTHER = "instagram:other"


@pytest.fixture
def owned(operations: Operations) -> Operations:
    """Two oauth accounts, one of which has a token."""
    add_oauth(operations, "owned", "other")
    give_token(operations)
    return operations


def cipher(*keys: str) -> TokenCipher:
    return TokenCipher(SecretStr(",".join(keys)))


# Storing and reading


@each_database
def test_a_token_is_found_as_it_was_stored(owned: Operations):
    given = new_token()
    assert owned.tokens.get(OAUTH, CIPHER) == Token(**vars(given), account_id=OAUTH, updated_at=NOW)


def test_a_token_in_hand_shows_nothing(owned: Operations):
    shown = repr(owned.tokens.get(OAUTH, CIPHER)) + repr(owned.tokens.readable([OAUTH], CIPHER))
    assert ACCESS not in shown
    assert REFRESH not in shown


@each_database
def test_a_later_token_replaces_all_of_the_earlier_one(owned: Operations):
    later = new_token("second", None)
    owned.tokens.store(OAUTH, later, CIPHER, now=NOW + MINUTE)
    row = owned.tokens.get(OAUTH, CIPHER)
    assert (row.access.get_secret_value(), row.refresh) == ("second", None)
    assert (row.refresh_expires_at, row.updated_at) == (None, NOW + MINUTE)


def test_an_account_without_a_token_is_reported_with_the_remedy(owned: Operations):
    with pytest.raises(NotFoundError, match=f"{OTHER} has no token.*account reauth {OTHER}"):
        owned.tokens.get(OTHER, CIPHER)


def test_the_token_of_an_unknown_account_is_not_found(operations: Operations):
    with pytest.raises(NotFoundError, match=f"do not exist: {OAUTH}"):
        operations.tokens.get(OAUTH, CIPHER)


def test_an_external_account_takes_no_token(operations: Operations):
    add_external(operations)
    with pytest.raises(InputRefusedError, match=f"{EXTERNAL} is external: SIFT"):
        give_token(operations, EXTERNAL)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [({"access": "a b"}, "access token of"), ({"refresh": ""}, "refresh token of")],
)
def test_what_is_no_token_changes_nothing(owned: Operations, wrong, named):
    with pytest.raises(InputRefusedError, match=f"{named} account {OAUTH}"):
        give_token(owned, **wrong)
    assert owned.tokens.get(OAUTH, CIPHER).access.get_secret_value() == ACCESS


def test_tokens_are_read_in_bulk(owned: Operations):
    give_token(owned, OTHER, access="second")
    found = owned.tokens.readable([OAUTH, OTHER, OAUTH, "instagram:nobody"], CIPHER)
    assert {one: row.access.get_secret_value() for one, row in found.items()} == {
        OAUTH: ACCESS,
        OTHER: "second",
    }


def test_no_tokens_are_fine(operations: Operations):
    assert operations.tokens.readable([], CIPHER) == {}


# An account that waited for a login


@pytest.mark.parametrize(
    ("before", "after"),
    [("reauth_required", "active"), ("paused", "paused"), ("active", "active")],
)
def test_a_new_token_ends_the_wait_for_one(owned: Operations, before, after):
    owned.accounts.set_status(OAUTH, before)
    give_token(owned)
    assert owned.accounts.all()[1].status == after


@each_database
def test_an_account_that_waited_for_a_login_is_due_at_once(owned: Operations):
    claimed_ids(owned)
    finish(owned, "reauth_required", retry_at=NOW + 60 * MINUTE)
    give_token(owned)
    assert state_of(owned, "quick").retry_at is None
    assert claimed_ids(owned, now=NOW + 2 * MINUTE) == [OAUTH]


def test_a_new_token_does_not_end_a_throttling(owned: Operations):
    claimed_ids(owned)
    finish(owned, "rate_limited", retry_at=NOW + 60 * MINUTE)
    give_token(owned)
    assert state_of(owned, "quick").retry_at == NOW + 60 * MINUTE


# Adding an account with its token


def connect(operations: Operations, key: str = "owned", **token) -> None:
    account = NewAccount(
        platform="instagram", account_key=key, connection="oauth", project_id="brand"
    )
    operations.tokens.connect(account, new_token(**token), CIPHER, now=NOW)


def test_an_account_is_added_with_its_token(operations: Operations):
    add_project(operations)
    connect(operations)
    assert operations.tokens.get(OAUTH, CIPHER).access.get_secret_value() == ACCESS
    assert claimed_ids(operations) == [OAUTH]


def test_an_account_whose_token_is_refused_is_not_added(operations: Operations):
    add_project(operations)
    with pytest.raises(InputRefusedError):
        connect(operations, access="")
    assert operations.accounts.all() == []


def test_an_account_that_is_there_keeps_its_token(owned: Operations):
    with pytest.raises(InputRefusedError, match=f"there already.*account reauth {OAUTH}"):
        connect(owned, access="second")
    assert owned.tokens.get(OAUTH, CIPHER).access.get_secret_value() == ACCESS


# What lies in the database


def test_no_token_lies_in_the_sqlite_file(sqlite_operations: Operations, tmp_path: Path):
    add_oauth(sqlite_operations)
    give_token(sqlite_operations)
    give_token(sqlite_operations, access="second-nobody-may-see")
    content = b"".join(file.read_bytes() for file in tmp_path.glob("operations.db*"))
    assert OAUTH.encode() in content
    assert b"nobody-may-see" not in content


def test_no_token_lies_in_any_row_of_postgres(postgres_operations: Operations):
    add_oauth(postgres_operations)
    give_token(postgres_operations)
    rows = every_row(postgres_operations)
    assert OAUTH in rows
    assert "nobody-may-see" not in rows


def every_row(operations: Operations) -> str:
    """The whole database as text."""
    with operations.database.read() as session:
        return "\n".join(
            row
            for table in Base.metadata.tables
            for row in session.scalars(text(f"SELECT whole::text FROM {table} AS whole"))
        )


# Keys


@each_database
def test_rotation_brings_everything_under_the_first_key(owned: Operations):
    give_token(owned, OTHER, refresh=None)
    new = new_key()
    assert owned.tokens.rotate(cipher(new, KEY)) == 2
    row = owned.tokens.get(OAUTH, cipher(new))
    assert row.refresh is not None
    assert (row.access.get_secret_value(), row.refresh.get_secret_value()) == (ACCESS, REFRESH)


def test_rotation_may_be_repeated_and_finds_what_came_meanwhile(owned: Operations):
    both = cipher(new_key(), KEY)
    assert owned.tokens.rotate(both) == 1
    give_token(owned, OTHER)
    assert owned.tokens.rotate(both) == 1
    assert owned.tokens.rotate(both) == 0


def test_rotation_leaves_the_age_of_a_token_and_a_refresh_under_way(owned: Operations):
    owned.tokens.claim_refresh(
        OAUTH, worker="w1", now=NOW, lease_for=LEASE, expires_before=new_token().expires_at
    )
    both = cipher(new_key(), KEY)
    owned.tokens.rotate(both)
    assert owned.tokens.get(OAUTH, both).updated_at == NOW
    assert owned.tokens.finish_refresh(OAUTH, None, both, worker="w1", now=NOW + MINUTE)


@each_database
def test_rotation_is_all_or_nothing(owned: Operations):
    new, lost = new_key(), new_key()
    owned.tokens.store(OTHER, new_token(), cipher(lost), now=NOW)
    with pytest.raises(TokenUnreadableError, match=OTHER):
        owned.tokens.rotate(cipher(new, KEY))
    assert owned.tokens.get(OAUTH, CIPHER).access.get_secret_value() == ACCESS


def test_a_lost_key_is_reported_with_account_and_remedy(owned: Operations):
    with pytest.raises(TokenUnreadableError, match=f"{OAUTH} cannot.*account reauth {OAUTH}"):
        owned.tokens.get(OAUTH, cipher(new_key()))


def test_one_unreadable_token_does_not_keep_the_others(owned: Operations):
    owned.tokens.store(OTHER, new_token(), cipher(new_key()), now=NOW)
    assert list(owned.tokens.readable([OAUTH, OTHER], CIPHER)) == [OAUTH]


def test_a_new_token_replaces_an_unreadable_one(owned: Operations):
    new = cipher(new_key())
    owned.tokens.store(OAUTH, new_token("second"), new, now=NOW)
    assert owned.tokens.get(OAUTH, new).access.get_secret_value() == "second"


def test_a_row_copied_to_another_account_opens_nothing(owned: Operations):
    copied = (
        "INSERT INTO account_tokens (account_id, encrypted_access, expires_at, updated_at)"
        " SELECT 'instagram:other', encrypted_access, expires_at, updated_at FROM account_tokens"
    )
    with owned.database.write() as session:
        session.execute(text(copied))
    with pytest.raises(TokenUnreadableError, match="stored for another account"):
        owned.tokens.get(OTHER, CIPHER)
