"""Platform accounts: bulk inserts and what they refuse.

Belongs here: tests of adding accounts and of their status.
Does not belong here: when they sync (``test_due``).
"""

import pytest
from sqlalchemy import event

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.accounts import NewAccount, PlatformAccount
from layers_pipeline.operations.store import Operations
from tests.operations.world import (
    EXTERNAL,
    MINUTE,
    NOW,
    OAUTH,
    add_external,
    add_oauth,
    each_database,
)


@each_database
def test_an_account_is_found_as_it_was_added(operations: Operations):
    add_oauth(operations)
    assert operations.accounts.all() == [
        PlatformAccount(
            account_id=OAUTH,
            platform="instagram",
            account_key="owned",
            connection="oauth",
            project_id="brand",
            status="active",
            created_at=NOW,
        )
    ]


@each_database
@pytest.mark.parametrize(
    ("given", "kept"), [(" Shop\x00 ", "Shop"), ("", None), (None, None), ("x" * 201, "x" * 200)]
)
def test_an_account_is_called_as_people_call_it(operations: Operations, given, kept):
    account = NewAccount(
        platform="tiktok", account_key="key", connection="external", display_name=given
    )
    operations.accounts.add([account], now=NOW)
    assert operations.accounts.all()[0].display_name == kept


@each_database
def test_only_new_accounts_are_added(operations: Operations):
    add_external(operations)
    watched = NewAccount(platform="tiktok", account_key="watched", connection="external")
    other = NewAccount(platform="tiktok", account_key="other", connection="external")
    assert operations.accounts.add([watched, other, other], now=NOW + MINUTE) == 1
    assert operations.accounts.all()[1].created_at == NOW


@each_database
def test_ten_thousand_accounts_take_few_statements(operations: Operations):
    accounts = [
        NewAccount(platform="tiktok", account_key=f"key{number}", connection="external")
        for number in range(10_000)
    ]
    said: list[str] = []
    event.listen(
        operations.database.engine, "before_cursor_execute", lambda *told: said.append(told[2])
    )
    assert operations.accounts.add(accounts, now=NOW) == 10_000
    assert len(said) < 200


def test_no_accounts_are_fine(operations: Operations):
    assert operations.accounts.add([], now=NOW) == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"platform": "youtube"}, "platform 'youtube' is not known. Use one of: instagram, tik"),
        ({"connection": "sift"}, "connection 'sift' is not known. Use one of: oauth, external"),
        ({"account_key": ""}, "tiktok account '' cannot be a key. Use 1 to 200 printable"),
        ({"account_key": "a\x00"}, "cannot be a key"),
        ({"project_id": "brand"}, "account tiktok:key: connection external with project 'brand'"),
        ({"connection": "oauth"}, "An oauth account needs the project that owns it"),
    ],
)
def test_a_wrong_account_is_refused(operations: Operations, wrong, message):
    account = {"platform": "tiktok", "account_key": "key", "connection": "external"} | wrong
    with pytest.raises(InputRefusedError, match=message):
        operations.accounts.add([NewAccount(**account)], now=NOW)


def test_one_wrong_account_keeps_all_out(operations: Operations):
    right = NewAccount(platform="tiktok", account_key="key", connection="external")
    orphan = NewAccount(
        platform="tiktok", account_key="owned", connection="oauth", project_id="nobody"
    )
    with pytest.raises(NotFoundError, match="project 'nobody' does not exist"):
        operations.accounts.add([right, orphan], now=NOW)
    assert operations.accounts.all() == []


def test_the_status_of_an_unknown_account_cannot_be_set(operations: Operations):
    with pytest.raises(NotFoundError, match=f"do not exist: {EXTERNAL}. Check the ids"):
        operations.accounts.set_status(EXTERNAL, "paused")


def test_an_unknown_status_is_refused(operations: Operations):
    add_external(operations)
    with pytest.raises(InputRefusedError, match="account status 'asleep' is not known"):
        operations.accounts.set_status(EXTERNAL, "asleep")


def test_an_account_is_paused_by_its_import_or_by_a_person(operations: Operations):
    def cause() -> str | None:
        return operations.accounts.all()[0].pause_cause

    account = NewAccount(
        platform="tiktok", account_key="watched", connection="external", status="paused"
    )
    operations.accounts.add([account], now=NOW)
    assert cause() == "import"
    operations.accounts.set_status(EXTERNAL, "active")
    assert cause() is None
    operations.accounts.set_status(EXTERNAL, "paused")
    assert cause() == "person"
