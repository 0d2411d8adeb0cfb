"""Starting and stopping: addresses, ports, threads, the printed line."""

import os
import signal
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime

import httpx
import pytest
from pydantic import SecretStr

from layers_pipeline.errors import SettingsError
from sandbox import run_sandbox, running_sandbox
from tests.sandbox.conftest import DATASET


def test_a_running_sandbox_is_healthy_and_its_log_empty():
    with running_sandbox(DATASET) as sandbox:
        assert sandbox.world.log.requests() == []
        assert httpx.get(f"{sandbox.url}/v1/health", trust_env=False).status_code == 200


def test_two_sandboxes_share_nothing():
    with running_sandbox(DATASET) as one, running_sandbox(DATASET) as other:
        one.world.clock.advance(60)
        assert one.url != other.url
        assert one.world.clock.now() != other.world.clock.now()


def test_afterwards_its_thread_is_gone_and_its_port_is_free():
    before = set(threading.enumerate())
    with running_sandbox(DATASET) as sandbox:
        port = int(sandbox.url.rsplit(":", 1)[1])
    assert set(threading.enumerate()) == before
    with running_sandbox(DATASET, port=port) as again:
        assert again.url == sandbox.url


def test_it_stops_when_its_user_fails():
    before = set(threading.enumerate())
    with pytest.raises(ZeroDivisionError), running_sandbox(DATASET):
        raise ZeroDivisionError
    assert set(threading.enumerate()) == before


def test_clock_key_and_duration_are_settings():
    now = datetime(2025, 5, 16, tzinfo=UTC)
    with running_sandbox(
        DATASET, now=now, key=SecretStr("other-key"), scrape_duration_s=0
    ) as sandbox:
        headers = {"Authorization": "Bearer other-key", "Idempotency-Key": "k"}
        order = DATASET.accounts[0]._asdict()
        answer = httpx.post(
            f"{sandbox.url}/v1/scrapes", json=order, headers=headers, trust_env=False
        )
    assert answer.json()["status"] == "succeeded"
    assert answer.json()["submitted_at"] == "2025-05-16T00:00:00Z"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_an_address_reachable_from_outside_needs_permission(host):
    with pytest.raises(SettingsError, match="allow_remote"):
        run_sandbox(host, 0, dataset=DATASET)


def test_a_taken_port_is_a_settings_error():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"127.0.0.1:{port}"):
            run_sandbox(port=port, dataset=DATASET)


def test_in_the_foreground_it_prints_its_address_on_one_line_and_ends_on_interrupt():
    code = (
        "from sandbox import generated_captures, run_sandbox;"
        "run_sandbox(port=0, dataset=generated_captures(1, accounts=4, days=1))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        line = process.stdout.readline()
        url = line.split()[1]
        healthy = httpx.get(f"{url}/v1/health", trust_env=False).json()
        os.kill(process.pid, signal.SIGTERM)
        rest, complaints = process.communicate(timeout=20)
    assert line.startswith("sandbox: http://127.0.0.1:")
    assert healthy == {"status": "ok"}
    assert (rest, complaints) == ("", "")
