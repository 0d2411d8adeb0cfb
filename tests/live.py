"""Whole deployments in tests: programs of ours as processes, and what they are asked for.

Belongs here: starting and stopping programs, waiting for answers, sixty posts to work on, asking
for a backfill.
Does not belong here: PostgreSQL (``tests.postgres``), what a deployment has to do.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.worlds.data_builders import capture, write_file

ROOT: Final = Path(__file__).parents[1]
BIN: Final = Path(sys.executable).parent
STOPPED_WITHIN_S: Final = 20.0
FIRST, LAST, TICKS = "2025-05-14-12:00", "2025-05-16-08:00", 12
"""Ticks that the sixty posts can be scored at."""
SCORED: Final = (
    "ugc_pool_percentiles",
    "organic_scores",
    "ad_eligibility",
    "ad_selections",
    "content_status",
)
LAUNCH: Final = """
mutation($given: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $given) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""


def backfilled(first: str = FIRST, last: str = LAST) -> dict[str, Any]:
    """What a backfill of a range of ticks is asked for with, as the UI does."""
    ticks = {"range": {"start": first, "end": last}}
    return {
        "partitionsByAssets": [
            {"assetKey": {"path": [name]}, "partitions": ticks} for name in SCORED
        ]
    }


def sixty_posts(folder: Path) -> Path:
    """A file of sixty posts of three accounts over two days."""
    rows = [
        capture(f"p{post}", hour, account_key=f"creator{post % 3}", views=60 + post + hour + 24)
        | {"likes": post, "comments": 2, "shares": 1, "saves": post % 4}
        for post in range(60)
        for hour in range(-24, 25, 6)
    ]
    return write_file(folder / "captures.parquet", rows)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@contextmanager
def running(
    *command: str, environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A program of ours in a process group of its own; the whole group ends with the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [BIN / command[0], *command[1:]],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOPPED_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOPPED_WITHIN_S)
    kill_with_children(process)  # whatever it left behind


def kill_with_children(process: subprocess.Popen[bytes]) -> None:
    """Kill -9 a program that ``running`` started, and all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait(STOPPED_WITHIN_S)


def until(answer: Callable[[], Any], is_right: Callable[[Any], bool], *, within_s: float) -> Any:
    """The first right answer; the newest one, if none was right in time."""
    end_s = time.monotonic() + within_s
    reply = None
    while time.monotonic() < end_s:
        try:
            reply = answer()
        except httpx.TransportError as error:
            reply = repr(error)
        else:
            if is_right(reply):
                return reply
        time.sleep(0.5)
    raise AssertionError(f"not within {within_s} s: {reply}")


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """URL of a Redis that lives as long as the block."""
    program = shutil.which("redis-server")
    if not program:
        pytest.skip("redis-server is not installed (Debian: apt-get install redis-server)")
    port = free_port()
    options = {"bind": "127.0.0.1", "port": str(port), "save": "", "dir": str(folder)}
    given = [word for name, value in options.items() for word in (f"--{name}", value)]
    with running(program, *given, environment=os.environ, log=folder / "redis.log"):
        until(lambda: answers(port), bool, within_s=60)
        yield f"redis://127.0.0.1:{port}/0"


def answers(port: int) -> bool:
    """Whether anything listens on a port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
