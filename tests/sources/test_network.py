"""Trouble on the way to a host is one line: the host, what is wrong, the remedy, and no log."""

import asyncio
import logging
import socket
from contextlib import contextmanager

import httpx
import pytest
from pydantic import SecretStr

from layers_pipeline.errors import SourceUnavailableError
from layers_pipeline.sources.http import RetryPolicy, open_http
from layers_pipeline.sources.sift.client import SiftClient, sift_http
from tests.sources.instagram.readings import client_over as instagram_over
from tests.sources.instagram.readings import request_of
from tests.sources.tiktok.world import client_over as tiktok_over

TWICE = RetryPolicy(attempts=2, wait_initial_s=0.001, wait_max_s=0.002, jitter_s=0)
UNKNOWN = "http://no-such-host.invalid"


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def sift_says(url: str, *, timeout_s: float = 5) -> str:
    async def run():
        async with sift_http(url, SecretStr("key-0123456789"), timeout_s=timeout_s) as http:
            await SiftClient(http, retries=TWICE).scrape("s")

    with pytest.raises(SourceUnavailableError) as raised:
        asyncio.run(run())
    return str(raised.value)


@contextmanager
def listening():
    """The port of a host that takes connections and never answers."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        yield silent.getsockname()[1]


def test_a_closed_port_is_named_with_its_setting():
    port = closed_port()
    assert sift_says(f"http://127.0.0.1:{port}") == (
        f"sift: GET /v1/scrapes/s: no answer from 127.0.0.1:{port} (connection refused). Check the "
        "network, and that LAYERS_SIFT_URL names the right host."
    )


def test_a_host_that_no_name_server_knows_is_said_to_be_unknown():
    assert "no-such-host.invalid (no such host is known)" in sift_says(UNKNOWN)


def test_a_host_that_does_not_answer_took_too_long():
    with listening() as port:
        said = sift_says(f"http://127.0.0.1:{port}", timeout_s=0.1)
    assert f"127.0.0.1:{port} (it took too long)" in said


def test_a_host_that_speaks_no_tls_has_no_secure_connection(sandbox):
    said = sift_says(sandbox.url.replace("http://", "https://"))
    assert "(no secure connection: " in said


def test_a_host_with_several_addresses_is_refused_by_all():
    said = sift_says(f"http://localhost:{closed_port()}")
    assert "(connection refused)" in said


@pytest.mark.parametrize(
    ("client_over", "setting"),
    [
        pytest.param(instagram_over, "LAYERS_INSTAGRAM_URL", id="instagram"),
        pytest.param(tiktok_over, "LAYERS_TIKTOK_URL", id="tiktok"),
    ],
)
def test_a_reading_ends_with_the_host_and_its_setting(client_over, setting):
    async def run():
        async with open_http(UNKNOWN) as http:
            client = client_over(http, retries=TWICE)
            return await client.read(request_of("1784", SecretStr("tok-0123456789")))

    reading = asyncio.run(run())
    assert isinstance(reading.error, SourceUnavailableError)
    assert "no-such-host.invalid" in str(reading.error)
    assert setting in str(reading.error)
    assert "\n" not in str(reading.error)


def test_no_library_logs_a_request_or_a_retry(sandbox, caplog, capfd):
    with caplog.at_level(logging.INFO):
        sift_says(f"http://127.0.0.1:{closed_port()}")
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_other_trouble_is_named_by_its_kind():
    def answer(request):
        raise httpx.ReadError("gone", request=request)

    async def run():
        http = httpx.AsyncClient(
            transport=httpx.MockTransport(answer), base_url="http://sift.example"
        )
        await SiftClient(http, retries=TWICE).scrape("s")

    with pytest.raises(SourceUnavailableError, match=r"from sift\.example \(ReadError\)"):
        asyncio.run(run())
