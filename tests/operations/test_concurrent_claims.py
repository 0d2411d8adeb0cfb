"""Claims by several processes at once, and by one that is killed.

Belongs here: tests that need real processes.
Does not belong here: what is due (``test_due``).
"""

from multiprocessing import get_context

from layers_pipeline.operations.store import Operations
from tests.operations import workers
from tests.operations.world import (
    EXTERNAL,
    LEASE,
    MINUTE,
    NOW,
    OAUTH,
    add_external,
    add_oauth,
    claimed_ids,
    finish,
)

WORKERS = 2
ROWS = 120


def test_nothing_is_claimed_twice_and_nothing_is_left(operations: Operations, url: str):
    account_ids, job_ids = fill(operations)
    claimed = claimed_at_once(url)
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


def claimed_at_once(url: str) -> list[str]:
    """Everything that the processes claimed, doubles included."""
    processes = get_context("spawn")
    start, results = processes.Barrier(WORKERS), processes.Queue()
    running = [
        processes.Process(target=workers.claim_everything, args=(url, f"w{n}", start, results))
        for n in range(WORKERS)
    ]
    for process in running:
        process.start()
    claimed = [row_id for _ in running for row_id in results.get(timeout=60)]
    for process in running:
        process.join(60)
    assert [process.exitcode for process in running] == [0] * WORKERS
    return claimed


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
