"""What a second worker gains: one backfill by one process, and by two that share its ranges.

Belongs here: the sizes, the ways, equality of what they write, the printed table.
Does not belong here: making data (``scoring_data``), Dagster and Celery, whose own share
``docs/scale.md`` names. Figures are kept there.

Each range is scored by a process of its own, as a worker's runs are. One worker is tried with all
cores of the machine, and with the share of them that it has beside others, as on a machine of its
own: a process is held to its cores, and Polars takes as many threads.
"""

import argparse
import hashlib
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Final

import polars as pl

from benchmarks.scoring_data import Size, last_ticks, write_lake
from layers_pipeline.lake import catalog
from layers_pipeline.settings import load_settings
from layers_pipeline.steps.score.scoring import score_ticks
from layers_pipeline.steps.score.tick_scorer import WRITTEN
from layers_pipeline.steps.stores import Stores, open_stores
from transforms.scoring.ticks import tick_text

ENVIRONMENT: Final = {"LAYERS_TICK_GRACE_S": "0", "LAYERS_SCHEDULES": "stopped"}
POSTS_PER_POOL: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a backfill is done: how many processes at once, ticks of each range, cores of each."""

    name: str
    workers: int
    ticks_per_range: int
    cores: int


@dataclass(frozen=True, kw_only=True)
class Took:
    """What a way took, in seconds, and what it left."""

    wall_s: float
    cpu_s: float
    digest: str


def main() -> None:
    """Measure and print, or be one process that is measured."""
    options = _options()
    if options.child == "seed":
        write_lake(open_stores(load_settings()), size_of(options))
    elif options.child == "score":
        chosen = last_ticks(options.ticks)[options.begin : options.end]
        list(score_ticks(open_stores(load_settings()), chosen))
    else:
        _compare(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--snapshots", type=int, default=200_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--ticks", type=int, default=24, help="every 4 hours")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--ranges", type=int, default=4, help="of the shared backfill")
    parser.add_argument("--rounds", type=int, default=1, help="of each way; the fastest counts")
    parser.add_argument("--first", type=int, default=0, help="ways to leave out, from the first on")
    parser.add_argument("--child", choices=("seed", "score"), help=argparse.SUPPRESS)
    parser.add_argument("--begin", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--end", type=int, default=None, help=argparse.SUPPRESS)
    return parser.parse_args()


def size_of(options: argparse.Namespace) -> Size:
    """How much data was asked for."""
    projects = max(1, options.posts // POSTS_PER_POOL)
    return Size(
        posts=options.posts, projects=projects, snapshots=options.snapshots, days=options.days
    )


def _ways(options: argparse.Namespace) -> list[Way]:
    cores, part = os.cpu_count() or 1, -(-options.ticks // options.ranges)
    share = max(1, cores // options.workers)
    ways = [
        Way(name="one process, one range", workers=1, ticks_per_range=options.ticks, cores=cores),
        Way(name="one worker, all cores", workers=1, ticks_per_range=part, cores=cores),
        Way(name="one worker", workers=1, ticks_per_range=part, cores=share),
        Way(
            name=f"{options.workers} workers",
            workers=options.workers,
            ticks_per_range=part,
            cores=share,
        ),
    ]
    return ways[options.first :]


def _compare(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="layers-scaling-") as folder:
        seed = Path(folder) / "seed"
        _say("making the data")
        _child(["--child", "seed", *_sizes(options)], home=seed, cores=range(os.cpu_count() or 1))
        found = {way: _best(way, options, seed) for way in _ways(options)}
    one_worker = next(took for way, took in found.items() if way.name == "one worker")
    print(f"load {os.getloadavg()[0]:.1f} after, {os.cpu_count()} cores\n")
    print(
        f"| {options.ticks} ticks of {options.posts:,} posts | ranges | cores of each | wall s | "
        "CPU s | wall beside one worker |"
    )
    print("|---|---:|---:|---:|---:|---:|")
    for way, took in found.items():
        ranges = -(-options.ticks // way.ticks_per_range)
        print(
            f"| {way.name} | {ranges} | {way.cores} | {took.wall_s:.1f} | {took.cpu_s:.1f} | "
            f"{took.wall_s / one_worker.wall_s:.2f} |"
        )
    are_equal = len({took.digest for took in found.values()}) == 1
    print(
        f"\nThe rows of all ways are {'the same' if are_equal else 'NOT THE SAME'}, by the "
        "fingerprint of each."
    )
    if not are_equal:
        sys.exit(1)


def _say(doing: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {doing}", file=sys.stderr, flush=True)


def _sizes(options: argparse.Namespace) -> list[str]:
    names = ("posts", "snapshots", "days", "ticks")
    return [word for name in names for word in (f"--{name}", str(getattr(options, name)))]


def _best(way: Way, options: argparse.Namespace, seed: Path) -> Took:
    took = [_measured(way, options, seed) for _ in range(options.rounds)]
    return min(took, key=lambda one: one.wall_s)


def _measured(way: Way, options: argparse.Namespace, seed: Path) -> Took:
    home = seed.parent / "home"
    _say(way.name)
    shutil.copytree(seed, home)
    begun = range(0, options.ticks, way.ticks_per_range)
    ranges = [(begin, min(begin + way.ticks_per_range, options.ticks)) for begin in begun]
    cpu_s, started = _cpu_s(), time.perf_counter()
    places: SimpleQueue[range] = SimpleQueue()
    for number in range(way.workers):
        places.put(range(number * way.cores, (number + 1) * way.cores))
    with ThreadPoolExecutor(way.workers) as pool:
        list(pool.map(partial(_score, options=options, home=home, places=places), ranges))
    took = (time.perf_counter() - started, _cpu_s() - cpu_s)
    digest = digest_of(home, options.ticks)
    shutil.rmtree(home)
    return Took(wall_s=took[0], cpu_s=took[1], digest=digest)


def _score(
    ticks: tuple[int, int],
    *,
    options: argparse.Namespace,
    home: Path,
    places: SimpleQueue[range],
) -> None:
    given = ["--child", "score", "--begin", str(ticks[0]), "--end", str(ticks[1])]
    cores = places.get()
    try:
        _child([*given, *_sizes(options)], home=home, cores=cores)
    finally:
        places.put(cores)


def _child(given: Sequence[str], *, home: Path, cores: range) -> None:
    own = {"LAYERS_HOME": str(home), "POLARS_MAX_THREADS": str(len(cores))}
    environment: Mapping[str, str] = {**os.environ, **ENVIRONMENT, **own}
    command = [sys.executable, "-m", "benchmarks.scaling", *given]
    with subprocess.Popen(command, env=environment) as child:
        os.sched_setaffinity(child.pid, cores)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)


def _cpu_s() -> float:
    """What this process's children took so far, in seconds of all cores."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def digest_of(home: Path, ticks: int) -> str:
    """What stands for every row of every table of ticks in a home."""
    os.environ |= {**ENVIRONMENT, "LAYERS_HOME": str(home)}
    stores = open_stores(load_settings())
    found = hashlib.sha256()
    for part in _fingerprints(stores, ticks):
        found.update(part)
    stores.operations.close()
    return found.hexdigest()


def _fingerprints(stores: Stores, ticks: int) -> Iterator[bytes]:
    """A number of 64 bits for each row of each table of ticks, by its key, tick by tick."""
    for table in WRITTEN:
        rows = stores.lake.read(table)
        for tick in last_ticks(ticks):
            of_tick = rows.filter(pl.col("tick") == tick_text(tick)).collect().sort(table.key)
            if not of_tick.height and table is catalog.ORGANIC_SCORES:
                raise AssertionError(
                    f"{table.name}: {tick} was not scored, so nothing was measured"
                )
            yield f"{table.name} {tick_text(tick)} {of_tick.height}".encode()
            yield of_tick.hash_rows().to_numpy().tobytes()


if __name__ == "__main__":
    main()
