"""Migrations: repeatable, safe at once, and equal to the models.

Belongs here: tests of the schema as a whole.
Does not belong here: tests of single constraints (``test_database``).
"""

from collections.abc import Iterator
from multiprocessing import get_context
from threading import Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from layers_pipeline.errors import StoreError
from layers_pipeline.operations.models import Base
from layers_pipeline.operations.store import Operations
from tests.operations.workers import migrate


@pytest.fixture
def empty(empty_url: str) -> Iterator[Operations]:
    """A database without tables."""
    store = Operations(empty_url)
    yield store
    store.close()


def test_migrating_again_changes_nothing(operations: Operations):
    operations.migrate()
    assert operations.projects() == []


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


def test_processes_may_migrate_at_once(empty_url: str):
    processes = get_context("spawn")
    migrating = [processes.Process(target=migrate, args=(empty_url,)) for _ in range(2)]
    for process in migrating:
        process.start()
    for process in migrating:
        process.join(60)
    assert [process.exitcode for process in migrating] == [0, 0]


def test_threads_may_migrate_at_once(empty: Operations):
    threads = [Thread(target=empty.migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert empty.projects() == []


def test_a_database_of_a_newer_program_is_left_alone(empty: Operations):
    empty.migrate()
    with empty.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    with pytest.raises(StoreError, match=r"'later'.*newer than this program: install"):
        empty.migrate()
