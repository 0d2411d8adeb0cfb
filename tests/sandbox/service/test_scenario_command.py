"""The ``sandbox`` command: what it serves and prints, with a scenario and without."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx

from sandbox import World, generated_captures
from sandbox.service.server import _greeting, _listening
from tests.sandbox.tiktok.caller import NOW, TikTokCaller

COMMAND = Path(sys.executable).parent / "layers-pipeline"


@contextmanager
def served(tmp_path, *options):
    """The lines that the command prints, while it serves."""
    with subprocess.Popen(
        [COMMAND, "sandbox", "--port", "0", *options],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"LAYERS_SHARED": str(tmp_path)},
    ) as process:
        try:
            yield [process.stdout.readline().strip() for _ in range(3)]
        finally:
            os.kill(process.pid, signal.SIGTERM)


def test_the_command_serves_accounts_with_tokens_and_says_how_to_get_one(tmp_path):
    with served(tmp_path) as lines:
        answer = httpx.post(lines[2].split()[-1], trust_env=False)
    assert lines[0].startswith("sandbox: http://127.0.0.1:")
    assert "generated-0" in lines[0]
    assert lines[1].startswith("accounts with tokens: 6,")
    assert answer.json()["access_token"].startswith("actIG")


def test_the_command_plays_a_scenario(tmp_path):
    with served(tmp_path, "--scenario", "one_day", "--rate", "0") as lines:
        clock = httpx.get(f"{lines[0].split()[1]}/sandbox/clock", trust_env=False).json()
    assert "(one_day, 2025-05-14 00:00:00 UTC)" in lines[0]
    assert clock == {"now": "2025-05-14T00:00:00Z", "rate": 0}


def test_the_command_names_the_scenarios_that_there_are():
    done = subprocess.run(
        [COMMAND, "sandbox", "--scenario", "no"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "fortnight, one_day" in " ".join(done.stderr.split())


def test_how_to_get_tokens_is_not_said_where_other_machines_may_ask():
    world = TikTokCaller().world
    with _listening("0.0.0.0", 0, allow_remote=True) as listener:
        assert len(_greeting(listener, world, None).splitlines()) == 1


def test_without_accounts_there_is_one_line():
    world = World(generated_captures(1, accounts=4, days=1), now=NOW)
    with _listening("127.0.0.1", 0, allow_remote=False) as listener:
        assert len(_greeting(listener, world, None).splitlines()) == 1
