"""The real thing: webserver and daemon on PostgreSQL, and a backfill asked for as the UI does."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from layers_pipeline.cli.runs import prepare_dagster_home
from layers_pipeline.lake import catalog
from layers_pipeline.settings import load_settings
from layers_pipeline.steps.stores import open_stores
from tests.postgres import PostgresUrlFactory
from tests.worlds.data_builders import capture, write_file

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
FIRST, LAST, TICKS = "2025-05-14-12:00", "2025-05-16-08:00", 12
SCORED = (
    "ugc_pool_percentiles",
    "organic_scores",
    "ad_eligibility",
    "ad_selections",
    "content_status",
)
STOPPED_WITHIN_S = 20.0

HEALTH = "{instance{daemonHealth{allDaemonStatuses{daemonType required healthy}}}}"
LOCATIONS = "{workspaceOrError{...on Workspace{locationEntries{name loadStatus \
locationOrLoadError{__typename}}}}}"
LAUNCH = """
mutation($given: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $given) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""
BACKFILL = """
query($id: String!) {
  partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } }
  runsOrError(filter: {tags: [{key: "dagster/backfill", value: $id}]}) {
    ... on Runs { results { runId status } }
  }
}
"""
PARTITIONS = """
query($key: AssetKeyInput!) {
  assetNodeOrError(assetKey: $key) {
    ... on AssetNode { partitionStats { numMaterialized numFailed } }
  }
}
"""


@pytest.fixture
def environment(
    tmp_path: Path, postgres_url_factory: PostgresUrlFactory, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """A deployment in which everything that can be is in PostgreSQL."""
    settings = {
        "LAYERS_HOME": str(tmp_path / "layers"),
        "DAGSTER_HOME": str(tmp_path / "dagster"),
        "LAYERS_OPERATIONS_URL": postgres_url_factory(),
        "LAYERS_DAGSTER_PG_URL": postgres_url_factory(),
        "LAYERS_SCHEDULES": "stopped",
        "DAGSTER_EVENT_BATCH_SIZE": "500",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    prepare_dagster_home(load_settings())
    return dict(os.environ)


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    """Sixty posts of three accounts over two days."""
    rows = [
        capture(f"p{post}", hour, account_key=f"creator{post % 3}", views=60 + post + hour + 24)
        | {"likes": post, "comments": 2, "shares": 1, "saves": post % 4}
        for post in range(60)
        for hour in range(-24, 25, 6)
    ]
    return write_file(tmp_path / "captures.parquet", rows)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@contextmanager
def running(*command: str, environment: dict[str, str], log: Path) -> Iterator[None]:
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
        yield
    finally:
        stop(process)


def stop(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(STOPPED_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOPPED_WITHIN_S)
    try:
        os.killpg(process.pid, signal.SIGKILL)  # whatever it left behind
    except ProcessLookupError:
        return


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


def healthy(reply: dict) -> bool:
    daemons = reply["instance"]["daemonHealth"]["allDaemonStatuses"]
    wanted = [daemon for daemon in daemons if daemon["required"]]
    return bool(wanted) and all(daemon["healthy"] for daemon in wanted)


def loaded(reply: dict) -> bool:
    entries = reply["workspaceOrError"].get("locationEntries", [])
    found = [entry["locationOrLoadError"] for entry in entries]
    return found == [{"__typename": "RepositoryLocation"}]


def ended(reply: dict) -> bool:
    status = reply["partitionBackfillOrError"]["status"]
    return status.startswith(("COMPLETED", "FAILED", "CANCELED"))


@pytest.mark.timeout(280)
@pytest.mark.skipif("LAYERS_LONG_TESTS" not in os.environ, reason="set LAYERS_LONG_TESTS to run it")
def test_a_backfill_of_a_range_on_postgres_is_one_run_that_turns_every_tick_green(
    environment, captures, tmp_path
):
    subprocess.run(
        [BIN / "layers-pipeline", "import", "captures", captures, "--project", "brand"],
        cwd=ROOT,
        env=environment,
        check=True,
        timeout=120,
    )
    port = free_port()
    address = ("-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port))

    with ExitStack() as stack:
        daemon = ("dagster-daemon", "run", "-w", "workspace.yaml")
        for name, command in {"web": ("dagster-webserver", *address), "daemon": daemon}.items():
            log = tmp_path / f"{name}.log"
            stack.enter_context(running(*command, environment=environment, log=log))
        http = stack.enter_context(
            httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30)
        )

        def ask(query: str, **variables: Any) -> dict:
            reply = http.post("/graphql", json={"query": query, "variables": variables}).json()
            assert "errors" not in reply, reply
            return reply["data"]

        until(lambda: ask(LOCATIONS), loaded, within_s=60)
        until(lambda: ask(HEALTH), healthy, within_s=60)
        ticks = {"range": {"start": FIRST, "end": LAST}}
        wanted = [{"assetKey": {"path": [name]}, "partitions": ticks} for name in SCORED]
        launched = ask(LAUNCH, given={"partitionsByAssets": wanted})["launchPartitionBackfill"]
        assert launched["__typename"] == "LaunchBackfillSuccess", launched
        backfill = launched["backfillId"]
        reply = until(lambda: ask(BACKFILL, id=backfill), ended, within_s=120)
        greens = [
            ask(PARTITIONS, key={"path": [name]})["assetNodeOrError"]["partitionStats"]
            for name in SCORED
        ]

    assert reply["partitionBackfillOrError"]["status"] == "COMPLETED_SUCCESS"
    assert [run["status"] for run in reply["runsOrError"]["results"]] == ["SUCCESS"]
    assert greens == [{"numMaterialized": TICKS, "numFailed": 0}] * len(SCORED)
    lake = open_stores(load_settings()).lake
    scores = lake.read(catalog.ORGANIC_SCORES).collect()
    assert scores["tick"].n_unique() == TICKS
    assert scores.height == 60 * TICKS
