"""A deployment that lives through a random plan, and what it must have stored.

Belongs here: playing steps over real HTTP, crashes between commits, reading tables as plain rows.
Does not belong here: drawing plans (``history_plans``), rules (``tests.oracles.histories``).
"""

import asyncio
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property, singledispatchmethod
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.life import HASTY
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.ingest.oauth import sync_oauth
from layers_pipeline.steps.ingest.oauth_reading import AccountContext, AccountReader
from layers_pipeline.steps.ingest.raw_rows import AccountSync, write_raw
from layers_pipeline.steps.maintain.replay import replay
from layers_pipeline.steps.stores import Stores
from sandbox import Dataset, RunningSandbox, running_sandbox
from tests.oracles import deletions as deletion_oracle
from tests.oracles import histories as history_oracle
from tests.oracles.histories import Look, Post
from tests.steps.derive import history_plans as plans
from tests.steps.ingest.fault_world import (
    AT,
    account_id,
    cipher,
    connect,
    new_token,
    row_of,
    stores_of,
)

RAW = (catalog.RAW_INSTAGRAM__RESPONSES, catalog.RAW_TIKTOK__RESPONSES, catalog.RAW_SIFT__POSTS)
WRITTEN = (
    catalog.STG_INSTAGRAM__POSTS,
    catalog.STG_TIKTOK__POSTS,
    catalog.STG_SIFT__POSTS,
    catalog.PLATFORM_POST_METRICS,
    catalog.PLATFORM_POSTS,
    catalog.PLATFORM_ACCOUNT_METRICS,
    catalog.PLATFORM_POST_METRICS_LATEST,
    catalog.POST_ABSENCES,
    catalog.CONTENT_CONTAINERS,
    catalog.ADS_CONTENT,
)
"""What deriving writes, in the order in which it writes."""
COMPACTED = (*RAW, catalog.ACCOUNT_LISTINGS, *WRITTEN)
HISTORY = (*RAW, catalog.ACCOUNT_LISTINGS, *WRITTEN[:4], catalog.PLATFORM_ACCOUNT_METRICS)
"""Tables whose rows never change."""
Row = dict[str, Any]
Absences = Mapping[Post, list[deletion_oracle.Absence]]


@dataclass(kw_only=True)
class World:
    """One deployment beside its own sandbox, and its plan."""

    served: RunningSandbox
    stores: Stores
    plan: plans.Plan
    number: Iterator[int] = field(default_factory=count)
    held: list[AccountSync] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.stores.clock.now()

    def play(self, step: plans.Step) -> bool:
        """Let time pass and a step happen; whether everything was derived with it."""
        self.served.world.clock.advance(step.gap.total_seconds())
        self._welcome_back()
        return bool(self._happen(step))

    def derive(self) -> None:
        self.served.world.clock.advance(1)
        bring_up_to_date(self.stores)

    def replay(self) -> None:
        replay(self.stores, start=AT - timedelta(days=1), end=self.now + timedelta(seconds=1))

    @singledispatchmethod
    def _happen(self, step: plans.Step) -> bool | None:
        raise NotImplementedError(step)

    @_happen.register
    def _(self, step: plans.Sync) -> bool:
        named = [account_id(ref) for ref in self.plan.accounts] if step.by_name else []
        sync_oauth(self.stores, step.depth, worker=self._name("run"), accounts=named, retries=HASTY)
        if step.derived:
            self.derive()
        return step.derived

    @_happen.register
    def _(self, step: plans.Trouble) -> None:
        for fault in step.faults:
            self.served.world.faults.put(self.plan.accounts[step.account], fault)

    @_happen.register
    def _(self, step: plans.Hold) -> None:
        ref = self.plan.accounts[step.account]
        account, worker = row_of(self.stores, ref), self._name("slow")
        started_at = self.now

        async def read():
            tokens = self.stores.operations.tokens.readable([account.account_id], cipher())
            reader = AccountReader(
                self.stores,
                cipher=cipher(),
                known=AccountContext(tokens=tokens),
                worker=worker,
                retries=HASTY,
            )
            async with reader:
                return await reader.read(account, step.depth)

        sync = replace(asyncio.run(read()), sync_id=f"{account.account_id}@{worker}")
        self.held.append(replace(sync, started_at=started_at, finished_at=self.now))

    @_happen.register
    def _(self, step: plans.Land) -> None:
        if self.held:
            write_raw(self.stores, [self.held.pop(0)], run_id=self._name("late"))

    @_happen.register
    def _(self, step: plans.Scrape) -> None:
        ref = self.plan.accounts[step.account]
        number = next(self.number)
        # No two looks at a post share a moment: which of two would count is not said.
        at = (self.now - step.ago).replace(microsecond=500_000 + number)
        shown = self.served.world.dataset.posts(ref, at=at)
        rows = [
            {
                "landing_id": f"scrape-{number}#{place}",
                "scrape_job_id": f"scrape-{number}",
                "platform": ref.platform,
                "account_key": ref.account_key,
                "submitted_at": at,
                "received_at": self.now,
                "known_at": self.now,
                "run_id": f"scrape-{number}",
                "body": json.dumps(scraped(item, at, number)),
                "scraped_on": at.date(),
            }
            for place, item in enumerate(shown)
        ]
        raw = catalog.RAW_SIFT__POSTS
        frame = pl.DataFrame(rows, schema=dict(raw.empty().schema))
        self.stores.lake.insert_absent(raw, frame)

    @_happen.register
    def _(self, step: plans.Edit) -> None:
        ref, world = self.plan.accounts[step.account], self.served.world
        every = [item for one in world.dataset.holders for item in world.dataset.every_item(one)]
        world.dataset = Dataset(
            replace(item, caption=f"edited at {self.now}") if item.account == ref else item
            for item in every
        )

    @_happen.register
    def _(self, step: plans.Crash) -> None:
        work = self.replay if step.replays else lambda: bring_up_to_date(self.stores)
        killed_after(step.commits, work, self.stores)

    @_happen.register
    def _(self, step: plans.Compact) -> None:
        table = COMPACTED[step.table % len(COMPACTED)]
        if self.stores.lake.version(table) >= 0:
            self.stores.lake.compact(table)

    def _welcome_back(self) -> None:
        """Every account that lost its login is given a new one."""
        for ref in self.plan.accounts:
            if row_of(self.stores, ref).status == "reauth_required":
                token = new_token(self.served, ref)
                self.stores.operations.tokens.store(account_id(ref), token, cipher(), now=self.now)

    def _name(self, what: str) -> str:
        return f"{what}-{next(self.number):05d}"


@contextmanager
def world_of(plan: plans.Plan) -> Iterator[World]:
    """A deployment to which every account is connected, beside a sandbox of its own."""
    truth = Dataset(plan.items, followers=dict.fromkeys(plan.accounts, 100))
    with (
        running_sandbox(truth, now=AT) as served,
        tempfile.TemporaryDirectory() as folder,
    ):
        stores = stores_of(served, Path(folder))
        connect(stores, served, *plan.accounts, life=timedelta(days=300))
        yield World(served=served, stores=stores, plan=plan)
        stores.operations.close()


def scraped(item: Any, at: datetime, number: int) -> dict[str, Any]:
    """A post in SIFT's words."""
    metrics = item.metrics(at)
    return {
        "platform": item.account.platform,
        "account_key": item.account.account_key,
        "post_id": item.item_id,
        "captured_at": at.isoformat(),
        "published_at": item.published_at.isoformat(),
        "media_type": item.media_type,
        "permalink": item.permalink,
        "media_url": f"https://sift.example/{item.item_id}.mp4?signature={number}",
        **{name: metrics[name] for name in history_oracle.COUNTS if name in metrics},
    }


def killed_after(
    kept: int,
    work: Callable[[], object],
    stores: Stores,
    *,
    tables: Sequence[Table] = WRITTEN,
) -> None:
    """Leave the lake as if the work had been killed after so many of its commits to the tables."""
    before = {table.name: stores.lake.version(table) for table in tables}
    work()
    made = [
        (path.stat().st_mtime_ns, order, path)
        for order, table in enumerate(tables)
        for path in Path(stores.lake.uri(table), "_delta_log").glob("*.json")
        if int(path.stem) > before[table.name]
    ]
    for *_, path in sorted(made)[kept % (len(made) + 1) :]:
        path.unlink()
    for table in tables:
        folder = Path(stores.lake.uri(table))
        (stores.settings.seen_location / "lake" / table.name).unlink(missing_ok=True)
        if not list(folder.glob("_delta_log/*.json")):
            shutil.rmtree(folder, ignore_errors=True)


# --- what is stored, and what must be


def differing(stored: Mapping[Any, Any], expected: Mapping[Any, Any]) -> dict[Any, Any]:
    """What is stored other than expected, by key: both of them."""
    keys = [*stored, *(key for key in expected if key not in stored)]
    return {
        key: {"stored": stored.get(key), "expected": expected.get(key)}
        for key in keys
        if stored.get(key) != expected.get(key)
    }


def known(looks: Mapping[Post, list[Look]], moment: datetime) -> dict[Post, Any]:
    """What looks say was known of each post at a moment: each metric's value and since when."""
    seen = {post: [look for look in own if look.known_at <= moment] for post, own in looks.items()}
    return {post: history_oracle.latest_of(own) for post, own in seen.items() if own}


@dataclass(frozen=True)
class Held:
    """What the lake holds at one moment, each table read once."""

    stores: Stores
    read: dict[str, dict[tuple, Row]] = field(default_factory=dict)

    def rows(self, table: Table) -> dict[tuple, Row]:
        """Every row of a table by its key."""
        if table.name not in self.read:
            found = self.stores.lake.read(table).collect()
            self.read[table.name] = {
                tuple(row[name] for name in table.key): row for row in found.iter_rows(named=True)
            }
            assert len(self.read[table.name]) == found.height, f"{table.name}: doubled keys"
        return self.read[table.name]

    def by_post(self, table: Table) -> dict[Post, list[Row]]:
        """Every row of a table by its post."""
        found: dict[Post, list[Row]] = {}
        for row in self.rows(table).values():
            found.setdefault((row["platform"], row["platform_post_id"]), []).append(row)
        return found

    @cached_property
    def landed(self) -> dict[Post, list[Look]]:
        """Every look at each post, read from what has landed."""
        return history_oracle.looks_of(*(list(self.rows(table).values()) for table in RAW))

    @cached_property
    def kept(self) -> dict[Post, list[Look]]:
        """What ``platform_post_metrics`` keeps of each post, as looks."""
        found = self.by_post(catalog.PLATFORM_POST_METRICS)
        looks = {post: [as_look(row) for row in own] for post, own in found.items()}
        return {post: sorted(own, key=lambda look: look.moment) for post, own in looks.items()}

    @cached_property
    def readings(self) -> list[Row]:
        """Every reading with the posts that it showed, in the order in which they were known."""
        shown: dict[str, set[str]] = {}
        for table in RAW[:2]:
            for row in self.rows(table).values():
                if row["entity"] in ("media", "video"):
                    shown.setdefault(row["sync_id"], set()).add(row["subject"])
        listings = self.rows(catalog.ACCOUNT_LISTINGS).values()
        ordered = sorted(listings, key=lambda row: (row["known_at"], row["started_at"]))
        return [row | {"shown": shown.get(row["sync_id"], set())} for row in ordered]

    @cached_property
    def expected_absences(self) -> Absences:
        """Absences as R7 has them, from what has landed alone."""
        posts = [
            history_oracle.post_of(looks) | {"platform": platform, "platform_post_id": post_id}
            for (platform, post_id), looks in self.landed.items()
        ]
        limit = self.stores.settings.deletion_share_limit
        return deletion_oracle.absences_of(posts, self.readings, [], share_limit=limit)

    @cached_property
    def absences(self) -> Absences:
        """Absences as they are stored, in the words of ``deletion_oracle``."""
        found = self.by_post(catalog.POST_ABSENCES)
        return {
            post: [
                {name: row[name] for name in deletion_oracle.NOTHING}
                for row in sorted(own, key=lambda row: row["missed_at"])
            ]
            for post, own in found.items()
        }

    @cached_property
    def deleted(self) -> dict[str, datetime]:
        """Posts with a tombstone, and since when."""
        return {
            row["platform_post_id"]: row["deleted_at"]
            for row in self.rows(catalog.PLATFORM_POSTS).values()
            if row["deleted_at"]
        }


def as_look(row: Row) -> Look:
    """A snapshot as a look, of which it has no more than the metrics."""
    actual = {*catalog.PLATFORM_POST_METRICS.key, "known_at", "run_id", "captured_on"}
    metrics = {name: value for name, value in row.items() if name not in actual}
    return Look(
        post=(row["platform"], row["platform_post_id"]),
        account_key="",
        captured_at=row["captured_at"],
        known_at=row["known_at"],
        source=row["source"],
        run_id=row["run_id"],
        published_at=None,
        media_url=None,
        content={},
        metrics=history_oracle.shown_only(metrics),
    )
