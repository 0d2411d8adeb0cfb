"""Renewals of Instagram's tokens that are killed after the platform has answered.

Belongs here: the moments at which a new token is lost, and that the consent is not.
Does not belong here: whole syncs that are killed (``test_killed_syncs``).
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from layers_pipeline.steps.ingest.outcomes import LEASE
from layers_pipeline.steps.ingest.tokens import REFRESH_LEASE
from layers_pipeline.steps.platforms import INSTAGRAM
from layers_pipeline.steps.stores import Stores
from sandbox import RunningSandbox
from tests.steps.ingest import sync_worker
from tests.steps.ingest.fault_world import (
    AT,
    account,
    account_id,
    cipher,
    connect,
    put,
    requests_of,
    row_of,
    sandbox_of,
    settings_of,
    state_of,
    stores_of,
    sync,
)

ONE = account("instagram", 1)
ROUTE = "/v27.0/refresh_access_token"
NOW = AT + INSTAGRAM.renew_after
LIFE = timedelta(days=9)
PROCESSES = get_context("forkserver")


@pytest.fixture
def served() -> Iterator[RunningSandbox]:
    with sandbox_of([ONE]) as served:
        yield served


@pytest.fixture
def stores(served: RunningSandbox, tmp_path: Path) -> Iterator[Stores]:
    """Stores with an account whose token is old enough to be renewed, and near its end."""
    stores = stores_of(served, tmp_path)
    connect(stores, served, ONE, life=LIFE)
    served.world.clock.set(NOW)
    yield stores
    stores.operations.close()


def stored(stores: Stores) -> str:
    return stores.operations.tokens.get(account_id(ONE), cipher()).access.get_secret_value()


def given(served: RunningSandbox) -> str:
    """The token that the platform gave last."""
    newest = served.world.tokens.newest(ONE)
    assert newest is not None
    return newest.access


def begin_to_sync(served: RunningSandbox, stores: Stores) -> BaseProcess:
    settings = settings_of(served, stores.settings.home).model_dump()
    syncing = PROCESSES.Process(target=sync_worker.sync_alone, args=(settings, NOW, "quick"))
    syncing.start()
    return syncing


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def kill(process: BaseProcess) -> None:
    process.kill()
    process.join(60)
    assert process.exitcode == -9


def killed_before_the_answer_arrives(served: RunningSandbox, stores: Stores) -> None:
    """The platform has made a new token, and its answer is under way."""
    old = given(served)
    put(served, ONE, "token:hang", times=1)
    syncing = begin_to_sync(served, stores)
    wait_until(lambda: given(served) != old)
    kill(syncing)


def killed_before_the_token_is_stored(served: RunningSandbox, stores: Stores) -> None:
    """The process has the new token, and waits for the database to store it."""
    old = given(served)
    put(served, ONE, "token:slow", times=1)
    syncing = begin_to_sync(served, stores)
    wait_until(lambda: given(served) != old)
    with nobody_may_write(stores):
        wait_until(lambda: ROUTE in requests_of(served))
        syncing.join(1)
        kill(syncing)


@contextmanager
def nobody_may_write(stores: Stores) -> Iterator[None]:
    path = stores.settings.root / "operations.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")


@pytest.mark.parametrize(
    "killed", [killed_before_the_answer_arrives, killed_before_the_token_is_stored]
)
def test_a_renewal_that_is_killed_costs_neither_consent_nor_a_sync(
    served: RunningSandbox, stores: Stores, killed: Callable[[RunningSandbox, Stores], None]
):
    old = stored(stores)
    killed(served, stores)
    lost = given(served)
    assert stored(stores) == old != lost
    # The killed process holds its claims; another depth reads on with the old token.
    sync(stores, "full")
    assert (state_of(stores, ONE).last_outcome, stored(stores)) == ("ok", old)
    served.world.clock.set(NOW + max(LEASE, REFRESH_LEASE))
    sync(stores, "quick")
    assert state_of(stores, ONE, "quick").last_outcome == "ok"
    assert row_of(stores, ONE).status == "active"
    assert stored(stores) == given(served) != lost
    assert requests_of(served).count(ROUTE) == 2
