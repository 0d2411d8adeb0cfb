import asyncio
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from layers_pipeline.clock import FixedClock
from layers_pipeline.errors import (
    SourceMalformedError,
    SourceRejectedError,
    SourceUnauthorizedError,
)
from layers_pipeline.sources.http import open_http
from layers_pipeline.sources.instagram.oauth import InstagramOAuth
from layers_pipeline.sources.instagram.requests import renewal, renews_tokens
from layers_pipeline.sources.instagram.session import Graph
from layers_pipeline.sources.rate_limits import UsageBudgets
from tests.sources.instagram.readings import AT, MIXED, TINY, put, read

TOKEN = "igaa-do-not-print-this-token"
DAY = timedelta(days=1)


def renewed(http, access, *, at=AT):
    clock = FixedClock(at)
    budgets = UsageBudgets(clock)
    graph = Graph(http=http, version="v26.0", clock=clock, budgets=budgets, retries=TINY)
    return InstagramOAuth(graph).refresh(SecretStr(access))


def renewed_at(sandbox, access, *, after):
    """The answer of a sandbox whose clock is put on and back again."""

    async def run():
        async with open_http(sandbox.url, timeout_s=5) as http:
            return await renewed(http, access, at=AT + after)

    sandbox.world.clock.set(AT + after)
    try:
        return asyncio.run(run())
    finally:
        sandbox.world.clock.set(AT)


def scripted(status, body):
    transport = httpx.MockTransport(lambda _: httpx.Response(status, json=body))
    http = httpx.AsyncClient(transport=transport, base_url="https://graph.instagram.com")
    return asyncio.run(renewed(http, TOKEN))


def test_a_token_of_a_day_is_renewed_for_sixty_and_reads(graph):
    old = graph.world.tokens.issue(MIXED).access
    pair = renewed_at(graph, old, after=DAY)
    assert (pair.refresh, pair.expires_at) == (None, AT + 61 * DAY)
    assert pair.access.get_secret_value() != old
    for token in (pair.access.get_secret_value(), old):
        assert read(graph, "quick", token=token).error is None


def test_a_token_of_less_than_a_day_is_refused_and_nobody_is_asked_for_a_login(graph):
    with pytest.raises(SourceRejectedError, match="24 hours"):
        renewed_at(graph, graph.world.tokens.issue(MIXED).access, after=DAY / 2)


def test_a_token_that_opens_nothing_asks_for_a_new_login(graph):
    with pytest.raises(SourceUnauthorizedError):
        renewed_at(graph, graph.world.tokens.issue(MIXED).access, after=61 * DAY)


def test_a_passing_trouble_is_tried_again(graph):
    put(graph, "token:transient_2", times=1)
    pair = renewed_at(graph, graph.world.tokens.issue(MIXED).access, after=DAY)
    assert pair.expires_at == AT + 61 * DAY


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"access_token": TOKEN}, id="no end"),
        pytest.param({"access_token": TOKEN, "expires_in": "5184000"}, id="end in quotes"),
        pytest.param({"access_token": TOKEN, "expires_in": -1}, id="ended"),
        pytest.param({"access_token": "", "expires_in": 60}, id="empty"),
        pytest.param({"access_token": 7, "expires_in": 60}, id="a number"),
    ],
)
def test_an_answer_without_a_token_and_its_end_is_malformed_and_shows_none(body):
    with pytest.raises(SourceMalformedError) as refused:
        scripted(200, body)
    assert TOKEN not in str(refused.value)


def test_neither_an_error_nor_a_repr_shows_the_token():
    error = {"message": f"no session of {TOKEN}", "code": 190, "type": "OAuthException"}
    with pytest.raises(SourceUnauthorizedError) as refused:
        scripted(400, {"error": error})
    assert TOKEN not in str(refused.value)
    assert TOKEN not in repr(renewal(SecretStr(TOKEN)))


@pytest.mark.parametrize(
    ("url", "renews"),
    [
        ("https://graph.instagram.com", True),
        ("https://graph.facebook.com", False),
        ("http://127.0.0.1:8890", True),
    ],
)
def test_tokens_of_a_facebook_login_are_not_renewed(url, renews):
    assert renews_tokens(url) is renews
