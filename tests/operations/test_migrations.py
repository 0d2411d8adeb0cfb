"""Migrations: repeatable, safe at once, and equal to the models.

Belongs here: tests of the schema as a whole.
Does not belong here: tests of single constraints (``test_database``).
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from layers_pipeline.errors import StoreError
from layers_pipeline.operations.database import MIGRATIONS, newest_revision
from layers_pipeline.operations.model_base import Base
from layers_pipeline.operations.refusals import LeftOut, RefusalScope
from layers_pipeline.operations.store import Operations
from tests.operations.world import CIPHER, EXTERNAL, NOW, OAUTH, claim, each_database, give_token


@pytest.fixture
def empty(empty_url: str) -> Iterator[Operations]:
    """A database without tables."""
    store = Operations(empty_url)
    yield store
    store.close()


@each_database
def test_migrating_again_changes_nothing(operations: Operations):
    operations.migrate()
    assert operations.projects.all() == []


@each_database
def test_migrated_schema_equals_the_models(operations: Operations):
    with operations.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrated_checks_equal_those_of_the_models(empty: Operations):
    empty.migrate()
    engine = empty.database.engine
    migrated = checks(engine)
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    assert migrated == checks(engine)


def checks(engine: Engine) -> set[tuple[str, str | None, str]]:
    """Every CHECK: table, name and condition."""
    inspector = inspect(engine)
    return {
        (table, check["name"], check["sqltext"])
        for table in Base.metadata.tables
        for check in inspector.get_check_constraints(table)
    }


def test_every_table_and_column_has_a_comment():
    tables = Base.metadata.sorted_tables
    assert all(table.comment for table in tables)
    assert [column for table in tables for column in table.columns if not column.comment] == []


def test_the_newest_revision_is_the_one_that_all_others_lead_to():
    assert newest_revision() == ScriptDirectory(str(MIGRATIONS)).get_current_head()


@pytest.mark.process
def test_a_start_that_finds_nothing_to_migrate_does_not_import_alembic(url: str):
    script = f"""
import sys
from layers_pipeline.operations.store import Operations
Operations({url!r}).migrate()
sys.exit("alembic" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_threads_may_migrate_at_once(empty: Operations):
    threads = [Thread(target=empty.migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert empty.projects.all() == []


def test_a_database_of_a_newer_program_is_left_alone(empty: Operations):
    empty.migrate()
    with empty.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    with pytest.raises(StoreError, match=r"'later'.*newer than this program: install"):
        empty.migrate()


ROWS_OF_0001 = (
    "INSERT INTO projects VALUES ('brand', 'Brand', 'UTC', {true}, '2025-01-01 00:00:00')",
    "INSERT INTO platform_accounts VALUES ('instagram:owned', 'instagram', 'owned', 'oauth',"
    " 'brand', 'active', '2025-01-01 00:00:00')",
    "INSERT INTO platform_accounts VALUES ('tiktok:watched', 'tiktok', 'watched', 'external',"
    " NULL, 'paused', '2025-01-01 00:00:00')",
    "INSERT INTO account_sync_states (account_id, depth, failures_in_a_row)"
    " VALUES ('instagram:owned', 'quick', 3)",
)


def revise(store: Operations, change: Callable[[Config, str], None], revision: str) -> None:
    """Bring the database to a revision, as ``migrate`` brings it to the newest."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with store.database.write() as session:
        config.attributes["connection"] = session.connection()
        change(config, revision)


@pytest.fixture
def first_shipped(empty: Operations) -> Operations:
    """A database as 0001 made it, with rows in it."""
    revise(empty, command.upgrade, "0001")
    true = "true" if empty.database.engine.dialect.name == "postgresql" else "1"
    with empty.database.write() as session:
        for statement in ROWS_OF_0001:
            session.execute(text(statement.format(true=true)))
    return empty


def test_rows_of_0001_live_on(first_shipped: Operations):
    first_shipped.migrate()
    rows = [(row.account_id, row.status, row.display_name) for row in first_shipped.accounts.all()]
    assert rows == [(OAUTH, "active", None), (EXTERNAL, "paused", None)]
    assert first_shipped.syncs.states()[0].failures_in_a_row == 3


def test_what_paused_an_account_is_derived_from_whether_it_was_ever_synced(
    first_shipped: Operations,
):
    with first_shipped.database.write() as session:
        session.execute(text("UPDATE platform_accounts SET status = 'paused'"))
    first_shipped.migrate()
    causes = {row.account_id: row.pause_cause for row in first_shipped.accounts.all()}
    assert causes == {OAUTH: "person", EXTERNAL: "import"}


def test_0004_can_be_taken_back(first_shipped: Operations):
    first_shipped.migrate()
    revise(first_shipped, command.downgrade, "0003")
    columns = inspect(first_shipped.database.engine).get_columns("platform_accounts")
    assert "pause_cause" not in {column["name"] for column in columns}
    first_shipped.migrate()
    assert len(first_shipped.accounts.all()) == 2


def test_accounts_of_0001_take_tokens_and_sync(first_shipped: Operations):
    first_shipped.migrate()
    give_token(first_shipped)
    assert [row.account_id for row in claim(first_shipped, now=NOW)] == [OAUTH]


def test_0002_can_be_taken_back(first_shipped: Operations):
    first_shipped.migrate()
    revise(first_shipped, command.downgrade, "0001")
    assert "account_tokens" not in inspect(first_shipped.database.engine).get_table_names()
    first_shipped.migrate()
    assert len(first_shipped.accounts.all()) == 2


def test_0003_adds_histories_and_can_be_taken_back(first_shipped: Operations):
    first_shipped.migrate()
    give_token(first_shipped)
    review = {"safety_failed": True, "reviewed_by": "ann", "now": NOW}
    first_shipped.verdicts.review("tiktok:7501", **review)
    assert len(first_shipped.verdicts.reviews()) == 1
    revise(first_shipped, command.downgrade, "0002")
    assert "safety_reviews" not in inspect(first_shipped.database.engine).get_table_names()
    first_shipped.migrate()
    assert first_shipped.verdicts.reviews() == []
    assert first_shipped.tokens.readable([OAUTH], CIPHER).keys() == {OAUTH}


REVISIONS = tuple(
    reversed([one.revision for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions()])
)


@pytest.mark.parametrize("revision", REVISIONS)
def test_rows_of_a_database_at_any_revision_are_kept(tmp_path: Path, revision: str):
    store = Operations(f"sqlite:///{tmp_path}/operations.db")
    revise(store, command.upgrade, REVISIONS[0])
    with store.database.write() as session:
        for statement in ROWS_OF_0001:
            session.execute(text(statement.format(true="1")))
    revise(store, command.upgrade, revision)
    before = rows_by_table(store)
    store.migrate()
    after = rows_by_table(store)
    assert store.database.revision() == newest_revision()
    # Tables that later revisions replaced by others have no rows here.
    assert {name for name, rows in before.items() if after.get(name, 0) != rows} == set()
    assert before["platform_accounts"] == 2
    with store.database.read() as session:
        assert session.execute(text("PRAGMA foreign_key_check")).all() == []
        assert session.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    store.close()


def rows_by_table(store: Operations) -> dict[str, int]:
    with store.database.read() as session:
        names = inspect(session.connection()).get_table_names()
        return {
            name: session.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
            for name in names
        }


REFUSALS_OF_0004 = (
    "INSERT INTO refused_metrics VALUES ('instagram_graph', 'reel', 'views', 'v26.0', 'no',"
    " '2025-01-01 00:00:00')",
    "INSERT INTO unreadable_posts VALUES ('instagram', '17', 'instagram:owned', 'too old',"
    " '2025-01-01 00:00:00')",
)


def test_refusals_of_0004_are_kept_and_metrics_are_asked_for_again(first_shipped: Operations):
    revise(first_shipped, command.upgrade, "0004")
    with first_shipped.database.write() as session:
        for statement in REFUSALS_OF_0004:
            session.execute(text(statement))
    first_shipped.migrate()
    metric, post = first_shipped.refusals.all()
    assert (metric.name, metric.cause, metric.until) == ("views", "no", metric.first_at)
    assert (post.account_id, post.item_id, post.cause) == (OAUTH, "17", "too old")
    scope = RefusalScope(source="instagram_graph", api_version="v26.0", login="facebook_login")
    found = first_shipped.refusals.left_out(scope, [OAUTH], now=NOW)
    assert found == {OAUTH: LeftOut(unreadable={"17"})}
    revise(first_shipped, command.downgrade, "0004")
    with first_shipped.database.read() as session:
        for table in ("refused_metrics", "unreadable_posts"):
            assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 1
