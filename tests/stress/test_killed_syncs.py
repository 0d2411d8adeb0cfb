"""Syncs that are killed at any moment, and what the next run makes of what they left.

Belongs here: starting and killing processes, and everything that must hold afterwards.
Does not belong here: what the processes do (``syncer``).

``LAYERS_KILLS`` says how often; five times unless it does.
"""

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import polars as pl
import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.operations.accounts import AccountSyncState
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.derive.staging import captures
from layers_pipeline.steps.ingest.outcomes import FULL_EVERY, LEASE
from layers_pipeline.steps.platforms import INSTAGRAM, TIKTOK, Source
from layers_pipeline.steps.stores import Stores
from sandbox import (
    Plan,
    RunningSandbox,
    generated_captures,
    generated_truth,
    running_sandbox,
)
from tests.steps.ingest.fault_world import Stored, connect, stores_of, sync
from tests.stress.syncer import sync_until_killed
from transforms.facts.snapshots import POST, changed_captures

KILLS = int(os.environ.get("LAYERS_KILLS", "5"))
START = datetime(2025, 3, 10, 12, 30, tzinfo=UTC)
PLAN = Plan(
    instagram=6,
    tiktok=6,
    posts=25,
    stories=3,
    deletions=3,
    days=2,
    history=timedelta(days=6),
)
ALL_HAS_HAPPENED = START + timedelta(days=2)
PROCESSES = get_context("forkserver")
MOMENTS = ("reading", "landed", "any")
"""After accounts were claimed, after rows were landed, and whenever; each a little later."""
LISTED = ("media", "story", "video")
UNIQUE = (
    catalog.RAW_INSTAGRAM__RESPONSES,
    catalog.RAW_TIKTOK__RESPONSES,
    catalog.ACCOUNT_LISTINGS,
    catalog.STG_INSTAGRAM__POSTS,
    catalog.STG_TIKTOK__POSTS,
    catalog.PLATFORM_POSTS,
    catalog.PLATFORM_POST_METRICS,
    catalog.PLATFORM_POST_METRICS_LATEST,
    catalog.PLATFORM_ACCOUNT_METRICS,
    catalog.POST_ABSENCES,
    catalog.CONTENT_CONTAINERS,
)


@dataclass(kw_only=True)
class Killer:
    """Kills a syncing process again and again, and lets another run go on after it."""

    served: RunningSandbox
    stores: Stores
    home: Path
    dice: random.Random = field(default_factory=lambda: random.Random(11))
    sync_s: float = 0.3
    derive_s: float = 1.0
    codes: list[int | None] = field(default_factory=list)
    amid: Counter[str] = field(default_factory=Counter)
    """What the killed processes were at."""
    leases: int = 0
    """Locks that they left behind."""
    unsaid: int = 0
    """Readings that they had landed without saying how they ended."""
    unlanded: set[tuple[str, datetime]] = field(default_factory=set)
    """Syncs that were called a success, and whose rows are nowhere: account and start."""
    stuck: list[str] = field(default_factory=list)
    """Accounts that a lease kept back for longer than it says."""
    falsely_deleted: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Every kill with the run that follows."""
        step = (ALL_HAS_HAPPENED - START) / KILLS
        for number in range(KILLS):
            self._kill(f"victim{number:02d}", MOMENTS[number % len(MOMENTS)])
            left = [state for state in self._states() if state.lease_owner]
            self.leases += len(left)
            self.unsaid += self._landed(left)
            self.unlanded |= self._unlanded()
            self._go_on_after(left)
            self.falsely_deleted += falsely_deleted(self.served, self.stores)
            until = START + step * (number + 1)
            self.served.world.clock.set(max(until, self.served.world.clock.now()))

    def _kill(self, name: str, moment: str) -> None:
        settings = self.stores.settings.model_dump()
        listings = self.stores.lake.version(catalog.ACCOUNT_LISTINGS)
        victim = PROCESSES.Process(
            target=sync_until_killed, args=(settings, self.served.url, name, self.home)
        )
        victim.start()
        log = self.home / f"{name}.log"
        _wait_until(lambda: log.exists() and log.read_text() != "")
        match moment:
            case "reading":
                _wait_until(lambda: any(state.lease_owner for state in self._states()))
                victim.join(self.dice.uniform(0, self.sync_s))
            case "landed":
                _wait_until(lambda: self.stores.lake.version(catalog.ACCOUNT_LISTINGS) > listings)
                victim.join(self.dice.uniform(0, 0.01))
            case _:
                victim.join(self.dice.uniform(0, 2 * (self.sync_s + self.derive_s)))
        victim.kill()
        victim.join(60)
        self.codes.append(victim.exitcode)
        self.amid[log.read_text().split()[-1]] += 1

    def _states(self) -> list[AccountSyncState]:
        return [one for one in self.stores.operations.syncs.states() if one.depth == "full"]

    def _unlanded(self) -> set[tuple[str, datetime]]:
        listings = self.stores.lake.read(catalog.ACCOUNT_LISTINGS).select(
            pl.concat_str("platform", "account_key", separator=":"), "started_at"
        )
        said = {
            (state.account_id, state.last_success_started_at)
            for state in self._states()
            if state.last_success_started_at is not None
        }
        return said - set(listings.collect().rows())

    def _landed(self, left: list[AccountSyncState]) -> int:
        """Readings of accounts that are still leased to the run that read them."""
        held = {(state.account_id, state.lease_owner) for state in left}
        listings = self.stores.lake.read(catalog.ACCOUNT_LISTINGS).select(
            pl.concat_str("platform", "account_key", separator=":"), "run_id"
        )
        return len(held & set(listings.collect().rows()))

    def _go_on_after(self, left: list[AccountSyncState]) -> None:
        """The next run, at the first moment at which no lease may hold it up."""
        clock = self.served.world.clock
        clock.advance(LEASE.total_seconds())
        began = time.perf_counter()
        sync(self.stores)
        synced = time.perf_counter()
        bring_up_to_date(self.stores)
        self.sync_s, self.derive_s = synced - began, time.perf_counter() - synced
        kept_back = {state.account_id for state in left}
        self.stuck += [
            f"{state.account_id}: {state.last_outcome}, lease {state.lease_owner}"
            for state in self._states()
            if state.lease_owner
            or (
                state.account_id in kept_back
                and (state.last_outcome, state.last_finished_at) != ("ok", clock.now())
            )
        ]

    def finish(self) -> None:
        """Two complete listings after everything has happened."""
        clock = self.served.world.clock
        clock.set(max(ALL_HAS_HAPPENED, clock.now()))
        for _ in range(2):
            clock.advance(FULL_EVERY.total_seconds())
            sync(self.stores)
            bring_up_to_date(self.stores)


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.002)


def falsely_deleted(served: RunningSandbox, stores: Stores) -> list[str]:
    """Posts with a tombstone that were never deleted, or not yet."""
    now = served.world.clock.now()
    marked = stores.lake.read(catalog.PLATFORM_POSTS).filter(pl.col("deleted_at").is_not_null())
    items = [served.world.dataset.item(*post) for post in marked.select(POST).collect().rows()]
    return [
        item.item_id
        for item in items
        if item is not None and not any(absence.begins <= now for absence in item.deleted)
    ]


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killer]:
    home = tmp_path_factory.mktemp("home of killed syncs")
    truth = generated_truth(5, start=START, plan=PLAN)
    dataset = generated_captures(3, accounts=4, days=1)
    with running_sandbox(dataset | truth, now=START) as served:
        stores = stores_of(served, home)
        connect(stores, served, *truth.holders)
        killer = Killer(served=served, stores=stores, home=home)
        killer.run()
        killer.finish()
        print_figures(killer)
        yield killer
        stores.operations.close()


def print_figures(killer: Killer) -> None:
    """With ``-s``: what the kills hit, and what is there in the end."""
    rows = {table.name: killer.stores.lake.row_count(table) for table in UNIQUE}
    sys.stdout.write(
        f"\n{len(killer.codes)} kills, amid {dict(killer.amid)}: {killer.leases} leases left,"
        f" {killer.unsaid} readings landed and not said;"
        f" {killer.served.world.log.count()} requests; rows {rows}\n"
    )


pytestmark = pytest.mark.timeout(300 + 20 * KILLS)


def test_every_process_was_killed_at_work(aftermath: Killer):
    assert aftermath.codes == [-9] * KILLS
    assert [path.name for path in aftermath.home.glob("*.err") if path.read_text()] == []
    assert aftermath.leases > 0


def test_no_sync_is_called_a_success_before_its_rows_are_landed(aftermath: Killer):
    assert aftermath.unlanded == set()


def test_a_lease_outlives_its_holder_no_longer_than_it_says(aftermath: Killer):
    assert aftermath.stuck == []


def test_every_metric_is_true(aftermath: Killer):
    truth, now = aftermath.served.world.dataset, aftermath.served.world.clock.now()
    items = [item for ref in truth.holders for item in truth.every_item(ref)]
    assert Stored.of(aftermath.stores).untrue(items, at=now) == []


@pytest.mark.parametrize("source", [INSTAGRAM, TIKTOK], ids=lambda source: source.raw.name)
def test_every_landed_post_is_staged(aftermath: Killer, source: Source):
    read = aftermath.stores.lake.read
    landed = read(source.raw).filter(pl.col("entity").is_in(LISTED))
    missing = landed.join(read(source.staged), on="landing_id", how="anti").collect()
    assert landed.collect().height > 0
    assert missing.is_empty()


def test_every_change_is_in_the_history_and_nothing_else(aftermath: Killer):
    changed = changed_captures(captures(aftermath.stores)).collect()
    history = aftermath.stores.lake.read(catalog.PLATFORM_POST_METRICS).collect()
    key = list(catalog.PLATFORM_POST_METRICS.key)
    assert changed.join(history, on=key, how="anti").is_empty()
    assert history.height == changed.height


@pytest.mark.parametrize("table", UNIQUE, ids=lambda table: table.name)
def test_nothing_is_doubled(aftermath: Killer, table: catalog.Table):
    rows = aftermath.stores.lake.read(table).collect()
    assert rows.height == rows.select(table.key).n_unique()
    assert rows.height > 0


def test_every_post_has_one_container(aftermath: Killer):
    read = aftermath.stores.lake.read
    posts = read(catalog.PLATFORM_POSTS).select(POST).collect()
    containers = read(catalog.CONTENT_CONTAINERS).select(POST).collect()
    assert sorted(containers.rows()) == sorted(posts.rows())


def test_nothing_is_falsely_deleted_at_any_time(aftermath: Killer):
    assert aftermath.falsely_deleted == []


def test_exactly_the_deleted_posts_have_a_tombstone(aftermath: Killer):
    truth, now = aftermath.served.world.dataset, aftermath.served.world.clock.now()
    posts = aftermath.stores.lake.read(catalog.PLATFORM_POSTS).collect()
    marked = set(posts.filter(pl.col("deleted_at").is_not_null()).select(POST).rows())
    gone = {
        (ref.platform, item.item_id)
        for ref in truth.holders
        for item in truth.every_item(ref)
        if item.media_type != "story" and item.deleted and not item.lives(now)
    }
    assert gone
    assert marked == gone
