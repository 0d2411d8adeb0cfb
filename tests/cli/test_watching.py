"""Watching a deployment: figures, alerts and panels over them, log records of runs.

Belongs here: a deployment that synced and scored, as Prometheus and a collector of logs see it.
Does not belong here: findings with remedies (``test_doctor``), the counts of repositories.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from layers_pipeline.clock import FixedClock
from layers_pipeline.settings import Settings
from layers_pipeline.steps.stores import Stores, open_stores
from sandbox import Dataset, generated_captures, running_sandbox
from tests.cli.program import Program, Said
from tests.cli.test_sync import talking_to
from tests.steps.ingest.fault_world import TOKEN_KEY, account, account_id, connect, items_of
from transforms.scoring.ticks import tick_key

ACCOUNTS = (account("instagram", 0), account("tiktok", 2))
NOW = datetime.now(UTC).replace(microsecond=0)
CREATORS = generated_captures(3, accounts=4, days=2, start=NOW - timedelta(days=2))
CREATOR = "{0.platform}:{0.account_key}".format(CREATORS.accounts[0])
JSON = {"LAYERS_LOG_FORMAT": "json"}


class Watched(Program):
    """A deployment that has worked, and what it logged meanwhile."""

    logged: Said


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Two accounts with tokens and a creator were read, and two ticks scored."""
    items = [one for number, ref in enumerate(ACCOUNTS) for one in items_of(ref, number)]
    home = tmp_path_factory.mktemp("watched") / "home"
    with running_sandbox(CREATORS | Dataset(items), now=NOW, rate=1, scrape_duration_s=0) as served:
        made = Watched(home, talking_to(served))
        stores = open_stores(Settings(home=home, token_keys=TOKEN_KEY), clock=FixedClock(NOW))
        stores.operations.projects.add("brand", name="Brand", time_zone="UTC", now=NOW)
        connect(stores, served, *ACCOUNTS)
        stores.operations.close()
        made.said("creator", "allow", CREATOR, "--project", "brand")
        made.logged = made("sync", **JSON)
        tick = NOW.replace(minute=0, second=0, hour=NOW.hour // 4 * 4)
        made.said("score", "--at", tick_key(tick - timedelta(hours=4)))
        made.said("score", "--at", tick_key(tick))
        yield made


def figures(program: Program, **variables: str) -> dict[tuple[str, ...], float]:
    """Samples by name and values of labels."""
    found = json.loads(program.said("metrics", "--format", "json", **variables))
    return {(one["metric"], *one["labels"].values()): one["value"] for one in found}


def test_x(watched):
    print(watched.said("metrics"))
    print(watched.logged.err)
    print(watched.logged.out, watched.logged.code)
    assert 0
