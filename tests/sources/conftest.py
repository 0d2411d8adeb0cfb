"""One sandbox for every client test, put back to its first state before each.

Belongs here: fixtures and the few helpers that several files of this folder ask for.
Does not belong here: expectations.
"""

import asyncio
from collections.abc import Iterator
from itertools import count

import httpx
import pytest
from pydantic import SecretStr

from layers_pipeline.sources.http import RetryPolicy
from layers_pipeline.sources.sift.client import SiftClient, sift_http
from sandbox import AccountRef, RunningSandbox, generated_captures, running_sandbox
from tests.sources.instagram.readings import AT, truth

KEY = "k-5c0ffee-do-not-print"
DATASET = generated_captures(3, accounts=6, days=3)
BUSY = max(DATASET.accounts, key=lambda account: len(DATASET.posts(account)))


@pytest.fixture(scope="session")
def served() -> Iterator[RunningSandbox]:
    with running_sandbox(DATASET, key=SecretStr(KEY)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(served: RunningSandbox) -> RunningSandbox:
    for account in DATASET.accounts:
        served.world.faults.clear(account)
    served.world.clock.set(DATASET.span[1], rate=0)
    served.world.log.clear()
    return served


@pytest.fixture
def account() -> AccountRef:
    """The account with the most posts, more than one scrape brings."""
    return BUSY


QUICK = RetryPolicy(attempts=3, wait_initial_s=0.001, wait_max_s=0.002, jitter_s=0.001)
serial = count()


def with_client(sandbox, work, *, key=KEY, timeout_s=10.0, retries=QUICK):
    """What ``work`` makes of a client for the sandbox."""

    async def run():
        async with sift_http(sandbox.url, SecretStr(key), timeout_s=timeout_s) as http:
            return await work(SiftClient(http, retries=retries))

    return asyncio.run(run())


def submitting(account, *, key=None, limit=50):
    """Work that orders a scrape of the account."""
    order = {"platform": account.platform, "account_key": account.account_key, "limit": limit}
    return lambda sift: sift.submit_scrape(**order, idempotency_key=key or f"key-{next(serial)}")


def finished_scrape(sandbox, account):
    """The id of a scrape of the account that has succeeded; the log is empty again."""
    scrape = with_client(sandbox, submitting(account))
    sandbox.world.clock.advance(90)
    sandbox.world.log.clear()
    return scrape.scrape_id


async def all_posts(sift, scrape_id):
    return [row async for row in sift.posts(scrape_id)]


def statuses(sandbox):
    return [request.status for request in sandbox.world.log.requests()]


def scripted(answers):
    """A client whose service gives these answers; for what the sandbox cannot be made to say."""
    queue = iter(answers)
    transport = httpx.MockTransport(lambda _request: next(queue))
    http = httpx.AsyncClient(transport=transport, base_url="http://sift.example")
    http.headers["Authorization"] = f"Bearer {KEY}"
    return SiftClient(http, retries=RetryPolicy(attempts=1))


@pytest.fixture(scope="session")
def graph_served() -> Iterator[RunningSandbox]:
    with running_sandbox(DATASET, now=AT, truth=truth()) as sandbox:
        yield sandbox


@pytest.fixture
def graph(graph_served: RunningSandbox) -> RunningSandbox:
    """The sandbox's Graph API without faults, its log empty."""
    graph_served.world.faults.clear()
    graph_served.world.clock.set(AT, rate=0)
    graph_served.world.log.clear()
    return graph_served
