"""The operational database under test: migrated, empty, on SQLite and on PostgreSQL.

Belongs here: databases.
Does not belong here: rows (``world``).
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from layers_pipeline.operations.model_base import Base
from layers_pipeline.operations.store import Operations
from tests.operations.world import BACKENDS
from tests.postgres import PostgresUrlFactory


@pytest.fixture(params=BACKENDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty/operations.db"
    factory: PostgresUrlFactory = request.getfixturevalue("postgres_url_factory")
    return factory()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "operations.db"
    store = Operations(f"sqlite:///{file}")
    store.migrate()
    store.close()
    return file


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url_factory: PostgresUrlFactory) -> Iterator[Operations]:
    """A migrated database that tests use in turn; a fresh one for each takes too long."""
    store = Operations(postgres_url_factory())
    store.migrate()
    yield store
    store.close()


@pytest.fixture
def sqlite_operations(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Operations]:
    """A migrated, empty SQLite database."""
    store = Operations(f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'operations.db')}")
    yield store
    store.close()


@pytest.fixture
def postgres_operations(migrated_postgres: Operations) -> Operations:
    """A migrated, emptied PostgreSQL database."""
    with migrated_postgres.database.write() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())
    return migrated_postgres


@pytest.fixture
def operations(request: pytest.FixtureRequest) -> Operations:
    """The operational database, migrated and empty: SQLite, or what ``each_database`` names."""
    return request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_operations")


@pytest.fixture
def url(operations: Operations) -> str:
    """URL under which another process reaches the same database."""
    return operations.database.engine.url.render_as_string(hide_password=False)
