"""A sandbox with TikTok accounts, and clients for it.

Belongs here: the few helpers that the tests of TikTok's client ask for.
Does not belong here: expectations.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
from pydantic import SecretStr

from layers_pipeline.clock import FixedClock
from layers_pipeline.sources.account_reading import AccountReading
from layers_pipeline.sources.client import ReadRequest
from layers_pipeline.sources.http import RetryPolicy, open_http
from layers_pipeline.sources.rate_limits import UsageBudgets
from layers_pipeline.sources.tiktok.api import Calling
from layers_pipeline.sources.tiktok.client import TikTokClient
from sandbox import AccountRef, RunningSandbox, generated_captures, running_sandbox
from sandbox.faults import Fault
from sandbox.simulation.dataset import Dataset
from sandbox.simulation.items import Item

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLOCK = FixedClock(NOW)
QUICK = RetryPolicy(attempts=3, wait_initial_s=0.001, wait_max_s=0.002, jitter_s=0.001)
BUSY = AccountRef("tiktok", "open-busy")
EMPTY = AccountRef("tiktok", "open-empty")
POSTS = 65
VIDEOS = "/open_api/v1.3/business/video/list/"
ACCOUNT = "/open_api/v1.3/business/get/"


def item(number: int) -> Item:
    """A post of the busy account; the higher its number the older."""
    at = NOW - timedelta(days=2, hours=number)
    return Item(
        account=BUSY,
        item_id=str(((int(at.timestamp()) - 8) << 32) | number),
        media_type="tiktok_photo" if number % 10 == 9 else "tiktok_video",
        published_at=at,
        caption=f"No. {number}: cà phê 🎉",
        rates={"likes": 0.1, "comments": 0.01, "shares": 0.02, "saves": 0.03},
    )


ITEMS = [item(number) for number in range(POSTS)]
TRUTH = Dataset(ITEMS, followers={BUSY: 100, EMPTY: 1})


@contextmanager
def tiktok_sandbox() -> Iterator[RunningSandbox]:
    """One sandbox for every test of a file."""
    with running_sandbox(generated_captures(3, accounts=4, days=1) | TRUTH, now=NOW) as sandbox:
        yield sandbox


def put_back(sandbox: RunningSandbox) -> RunningSandbox:
    """The sandbox in its first state; tokens stay issued."""
    sandbox.world.faults.clear()
    sandbox.world.clock.set(NOW)
    sandbox.world.log.clear()
    return sandbox


def token_of(sandbox, account=BUSY):
    return SecretStr(sandbox.world.tokens.issue(account).access)


def strike(sandbox, kind, **options):
    sandbox.world.faults.put(BUSY, Fault(kind=kind, **options))


def with_client(sandbox, work, *, retries=QUICK, budgets=None, timeout_s=10.0):
    """What ``work`` makes of a client for the sandbox."""

    async def run():
        async with open_http(sandbox.url, timeout_s=timeout_s) as http:
            return await work(client_over(http, budgets=budgets, retries=retries))

    return asyncio.run(run())


def client_over(http, *, budgets=None, retries=QUICK, limiter=None):
    return TikTokClient(calling_over(http, budgets=budgets, retries=retries, limiter=limiter))


def calling_over(http, *, budgets=None, retries=QUICK, limiter=None):
    budgets = budgets or UsageBudgets(CLOCK)
    return Calling(http=http, clock=CLOCK, budgets=budgets, retries=retries, limiter=limiter)


def request_of(account_key, token, depth="full", **options):
    return ReadRequest(account_key=account_key, token=token, depth=depth, **options)


def read(sandbox, depth="full", account=BUSY, *, token=None, **options) -> AccountReading:
    """One reading of the sandbox."""
    secret = token_of(sandbox, account) if token is None else token
    return with_client(
        sandbox,
        lambda tiktok: tiktok.read(request_of(account.account_key, secret, depth)),
        **options,
    )


def paths(sandbox):
    return [request.path for request in sandbox.world.log.requests()]


def scripted(handler, depth="full", *, token="act-0123456789", **options) -> AccountReading:
    """One reading of a service that a function stands in for."""
    http = httpx.AsyncClient(
        transport=httpx.MockTransport(handler), base_url="http://tiktok.example"
    )
    wanted = request_of("me", SecretStr(token), depth, **options)
    return asyncio.run(client_over(http).read(wanted))


def envelope(data=None, *, code=0, message="OK"):
    return httpx.Response(200, json={"code": code, "message": message, "data": data or {}})


def page(*videos, has_more=False, cursor=0):
    return envelope({"videos": list(videos), "has_more": has_more, "cursor": cursor})
