"""What the TikTok client makes of each code and fault, how often it asks, what it never shows."""

import asyncio
import logging
import time
import traceback

import httpx
import pytest
from pydantic import SecretStr

from layers_pipeline.errors import (
    SourceForbiddenError,
    SourceMalformedError,
    SourceRejectedError,
    SourceThrottledError,
    SourceUnauthorizedError,
    SourceUnavailableError,
)
from layers_pipeline.sources.client import TokenExpiredError
from layers_pipeline.sources.http import RetryPolicy, open_http
from layers_pipeline.sources.rate_limits import RateLimiter, UsageBudgets
from layers_pipeline.sources.tiktok.errors import MEANINGS, error_of
from tests.sources.tiktok.world import (
    ACCOUNT,
    BUSY,
    CLOCK,
    EMPTY,
    NOW,
    QUICK,
    VIDEOS,
    client_over,
    envelope,
    page,
    paths,
    put_back,
    read,
    request_of,
    scripted,
    strike,
    tiktok_sandbox,
    token_of,
    with_client,
)

REJECTED, FORBIDDEN = SourceRejectedError, SourceForbiddenError
EXPIRED, UNAUTHORIZED = TokenExpiredError, SourceUnauthorizedError
THROTTLED, UNAVAILABLE = SourceThrottledError, SourceUnavailableError

READ_CODES = [
    (40000, REJECTED, 1),
    (40001, UNAUTHORIZED, 1),
    (40002, REJECTED, 1),
    (40003, FORBIDDEN, 1),
    (40006, REJECTED, 1),
    (40007, REJECTED, 1),
    (40016, REJECTED, 1),
    (40050, UNAVAILABLE, 1),
    (40051, REJECTED, 1),
    (40053, REJECTED, 1),
    (40100, THROTTLED, 3),
    (40102, EXPIRED, 1),
    (40104, EXPIRED, 1),
    (40105, EXPIRED, 1),
    (40106, UNAUTHORIZED, 1),
    (40113, FORBIDDEN, 1),
    (40117, FORBIDDEN, 1),
    (40118, FORBIDDEN, 1),
    (40120, UNAUTHORIZED, 1),
    (40125, FORBIDDEN, 1),
    (40130, UNAUTHORIZED, 1),
    (40132, THROTTLED, 1),
    (40201, UNAVAILABLE, 1),
    (40309, UNAUTHORIZED, 1),
    (40400, REJECTED, 1),
    (41000, FORBIDDEN, 1),
    (41001, UNAVAILABLE, 1),
    (41002, UNAVAILABLE, 1),
    (50000, UNAVAILABLE, 3),
    (50002, UNAVAILABLE, 3),
    (51010, UNAVAILABLE, 3),
    (51065, UNAVAILABLE, 3),
    (60001, UNAVAILABLE, 3),
    (61000, THROTTLED, 3),
]
CONSENT_CODES = [
    (40103, UNAUTHORIZED),
    (40107, UNAUTHORIZED),
    (40108, REJECTED),
    (40110, UNAUTHORIZED),
    (40131, UNAUTHORIZED),
]
FAULTS = [
    pytest.param({"kind": "http_500"}, UNAVAILABLE, 3, id="HTTP 500"),
    pytest.param({"kind": "http_429"}, THROTTLED, 1, id="HTTP 429, for long"),
    pytest.param({"kind": "truncated_json"}, SourceMalformedError, 3, id="half of the JSON"),
    pytest.param({"kind": "html_body"}, SourceMalformedError, 3, id="HTML"),
]


@pytest.fixture(scope="module")
def served():
    with tiktok_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(served):
    return put_back(served)


def test_every_code_has_its_case_here():
    assert {case[0] for case in READ_CODES + CONSENT_CODES} == set(MEANINGS)


@pytest.mark.parametrize(("code", "error", "tries"), READ_CODES)
def test_a_code_ends_the_reading_with_its_error_after_so_many_tries(sandbox, code, error, tries):
    strike(sandbox, f"code_{code}", skip=1)
    reading = read(sandbox)
    assert type(reading.error) is error
    assert f"code {code}: " in str(reading.error)
    assert paths(sandbox) == [VIDEOS] * (1 + tries)
    assert reading.calls == 1 + tries
    assert (reading.items, reading.pages, reading.is_complete) == (20, 1, False)


@pytest.mark.parametrize(("code", "error", "tries"), READ_CODES)
def test_a_code_for_the_account_alone_keeps_the_whole_listing(sandbox, code, error, tries):
    strike(sandbox, f"code_{code}", skip=4)
    reading = read(sandbox)
    assert type(reading.error) is error
    assert paths(sandbox) == [VIDEOS] * 4 + [ACCOUNT] * tries
    assert (reading.items, reading.is_complete) == (65, True)


@pytest.mark.parametrize(("code", "error"), CONSENT_CODES)
def test_a_code_of_consent_ends_a_reading_too(code, error):
    reading = scripted(lambda _: envelope(code=code, message="No."))
    assert (type(reading.error), reading.calls) == (error, 1)


@pytest.mark.parametrize("code", [case[0] for case in READ_CODES if case[2] > 1])
def test_a_code_that_passes_is_not_noticed(sandbox, code):
    strike(sandbox, f"code_{code}", times=2)
    reading = read(sandbox)
    assert (reading.items, reading.is_complete, reading.error) == (65, True, None)
    assert reading.calls == 5 + 2


@pytest.mark.parametrize(
    ("code", "error"),
    [
        pytest.param(40999, REJECTED, id="about the request"),
        pytest.param(41999, UNAVAILABLE, id="about what is offline"),
        pytest.param(59999, UNAVAILABLE, id="of the system"),
        pytest.param(62000, UNAVAILABLE, id="of the service"),
        pytest.param(20002, UNAVAILABLE, id="of no known kind"),
    ],
)
def test_an_unknown_code_is_taken_by_its_range_and_said_to_be_unknown(code, error):
    made = error_of(code, "Surprise.", now=NOW)
    assert type(made) is error
    assert f"tiktok: unknown code {code}: Surprise. " in str(made)


@pytest.mark.parametrize(
    ("code", "message", "scope", "wait_s"),
    [
        (40100, "App reaches the QPS limit.", "account", 300),
        (40100, "Too many requests for the QPM limit.", "account", 300),
        (40100, "Too many requests.", "account", 300),
        (40100, "The QPD limit is reached.", "account", 12 * 3600),
        (40100, "Daily quota is used up.", "account", 12 * 3600),
        (40132, "Request frequency limited.", "account", 300),
        (61000, "Too many requests.", "account", 300),
        (40132, "requests from App 7 are temporarily restricted.", "app", 300),
    ],
)
def test_a_throttle_says_who_waits_and_how_long(code, message, scope, wait_s):
    error = scripted(lambda _: envelope(code=code, message=message)).error
    assert (error.scope, error.retry_after_s) == (scope, wait_s)


@pytest.mark.parametrize(
    ("message", "tries"),
    [("App reaches the QPS limit.", 3), ("QPM limit.", 1), ("QPD limit.", 1), ("No.", 1)],
)
def test_only_the_limit_by_the_second_is_tried_again(message, tries):
    assert scripted(lambda _: envelope(code=40100, message=message)).calls == tries


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (40003, "Have TikTok permit the app"),
        (40106, "log in and to give consent anew"),
        (40120, "log in and to give consent anew"),
        (40309, "log in and to give consent anew"),
        (41000, "Ask TikTok's support what it blocked"),
    ],
)
def test_a_code_of_the_vendors_sdk_is_known_and_has_a_remedy(code, remedy):
    said = str(error_of(code, "No.", now=NOW))
    assert remedy in said
    assert "unknown" not in said


@pytest.mark.parametrize(("fault", "error", "tries"), FAULTS)
def test_a_fault_ends_the_reading_with_its_error_after_so_many_tries(sandbox, fault, error, tries):
    strike(sandbox, **fault, skip=1)
    reading = read(sandbox)
    assert type(reading.error) is error
    assert paths(sandbox) == [VIDEOS] * (1 + tries)
    assert (reading.items, reading.is_complete) == (20, False)


def test_a_throttled_app_is_not_asked_for_any_of_its_accounts(sandbox):
    budgets = UsageBudgets(CLOCK)
    strike(sandbox, "code_40132")
    assert read(sandbox, budgets=budgets).error.scope == "app"
    sandbox.world.log.clear()
    other = read(sandbox, account=EMPTY, budgets=budgets)
    assert (type(other.error), other.error.scope, other.calls) == (THROTTLED, "app", 0)
    assert paths(sandbox) == []


def read_in_turn(keys, handler):
    """Readings of accounts one after the other, over one client."""

    async def run():
        transport = httpx.MockTransport(handler)
        async with httpx.AsyncClient(transport=transport, base_url="http://t.example") as http:
            client, secret = client_over(http), SecretStr("act-0123456789")
            return [await client.read(request_of(key, secret, "quick")) for key in keys]

    return asyncio.run(run())


def test_a_limit_is_the_apps_once_three_accounts_in_a_row_have_met_it():
    readings = read_in_turn("abcd", lambda _: envelope(code=40100, message="QPM limit."))
    assert [one.error.scope for one in readings] == ["account", "account", "app", "app"]
    assert [one.calls for one in readings] == [1, 1, 1, 0]


def test_a_limit_is_not_the_apps_while_others_are_answered():
    def answer(request):
        is_spared = request.url.params["business_id"] == "S"
        return page() if is_spared else envelope(code=40100, message="App reaches the QPM limit.")

    readings = read_in_turn("abScdSefS", answer)
    assert {one.error.scope for one in readings if one.error} == {"account"}
    assert [one.error is None for one in readings] == [key == "S" for key in "abScdSefS"]


def test_a_throttled_account_is_not_asked_and_others_are(sandbox):
    budgets = UsageBudgets(CLOCK)
    strike(sandbox, "code_61000")
    read(sandbox, budgets=budgets)
    assert read(sandbox, budgets=budgets).calls == 0
    assert read(sandbox, account=EMPTY, budgets=budgets).error is None


def test_requests_keep_the_pace(sandbox):
    token = token_of(sandbox)

    async def run():
        async with open_http(sandbox.url) as http:
            paced = client_over(http, limiter=RateLimiter(20))
            return await paced.read(request_of(BUSY.account_key, token))

    begun_s = time.monotonic()
    assert asyncio.run(run()).calls == 5
    assert time.monotonic() - begun_s >= 4 / 20


def test_an_expired_token_asks_to_be_refreshed(sandbox):
    token = token_of(sandbox)
    sandbox.world.clock.advance(86_400)
    reading = read(sandbox, token=token)
    assert type(reading.error) is TokenExpiredError
    assert "Refresh" in str(reading.error)
    assert reading.calls == 1


def test_a_token_of_another_account_asks_for_consent(sandbox):
    reading = read(sandbox, token=token_of(sandbox, EMPTY))
    assert type(reading.error) is SourceUnauthorizedError


@pytest.mark.parametrize("token", ["", "two words", "act\n", "clé"])
def test_a_token_that_no_header_can_carry_ends_the_reading_without_a_call(sandbox, token):
    reading = read(sandbox, token=SecretStr(token))
    assert (type(reading.error), reading.calls) == (TokenExpiredError, 0)
    assert not token or token not in str(reading.error)


@pytest.mark.parametrize(
    "kind", ["code_40105", "code_40100", "http_500", "truncated_json", "short_page"]
)
def test_the_token_is_shown_in_no_row_no_error_no_repr_and_no_log(sandbox, kind, caplog, capfd):
    strike(sandbox, kind, skip=1)
    token = token_of(sandbox)
    with caplog.at_level(logging.DEBUG):
        reading = read(sandbox, token=token)
    logged = [str(vars(record)) + record.getMessage() for record in caplog.records]
    raised = traceback.format_exception(reading.error) if reading.error else []
    shown = [repr(reading), *raised, *logged, *capfd.readouterr()]
    assert token.get_secret_value() not in "".join(shown)


def test_a_token_that_the_service_repeats_is_redacted():
    token = "act-do-not-print"
    refused = scripted(lambda _: envelope(code=40105, message=f"{token} is bad"), token=token)
    assert "tiktok: code 40105: *** is bad." in str(refused.error)
    repeated = scripted(lambda _: page({"item_id": "1", "caption": token}), token=token)
    assert token not in repr(repeated)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param([], id="not an object"),
        pytest.param({"message": "OK"}, id="no code"),
        pytest.param({"code": "0", "data": {}}, id="code in quotes"),
        pytest.param({"code": True, "data": {}}, id="code a truth"),
        pytest.param({"code": 0}, id="no data"),
        pytest.param({"code": 0, "data": []}, id="data not an object"),
    ],
)
def test_an_envelope_outside_the_contract_is_malformed(answer):
    reading = scripted(lambda _: httpx.Response(200, json=answer))
    assert type(reading.error) is SourceMalformedError


def test_a_slow_answer_is_given_up_and_asked_for_again(sandbox):
    strike(sandbox, "slow", times=1)
    reading = read(sandbox, "quick", timeout_s=0.3)
    assert (reading.items, reading.calls, reading.error) == (20, 2, None)


def test_a_service_that_is_not_there_is_unavailable(sandbox):
    def gone(_request):
        raise httpx.ConnectError("refused")

    reading = scripted(gone)
    assert "no answer from tiktok.example (ConnectError)" in str(reading.error)
    assert reading.calls == 3


@pytest.mark.parametrize(
    ("kind", "retries"),
    [
        pytest.param("slow", QUICK, id="while an answer is awaited"),
        pytest.param("code_50000", RetryPolicy(wait_initial_s=20), id="while a retry is awaited"),
    ],
)
def test_cancelling_leaves_nothing_running(sandbox, kind, retries):
    strike(sandbox, kind)
    token = token_of(sandbox)

    async def cancelled(tiktok):
        task = asyncio.create_task(tiktok.read(request_of(BUSY.account_key, token)))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert with_client(sandbox, cancelled, retries=retries) == set()
