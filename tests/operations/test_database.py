"""Connections, instants and the messages of database errors.

Belongs here: what holds for every table.
Does not belong here: the schema (``test_migrations``).
"""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import text

from layers_pipeline.errors import InputRefusedError, SettingsError, StoreError
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.database import WAIT_S, Database
from layers_pipeline.operations.store import Operations
from layers_pipeline.settings import Settings
from tests.operations.world import NOW, add_external, each_database


@each_database
def test_instants_come_back_in_utc(operations: Operations):
    elsewhere = datetime(2025, 3, 1, 14, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    operations.projects.add("brand", name="Brand", time_zone="UTC", now=elsewhere)
    created_at = operations.projects.get("brand").created_at
    assert created_at == elsewhere
    assert created_at.tzinfo is UTC


@each_database
def test_a_naive_instant_is_refused(operations: Operations):
    account = NewAccount(platform="tiktok", account_key="key", connection="external")
    with pytest.raises(InputRefusedError, match=r"2025-03-01T12:00:00 has no time zone. Pass an"):
        operations.accounts.add([account], now=NOW.replace(tzinfo=None))


@each_database
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE platform_accounts SET status = 'asleep'",
        "UPDATE platform_accounts SET connection = 'oauth'",
        "UPDATE account_sync_states SET depth = 'deep'",
        "UPDATE account_sync_states SET last_outcome = 'fine'",
        "UPDATE account_sync_states SET lease_owner = 'nobody'",
        "DELETE FROM platform_accounts",
    ],
)
def test_the_database_itself_keeps_the_rules(operations: Operations, statement):
    add_external(operations)
    with pytest.raises(StoreError), operations.database.write() as session:
        session.execute(text(statement))


def test_a_database_that_was_not_migrated_says_so(empty_url: str):
    store = Operations(empty_url)
    with pytest.raises(StoreError, match=r"projects.*migrate"):
        store.projects.all()
    store.close()


def test_the_shown_url_has_no_password():
    store = Operations("postgresql://ann:secret@db.example/ops?password=secret")
    assert store.url == "postgresql+psycopg2://ann:***@db.example/ops"


def test_an_unreachable_server_is_named_without_the_password():
    store = Operations("postgres://ann:secret@127.0.0.1:1/ops")
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:1/ops") as caught:
        store.projects.all()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite://", "in memory is lost.*Name a file"),
        ("sqlite:///:memory:", "in memory is lost.*Name a file"),
        ("mysql://ann:secret@host/ops", "'mysql' is not supported. Use sqlite:// or postgresql"),
        ("operations.db", "cannot be parsed. Write sqlite:"),
    ],
)
def test_an_unusable_url_is_refused(url, message):
    with pytest.raises(SettingsError, match=message) as caught:
        Operations(url)
    assert "secret" not in str(caught.value)


def test_the_folder_of_a_sqlite_file_is_made(tmp_path: Path):
    store = Operations(f"sqlite:///{tmp_path}/new folder/100%/operations.db")
    store.migrate()
    store.close()
    assert (tmp_path / "new folder" / "100%" / "operations.db").exists()


def test_readers_of_sqlite_do_not_wait_for_a_writer(sqlite_operations: Operations):
    with sqlite_operations.database.write():
        assert sqlite_operations.projects.all() == []


@each_database
def test_a_writer_that_waits_too_long_for_another_gives_up(operations: Operations):
    operations.projects.add("brand", name="Brand", time_zone="UTC", now=NOW)
    url = operations.database.engine.url.render_as_string(hide_password=False)
    waiting = Database(url, wait_s=1)
    rename = text("UPDATE projects SET name = :name")
    with operations.database.write() as session:
        session.execute(rename, {"name": "First"})
        with pytest.raises(StoreError, match="lock"), waiting.write() as second:
            second.execute(rename, {"name": "Second"})
    waiting.close()
    assert operations.projects.get("brand").name == "First"


def test_no_writer_waits_longer_than_the_grace_of_a_tick():
    assert Settings().tick_grace_s > WAIT_S


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(SettingsError, match=r"taken cannot be made .*Name a file in a folder"):
        Operations(f"sqlite:///{tmp_path}/taken/operations.db")
