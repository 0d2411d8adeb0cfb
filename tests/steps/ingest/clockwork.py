"""A deployment with all three sources beside a sandbox, run by the cadences' own minutes.

Belongs here: who is connected, and what runs at which minute.
Does not belong here: expectations; lives of many days (``benchmarks.life``).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from benchmarks.life import FULL_MIN, HASTY, POSTS_MIN, QUICK_MIN, Life
from benchmarks.life import connect as connect_everybody
from layers_pipeline.steps.ingest.scrapes import collect_scrapes, submit_scrapes
from layers_pipeline.steps.stores import Stores
from sandbox import (
    Item,
    RunningSandbox,
    Truth,
    generated_captures,
    running_sandbox,
)
from sandbox.service.scenario import Scenario
from tests.steps.ingest.fault_world import AT, account, items_of, stores_of

START = AT.replace(minute=0)
FIRST, SECOND = account("instagram", 0), account("instagram", 1)
VIDEOS = account("tiktok", 2)
ACCOUNTS = (FIRST, SECOND, VIDEOS)
ITEMS = tuple(one for number, ref in enumerate(ACCOUNTS) for one in items_of(ref, number))
CREATORS = generated_captures(3, accounts=4, days=2, start=START - timedelta(days=1))


@dataclass
class Clockwork:
    """Every cadence in its minute, as the schedules would run them, without deriving."""

    life: Life

    @property
    def served(self) -> RunningSandbox:
        return self.life.served

    @property
    def stores(self) -> Stores:
        return self.life.stores

    def run(self, minutes: int, *, first: int = 0) -> None:
        """Live from one minute to another, counted from the start, the last one left out."""
        for minute in range(first, minutes, QUICK_MIN):
            self.set(minute)
            submit_scrapes(self.stores, worker=self.life.name("ask"), retries=HASTY)
            self.life.sync("quick")
            if minute % FULL_MIN == 0:
                self.life.sync("full")
            if minute % POSTS_MIN == 0:
                worker = self.life.name("collect")
                collect_scrapes(self.stores, worker=worker, run_id=worker, retries=HASTY)
                self.life.sync("posts")

    def set(self, minute: float) -> None:
        self.served.world.clock.set(START + timedelta(minutes=minute))

    def asked(self, *words: str) -> list[float]:
        """Minutes at which anything was asked whose method and path hold all these words."""
        return [
            (request.at - START) / timedelta(minutes=1)
            for request in self.served.world.log.requests()
            if all(word in f"{request.method} {request.path}" for word in words)
        ]

    def ask_nothing(self) -> None:
        self.served.world.log.clear()


@contextmanager
def deployment(home: Path, *, items: Sequence[Item] = ITEMS) -> Iterator[Clockwork]:
    """Two accounts of Instagram, one of TikTok, four creators; all of them well."""
    with running_sandbox(CREATORS, now=START, truth=Truth(items)) as served:
        stores = stores_of(served, home, sift_url=served.url, sift_key=served.key)
        scenario = Scenario.model_validate({"name": "hours", "start": START, "lasts": "1d"})
        life = Life(served=served, scenario=scenario, stores=stores)
        connect_everybody(life)
        yield Clockwork(life)
        stores.operations.close()
