"""Sync jobs in this process, with OAuth accounts: what a run reports, and when it turns red.

Belongs here: jobs on a real Dagster instance, lake and sandbox.
Does not belong here: scrapes (``test_runs``), outcomes of single faults (``tests.steps``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from layers_pipeline.lake import catalog
from sandbox import Fault, RunningSandbox
from tests.assets.test_runs import Deployment, deployed, metadata_of, reason
from tests.steps.ingest.fault_world import (
    AT,
    TOKEN_KEY,
    account,
    account_id,
    connect,
    items_of,
    sandbox_of,
)
from tests.worlds.data_builders import rows_of

FIRST, SECOND, VIDEOS = account("instagram", 0), account("instagram", 1), account("tiktok", 2)
ACCOUNTS = (FIRST, SECOND, VIDEOS)
OAUTH = ("raw_instagram__responses", "raw_tiktok__responses", "account_listings")


@contextmanager
def synced(home: Path) -> Iterator[tuple[Deployment, RunningSandbox]]:
    """Three accounts with tokens; the sandbox's clock stands still."""
    with (
        sandbox_of(ACCOUNTS) as served,
        deployed(
            home,
            LAYERS_INSTAGRAM_URL=served.url,
            LAYERS_TIKTOK_URL=served.url,
            LAYERS_SIFT_URL=served.url,
            LAYERS_TIKTOK_CALLS_PER_S="1000",
            LAYERS_TIKTOK_CALLS_PER_MIN="60000",
            LAYERS_TOKEN_KEYS=TOKEN_KEY.get_secret_value(),
        ) as deployment,
    ):
        with deployment.stores(AT) as stores:
            stores.operations.projects.add("brand", name="Brand", time_zone="UTC", now=AT)
            connect(stores, served, *ACCOUNTS)
        yield deployment, served


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[Deployment, RunningSandbox]]:
    with synced(tmp_path / "home") as made:
        yield made


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict]:
    """Each job in turn in a world that is well: its result, and what the lake then held."""
    with synced(tmp_path_factory.mktemp("sync_jobs") / "home") as (deployment, served):
        done = {}
        for minutes, job in enumerate(("quick_sync", "full_sync", "derivation", "posts_sync")):
            now = AT + timedelta(minutes=minutes)
            served.world.clock.set(now)
            done[job] = deployment.run(job, now=now), deployment.everything()
        yield done


@pytest.mark.parametrize("table", OAUTH)
@pytest.mark.parametrize(("job", "calls"), [("quick_sync", 3), ("full_sync", 6)])
def test_a_sync_shows_its_outcomes_its_rows_and_its_calls(healthy, job, calls, table):
    result, _ = healthy[job]
    found = metadata_of(result, table)
    assert result.success
    assert found["outcomes"] == {"ok": 3}
    assert (found["accounts"], found["failed_share"], found["failures"]) == (3, 0.0, "")
    assert found["http_calls"] == calls


def test_a_sync_shows_how_many_rows_it_landed(healthy):
    raw = [healthy["quick_sync"][1][table.name] for table in lands()]
    quick = metadata_of(healthy["quick_sync"][0], "account_listings")["rows_landed"]
    assert quick == sum(map(len, raw))
    both = [healthy["full_sync"][1][table.name] for table in lands()]
    full = metadata_of(healthy["full_sync"][0], "account_listings")["rows_landed"]
    assert quick + full == sum(map(len, both))


def lands():
    return (catalog.RAW_INSTAGRAM__RESPONSES, catalog.RAW_TIKTOK__RESPONSES)


@pytest.mark.parametrize("job", ["quick_sync", "full_sync"])
def test_a_quick_or_full_sync_lands_and_derives_nothing(healthy, job):
    _, held = healthy[job]
    assert [held[name] for name in ("stg_instagram__posts", "platform_posts")] == [[], []]


def test_derivation_carries_what_landed_to_every_table(healthy):
    result, held = healthy["derivation"]
    items = [item for number, ref in enumerate(ACCOUNTS) for item in items_of(ref, number)]
    assert result.success
    assert {row["platform_post_id"] for row in held["platform_posts"]} == {
        item.item_id for item in items
    }
    assert len(held["content_containers"]) == len(items)
    assert {row["account_id"] for row in held["sync_health"] if row["is_healthy"]} == {
        account_id(ref) for ref in ACCOUNTS
    }


def test_a_posts_sync_reads_nobody_whom_others_have_read(healthy):
    result, _ = healthy["posts_sync"]
    assert result.success
    assert metadata_of(result, "account_listings")["outcomes"] == {}
    assert metadata_of(result, "account_listings")["http_calls"] == 0


# --- accounts that fail


@pytest.mark.parametrize("job", ["quick_sync", "full_sync"])
def test_one_account_that_fails_leaves_the_run_green_and_is_named(place, job):
    deployment, served = place
    served.world.tokens.revoke(SECOND, why="458")
    result = deployment.run(job, now=AT)
    found = metadata_of(result, "account_listings")
    assert result.success
    assert found["outcomes"] == {"ok": 2, "reauth_required": 1}
    assert found["failed_share"] == pytest.approx(1 / 3)
    assert found["failures"].startswith(f"- {account_id(SECOND)}: reauth_required: ")


@pytest.mark.parametrize("job", ["quick_sync", "full_sync"])
def test_a_sync_in_which_every_account_failed_turns_red(place, job):
    deployment, served = place
    for ref in ACCOUNTS:
        served.world.tokens.revoke(ref, why="458")
    result = deployment.run(job, now=AT)
    assert not result.success
    assert "every one of 3 accounts failed" in reason(result)
    assert f"layers-pipeline account reauth {account_id(FIRST)}" in reason(result)


def test_what_others_landed_is_derived_beside_an_account_that_nobody_can_read(place):
    """The posts cadence reads only accounts that nobody else could: all of them may well fail."""
    deployment, served = place
    served.world.faults.put(FIRST, Fault(kind="list:permission_10"))
    deployment.run("quick_sync", now=AT)
    served.world.clock.set(AT + timedelta(minutes=1))
    result = deployment.run("posts_sync", now=AT + timedelta(minutes=1))
    with deployment.stores(AT) as stores:
        posts = rows_of(stores, catalog.PLATFORM_POSTS)
    assert metadata_of(result, "account_listings")["outcomes"] == {"forbidden": 1}
    assert set(posts["account_key"]) >= {SECOND.account_key, VIDEOS.account_key}
    assert result.success
