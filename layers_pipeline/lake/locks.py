"""Locks: who may write what, between processes, released by the system when one dies.

Belongs here: shared and exclusive locks over lock files and over PostgreSQL.
Does not belong here: what the locks protect, and how long work may take.
"""

import fcntl
import time
import zlib
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Final, Protocol

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from layers_pipeline.errors import LockTimeoutError, StoreError

POLL_S: Final = 0.01
LOCKS: Final = 0x1A7E5
TURNSTILES: Final = 0x1A7E6
"""Spaces of PostgreSQL's advisory locks."""


class Locks(Protocol):
    """Hands out locks by name; a lock ends with its block or with its process."""

    def hold(self, name: str, *, shared: bool = False) -> AbstractContextManager[None]:
        """Hold a lock for the length of a ``with`` block, waiting for others to let go.

        Raises:
            LockTimeoutError: Others held it for longer than the locks' timeout.
        """
        ...


class FileLocks:
    """Locks over ``flock`` on files of one folder: for processes of one machine."""

    def __init__(self, folder: Path, *, timeout_s: float = 300.0) -> None:
        self._folder = folder
        self._timeout_s = timeout_s

    @contextmanager
    def hold(self, name: str, *, shared: bool = False) -> Generator[None]:
        """Hold a lock; see ``Locks``.

        Holders pass a turnstile, in which an exclusive holder waits, so that a stream of
        shared holders cannot keep it waiting for ever.
        """
        deadline = time.monotonic() + self._timeout_s
        with self._open(name) as lock, self._open(f"{name}.turnstile") as turnstile:
            # Whoever waits for the lock keeps the turnstile shut: later holders, shared ones too,
            # queue behind it. Once inside it is let go, so that shared holders follow each other.
            self._take(turnstile, fcntl.LOCK_EX, name=name, deadline=deadline)
            self._take(
                lock, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, name=name, deadline=deadline
            )
            fcntl.flock(turnstile, fcntl.LOCK_UN)
            yield

    def _open(self, name: str) -> IO[bytes]:
        path = self._folder / f"{name.replace('/', '_')}.lock"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return path.open("ab")
        except OSError as error:
            raise StoreError(
                f"the lock {path} cannot be taken: {error.strerror}. Mend that (space, rights), "
                "then repeat."
            ) from error

    def _take(self, lock: IO[bytes], kind: int, *, name: str, deadline: float) -> None:
        while True:
            try:
                fcntl.flock(lock, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                _wait_or_give_up(name, deadline)
            else:
                return


class PostgresLocks:
    """Locks over PostgreSQL advisory locks: for processes of many machines."""

    def __init__(self, url: str, *, timeout_s: float = 300.0) -> None:
        self._engine: Engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._timeout_s = timeout_s

    @contextmanager
    def hold(self, name: str, *, shared: bool = False) -> Generator[None]:
        """Hold a lock; see ``Locks``. It rests on one connection and ends with it.

        Holders pass a turnstile, as in ``FileLocks``.
        """
        deadline = time.monotonic() + self._timeout_s
        with self._engine.connect() as connection:
            # Locks of a session: a dead process loses its connection and with it both of them.
            while not _asked(connection, "pg_try_advisory_lock", TURNSTILES, name):
                _wait_or_give_up(name, deadline)
            lock = "pg_try_advisory_lock_shared" if shared else "pg_try_advisory_lock"
            while not _asked(connection, lock, LOCKS, name):
                _wait_or_give_up(name, deadline)
            _asked(connection, "pg_advisory_unlock", TURNSTILES, name)
            yield


def _asked(connection: Connection, function: str, space: int, name: str) -> bool:
    """What a lock function of PostgreSQL's answers for a name."""
    number = {"space": space, "key": zlib.crc32(name.encode()) - 2**31}
    return bool(connection.execute(text(f"select {function}(:space, :key)"), number).scalar_one())


def _wait_or_give_up(name: str, deadline: float) -> None:
    if time.monotonic() > deadline:
        raise LockTimeoutError(
            f"lock {name!r}: other processes held it for too long. "
            "See which layers-pipeline or Dagster process is still writing, then repeat."
        )
    time.sleep(POLL_S)


def locks_for(operations_url: str, *, folder: Path) -> Locks:
    """Locks over the operational database if it is PostgreSQL, else over lock files."""
    if operations_url.startswith("postgres"):
        _, _, address = operations_url.partition("://")
        return PostgresLocks(f"postgresql+psycopg2://{address}")
    return FileLocks(folder)
