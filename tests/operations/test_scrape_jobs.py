"""Scrape jobs: asked for once, worked on by one, collected once.

Belongs here: tests of the life of a job.
Does not belong here: several processes at once (``test_concurrency``).
"""

from datetime import timedelta

import pytest

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.scrapes import ScrapeJob
from layers_pipeline.operations.store import Operations
from tests.operations.world import EXTERNAL, LEASE, MINUTE, NOW, add_external, each_database


@pytest.fixture
def submitted(operations: Operations) -> Operations:
    """Jobs j1, j2 and j3, submitted in this order."""
    add_external(operations)
    for minutes, job_id in enumerate(["j1", "j2", "j3"]):
        submit(operations, job_id, now=NOW + minutes * MINUTE)
    return operations


def submit(operations: Operations, job_id: str = "j1", *, source="s1", now=NOW) -> bool:
    return operations.scrapes.submit(job_id, EXTERNAL, source_job_id=source, now=now)


def claim(operations: Operations, *, now=NOW, worker="w1", limit=9) -> list[str]:
    jobs = operations.scrapes.claim(now=now, lease_for=LEASE, worker=worker, limit=limit)
    return [job.scrape_job_id for job in jobs]


def finish(operations: Operations, status="collected", *, worker="w1", job_id="j1") -> bool:
    return operations.scrapes.finish(
        job_id, worker=worker, status=status, message="50 posts", now=NOW + MINUTE
    )


def open_ids(operations: Operations) -> list[str]:
    return [job.scrape_job_id for job in operations.scrapes.all_open(limit=9)]


@each_database
def test_a_job_is_found_as_it_was_submitted(operations: Operations):
    add_external(operations)
    assert submit(operations)
    assert operations.scrapes.all_open(limit=1) == [
        ScrapeJob(
            scrape_job_id="j1",
            account_id=EXTERNAL,
            source_job_id="s1",
            status="submitted",
            submitted_at=NOW,
            finished_at=None,
            message=None,
            attempts=0,
            last_claimed_at=None,
            lease_owner=None,
            lease_until=None,
        )
    ]


@each_database
@pytest.mark.parametrize(
    ("first", "second", "kept"), [("s1", "s2", "s1"), (None, "s2", "s2"), ("s1", None, "s1")]
)
def test_submitting_again_only_fills_in_the_source_id(operations: Operations, first, second, kept):
    add_external(operations)
    submit(operations, source=first)
    assert not submit(operations, source=second, now=NOW + MINUTE)
    job = operations.scrapes.all_open(limit=9)[0]
    assert (job.source_job_id, job.submitted_at) == (kept, NOW)


def test_a_job_needs_a_known_account(operations: Operations):
    with pytest.raises(NotFoundError, match=EXTERNAL):
        submit(operations)


@each_database
def test_open_jobs_are_listed_oldest_first(submitted: Operations):
    assert open_ids(submitted) == ["j1", "j2", "j3"]


@each_database
def test_a_claimed_job_is_not_claimed_again(submitted: Operations):
    assert claim(submitted, limit=2) == ["j1", "j2"]
    assert claim(submitted, worker="w2") == ["j3"]


@each_database
def test_a_claim_shows_the_lease_and_counts_the_attempt(submitted: Operations):
    job = submitted.scrapes.claim(now=NOW, lease_for=LEASE, worker="w1", limit=1)[0]
    assert (job.attempts, job.lease_owner, job.lease_until) == (1, "w1", NOW + LEASE)


def test_a_released_job_can_be_claimed_at_once(submitted: Operations):
    claim(submitted)
    assert submitted.scrapes.release("j1", worker="w1")
    assert claim(submitted, worker="w2") == ["j1"]


@each_database
def test_jobs_that_never_finish_do_not_keep_others_waiting(submitted: Operations):
    claim(submitted, limit=2)
    submitted.scrapes.release("j1", worker="w1")
    submitted.scrapes.release("j2", worker="w1")
    assert claim(submitted, limit=2, now=NOW + MINUTE) == ["j3", "j1"]


def test_an_expired_lease_lets_the_next_worker_in(submitted: Operations):
    claim(submitted)
    assert claim(submitted, worker="w2", now=NOW + LEASE) == ["j1", "j2", "j3"]
    assert not finish(submitted)
    assert not submitted.scrapes.release("j1", worker="w1")
    assert finish(submitted, worker="w2")


@pytest.mark.parametrize("status", ["collected", "failed", "expired"])
def test_a_finished_job_is_not_open(submitted: Operations, status):
    claim(submitted)
    assert finish(submitted, status)
    assert open_ids(submitted) == ["j2", "j3"]


def test_a_job_that_succeeded_is_still_to_be_collected(submitted: Operations):
    claim(submitted)
    assert finish(submitted, "succeeded")
    job = submitted.scrapes.all_open(limit=1)[0]
    assert (job.status, job.finished_at, job.message) == ("succeeded", None, "50 posts")
    assert claim(submitted, now=NOW + MINUTE) == ["j1"]


@each_database
def test_a_job_finishes_once(submitted: Operations):
    claim(submitted)
    assert finish(submitted)
    assert not finish(submitted, "failed")


def test_a_job_cannot_be_finished_as_submitted(submitted: Operations):
    with pytest.raises(InputRefusedError, match="scrape job status 'submitted' is not known"):
        finish(submitted, "submitted")


def test_an_unknown_job_is_named(operations: Operations):
    with pytest.raises(NotFoundError, match=r"scrape job 'j1' does not exist. Check the id"):
        finish(operations)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_listing_of_nothing_is_refused(operations: Operations, limit):
    with pytest.raises(InputRefusedError, match="limit"):
        operations.scrapes.all_open(limit=limit)


def test_a_lease_must_last(operations: Operations):
    with pytest.raises(InputRefusedError, match="lease for"):
        operations.scrapes.claim(now=NOW, lease_for=timedelta(0), worker="w1", limit=1)
