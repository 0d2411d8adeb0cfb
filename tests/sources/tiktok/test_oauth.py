"""How TikTok's tokens are renewed over real HTTP, and what of them is never shown."""

import asyncio
import json
import logging
import traceback
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from layers_pipeline.errors import (
    SourceError,
    SourceMalformedError,
    SourceRejectedError,
    SourceThrottledError,
    SourceUnauthorizedError,
    SourceUnavailableError,
)
from layers_pipeline.sources.http import open_http
from layers_pipeline.sources.tiktok.oauth import TikTokOAuth
from tests.shared_data import SHARED
from tests.sources.tiktok.world import (
    BUSY,
    NOW,
    calling_over,
    put_back,
    read,
    strike,
    tiktok_sandbox,
)

RECORDED = SHARED / "fixtures/tiktok/sns-sdks__python-tiktok/business/access_token"
PAIR = {
    "access_token": "act-1",
    "refresh_token": "rft-1",
    "expires_in": 86400,
    "refresh_token_expires_in": 31536000,
    "open_id": "me",
}


@pytest.fixture(scope="module")
def served():
    with tiktok_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(served):
    return put_back(served)


def oauth(http, *, client_id="id", client_secret="s-do-not-print"):
    return TikTokOAuth(
        calling_over(http), client_id=client_id, client_secret=SecretStr(client_secret)
    )


def renewed(sandbox, refresh, **options):
    async def run():
        async with open_http(sandbox.url) as http:
            client = {
                "client_id": sandbox.tiktok_client_id,
                "client_secret": sandbox.tiktok_client_secret.get_secret_value(),
            }
            return await oauth(http, **(client | options)).refresh(SecretStr(refresh))

    return asyncio.run(run())


def scripted(answer):
    http = httpx.AsyncClient(
        transport=httpx.MockTransport(lambda _: answer), base_url="http://tiktok.example"
    )
    return asyncio.run(oauth(http).refresh(SecretStr("rft-do-not-print")))


def test_a_refresh_token_gives_a_new_pair_that_reads(sandbox):
    grant = sandbox.world.tokens.issue(BUSY)
    pair = renewed(sandbox, grant.refresh)
    assert (pair.account_key, pair.expires_at) == (BUSY.account_key, NOW + timedelta(days=1))
    assert pair.refresh_expires_at == NOW + timedelta(days=365)
    assert pair.refresh.get_secret_value() != grant.refresh
    assert read(sandbox, "quick", token=pair.access).error is None
    assert read(sandbox, "quick", token=SecretStr(grant.access)).error is not None


def test_a_pair_shows_no_token_in_its_repr(sandbox):
    pair = renewed(sandbox, sandbox.world.tokens.issue(BUSY).refresh)
    assert not any(secret in repr(pair) for secret in sandbox.world.tokens.every_secret())


@pytest.mark.parametrize(
    ("kind", "error", "tries"),
    [
        ("code_40103", SourceUnauthorizedError, 1),
        ("code_40107", SourceUnauthorizedError, 1),
        ("code_40108", SourceRejectedError, 1),
        ("code_40110", SourceUnauthorizedError, 1),
        ("code_40131", SourceUnauthorizedError, 1),
        ("oauth_http_500", SourceUnavailableError, 3),
    ],
)
def test_a_fault_is_its_own_error_after_so_many_tries(sandbox, kind, error, tries):
    grant = sandbox.world.tokens.issue(BUSY)
    strike(sandbox, kind)
    with pytest.raises(SourceError) as raised:
        renewed(sandbox, grant.refresh)
    assert type(raised.value) is error
    assert len(sandbox.world.log.requests()) == tries


def test_a_fault_that_passes_is_not_noticed(sandbox):
    grant = sandbox.world.tokens.issue(BUSY)
    strike(sandbox, "oauth_http_500", times=2)
    assert renewed(sandbox, grant.refresh).account_key == BUSY.account_key


@pytest.mark.parametrize("code", [40102, 40104, 40105])
def test_a_code_of_access_tokens_asks_for_consent_here(code):
    with pytest.raises(SourceError, match="consent") as raised:
        scripted(httpx.Response(200, json={"code": code, "message": "No.", "data": {}}))
    assert type(raised.value) is SourceUnauthorizedError


def test_a_throttle_here_is_one_too():
    with pytest.raises(SourceThrottledError):
        scripted(httpx.Response(200, json={"code": 40100, "message": "App reaches the QPS limit."}))


@pytest.mark.parametrize(
    "change",
    [
        {"access_token": None},
        {"refresh_token": ""},
        {"open_id": 7},
        {"expires_in": "86400"},
        {"expires_in": True},
        {"expires_in": 0},
        {"refresh_token_expires_in": 10**12},
    ],
)
def test_a_pair_outside_the_contract_is_malformed_and_not_shown(change):
    answer = httpx.Response(200, json={"code": 0, "message": "OK", "data": PAIR | change})
    with pytest.raises(SourceMalformedError) as raised:
        scripted(answer)
    assert not any(secret in str(raised.value) for secret in ("act-1", "rft-1"))


@pytest.mark.parametrize("kind", ["code_40107", "oauth_http_500", "oauth_truncated_json"])
def test_no_secret_is_shown_in_an_error_or_a_log(sandbox, kind, caplog, capfd):
    grant = sandbox.world.tokens.issue(BUSY)
    strike(sandbox, kind)
    with caplog.at_level(logging.DEBUG), pytest.raises(SourceError) as raised:
        renewed(sandbox, grant.refresh)
    logged = [str(vars(record)) + record.getMessage() for record in caplog.records]
    shown = "".join([*traceback.format_exception(raised.value), *logged, *capfd.readouterr()])
    secrets = {sandbox.tiktok_client_secret.get_secret_value()}
    assert not any(secret in shown for secret in secrets | sandbox.world.tokens.every_secret())


def test_secrets_that_the_service_repeats_are_redacted():
    answer = {"code": 40107, "message": "rft-do-not-print with s-do-not-print is bad", "data": {}}
    with pytest.raises(SourceUnauthorizedError, match=r"\*\*\* with \*\*\* is bad"):
        scripted(httpx.Response(200, json=answer))


@pytest.mark.skipif(
    not RECORDED.is_dir(),
    reason=f"{RECORDED} is absent: set LAYERS_SHARED to the folder of shared data",
)
def test_a_recorded_answer_is_a_pair():
    body = json.loads((RECORDED / "refresh_resp.json").read_text())
    pair = scripted(httpx.Response(200, json=body))
    assert (pair.account_key, pair.access.get_secret_value()) == ("openid", "act.token")
    assert pair.refresh_expires_at == NOW + timedelta(seconds=31527314)
