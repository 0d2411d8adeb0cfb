"""``layers-pipeline sync`` of named accounts and ``replay``, against a running sandbox.

Belongs here: what the commands do and say, within this process, by the true clock.
Does not belong here: the installed program (``test_entry``), cadences (``tests.steps``).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from layers_pipeline.clock import FixedClock
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import differ
from layers_pipeline.settings import Settings
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.stores import Stores, open_stores
from sandbox import (
    Dataset,
    Fault,
    RunningSandbox,
    generated_captures,
    running_sandbox,
)
from tests.cli.program import Program
from tests.steps.ingest.fault_world import TOKEN_KEY, account, account_id, connect, items_of
from tests.steps.maintain.test_replay import DERIVED
from tests.worlds.data_builders import everything, remove, rows_of
from transforms.scoring.ticks import tick_key

FIRST, SECOND, VIDEOS = account("instagram", 0), account("instagram", 1), account("tiktok", 2)
ACCOUNTS = (FIRST, SECOND, VIDEOS)
NOW = datetime.now(UTC).replace(microsecond=0)
"""The commands go by the true clock, so the simulated platforms begin there."""
CREATORS = generated_captures(3, accounts=4, days=2, start=NOW - timedelta(days=2))
CREATOR = "{0.platform}:{0.account_key}".format(CREATORS.accounts[0])


@dataclass
class Commands(Program):
    """The program over one folder, and the sandbox that it talks to."""

    served: RunningSandbox = field(kw_only=True)

    def stores(self) -> Stores:
        settings = Settings(
            home=self.home, lake_url="", operations_url="", serve_dir=None, token_keys=TOKEN_KEY
        )
        return open_stores(settings, clock=FixedClock(datetime.now(UTC)))

    def asked(self, word: str) -> int:
        """How many requests had this word in their path, since the log was cleared."""
        return sum(word in request.path for request in self.served.world.log.requests())


def talking_to(served: RunningSandbox) -> dict[str, str]:
    return {
        "LAYERS_SIFT_URL": served.url,
        "LAYERS_SIFT_KEY": served.key.get_secret_value(),
        "LAYERS_INSTAGRAM_URL": served.url,
        "LAYERS_TIKTOK_URL": served.url,
        "LAYERS_TOKEN_KEYS": TOKEN_KEY.get_secret_value(),
    }


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """Three accounts with tokens and one creator, each read once by a sync of what is due."""
    items = [one for number, ref in enumerate(ACCOUNTS) for one in items_of(ref, number)]
    home = tmp_path_factory.mktemp("sync") / "home"
    with running_sandbox(CREATORS | Dataset(items), now=NOW, rate=1, scrape_duration_s=0) as served:
        made = Commands(home, talking_to(served), served=served)
        stores = made.stores()
        stores.operations.projects.add("brand", name="Brand", time_zone="UTC", now=NOW)
        connect(stores, served, *ACCOUNTS)
        stores.operations.close()
        made.said("creator", "allow", CREATOR, "--project", "brand")
        made.said("sync")
        yield made


def listings(commands: Commands) -> list[tuple[str, str]]:
    """Readings that landed: account and depth."""
    stores = commands.stores()
    found = rows_of(stores, catalog.ACCOUNT_LISTINGS).sort("started_at")
    stores.operations.close()
    return found.select("account_key", "depth").rows()


# --- syncing


@pytest.mark.parametrize("depth", ["quick", "posts", "full"])
def test_a_named_account_is_read_whether_due_or_not_and_nobody_else(commands, depth):
    before = listings(commands)
    said = commands.said("sync", "--depth", depth, "--account", account_id(FIRST))
    assert "OAuth, read: 1 accounts: 1 ok.\n" in said
    assert listings(commands)[len(before) :] == [(FIRST.account_key, depth)]


def test_accounts_can_be_named_together_and_what_landed_is_derived_at_once(commands):
    before = listings(commands)
    named = ("--account", account_id(SECOND), "--account", account_id(VIDEOS))
    said = commands.said("sync", "--depth", "full", *named)
    assert "OAuth, read: 2 accounts: 2 ok.\n" in said
    assert {key for key, _ in listings(commands)[len(before) :]} == {
        SECOND.account_key,
        VIDEOS.account_key,
    }
    stores = commands.stores()
    posts = rows_of(stores, catalog.PLATFORM_POSTS).filter(account_key=VIDEOS.account_key)
    stores.operations.close()
    assert set(posts["platform_post_id"]) == {item.item_id for item in items_of(VIDEOS, 2)}


def test_a_named_creator_is_scraped_and_collected(commands):
    asked = commands.said("sync", "--depth", "quick", "--account", CREATOR)
    collected = commands.said("sync", "--depth", "posts", "--account", CREATOR)
    assert "SIFT, collected: 1 accounts: 1 ok.\n" in collected
    assert "SIFT, asked: 1 accounts: 1 ok.\n" in asked
    assert "OAuth, read: 0 accounts: none was due.\n" in asked


def test_an_account_that_fails_is_reported_with_its_reason(commands):
    fault = Fault(kind="list:permission_10")
    commands.served.world.faults.put(FIRST, fault)
    named = ("--account", account_id(FIRST), "--account", account_id(SECOND))
    said = commands.said("sync", "--depth", "full", *named)
    commands.served.world.faults.clear()
    assert re.search(r"OAuth, read: 2 accounts: (1 ok, 1 forbidden|1 forbidden, 1 ok)\.", said)
    assert f"- {account_id(FIRST)}: forbidden: " in said


@pytest.mark.parametrize("depth", ["quick", "full"])
def test_an_unknown_account_is_refused_and_nobody_is_called(commands, depth):
    commands.served.world.log.clear()
    named = ("--account", account_id(FIRST), "--account", "instagram:nobody")
    said = commands.refused("sync", "--depth", depth, *named)
    assert "instagram:nobody does not exist (layers-pipeline account list)" in said
    assert commands.asked("/media") == 0


@pytest.mark.parametrize("named", [account_id(SECOND), CREATOR], ids=["token", "creator"])
def test_a_paused_account_is_refused_with_what_switches_it_on(commands, named):
    commands.said("account", "pause", named)
    said = commands.refused("sync", "--account", named)
    commands.said("account", "resume", named)
    assert f"{named} is paused (layers-pipeline account resume {named})" in said


# --- replay


@pytest.fixture
def spoilt(commands) -> Iterator[tuple[dict, dict]]:
    """A lake in which one landing was read wrongly: its rows as they should be, and as they are."""
    stores = commands.stores()
    right = everything(stores, (*DERIVED, catalog.STG_TIKTOK__POSTS))
    staged = stores.lake.read(catalog.STG_TIKTOK__POSTS).collect()
    first = staged.filter(pl.col("known_at") == staged["known_at"].min())
    wrong = first.with_columns(caption=pl.lit("misread"), views=pl.lit(7_000_000))
    remove(stores, *DERIVED)
    columns = ("caption", "views")
    stores.lake.merge(catalog.STG_TIKTOK__POSTS, wrong, update=differ(columns), columns=columns)
    bring_up_to_date(stores)
    yield right, everything(stores, (*DERIVED, catalog.STG_TIKTOK__POSTS))
    stores.operations.close()


def test_a_replay_mends_what_was_read_wrongly_scores_again_and_publishes(commands, spoilt):
    right, wrong = spoilt
    tick = NOW.replace(hour=NOW.hour // 4 * 4, minute=0, second=0)
    commands.said("score", "--at", tick_key(tick))
    start, end = tick, datetime.now(UTC)
    said = commands.said("replay", "--from", start.isoformat(), "--to", end.isoformat())
    stores = commands.stores()
    mended = everything(stores, (*DERIVED, catalog.STG_TIKTOK__POSTS))
    stores.operations.close()
    asked = "select count(*) as n from platform_posts where caption = 'misread'"
    assert wrong != right
    assert mended == right
    assert "; 1 ticks were scored again." in said
    assert commands.said("query", asked, "--format", "csv") == "n\n0\n"


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        pytest.param("2025-05-14T09:00Z", "2025-05-14T09:00Z", "Give a later end", id="empty"),
        pytest.param("2025-05-15", "2025-05-14", "Give a later end", id="backwards"),
        pytest.param("yesterday", "2025-05-14", "'yesterday' is no moment", id="no moment"),
    ],
)
def test_a_span_that_cannot_be_replayed_is_refused(commands, start, end, reason):
    assert reason in commands.refused("replay", "--from", start, "--to", end)
