"""What a sync costs on the first day of a deployment and on later ones: it should not grow.

Belongs here: days of syncs by the simulated clock, what they cost, how many files lie in the lake.
Does not belong here: how fast one sync is (``syncing``). Figures are kept in
``docs/performance.md``.

The lake is real and the clock is not: a day takes minutes. So that what waits for files to grow
old happens here too, every simulated hour makes the files of the lake an hour older.

The last day is lived beside the first one of a new deployment, minute by minute: whatever else
the machine does then, it does to both.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import httpx

from benchmarks.syncing import SCENARIO, connect, environment, sandbox
from layers_pipeline.lake import catalog
from layers_pipeline.settings import load_settings
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.ingest.oauth import sync_oauth
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.publish.upkeep import maintain
from layers_pipeline.steps.stores import Stores, open_stores
from sandbox.simulation.clock import SandboxClock
from transforms.vocabulary import Depth

START: Final = datetime.fromisoformat("2026-09-02T00:00:00Z")
MINUTE: Final = timedelta(minutes=1)
QUICK_MIN, FULL_MIN, DERIVE_MIN, PUBLISH_MIN = 5, 20, 30, 240
DAY_MIN: Final = 1_440
HOUR_S: Final = 3_600
WATCHED: Final = (
    catalog.RAW_INSTAGRAM__RESPONSES,
    catalog.ACCOUNT_LISTINGS,
    catalog.STG_INSTAGRAM__POSTS,
    catalog.PLATFORM_POSTS,
    catalog.PLATFORM_POST_METRICS_LATEST,
    catalog.SYNC_HEALTH,
)


@dataclass(kw_only=True)
class Day:
    """CPU seconds of everything that ran on one day, by what it was."""

    spent: dict[str, list[float]] = field(default_factory=dict)
    files: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """By table, at the end of the day: data files that it is made of, and files of its log."""

    def run(self, what: str, work: Callable[[], object]) -> None:
        began = time.process_time()
        work()
        self.spent.setdefault(what, []).append(time.process_time() - began)

    def each_ms(self, what: str) -> float:
        """Of one run of a kind: the median, so that a busy machine tells less."""
        return 1_000 * median(self.spent[what])

    def in_all_s(self) -> float:
        return sum(map(sum, self.spent.values()))


@dataclass(kw_only=True)
class Deployment:
    """A lake, its database and the platforms that it reads, all by one clock."""

    stores: Stores
    clock: SandboxClock
    simulated: httpx.Client
    days: list[Day] = field(default_factory=list)

    def begin_day(self) -> None:
        self.days.append(Day())

    def live(self, minute: int) -> None:
        """Whatever is due at a minute of the day."""
        number = len(self.days) - 1
        self.clock.set(START + timedelta(days=number) + minute * MINUTE)
        now = {"now": self.clock.now().isoformat(), "rate": 0}
        self.simulated.put("/sandbox/clock", json=now).raise_for_status()
        _run_what_is_due(self.stores, self.days[-1], minute, f"{number:03d}-{minute:04d}")
        if minute % 60 == 0:
            _grow_older(Path(self.stores.settings.lake_location))

    def end_day(self) -> None:
        day = self.days[-1]
        day.run("upkeep", lambda: maintain(self.stores))
        day.files = {table.name: _files(self.stores, table) for table in WATCHED}
        print(f"day {len(self.days)}: {day.in_all_s():.0f} CPU s", flush=True)


def main() -> None:
    """Live through some days and print what each of them cost."""
    options = _options()
    half = options.accounts // 2
    scenario = SCENARIO.format(instagram=half, tiktok=options.accounts - half, posts=options.posts)
    with _deployment(scenario) as old:
        for number in range(options.days - 1):
            old.begin_day()
            for minute in range(0, DAY_MIN, options.between if number else QUICK_MIN):
                old.live(minute)
            old.end_day()
        with _deployment(scenario) as new:
            _live_beside(old, new)
            _print(options, old.days, new.days[0])


def _live_beside(*deployments: Deployment) -> None:
    """A day of each, minute by minute in turn."""
    for one in deployments:
        one.begin_day()
    for minute in range(0, DAY_MIN, QUICK_MIN):
        for one in deployments:
            one.live(minute)
    for one in deployments:
        one.end_day()


@contextmanager
def _deployment(scenario: str) -> Iterator[Deployment]:
    """A new one, every account of its sandbox connected."""
    with TemporaryDirectory(prefix="layers-bench-") as folder:
        home = Path(folder)
        (home / "bench.toml").write_text(scenario, encoding="utf-8")
        with sandbox(home / "bench.toml") as url:
            os.environ |= environment(home, url)
            connect(url)
            clock = SandboxClock(START)
            stores = open_stores(load_settings(), clock=clock)
            with httpx.Client(base_url=url) as simulated:
                yield Deployment(stores=stores, clock=clock, simulated=simulated)
            stores.operations.close()


def _run_what_is_due(stores: Stores, day: Day, minute: int, worker: str) -> None:
    def sync(depth: Depth) -> Callable[[], object]:
        return lambda: sync_oauth(stores, depth, worker=f"{depth}-{worker}")

    day.run("quick sync", sync("quick"))
    if minute % FULL_MIN == 0:
        day.run("full sync", sync("full"))
    if minute % DERIVE_MIN == 0:
        day.run("derivation", lambda: bring_up_to_date(stores))
        day.run("derivation of nothing new", lambda: bring_up_to_date(stores))
    if minute % PUBLISH_MIN == 0:
        day.run("publication", lambda: publish(stores))


def _grow_older(lake: Path) -> None:
    """Make every file of the lake an hour older."""
    for path in lake.rglob("*"):
        at = path.stat().st_mtime - HOUR_S
        os.utime(path, (at, at))


def _files(stores: Stores, table: catalog.Table) -> tuple[int, int]:
    log = Path(stores.settings.lake_location) / table.name / "_delta_log"
    return len(stores.lake.files(table)), len(list(log.iterdir()))


def _print(options: argparse.Namespace, days: list[Day], first: Day) -> None:
    last = days[-1]
    print(f"\n{options.days} days of {options.accounts} accounts with {options.posts} posts each")
    print("\n| CPU ms of one, median of a day | first day | last day, beside it | ratio |")
    print("|---|---:|---:|---:|")
    for kind in first.spent:
        before, after = first.each_ms(kind), last.each_ms(kind)
        print(f"| {kind} | {before:,.0f} | {after:,.0f} | {after / before:.2f} |")
    before, after = first.in_all_s(), last.in_all_s()
    print(f"| everything of the day, s | {before:,.0f} | {after:,.0f} | {after / before:.2f} |")
    print("\n| files at the end of the day: data, log | first day | second day | last day |")
    print("|---|---:|---:|---:|")
    for table in WATCHED:
        shown = (days[at].files[table.name] for at in (0, min(1, len(days) - 1), -1))
        print(f"| `{table.name}` | " + " | ".join(f"{data}, {log}" for data, log in shown) + " |")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--accounts", type=int, default=4)
    parser.add_argument("--posts", type=int, default=10)
    parser.add_argument(
        "--between",
        type=int,
        default=QUICK_MIN,
        help="minutes between quick syncs on all days but the first and the last",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
