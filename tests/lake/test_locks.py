"""Locks between real processes and threads, over lock files and over PostgreSQL.

Belongs here: who waits for whom, and what ends a lock.
Does not belong here: what the locks protect (``test_lake``).
"""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from layers_pipeline.errors import LockTimeoutError
from layers_pipeline.lake.locks import FileLocks, Locks, PostgresLocks, locks_for

PROCESSES = get_context("spawn")
SOON = 0.3
LONG = 30.0


def locks_at(where: str, *, timeout_s: float = LONG) -> Locks:
    if where.startswith("postgres"):
        return PostgresLocks(f"postgresql+psycopg2:{where.partition(':')[2]}", timeout_s=timeout_s)
    return FileLocks(Path(where), timeout_s=timeout_s)


@pytest.fixture(scope="module")
def database(postgres_url_factory) -> str:
    return postgres_url_factory()


@pytest.fixture(params=["files", "postgres"])
def where(request, tmp_path) -> str:
    """Where the locks are: a folder of its own, or a database shared by the module's tests."""
    if request.param == "files":
        return str(tmp_path / "locks")
    return request.getfixturevalue("database")


def hold_for_ever(where: str, name: str, shared: bool, held: Event) -> None:
    with locks_at(where).hold(name, shared=shared):
        held.set()
        time.sleep(600)


@contextmanager
def held_elsewhere(where: str, name: str, *, shared: bool = False) -> Iterator[None]:
    """Another process holds the lock, and is killed (-9) at the end of the block."""
    held = PROCESSES.Event()
    process = PROCESSES.Process(target=hold_for_ever, args=(where, name, shared, held))
    process.start()
    try:
        assert held.wait(60)
        yield
    finally:
        process.kill()
        process.join(60)
        process.close()


def is_granted(where: str, name: str, *, shared: bool) -> bool:
    try:
        with locks_at(where, timeout_s=SOON).hold(name, shared=shared):
            return True
    except LockTimeoutError:
        return False


def test_an_exclusive_lock_excludes_other_processes_until_its_holder_is_killed(where):
    with held_elsewhere(where, "a"):
        assert not is_granted(where, "a", shared=False)
        assert not is_granted(where, "a", shared=True)
        assert is_granted(where, "b", shared=False)
    with locks_at(where, timeout_s=LONG).hold("a"):
        pass


def test_a_shared_lock_excludes_only_exclusive_holders(where):
    with held_elsewhere(where, "shared", shared=True):
        assert is_granted(where, "shared", shared=True)
        assert not is_granted(where, "shared", shared=False)


def test_a_holder_that_gave_up_waiting_lets_others_pass(where):
    with locks_at(where).hold("given up", shared=True):
        assert not is_granted(where, "given up", shared=False)
        assert is_granted(where, "given up", shared=True)
    assert is_granted(where, "given up", shared=False)


def test_the_lock_ends_with_an_error_in_its_block(where):
    with pytest.raises(ZeroDivisionError), locks_at(where).hold("error"):
        raise ZeroDivisionError
    assert is_granted(where, "error", shared=False)


def test_a_timeout_names_the_lock_and_the_remedy(where):
    with (
        locks_at(where).hold("table-platform_posts"),
        pytest.raises(LockTimeoutError, match=r"'table-platform_posts'.*still writing, then"),
        locks_at(where, timeout_s=SOON).hold("table-platform_posts"),
    ):
        pass


def test_a_stream_of_shared_holders_does_not_starve_an_exclusive_one(where):
    stop = threading.Event()

    def stream(offset: float) -> None:
        time.sleep(offset)
        while not stop.is_set():
            with locks_at(where).hold("stream", shared=True):
                time.sleep(0.2)

    with ExitStack() as cleanup:
        threads = [threading.Thread(target=stream, args=(0.05 * number,)) for number in range(4)]
        for thread in threads:
            cleanup.callback(thread.join)
            thread.start()
        cleanup.callback(stop.set)
        time.sleep(0.3)
        begun = time.monotonic()
        with locks_at(where, timeout_s=10).hold("stream"):
            waited = time.monotonic() - begun
    assert waited < 8


def test_threads_of_one_process_exclude_each_other(where):
    locks = locks_at(where)
    inside: list[int] = []
    most: list[int] = []

    def visit(number: int) -> None:
        for _ in range(5):
            with locks.hold("threads"):
                inside.append(number)
                time.sleep(0.005)
                most.append(len(inside))
                inside.remove(number)

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 15


def test_locks_lie_in_the_operational_database_if_that_is_postgresql(database, tmp_path):
    assert isinstance(locks_for(database, folder=tmp_path), PostgresLocks)
    assert isinstance(locks_for("sqlite:///x.db", folder=tmp_path), FileLocks)
