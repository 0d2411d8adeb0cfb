"""Where the Instagram client puts secrets, and that it shows them nowhere."""

import asyncio
import hashlib
import hmac
import json
import logging
import time
import traceback
from urllib.parse import parse_qs, quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from layers_pipeline.redacting import Redactor
from layers_pipeline.sources.http import open_http
from tests.sources.instagram.readings import (
    LONG,
    MIXED,
    SECRET,
    TINY,
    TOKEN,
    ScriptedGraph,
    calls,
    client_over,
    error,
    put,
    read,
    read_scripted,
    request_of,
    shown,
)

PROOF = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
FAULTS = ["token_expired", "transient_1", "http_502", "truncated_json", "app_limit", "gone_100_33"]


def test_the_token_travels_in_a_header_and_never_in_a_url():
    script = ScriptedGraph(_leaky)
    read_scripted(script, app_secret=SECRET)
    assert {request.headers["Authorization"] for request in script.requests} == {f"Bearer {TOKEN}"}
    texts = [f"{request.url}{request.content.decode()}" for request in script.requests]
    for form in (TOKEN, quote(TOKEN), quote(TOKEN, safe=""), "access_token"):
        assert form not in "".join(texts)


def test_calls_are_signed_where_there_is_an_app_secret():
    script = ScriptedGraph(_leaky)
    read_scripted(script, "full", app_secret=SECRET)
    read_scripted(script, "quick", app_secret=SECRET)
    posts = [request for request in script.requests if request.method == "POST"]
    (get,) = (request for request in script.requests if request.method == "GET")
    assert {parse_qs(one.content.decode())["appsecret_proof"][0] for one in posts} == {PROOF}
    assert get.url.params["appsecret_proof"] == PROOF
    assert all(PROOF not in str(request.url) for request in posts)


def test_calls_are_not_signed_without_one():
    script = ScriptedGraph(_leaky)
    read_scripted(script)
    assert not any("appsecret_proof" in request.content.decode() for request in script.requests)


@pytest.mark.parametrize("host", ["https://graph.facebook.com", "https://graph.instagram.com"])
def test_both_hosts_are_spoken_to_alike(host):
    asked = []

    def answer(request):
        asked.append(str(request.url.copy_with(query=None)))
        return httpx.Response(200, json={"data": []})

    async def run():
        async with open_http(host) as real:
            assert str(real.base_url).rstrip("/") == host
        transport = httpx.MockTransport(answer)
        async with httpx.AsyncClient(transport=transport, base_url=host) as http:
            await client_over(http).read(request_of("1784", SecretStr(TOKEN), "quick"))

    asyncio.run(run())
    assert asked == [f"{host}/v26.0/1784/media"]


def test_an_error_of_the_other_host_is_understood():
    answer = {"code": 403, **error(10, type="IGApiException")}
    reading = read_scripted(ScriptedGraph(lambda path, params: answer), "quick")
    assert "code 10" in str(reading.error)


def _leaky(path, params):
    """Answers that repeat the token wherever the platform might."""
    link = f"https://graph.test/v26.0/x?access_token={quote(TOKEN, safe='')}&after=a"
    if path.endswith(("/media", "/stories")):
        row = {
            **shown(path[-1] + "1", "IMAGE", "FEED"),
            "caption": f"they say {TOKEN} opens it",
            "children": {"data": [], "paging": {"next": link}},
            "proxied": f"https://cdn.test/?to={quote(link, safe='')}&appsecret_proof={PROOF}",
            "nested": json.dumps({"access_token": "another-token-here", "url": link}),
            TOKEN: SECRET,
        }
        after = {"cursors": {"after": "a"}, "next": link}
        return {"data": [row], "paging": {} if "after" in params else after}
    return {"data": [], "paging": {"previous": link}, "id": TOKEN, "proof": PROOF}


FORMS = [TOKEN, quote(TOKEN), quote(TOKEN, safe=""), TOKEN.replace("/", "\\/"), SECRET, PROOF]


def test_no_row_shows_a_secret_and_every_row_is_still_json():
    reading = read_scripted(ScriptedGraph(_leaky), app_secret=SECRET)
    assert {row.entity for row in reading.rows} == {
        "media",
        "story",
        "account",
        "insights",
        "breakdown",
    }
    for row in reading.rows:
        json.loads(row.body)
        assert not [form for form in [*FORMS, "another-token-here"] if form in row.body]


def test_what_stands_around_a_secret_is_kept():
    reading = read_scripted(ScriptedGraph(_leaky), "quick", app_secret=SECRET)
    row = json.loads(reading.rows[0].body)
    assert row["caption"] == "they say *** opens it"
    assert row["children"]["paging"]["next"].endswith("?access_token=***&after=a")
    assert row["proxied"].endswith("access_token%3D***%26after%3Da&appsecret_proof=***")


@pytest.mark.parametrize("depth", ["quick", "full"])
def test_no_error_issue_or_refusal_shows_a_secret(depth):
    said = f"(#10) {TOKEN} {SECRET} at https://x/?access_token={quote(TOKEN, safe='')}&b"

    def script(path, params):
        if depth == "quick" or path.endswith("/stories"):
            return error(10, said, error_user_title=TOKEN)
        if "metric" in params and "views" in params["metric"]:
            return error(100, f"{said} Incompatible metric (views)")
        return error(100, said, subcode=2108006) if "metric" in params else _leaky(path, params)

    reading = read_scripted(ScriptedGraph(script), depth, app_secret=SECRET)
    assert reading.error or (reading.issues and reading.refused and reading.unreadable)
    shown_text = repr(reading) + str(reading.error)
    assert not [form for form in FORMS if form in shown_text]
    assert "***" in shown_text


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("depth", ["quick", "full"])
def test_the_token_is_shown_in_no_error_no_log_and_no_output(graph, kind, depth, caplog, capfd):
    token = graph.world.tokens.issue(MIXED).access
    put(graph, kind, times=2)
    with caplog.at_level(logging.DEBUG):
        reading = read(graph, depth, token=token)
    logged = [str(vars(record)) + record.getMessage() for record in caplog.records]
    traced = traceback.format_exception(reading.error) if reading.error else []
    assert token not in "".join([repr(reading), *logged, *traced, *capfd.readouterr()])


def test_no_row_of_the_sandbox_shows_a_token(graph):
    text = "".join(row.body for row in read(graph, account=LONG).rows)
    assert not [secret for secret in graph.world.tokens.every_secret() if secret in text]
    assert "access_token=" not in text


def test_the_client_shows_no_secret():
    http = open_http("https://graph.facebook.com")
    client = client_over(http, app_secret=SECRET)
    assert SECRET not in f"{client!r} {vars(client)} {http!r} {http.headers!r}"


secrets = st.text(st.characters(codec="utf-8", exclude_characters="*"), min_size=8)


@given(secrets, st.text(), st.text())
def test_a_secret_is_taken_out_of_any_text(secret, before, after):
    text = Redactor([secret]).json_text({"a": f"{before}{secret}{after}", secret: 1})
    clean = json.loads(text)
    assert secret not in clean
    assert secret not in clean["a"] or secret in f"{before}***{after}"


@given(st.text(st.characters(codec="ascii", exclude_characters='&"\\*% \t\n\r\x0b\x0c')))
def test_a_token_in_any_url_is_taken_out(value):
    clean = Redactor([]).clean(f"https://x/?access_token={value}&b=1 https://y/")
    assert clean.startswith("https://x/?access_token=***&b=1 ") or not value.isprintable()


@pytest.mark.parametrize("fault", ["slow", "transient_2"])
def test_cancelling_leaves_nothing_running(graph, fault):
    put(graph, fault)
    token = graph.world.tokens.issue(MIXED).access
    patient = type(TINY)(attempts=5, wait_initial_s=20)

    async def run():
        async with open_http(graph.url) as http:
            client = client_over(http, retries=patient)
            reading = client.read(request_of(MIXED.account_key, SecretStr(token)))
            task = asyncio.create_task(reading)
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return asyncio.all_tasks() - {asyncio.current_task()}

    begun_s = time.monotonic()
    assert asyncio.run(run()) == set()
    assert time.monotonic() - begun_s < 0.9


def test_a_service_that_is_not_there_is_unavailable():
    def answer(request):
        raise httpx.ConnectError("no route", request=request)

    reading = read_scripted(answer)
    assert "no answer from graph.test (ConnectError)" in str(reading.error)
    assert reading.calls == 3


def test_our_own_bugs_are_raised():
    def answer(request):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        read_scripted(answer)


def test_a_slow_answer_is_given_up_and_asked_for_again(graph):
    put(graph, "slow", times=1)
    token = graph.world.tokens.issue(MIXED).access

    async def run():
        async with open_http(graph.url, timeout_s=0.4) as http:
            return await client_over(http).read(
                request_of(MIXED.account_key, SecretStr(token), "quick")
            )

    reading = asyncio.run(run())
    assert (reading.error, reading.items, reading.calls) == (None, 5, 2)
    assert len(calls(graph)) >= 1
