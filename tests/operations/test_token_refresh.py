"""Refreshing a token: one worker at a time, and nothing that came later is overwritten.

Belongs here: ``Tokens.claim_refresh`` and ``Tokens.finish_refresh``.
Does not belong here: when a token needs refreshing, and asking a platform.
"""

from typing import Any

import pytest

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.store import Operations
from layers_pipeline.operations.tokens import NewToken, Token
from tests.operations.world import (
    ACCESS,
    CIPHER,
    EXTERNAL,
    LEASE,
    MINUTE,
    NOW,
    OAUTH,
    REFRESH,
    add_external,
    add_oauth,
    each_database,
    give_token,
    new_token,
)

ENDS = new_token().expires_at
NEWER = new_token("second", "second-refresh", expires_at=ENDS + 60 * MINUTE)


@pytest.fixture
def owned(operations: Operations) -> Operations:
    """An oauth account with a token that ends at ``ENDS``."""
    add_oauth(operations)
    give_token(operations)
    return operations


def take(operations: Operations, worker: str = "w1", **changes: Any) -> bool:
    wish = {"now": NOW, "lease_for": LEASE, "expires_before": ENDS} | changes
    return operations.tokens.claim_refresh(OAUTH, worker=worker, **wish)


def give_back(operations: Operations, token: NewToken | None, worker: str = "w1") -> bool:
    return operations.tokens.finish_refresh(OAUTH, token, CIPHER, worker=worker, now=NOW + MINUTE)


def secrets(row: Token) -> tuple[str, str | None]:
    return row.access.get_secret_value(), row.refresh and row.refresh.get_secret_value()


@each_database
@pytest.mark.parametrize("worker", ["w1", "w2"])
def test_a_refresh_under_way_keeps_every_worker_out(owned: Operations, worker):
    assert take(owned)
    assert not take(owned, worker, now=NOW + LEASE - MINUTE)


def test_an_expired_lease_lets_the_next_worker_in(owned: Operations):
    take(owned)
    assert take(owned, "w2", now=NOW + LEASE)


def test_a_token_that_lasts_longer_is_not_given_out(owned: Operations):
    assert not take(owned, expires_before=ENDS - MINUTE)


@each_database
def test_a_refreshed_token_is_stored_and_not_given_out_again(owned: Operations):
    take(owned)
    assert give_back(owned, NEWER)
    row = owned.tokens.get(OAUTH, CIPHER)
    assert secrets(row) == ("second", "second-refresh")
    assert (row.expires_at, row.updated_at) == (NEWER.expires_at, NOW + MINUTE)
    assert not take(owned, "w2", now=NOW + MINUTE)


def test_a_token_without_a_refresh_token_leaves_the_stored_one(owned: Operations):
    take(owned)
    give_back(owned, new_token("second", None))
    row = owned.tokens.get(OAUTH, CIPHER)
    assert secrets(row) == ("second", REFRESH)
    assert row.refresh_expires_at == new_token().refresh_expires_at


def test_a_refresh_that_failed_lets_the_next_worker_in(owned: Operations):
    take(owned)
    assert give_back(owned, None)
    assert secrets(owned.tokens.get(OAUTH, CIPHER)) == (ACCESS, REFRESH)
    assert owned.tokens.get(OAUTH, CIPHER).updated_at == NOW
    assert take(owned, "w2")


@each_database
def test_a_lost_lease_writes_nothing(owned: Operations):
    take(owned)
    take(owned, "w2", now=NOW + LEASE)
    assert not give_back(owned, NEWER)
    assert secrets(owned.tokens.get(OAUTH, CIPHER)) == (ACCESS, REFRESH)
    assert give_back(owned, NEWER, worker="w2")


def test_an_expired_lease_that_nobody_took_still_counts(owned: Operations):
    take(owned, lease_for=MINUTE / 2)
    assert give_back(owned, NEWER)


def test_a_token_that_a_person_gives_meanwhile_wins(owned: Operations):
    take(owned)
    give_token(owned, access="by-hand")
    assert not give_back(owned, NEWER)
    assert secrets(owned.tokens.get(OAUTH, CIPHER)) == ("by-hand", REFRESH)


def test_what_is_no_token_is_refused_and_the_lease_stays(owned: Operations):
    take(owned)
    with pytest.raises(InputRefusedError, match=f"access token of account {OAUTH} is empty"):
        give_back(owned, new_token(""))
    assert not take(owned, "w2")


@pytest.mark.parametrize("act", [take, lambda operations: give_back(operations, None)])
def test_an_account_without_a_token_is_reported_with_the_remedy(operations: Operations, act):
    add_oauth(operations)
    with pytest.raises(NotFoundError, match=f"account reauth {OAUTH}"):
        act(operations)


def test_an_external_account_has_nothing_to_refresh(operations: Operations):
    add_external(operations)
    with pytest.raises(InputRefusedError, match="is external: SIFT reads it"):
        operations.tokens.claim_refresh(
            EXTERNAL, worker="w1", now=NOW, lease_for=LEASE, expires_before=ENDS
        )
