"""Weeks of syncs at the true cadences, within the platforms' limits and amid recorded faults.

Belongs here: the world (many accounts, some of them large), the faults, the clock, the verdict.
Does not belong here: what a deployment does at which minute of a scenario (``life``).

The sandbox refuses calls beyond TikTok's limits per minute, in its own time, and each request
takes a tenth of a second of that time: so quickly may our app call. A sync that is late is
skipped, as in Dagster. With ``--beside`` it lives in an older tree as well, and says the share.
"""

import argparse
import json
import logging
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import httpx
import polars as pl

from benchmarks import life as living
from layers_pipeline.lake import catalog
from sandbox import Dataset, Plan, RunningSandbox, generated_truth, running_sandbox
from sandbox.service.scenario import FAULT_KINDS, PlannedAccounts, Scenario
from sandbox.service.scenario_events import FaultEvent

START: Final = datetime(2026, 9, 1, tzinfo=UTC)
SEED: Final = 17
CALL_S: Final = 0.11
"""How long each request takes in the sandbox's time: a little less than 600 a minute."""
TICK: Final = timedelta(minutes=5)
EVERY: Final = {"quick": 1, "full": 4, "posts": 6}
"""Of so many ticks each depth begins with one."""
FAULTS: Final = {
    "instagram": ("user_limit", "buc_limit", "transient_2", "http_502", "truncated_json"),
    "tiktok": ("limit_account", "code_40100", "code_50000", "code_51065", "http_500", "code_20001"),
}
TIMES_MAX: Final = 6


class World(Scenario):
    """Accounts of one size on both platforms, and large ones on TikTok."""

    large: int = 0
    large_posts: int = 1_200

    @cached_property
    def dataset(self) -> Dataset:
        """Large accounts are named after the others, so that places of events stay."""
        plan = Plan(
            instagram=0,
            tiktok=self.large,
            posts=self.large_posts,
            deletions=4,
            days=self._days,
            history=timedelta(days=300),
        )
        return Scenario.dataset.func(self) | generated_truth(
            self.seed + 1, start=self.start, plan=plan
        )


@dataclass(kw_only=True)
class Month:
    """A deployment and what is counted while it lives."""

    life: living.Life
    late: Counter[str] = field(default_factory=Counter)

    def live(self, until: datetime) -> None:
        """Every tick that is not missed, from now on."""
        clock, scenario = self.life.world.clock, self.life.scenario
        number = 0
        while (at := scenario.start + number * TICK) < until:
            if at >= clock.now():
                clock.set(at)
                self._tick(number)
            else:
                self.late.update(depth for depth, every in EVERY.items() if number % every == 0)
            number += 1
        clock.set(max(until, clock.now()))

    def _tick(self, number: int) -> None:
        for depth, every in EVERY.items():
            if number % every == 0:
                self.life.sync(depth)
        if number % EVERY["posts"] == 0:
            self.life.derive()
        if number % 288 == 287:
            living.maintain(self.life.stores)

    def settle(self) -> None:
        """The faults are over: full syncs until every account was listed whole twice.

        Then one that reads the newest posts: a listing that takes several syncs goes on from
        where it stood, and what was published meanwhile is a quick sync's to see.
        """
        world = self.life.world
        world.faults.clear()
        for _ in range(6):
            world.clock.advance(timedelta(minutes=21).total_seconds())
            self.life.sync("full")
        world.clock.advance(TICK.total_seconds())
        self.life.sync("quick")
        self.life.derive()


def main() -> None:
    """Live, and print what came of it; beside another tree, if one is given."""
    options = _options()
    figures = _live(options)
    if options.figures:
        options.figures.write_text(json.dumps(figures), encoding="utf-8")
    if options.beside:
        _print_share(figures, _live_in(options.beside))


def _live_in(tree: Path) -> dict[str, float]:
    """The same, by another tree's code and interpreter and this tree's benchmark."""
    print(f"\nThe same in {tree}:", flush=True)
    with tempfile.TemporaryDirectory(prefix="layers-month-") as folder:
        home = Path(folder)
        (home / "benchmarks").mkdir()
        here = Path(__file__)
        # Without the package's own file the other tree's would be taken.
        for file in (here, here.with_name("__init__.py"), Path(living.__file__)):
            shutil.copy(file, home / "benchmarks")
        given = [one for one in sys.argv[1:] if one not in ("--beside", str(tree))]
        command = [tree / ".venv/bin/python", "-m", "benchmarks.month", *given]
        subprocess.run(
            [*command, "--figures", home / "figures"],
            cwd=home,
            env=os.environ | {"PYTHONPATH": str(tree)},
            check=True,
        )
        return json.loads((home / "figures").read_text(encoding="utf-8"))


def _print_share(ours: dict[str, float], theirs: dict[str, float]) -> None:
    print("\n| HTTP calls per account and day | there | here | of those there |")
    print("|---|---:|---:|---:|")
    for platform, made in ours.items():
        before = theirs[platform]
        print(f"| {platform} | {before:.1f} | {made:.1f} | {made / before:.1%} |")


def _live(options: argparse.Namespace) -> dict[str, float]:
    world = _world(options)
    with (
        tempfile.TemporaryDirectory(prefix="layers-month-") as folder,
        running_sandbox(scenario=world) as served,
    ):
        home = Path(folder) / "home"
        # Every line of every request of a month would fill the memory.
        month = Month(life=living.begin(served, world, home, log_level=logging.WARNING))
        limits = _limit(served)
        _let_time_pass(served)
        begun = perf_counter()
        month.live(world.ends_at)
        calls = dict(served.world.log.counts())
        took_s = perf_counter() - begun
        month.settle()
        refused = httpx.get(limits).json()["refused"] if limits else None
        figures = _calls_a_day(options, calls)
        _print(options, month, figures=figures, took_s=took_s, refused=refused)
        month.life.stores.operations.close()
        return figures


def _world(options: argparse.Namespace) -> World:
    half = (options.accounts - options.large) // 2
    tiktok = options.accounts - options.large - half
    return World(
        name="month",
        seed=SEED,
        start=START,
        lasts=f"{options.hours // 24}d{options.hours % 24:02d}:00",  # pyright: ignore[reportArgumentType]
        accounts=PlannedAccounts(
            instagram=half, tiktok=tiktok, posts=options.posts, stories=2, deletions=2
        ),
        large=options.large,
        large_posts=options.large_posts,
        faults=tuple(_faults(options, {"instagram": half, "tiktok": tiktok})),
    )


def _faults(options: argparse.Namespace, accounts: dict[str, int]) -> Iterator[FaultEvent]:
    """Some accounts of each platform meet a fault at some time, for a few requests."""
    dice = random.Random(SEED)
    for platform, count in accounts.items():
        # An older sandbox knows fewer of them.
        kinds = [kind for kind in FAULTS[platform] if kind in FAULT_KINDS[platform]]  # pyright: ignore[reportArgumentType]
        for _ in range(round(count * options.faults * options.hours / 24)):
            minute = dice.randrange(options.hours * 60)
            yield FaultEvent(
                at=f"{minute // 1_440}d{minute // 60 % 24:02d}:{minute % 60:02d}",  # pyright: ignore[reportArgumentType]
                platform=platform,  # pyright: ignore[reportArgumentType]
                account=dice.randrange(count),
                kind=dice.choice(kinds),
                times=dice.randint(1, TIMES_MAX),
            )


def _limit(served: RunningSandbox) -> str | None:
    """Have the sandbox hold to TikTok's limits; the address that tells what they refused."""
    address = f"{served.url}/sandbox/oauth/tiktok/minute-limits"
    answer = httpx.put(address, json={"account_per_min": 40, "app_per_min": 600})
    return address if answer.is_success else None


def _let_time_pass(served: RunningSandbox) -> None:
    """Every request takes its time, and events happen when theirs has come."""
    world, happen = served.world, served.world.catch_up

    def catch_up() -> None:
        world.clock.advance(CALL_S)
        happen()

    world.catch_up = catch_up


def incomplete(life: living.Life) -> list[str]:
    """Accounts without a whole listing since the faults were over."""
    since = life.world.clock.now() - timedelta(hours=2.5)
    listings = life.stores.lake.read(catalog.ACCOUNT_LISTINGS)
    whole = listings.filter("is_complete", pl.col("known_at") >= since, depth="full")
    found = whole.select("platform", "account_key").unique().collect()
    seen = set(found.iter_rows())
    return [
        f"{ref.platform}:{ref.account_key}"
        for ref in life.world.dataset.holders
        if (ref.platform, ref.account_key) not in seen
    ]


def lacking(life: living.Life) -> list[str]:
    """Posts that lived when their account was last read, and are not stored."""
    posts = life.stores.lake.read(catalog.PLATFORM_POSTS).select("platform", "platform_post_id")
    stored, never = set(posts.collect().iter_rows()), [life.world.clock.now()]
    _, readings = living.listings(life.stores)
    return [
        f"{ref.platform}:{item.item_id}"
        for ref in life.world.dataset.holders
        for item in life.world.dataset.posts(
            ref, at=readings.get((ref.platform, ref.account_key), never)[-1]
        )
        if (ref.platform, item.item_id) not in stored
    ]


def _calls_a_day(options: argparse.Namespace, calls: dict[str, int]) -> dict[str, float]:
    """HTTP calls per account and day, by platform and of both."""
    half, days = (options.accounts - options.large) // 2, options.hours / 24
    accounts = {"Instagram": half, "TikTok": options.accounts - half}
    prefixes = {"Instagram": "/v", "TikTok": "/open_api"}
    made = {
        platform: sum(number for path, number in calls.items() if path.startswith(prefix))
        for platform, prefix in prefixes.items()
    }
    each = {platform: made[platform] / number / days for platform, number in accounts.items()}
    return each | {"both": sum(made.values()) / options.accounts / days}


def _print(
    options: argparse.Namespace,
    month: Month,
    *,
    figures: dict[str, float],
    took_s: float,
    refused: int | None,
) -> None:
    life = month.life
    since = life.world.clock.now() - timedelta(hours=2.5)
    print(
        f"\n{options.accounts} accounts, {options.large} of them above {options.large_posts:,}"
        f" posts, {options.hours} hours in {took_s / 60:.1f} min\n"
    )
    for platform, made in figures.items():
        print(f"HTTP calls per account and day, {platform}: {made:.1f}")
    print(f"syncs skipped as late: {dict(month.late) or 0}")
    print(
        f"calls refused by TikTok's limits per minute: "
        f"{'not counted by this sandbox' if refused is None else refused}"
    )
    verdicts: dict[str, Callable[[], list[Any]]] = {
        "accounts not listed whole": lambda: incomplete(life),
        "living posts not stored": lambda: lacking(life),
        "metrics that are not the truth": lambda: living.untrue_metrics(life, since=since),
        "deletions that are not the truth": lambda: living.untrue_deletions(life),
    }
    for what, ask in verdicts.items():
        found = ask()
        print(f"{what}: {len(found)}", *found[:5], sep="\n  ")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=300)
    parser.add_argument("--large", type=int, default=10, help="TikTok accounts of many posts")
    parser.add_argument("--large-posts", type=int, default=1_200)
    parser.add_argument("--posts", type=int, default=30, help="of every other account")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--hours", type=int, help="in place of days")
    parser.add_argument("--beside", type=Path, help="a tree to compare with, with its .venv")
    parser.add_argument("--figures", type=Path, help="a file to write the calls to, as JSON")
    parser.add_argument("--faults", type=float, default=0.1, help="per account and day")
    options = parser.parse_args()
    options.hours = options.hours or 24 * options.days
    return options


if __name__ == "__main__":
    main()
