"""What the SIFT client gives over real HTTP: jobs, posts page by page, and their limits."""

from contextlib import aclosing

import pytest

from layers_pipeline.errors import SourceRejectedError
from sandbox import Fault
from tests.sources.conftest import all_posts, finished_scrape, statuses, submitting, with_client


def test_a_scrape_is_queued_then_running_then_succeeded(sandbox, account):
    scrape = with_client(sandbox, submitting(account))
    seen = [scrape.status]
    for seconds in (45, 45):
        sandbox.world.clock.advance(seconds)
        seen.append(with_client(sandbox, lambda sift: sift.scrape(scrape.scrape_id)).status)
    assert seen == ["queued", "running", "succeeded"]


def test_the_same_idempotency_key_gives_the_same_job(sandbox, account):
    first, again = (with_client(sandbox, submitting(account, key="one-key")) for _ in range(2))
    assert first == again


def test_an_idempotency_key_of_another_order_is_refused(sandbox, account):
    with_client(sandbox, submitting(account, key="taken", limit=50))
    with pytest.raises(SourceRejectedError, match=r"HTTP 422.*another order"):
        with_client(sandbox, submitting(account, key="taken", limit=10))


def test_paging_gives_all_fifty_posts_newest_first_and_none_twice(sandbox, account):
    scrape_id = finished_scrape(sandbox, account)
    rows = with_client(sandbox, lambda sift: all_posts(sift, scrape_id))
    published = [row["published_at"] for row in rows]
    assert len({row["post_id"] for row in rows}) == len(rows) == 50
    assert published == sorted(published, reverse=True)
    assert statuses(sandbox) == [200, 200, 200]


def test_pages_are_asked_for_only_as_they_are_needed(sandbox, account):
    scrape_id = finished_scrape(sandbox, account)

    async def first_row(sift):
        async with aclosing(sift.posts(scrape_id)) as rows:
            return await anext(rows)

    with_client(sandbox, first_row)
    assert statuses(sandbox) == [200]


def test_posts_of_an_unfinished_scrape_are_refused(sandbox, account):
    scrape = with_client(sandbox, submitting(account))
    with pytest.raises(SourceRejectedError, match="HTTP 409: scrape is queued"):
        with_client(sandbox, lambda sift: all_posts(sift, scrape.scrape_id))


def test_an_expired_scrape_says_so_and_its_posts_are_gone(sandbox, account):
    scrape_id = finished_scrape(sandbox, account)
    sandbox.world.clock.advance(86_400)
    scrape = with_client(sandbox, lambda sift: sift.scrape(scrape_id))
    assert (scrape.status, scrape.message) == (
        "expired",
        "the posts are no longer kept: scrape again",
    )
    with pytest.raises(SourceRejectedError, match="HTTP 410"):
        with_client(sandbox, lambda sift: all_posts(sift, scrape_id))


def test_a_failed_job_carries_its_message(sandbox, account):
    sandbox.world.faults.put(account, Fault(kind="job_fails"))
    scrape_id = finished_scrape(sandbox, account)
    scrape = with_client(sandbox, lambda sift: sift.scrape(scrape_id))
    assert (scrape.status, scrape.message) == ("failed", "the account's page could not be read")


def test_a_job_that_never_ends_is_still_running_a_week_later(sandbox, account):
    sandbox.world.faults.put(account, Fault(kind="job_never_ends"))
    scrape_id = finished_scrape(sandbox, account)
    sandbox.world.clock.advance(7 * 86_400)
    scrape = with_client(sandbox, lambda sift: sift.scrape(scrape_id))
    assert (scrape.status, scrape.message) == ("running", None)
