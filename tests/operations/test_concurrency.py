"""What two processes do to one database at once, and one that is killed.

Belongs here: every test of the operational database that needs real processes.
Does not belong here: what the repositories do for one caller.

The tests share two processes, which import the program once.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.pool import Pool

import pytest

from layers_pipeline.operations.store import Operations
from tests.operations import workers
from tests.operations.workers import at_once
from tests.operations.world import (
    EXTERNAL,
    LEASE,
    MINUTE,
    NOW,
    OAUTH,
    add_external,
    add_oauth,
    add_project,
    claimed_ids,
    each_database,
    finish,
    give_token,
)

ROWS = 120


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    """Two processes that begin together whatever they are given."""
    processes = get_context("spawn")
    start = processes.Barrier(2)
    with processes.Pool(2, initializer=workers.meet_at, initargs=(start,)) as made:
        yield made
        made.close()
        made.join()


@each_database
def test_nothing_is_claimed_twice_and_nothing_is_left(operations: Operations, url: str, pool: Pool):
    account_ids, job_ids = fill(operations)
    claimed = at_once(pool, workers.claim_everything, url, "w1", "w2")
    left = claimed_ids(operations, worker="last", limit=ROWS)
    jobs = operations.scrapes.claim(now=NOW, lease_for=LEASE, worker="last", limit=ROWS)
    left += [job.scrape_job_id for job in jobs]
    assert sorted(claimed + left) == sorted(account_ids + job_ids)


def fill(operations: Operations) -> tuple[list[str], list[str]]:
    """Due accounts and open jobs; gives their ids."""
    keys = [f"key{number:03}" for number in range(ROWS)]
    add_oauth(operations, *keys)
    add_external(operations)
    job_ids = [f"j{number:03}" for number in range(ROWS // 3)]
    for job_id in job_ids:
        operations.scrapes.submit(job_id, EXTERNAL, source_job_id=None, now=NOW)
    return [f"instagram:{key}" for key in keys], job_ids


@each_database
def test_the_lease_of_a_killed_worker_expires(operations: Operations, url: str):
    add_oauth(operations)
    kill_after_claim(url)
    assert claimed_ids(operations, now=NOW + LEASE - MINUTE) == []
    assert claimed_ids(operations, now=NOW + LEASE) == [OAUTH]
    assert not finish(operations, "ok", worker="killed")


def kill_after_claim(url: str) -> None:
    processes = get_context("spawn")
    claimed = processes.Event()
    process = processes.Process(target=workers.claim_and_hang, args=(url, claimed))
    process.start()
    assert claimed.wait(60)
    process.kill()
    process.join(60)


@each_database
def test_one_of_the_processes_refreshes_each_token(operations: Operations, url: str, pool: Pool):
    keys = [f"key{number:02}" for number in range(24)]
    add_oauth(operations, *keys)
    account_ids = [f"instagram:{key}" for key in keys]
    for account_id in account_ids:
        give_token(operations, account_id)
    claimed = at_once(pool, workers.claim_refreshes, url, "w1", "w2")
    assert Counter(claimed) == Counter(account_ids)


@each_database
def test_changes_at_one_instant_are_all_kept(operations: Operations, url: str, pool: Pool):
    add_project(operations)
    at_once(pool, workers.override_often, url, "ann", "bob")
    rows = operations.verdicts.overrides()
    assert sorted(row.changed_by for row in rows) == 20 * ["ann"] + 20 * ["bob"]
    assert [row.known_at - NOW for row in rows] == [
        timedelta(microseconds=number) for number in range(40)
    ]


@each_database
def test_of_two_that_disagree_on_a_creative_one_is_refused(
    operations: Operations, url: str, pool: Pool
):
    for project in ("p1", "p2"):
        add_project(operations, project)
    at_once(pool, workers.add_a_creative, url, "1", "2")
    assert len(operations.creatives.all()) == 1


@each_database
def test_versions_activated_at_once_are_active_one_after_the_other(
    operations: Operations, url: str, pool: Pool
):
    at_once(pool, workers.activate_often, url, "1", "2")
    rows = operations.scoring_roles.all()
    assert [row.until is None for row in rows] == [False] * (len(rows) - 1) + [True]


def test_both_may_migrate_at_once(empty_url: str, pool: Pool):
    at_once(pool, workers.migrate, empty_url, "w1", "w2")
    store = Operations(empty_url)
    assert store.projects.all() == []
    store.close()
