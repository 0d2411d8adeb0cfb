"""An hour of traffic while people look: no error, and never half of a publication.

Belongs here: a simulated hour of syncs, a scoring tick and publications, readers beside it, what
they must never see.
Does not belong here: killed writers (``tests.stress``), how fast answers are (``views``).

Run it: ``python -m benchmarks.traffic --accounts 20 --posts 50``.
"""

import argparse
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb
import httpx

from benchmarks.syncing import PROJECT, SCENARIO, connect, environment, sandbox
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.serving import generations
from layers_pipeline.settings import load_settings
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.ingest.oauth import sync_oauth
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.score.scoring import score_ticks
from layers_pipeline.steps.stores import Stores, open_stores
from layers_pipeline.views.content import batches, count, page
from layers_pipeline.views.detail import detail
from layers_pipeline.views.filters import ContentFilter
from layers_pipeline.views.opening import Views, open_views
from sandbox.simulation.clock import SandboxClock

START: Final = datetime.fromisoformat("2026-09-02T03:30:00Z")
"""Half an hour before a tick."""
HOUR_MIN, QUICK_MIN, FULL_MIN, POSTS_MIN = 60, 5, 20, 30
PUBLISH_MIN: Final = 10
READERS: Final = 8
LOOKED_S: Final = 0.2
"""For how long a reader looks at an answer before it asks again."""
SEEN: Final = """
    select
        (select max(generation) from publication) as generation,
        (select count(distinct generation) - 1 from publication) as other_generations,
        (select count(*) from platform_post_metrics) as snapshots,
        (select count(*) from platform_post_metrics) - (
            select row_count from publication where table_name = 'platform_post_metrics'
        ) as snapshots_of_another,
        (select count(*) - count(distinct (platform, platform_post_id)) from platform_posts)
        as doubled_posts,
        (
            select count(*)
            - count(distinct (platform, platform_post_id, captured_at, source))
            from platform_post_metrics
        ) as doubled_snapshots,
        (
            select count(*) from platform_post_metrics
            anti join platform_posts using (platform, platform_post_id)
        ) as snapshots_without_post,
        (
            select count(*) from ad_eligibility_current
            anti join ads_content using (ads_content_id)
        ) as judged_without_content
"""
"""What one publication says of itself; all but the first and the snapshots have to be 0."""


@dataclass(kw_only=True)
class Watched:
    """What readers met, all together."""

    questions: int = 0
    generations: set[int] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    half_states: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Sight:
    """What one reader saw last: nothing that comes later may be less."""

    generation: int = 0
    rows: int = 0

    def follow(self, generation: int, rows: int) -> Iterator[str]:
        """Words of what went back."""
        if generation < self.generation:
            yield f"generation {generation} after {self.generation}"
        if rows < self.rows:
            yield f"{rows} rows after {self.rows}"
        self.generation, self.rows = generation, rows


def main() -> None:
    """Live through the hour and print what readers met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=20)
    parser.add_argument("--posts", type=int, default=50)
    options = parser.parse_args()
    half = options.accounts // 2
    scenario = SCENARIO.format(instagram=half, tiktok=options.accounts - half, posts=options.posts)
    with TemporaryDirectory(prefix="layers-bench-") as folder:
        home = Path(folder)
        (home / "bench.toml").write_text(scenario, encoding="utf-8")
        with sandbox(home / "bench.toml") as url, httpx.Client(base_url=url) as simulated:
            os.environ |= environment(home, url)
            connect(url)
            clock = SandboxClock(START)
            stores = open_stores(load_settings(), clock=clock)
            _allow_all(stores)
            watched = lived(stores, clock, simulated)
            stores.operations.close()
    print(f"{options.accounts} accounts with {options.posts} posts, {READERS} readers")
    print(f"questions   {watched.questions:8}, of {len(watched.generations)} generations")
    print(f"errors      {len(watched.errors):8} {watched.errors[:3]}")
    print(f"half states {len(watched.half_states):8} {watched.half_states[:3]}")


def _allow_all(stores: Stores) -> None:
    """Let every account's posts be scored in the project."""
    creators = [
        NewCreator(creator_id=one.account_id, display_name="", account_ids=(one.account_id,))
        for one in stores.operations.accounts.all()
    ]
    stores.operations.allowlist.allow(PROJECT, creators, allowed_from=START - timedelta(days=1))


def lived(stores: Stores, clock: SandboxClock, simulated: httpx.Client) -> Watched:
    """What readers met while the hour passed."""
    watched = Watched()
    _at(clock, simulated, START)
    sync_oauth(stores, "full", worker="first")
    publish(stores)
    with closing(open_views(stores.settings, clock=clock)) as views, _readers(views, watched):
        for minute in range(0, HOUR_MIN + 1, QUICK_MIN):
            now = START + timedelta(minutes=minute)
            _at(clock, simulated, now)
            began = time.perf_counter()
            _run_what_is_due(stores, minute, now)
            taken = time.perf_counter() - began
            print(f"minute {minute:2}: {taken:5.1f} s, {watched.questions} questions", flush=True)
    return watched


def _at(clock: SandboxClock, simulated: httpx.Client, now: datetime) -> None:
    clock.set(now)
    told = {"now": now.isoformat(), "rate": 0}
    simulated.put("/sandbox/clock", json=told).raise_for_status()


def _run_what_is_due(stores: Stores, minute: int, now: datetime) -> None:
    sync_oauth(stores, "quick", worker=f"quick-{minute:02d}")
    if minute % FULL_MIN == 0:
        sync_oauth(stores, "full", worker=f"full-{minute:02d}")
    if minute % POSTS_MIN == 0:
        sync_oauth(stores, "posts", worker=f"posts-{minute:02d}")
        bring_up_to_date(stores)
    if minute == HOUR_MIN // 2:
        list(score_ticks(stores, [now]))
    if minute % PUBLISH_MIN == 0:
        publish(stores)


@contextmanager
def _readers(views: Views, watched: Watched) -> Iterator[None]:
    """Half of the readers ask what pages ask, the others the file itself."""
    over, lock = threading.Event(), threading.Lock()
    looks = (_look_at_pages(views), _look_at_file)
    threads = [
        threading.Thread(target=_read, args=(looks[number % 2], number, watched, over, lock))
        for number in range(READERS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


Look = Callable[[random.Random], tuple[int, int, list[str]]]
"""One look: the generation, how many rows, and words of what did not fit together."""


def _read(
    look: Look, number: int, watched: Watched, over: threading.Event, lock: threading.Lock
) -> None:
    chosen, sight = random.Random(number), Sight()
    while not over.is_set():
        error, wrong, generation = "", list[str](), 0
        try:
            generation, rows, wrong = look(chosen)
            wrong += sight.follow(generation, rows)
        except Exception as failed:  # noqa: BLE001 - whatever it is, it is counted
            error = f"{type(failed).__name__}: {failed}"
        with lock:
            watched.questions += 1
            watched.errors += [error] if error else []
            watched.half_states += wrong
            watched.generations |= {generation} if generation else set()
        over.wait(LOOKED_S)


def _look_at_file(_chosen: random.Random) -> tuple[int, int, list[str]]:
    path = generations.current(load_settings().serve_location)
    # As one more connection to what the pages read: `query` would narrow it for them all.
    with duckdb.connect(str(path), read_only=True, config=generations.CONFIG) as connection:
        seen: dict[str, Any] = connection.sql(SEEN).pl().to_dicts()[0]
    generation, snapshots = seen.pop("generation"), seen.pop("snapshots")
    return generation, snapshots, [f"{name}: {value}" for name, value in seen.items() if value]


def _look_at_pages(views: Views) -> Look:
    def look(chosen: random.Random) -> tuple[int, int, list[str]]:
        kept = ContentFilter(project_id=PROJECT, deleted="show", columns=("ads_content_id",))
        with views.reading() as reader:
            number = count(reader, kept)
            listed = [key for frame in batches(reader, kept) for key in frame["ads_content_id"]]
            shown = page(reader, kept, 0, 50)
            wrong = [] if len(set(listed)) == len(listed) == number else ["the list and its count"]
            wrong += [] if [row["ads_content_id"] for row in shown] == listed[:50] else ["the page"]
            if listed:
                found = detail(reader, PROJECT, chosen.choice(listed))
                wrong += [] if found.as_of == reader.as_of else ["the panel's generation"]
                ticks = {row["scored_at"] for row in (*found.score, *found.why)}
                wrong += [] if len(ticks) < 2 else ["ticks of one panel"]
            return reader.generation, number, wrong

    return look


if __name__ == "__main__":
    main()
