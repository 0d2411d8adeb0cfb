"""How readings of Instagram accounts keep to the allowances that they share."""

import asyncio
import json
import time

import httpx
import pytest
from pydantic import SecretStr

from layers_pipeline.errors import SourceThrottledError
from layers_pipeline.sources.http import open_http
from layers_pipeline.sources.rate_limits import UsageBudgets
from tests.sources.instagram.readings import (
    CLOCK,
    LONG,
    MIXED,
    OTHER,
    ScriptedGraph,
    calls,
    client_over,
    error,
    put,
    read,
    read_all,
    read_scripted,
    request_of,
    shown,
    subjects,
)

RECORD = {"type": "instagram", "call_count": 95, "total_cputime": 20, "total_time": 30}


def test_an_app_throttle_stops_every_other_account_without_a_call(graph):
    put(graph, "app_limit")
    first, second, third = read_all(graph, accounts=[MIXED, OTHER, LONG])
    assert first.calls == len(calls(graph)) == 1
    assert [(one.calls, one.error.scope) for one in (second, third)] == [(0, "app")] * 2


def test_an_app_throttle_stops_accounts_that_are_being_read(graph):
    put(graph, "insights:app_limit", MIXED)

    async def run():
        async with open_http(graph.url) as http:
            client = client_over(http)
            pairs = [
                (one, SecretStr(graph.world.tokens.issue(one).access)) for one in (MIXED, LONG)
            ]
            readings = [client.read(request_of(one.account_key, token)) for one, token in pairs]
            return await asyncio.gather(*readings)

    mixed, long = asyncio.run(run())
    assert (mixed.error.scope, long.error.scope) == ("app", "app")
    assert 1 <= long.calls < 6
    assert not long.is_complete


def test_an_account_throttle_stops_no_other_account(graph):
    put(graph, "buc_limit")
    first, second = read_all(graph, accounts=[MIXED, OTHER])
    assert isinstance(first.error, SourceThrottledError)
    assert second.error is None


@pytest.mark.parametrize(
    ("kind", "scope", "retry_after_s"),
    [("usage_high", "app", 300), ("app_usage_high", "app", 300), ("usage_full", "app", 300)],
)
def test_high_usage_ends_a_reading_before_the_next_call(graph, kind, scope, retry_after_s):
    put(graph, kind, times=1)
    reading = read(graph, account=MIXED)
    assert isinstance(reading.error, SourceThrottledError)
    assert (reading.error.scope, reading.error.retry_after_s) == (scope, retry_after_s)
    assert reading.calls == len(calls(graph)) == 1
    assert len(subjects(reading, "media")) == 5


def test_high_usage_on_the_last_call_spoils_nothing(graph):
    put(graph, "usage_high")
    budgets = UsageBudgets(CLOCK)
    reading = read(graph, "quick", budgets=budgets)
    assert reading.error is None
    assert budgets.is_spent("instagram", OTHER.account_key)


def test_high_usage_below_the_limit_is_no_matter(graph):
    put(graph, "usage_high")
    assert read(graph, budgets=UsageBudgets(CLOCK, limit_pct=96)).error is None


def test_usage_is_read_from_the_elements_of_a_batch():
    def script(path, params):
        header = {"name": "X-Business-Use-Case-Usage", "value": json.dumps({"1784": [RECORD]})}
        rows = [shown("11")] if path.endswith("/media") else []
        return {"code": 200, "headers": [header], "body": json.dumps({"data": rows})}

    reading = read_scripted(ScriptedGraph(script))
    assert isinstance(reading.error, SourceThrottledError)
    assert (reading.calls, reading.error.scope) == (1, "account")


@pytest.mark.parametrize("headers", [None, "text", {}, [None], [{"name": 3}], [{"value": "1"}]])
def test_headers_of_elements_in_any_shape_do_no_harm(headers):
    def script(path, params):
        return {"code": 200, "headers": headers, "body": json.dumps({"data": []})}

    assert read_scripted(ScriptedGraph(script)).error is None


def test_a_short_retry_after_is_waited_for():
    answers = iter(
        [
            httpx.Response(429, headers={"Retry-After": "1"}, text="slow down"),
            httpx.Response(200, json={"data": []}),
        ]
    )
    begun_s = time.monotonic()
    reading = read_scripted(lambda request: next(answers), "quick")
    assert (reading.error, reading.calls) == (None, 2)
    assert time.monotonic() - begun_s >= 1


def test_a_long_retry_after_is_handed_to_the_caller_and_keeps_the_account_waiting():
    budgets = UsageBudgets(CLOCK)
    answer = httpx.Response(429, headers={"Retry-After": "3600"}, text="slow down")
    first = read_scripted(lambda request: answer, "quick", budgets=budgets)
    second = read_scripted(lambda request: answer, "quick", budgets=budgets)
    assert (first.calls, first.error.retry_after_s) == (1, 3600)
    assert (second.calls, second.error.retry_after_s) == (0, 3600)


def test_a_retry_after_beside_a_code_counts():
    answer = httpx.Response(429, headers={"Retry-After": "7"}, json=error(4))
    reading = read_scripted(lambda request: answer, "quick")
    assert (reading.calls, reading.error.scope, reading.error.retry_after_s) == (1, "app", 7)
