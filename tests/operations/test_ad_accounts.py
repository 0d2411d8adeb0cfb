"""Ad accounts: connecting, claims, outcomes; tokens that nobody sees."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.ad_account_rows import AdsEnding, NewAdAccount
from layers_pipeline.operations.leases import Claim
from layers_pipeline.operations.secrets import TokenCipher, new_key
from layers_pipeline.operations.store import Operations
from tests.operations.world import ACCESS, CIPHER, KEY, NOW, add_project, each_database

META = NewAdAccount(
    ad_platform="meta", ad_account_id="123", project_id="brand", access=SecretStr(ACCESS)
)
SIX_H = timedelta(hours=6)
BOTH = ("meta", "tiktok")


@pytest.fixture
def connected(operations: Operations) -> Operations:
    add_project(operations)
    operations.ad_accounts.connect(META, CIPHER, now=NOW)
    return operations


def claim(now=NOW, worker="w"):
    return Claim(now=now, lease_for=SIX_H, worker=worker, limit=10)


def due(operations, now=NOW, worker="w"):
    found = operations.ad_accounts.claim_due(claim(now, worker), every=SIX_H, platforms=BOTH)
    return [row.account_id for row in found]


def ended(operations, outcome, now=NOW, worker="w", **more):
    ending = AdsEnding(account_id="meta:123", outcome=outcome, message="said", **more)
    return operations.ad_accounts.finish([ending], worker=worker, now=now)


def row_of(operations):
    (row,) = operations.ad_accounts.all()
    return row


@each_database
def test_an_ad_account_is_connected_once_and_keeps_its_newest_token(connected):
    row = row_of(connected)
    assert connected.ad_accounts.token(row, CIPHER).get_secret_value() == ACCESS
    newer = replace(META, access=SecretStr("newer-token"))
    assert not connected.ad_accounts.connect(newer, CIPHER, now=NOW)
    assert (
        connected.ad_accounts.token(row_of(connected), CIPHER).get_secret_value() == "newer-token"
    )
    with connected.database.engine.connect() as connection:
        stored = str(connection.execute(text("SELECT * FROM ad_accounts")).all())
    assert "newer-token" not in stored
    assert ACCESS not in repr(META)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"ad_account_id": "abc"}, InputRefusedError, "is no number"),
        ({"ad_account_id": "act_1"}, InputRefusedError, "is no number"),
        ({"project_id": "nobody"}, NotFoundError, "nobody"),
        ({"ad_platform": "x"}, InputRefusedError, "ad platform 'x'"),
        ({"access": SecretStr("two words")}, InputRefusedError, "access token of ad account"),
    ],
    ids=str,
)
def test_what_cannot_be_an_ad_account_is_refused(operations, changes, error, words):
    add_project(operations)
    with pytest.raises(error, match=words) as raised:
        operations.ad_accounts.connect(replace(META, **changes), CIPHER, now=NOW)
    assert "two words" not in str(raised.value)
    assert operations.ad_accounts.all() == []


def test_an_ad_account_stays_with_its_project(connected):
    add_project(connected, "other")
    with pytest.raises(InputRefusedError, match="belongs to project 'brand'"):
        connected.ad_accounts.connect(replace(META, project_id="other"), CIPHER, now=NOW)


@each_database
def test_an_account_is_claimed_by_one_worker_and_due_again_after_six_hours(connected):
    assert due(connected) == ["meta:123"]
    assert due(connected, worker="other") == []
    assert ended(connected, "ok", worker="other") == set()
    assert ended(connected, "ok", read_until=date(2025, 3, 1), currency="USD") == {"meta:123"}
    row = row_of(connected)
    assert (row.read_until, row.currency, row.last_success_at) == (date(2025, 3, 1), "USD", NOW)
    assert due(connected, NOW + SIX_H - timedelta(seconds=1)) == []
    assert due(connected, NOW + SIX_H) == ["meta:123"]


def test_a_killed_reading_is_taken_up_when_its_lease_ends(connected):
    assert due(connected) == ["meta:123"]
    assert due(connected, NOW + SIX_H, worker="next") == ["meta:123"]


def test_a_wait_that_the_platform_asked_for_is_kept_and_then_it_is_due(connected):
    due(connected)
    ended(connected, "rate_limited", retry_at=NOW + timedelta(hours=1))
    assert due(connected, NOW + timedelta(minutes=59)) == []
    assert due(connected, NOW + timedelta(hours=1)) == ["meta:123"]


def test_an_account_that_lost_its_token_waits_for_a_new_one(connected):
    due(connected)
    ended(connected, "reauth_required")
    assert row_of(connected).status == "reauth_required"
    assert due(connected, NOW + timedelta(days=9)) == []
    connected.ad_accounts.connect(META, CIPHER, now=NOW)
    assert due(connected, NOW + timedelta(days=9)) == ["meta:123"]


def test_a_failure_leaves_what_was_read_before(connected):
    due(connected)
    ended(connected, "ok", read_until=date(2025, 3, 1))
    due(connected, NOW + SIX_H)
    ended(connected, "unavailable", NOW + SIX_H)
    row = row_of(connected)
    assert (row.read_until, row.failures_in_a_row) == (date(2025, 3, 1), 1)


def test_paused_accounts_and_those_of_projects_that_are_off_are_not_read(connected):
    connected.ad_accounts.set_status("meta:act_123", "paused")
    assert due(connected) == []
    with pytest.raises(InputRefusedError, match="is paused"):
        connected.ad_accounts.claim_named(["meta:123"], claim())
    connected.ad_accounts.set_status("meta:123", "active")
    connected.projects.set_active("brand", is_active=False)
    assert due(connected) == []
    with pytest.raises(InputRefusedError, match="which is off"):
        connected.ad_accounts.claim_named(["meta:123"], claim())


def test_a_named_account_does_not_wait(connected):
    due(connected)
    ended(connected, "rate_limited", retry_at=NOW + timedelta(hours=1))
    (row,) = connected.ad_accounts.claim_named(["meta:123"], claim())
    assert (row.account_id, row.retry_at) == ("meta:123", None)
    with pytest.raises(NotFoundError, match="ads connect meta:9"):
        connected.ad_accounts.claim_named(["meta:9"], claim())


def test_a_change_of_keys_reaches_ad_accounts(connected):
    newer = new_key()
    both = TokenCipher(SecretStr(f"{newer},{KEY}"))
    assert (connected.ad_accounts.rotate(both), connected.ad_accounts.rotate(both)) == (1, 0)
    alone = TokenCipher(SecretStr(newer))
    assert connected.ad_accounts.token(row_of(connected), alone).get_secret_value() == ACCESS
