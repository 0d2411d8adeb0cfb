"""Locks: who may write what, between processes, released by the system when one dies.

Belongs here: shared and exclusive locks over lock files and over PostgreSQL, and whether one that
was taken is still held.
Does not belong here: what the locks protect, their order (``writing``), how long work may take.
"""

import fcntl
import os
import time
import zlib
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Final, Protocol

from sqlalchemy import Connection, Engine, TextClause, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from layers_pipeline.errors import LockLostError, LockTimeoutError, StoreError

POLL_S: Final = 0.01
LOCKS: Final = 0x1A7E5
TURNSTILES: Final = 0x1A7E6
"""Spaces of PostgreSQL's advisory locks."""
TAKE: Final = text("select pg_try_advisory_lock(:space, :key)")
TAKE_SHARED: Final = text("select pg_try_advisory_lock_shared(:space, :key)")
LET_GO: Final = text("select pg_advisory_unlock(:space, :key)")
IS_HELD: Final = text(
    "select exists (select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid() "
    "and granted and classid::bigint = :space and objid::bigint = :key & 4294967295)"
)
"""The second number of a lock is shown without its sign."""


class Held(Protocol):
    """A lock that was taken."""

    def require(self) -> None:
        """See to it that nobody else can hold the lock meanwhile.

        Raises:
            LockLostError: Somebody may, or does.
        """
        ...


class Locks(Protocol):
    """Hands out locks by name; a lock ends with its block or with its process."""

    def hold(self, name: str, *, shared: bool = False) -> AbstractContextManager[Held]:
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
    def hold(self, name: str, *, shared: bool = False) -> Generator[Held]:
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
            yield _HeldFile(name, lock)

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


class _HeldFile:
    """The lock of an open file: it is lost only where the file is taken away from its place."""

    def __init__(self, name: str, lock: IO[bytes]) -> None:
        self._name, self._lock = name, lock

    def require(self) -> None:
        """As of ``Held``."""
        try:
            found = os.stat(self._lock.name)  # noqa: PTH116 - before each commit
        except FileNotFoundError:
            found = None
        mine = os.fstat(self._lock.fileno())
        if found is None or (found.st_dev, found.st_ino) != (mine.st_dev, mine.st_ino):
            raise LockLostError(
                f"lock {self._name!r}: its file {self._lock.name} was deleted or replaced while it "
                "was held, so others may write what it protects. Nothing was committed; leave the "
                "folder of locks alone, and repeat the run."
            )


class _HeldSession:
    """An advisory lock: it is held for as long as the session that took it lives."""

    def __init__(self, name: str, connection: Connection) -> None:
        self._name, self._connection = name, connection

    def require(self) -> None:
        """As of ``Held``."""
        try:
            is_held = _asked(self._connection, IS_HELD, LOCKS, self._name)
        except SQLAlchemyError:
            is_held = False
        if not is_held:
            raise LockLostError(
                f"lock {self._name!r}: the connection to PostgreSQL that held it has ended, so "
                "others may write what it protects. Nothing was committed; repeat the run."
            )


class PostgresLocks:
    """Locks over PostgreSQL advisory locks: for processes of many machines."""

    def __init__(self, url: str, *, timeout_s: float = 300.0) -> None:
        self._engine: Engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._timeout_s = timeout_s

    @contextmanager
    def hold(self, name: str, *, shared: bool = False) -> Generator[Held]:
        """Hold a lock; see ``Locks``. It rests on one connection and ends with it.

        Holders pass a turnstile, as in ``FileLocks``.
        """
        deadline = time.monotonic() + self._timeout_s
        with self._engine.connect() as connection:
            # Locks of a session: a dead process loses its connection and with it both of them.
            while not _asked(connection, TAKE, TURNSTILES, name):
                _wait_or_give_up(name, deadline)
            while not _asked(connection, TAKE_SHARED if shared else TAKE, LOCKS, name):
                _wait_or_give_up(name, deadline)
            _asked(connection, LET_GO, TURNSTILES, name)
            yield _HeldSession(name, connection)


def _asked(connection: Connection, question: TextClause, space: int, name: str) -> bool:
    """What PostgreSQL answers to a question about the lock of a name."""
    number = {"space": space, "key": zlib.crc32(name.encode()) - 2**31}
    return bool(connection.execute(question, number).scalar_one())


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
