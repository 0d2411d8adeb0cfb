"""The real thing: webserver and daemon on PostgreSQL, and a backfill asked for as the UI does."""

import os
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from layers_pipeline.cli.runs import prepare_dagster_home
from layers_pipeline.lake import catalog
from layers_pipeline.settings import load_settings
from layers_pipeline.steps.stores import open_stores
from tests.live import (
    BIN,
    LAUNCH,
    ROOT,
    SCORED,
    TICKS,
    backfilled,
    free_port,
    running,
    sixty_posts,
    until,
)
from tests.postgres import PostgresUrlFactory

HEALTH = "{instance{daemonHealth{allDaemonStatuses{daemonType required healthy}}}}"
LOCATIONS = "{workspaceOrError{...on Workspace{locationEntries{name loadStatus \
locationOrLoadError{__typename}}}}}"
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
    environment, tmp_path
):
    captures = sixty_posts(tmp_path)
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
        launched = ask(LAUNCH, given=backfilled())["launchPartitionBackfill"]
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
