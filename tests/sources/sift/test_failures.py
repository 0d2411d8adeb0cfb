"""What the SIFT client makes of each fault, how often it asks, and what it never shows."""

import asyncio
import logging
import socket
import time
import traceback

import httpx
import pytest
from pydantic import SecretStr

from layers_pipeline.errors import (
    SettingsError,
    SourceError,
    SourceForbiddenError,
    SourceMalformedError,
    SourceRejectedError,
    SourceThrottledError,
    SourceUnauthorizedError,
    SourceUnavailableError,
)
from layers_pipeline.sources.http import RetryPolicy
from layers_pipeline.sources.sift.client import SiftClient, sift_http
from sandbox import Fault
from tests.sources.conftest import (
    KEY,
    QUICK,
    finished_scrape,
    scripted,
    statuses,
    submitting,
    with_client,
)

FAILURES = [
    pytest.param(
        Fault(kind="throttled", retry_after_s=0), SourceThrottledError, [429] * 3, id="throttled"
    ),
    pytest.param(
        Fault(kind="throttled", retry_after_s=31), SourceThrottledError, [429], id="throttled long"
    ),
    pytest.param(Fault(kind="server_error"), SourceUnavailableError, [503] * 3, id="server error"),
    pytest.param(
        Fault(kind="server_error", status=500), SourceUnavailableError, [500] * 3, id="crash"
    ),
    pytest.param(
        Fault(kind="truncated_json"), SourceMalformedError, [200] * 3, id="truncated JSON"
    ),
    pytest.param(Fault(kind="private"), SourceForbiddenError, [403], id="private account"),
    pytest.param(Fault(kind="vanished"), SourceRejectedError, [404], id="vanished account"),
]


@pytest.mark.parametrize(("fault", "error", "answers"), FAILURES)
def test_each_fault_is_its_own_error_after_so_many_requests(
    sandbox, account, fault, error, answers
):
    sandbox.world.faults.put(account, fault)
    with pytest.raises(SourceError) as raised:
        with_client(sandbox, submitting(account))
    assert type(raised.value) is error
    assert statuses(sandbox) == answers


@pytest.mark.parametrize("fault", [failure.values[0] for failure in FAILURES])
def test_the_key_is_shown_in_no_error_no_log_and_no_output(sandbox, account, fault, caplog, capfd):
    sandbox.world.faults.put(account, fault)
    with caplog.at_level(logging.DEBUG), pytest.raises(SourceError) as raised:
        with_client(sandbox, submitting(account))
    logged = [str(vars(record)) + record.getMessage() for record in caplog.records]
    shown = [*traceback.format_exception(raised.value), repr(raised.value), *logged]
    assert KEY not in "".join([*shown, *capfd.readouterr()])


def test_a_refused_key_is_unauthorized_at_once_and_not_shown(sandbox, account):
    wrong = f"{KEY}-of-yesterday"
    with pytest.raises(SourceUnauthorizedError, match="sift: HTTP 401") as raised:
        with_client(sandbox, submitting(account), key=wrong)
    assert statuses(sandbox) == [401]
    assert wrong not in "".join(traceback.format_exception(raised.value))


def test_the_key_is_not_in_the_repr_of_client_or_authorisation():
    http = sift_http("http://127.0.0.1:1", SecretStr(KEY))
    shown = f"{http!r} {http.auth!r} {vars(http.auth)} {http.headers!r} {SiftClient(http)!r}"
    assert KEY not in shown


@pytest.mark.parametrize("key", ["", "two words", f"{KEY}\n", "clé"])
def test_a_key_that_no_header_can_carry_is_refused_without_showing_it(key):
    with pytest.raises(SettingsError) as raised:
        sift_http("http://127.0.0.1:1", SecretStr(key))
    assert not key or key not in str(raised.value)


def test_a_url_without_scheme_is_refused():
    with pytest.raises(SettingsError, match="http://"):
        sift_http("127.0.0.1:8890", SecretStr(KEY))


@pytest.mark.parametrize("kind", ["server_error", "truncated_json"])
def test_a_passing_fault_is_not_noticed(sandbox, account, kind):
    sandbox.world.faults.put(account, Fault(kind=kind, times=2))
    assert with_client(sandbox, submitting(account)).status == "queued"
    assert statuses(sandbox)[-1] == 202
    assert len(statuses(sandbox)) == 3


def test_a_fault_in_the_middle_of_paging_loses_and_doubles_nothing(sandbox, account):
    scrape_id = finished_scrape(sandbox, account)

    async def interrupted(sift):
        ids = []
        async for row in sift.posts(scrape_id):
            ids.append(row["post_id"])
            if len(ids) == 20:
                sandbox.world.faults.put(account, Fault(kind="truncated_json", times=1))
        return ids

    ids = with_client(sandbox, interrupted)
    assert len(set(ids)) == len(ids) == 50


def test_a_short_retry_after_is_waited_for(sandbox, account):
    sandbox.world.faults.put(account, Fault(kind="throttled", times=1, retry_after_s=1))
    begun_s = time.monotonic()
    scrape = with_client(sandbox, submitting(account))
    assert scrape.status == "queued"
    assert time.monotonic() - begun_s >= 1.0
    assert statuses(sandbox) == [429, 202]


def test_a_long_retry_after_is_handed_to_the_caller(sandbox, account):
    sandbox.world.faults.put(account, Fault(kind="throttled", retry_after_s=3600))
    with pytest.raises(SourceThrottledError) as raised:
        with_client(sandbox, submitting(account))
    assert raised.value.retry_after_s == 3600


def test_a_slow_answer_is_given_up_and_asked_for_again(sandbox, account):
    sandbox.world.faults.put(account, Fault(kind="slow", delay_s=0.4, times=2))
    scrape = with_client(sandbox, submitting(account), timeout_s=0.2)
    assert scrape.status == "queued"


def test_answers_that_stay_slow_are_unavailable(sandbox, account):
    sandbox.world.faults.put(account, Fault(kind="slow", delay_s=0.3))
    with pytest.raises(
        SourceUnavailableError, match=r"no answer from 127\.0\.0\.1:\d+ \(it took too long\)"
    ):
        with_client(sandbox, submitting(account), timeout_s=0.1)


def test_a_service_that_is_not_there_is_unavailable(account):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    async def run():
        async with sift_http(f"http://127.0.0.1:{port}", SecretStr(KEY)) as http:
            await submitting(account)(SiftClient(http, retries=QUICK))

    with pytest.raises(SourceUnavailableError, match="connection refused"):
        asyncio.run(run())


@pytest.mark.parametrize(
    ("fault", "retries"),
    [
        pytest.param(Fault(kind="slow", delay_s=1), QUICK, id="while an answer is awaited"),
        pytest.param(
            Fault(kind="throttled", retry_after_s=20),
            RetryPolicy(),
            id="while a retry is waited for",
        ),
    ],
)
def test_cancelling_leaves_nothing_running(sandbox, account, fault, retries):
    sandbox.world.faults.put(account, fault)

    async def cancelled(sift):
        task = asyncio.create_task(submitting(account)(sift))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return asyncio.all_tasks() - {asyncio.current_task()}

    begun_s = time.monotonic()
    assert with_client(sandbox, cancelled, retries=retries) == set()
    assert time.monotonic() - begun_s < 0.9


def test_a_key_that_the_service_repeats_is_redacted():
    sift = scripted([httpx.Response(401, json={"detail": f"unknown key {KEY}"})])
    with pytest.raises(SourceUnauthorizedError) as raised:
        asyncio.run(sift.scrape("scr_1"))
    assert str(raised.value) == "sift: HTTP 401: unknown key ***"
