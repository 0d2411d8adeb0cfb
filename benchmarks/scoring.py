"""What scoring costs: one tick beside bare queries, a backfill beside single ticks, and growth.

Belongs here: the sizes, the children that are measured, the printed tables.
Does not belong here: what a child does (``scoring_children``), making data (``scoring_data``),
measuring a process (``measure``). Figures are kept in ``docs/performance.md``.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks import scoring_children as children
from benchmarks.measure import Measured, measure
from benchmarks.scoring_bare import duckdb_tick, polars_tick
from benchmarks.scoring_data import END, Size, last_ticks
from transforms.scoring.ticks import tick_key

ENVIRONMENT: Final = {"LAYERS_TICK_GRACE_S": "0", "LAYERS_SCHEDULES": "stopped"}
POSTS_PER_POOL: Final = 1_000
CHECKED: Final = Size(posts=20_000, projects=20, snapshots=25_000, days=3)
"""What all ways are compared on, before anything is measured."""
MIB: Final = 2**20
FAILED: Final = Measured(wall_s=float("nan"), peak_mib=float("nan"), output='{"work_s": NaN}')


def main() -> None:
    """Measure and print, or do one thing that is measured."""
    options = _options()
    if options.child:
        # Should memory run out, this process goes, and not another one.
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="utf-8")
        json.dump(CHILDREN[options.child](options), sys.stdout)
        return
    os.environ |= ENVIRONMENT
    print(_about())
    print(f"All ways agree on {_ask('check', '--size', _text(CHECKED)).output}\n", flush=True)
    with tempfile.TemporaryDirectory(prefix="layers-bench-") as folder:
        bench = Bench(Path(folder), options)
        for part in PARTS if options.part == "all" else (options.part,):
            PARTS[part](bench)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=(*PARTS, "all"), default="all")
    parser.add_argument("--posts", type=int, default=10_000_000, help="of one tick (a)")
    parser.add_argument("--backfill-posts", type=int, default=200_000, help="of (b), (c)")
    parser.add_argument("--snapshots", type=int, default=5_000_000, help="of (b), (c)")
    parser.add_argument("--ticks", type=int, default=540, help="of (b), every 4 hours")
    parser.add_argument("--single", type=int, default=6, help="ticks of (b) measured alone")
    parser.add_argument("--growing-posts", default="1000000,3000000,10000000", help="of (c)")
    parser.add_argument("--growing-ticks", default="60,180,540", help="of (c)")
    parser.add_argument("--memory-limit", default="12GB", help="of DuckDB")
    parser.add_argument("--child", choices=sorted(CHILDREN), help=argparse.SUPPRESS)
    parser.add_argument("--size", default="", help=argparse.SUPPRESS)
    parser.add_argument("--tick", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


def _about() -> str:
    names = ("polars", "deltalake", "dataframely", "duckdb")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before; "
        f"Python {platform.python_version()}, {versions}"
    )


class Bench:
    """The measurements, on data that are thrown away; what was measured once is kept."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self._home = folder / "home"
        self._options = options
        self._of_posts: dict[int, Measured] = {}
        self._of_ticks: dict[int, Measured] = {}

    def one_tick(self) -> None:
        """(a): one tick in three ways."""
        posts, limit = self._options.posts, self._options.memory_limit
        with self._lake(_one_tick_size(posts)):
            bare = self._child("polars")
            sql = self._child("duckdb", "--memory-limit", limit)
            ours = self._of_posts[posts] = self._child("ours")
        print(f"\n| one tick of {posts:,} posts | s | beside bare | peak MiB | MiB written |")
        print("|---|---:|---:|---:|---:|")
        for what, done in (
            ("bare: one Polars expression, three Parquet files", bare),
            (f"bare: one DuckDB query, at most {limit}", sql),
            ("`score_ticks`: read, score, hold to contracts, commit, read back", ours),
        ):
            ratio = _work_s(done) / _work_s(bare)
            print(f"| {what} | {_work_s(done):.1f} | {ratio:.2f} | {_peak(done)} | {_mib(done)} |")
        sys.stdout.flush()

    def backfill(self) -> None:
        """(b): many ticks in one run, beside runs of one tick each."""
        options, ticks, single = self._options, self._options.ticks, self._options.single
        due = [tick_key(tick) for tick in last_ticks(ticks)]
        chosen = [number * (ticks - 1) // max(1, single - 1) for number in range(single)]
        with self._lake(_backfill_size(options)):
            together = self._score("--from", due[0], "--to", due[-1])
            alone = [self._score("--at", due[number]) for number in chosen]
            steps = [
                self._child("single", "--ticks", str(ticks), "--tick", str(number))
                for number in (chosen[0], chosen[-1])
            ]
        of = f"{options.backfill_posts:,} posts and {options.snapshots:,} snapshots"
        print(f"\n| {ticks} ticks of {of} | s | s per tick | beside one run | peak MiB |")
        print("|---|---:|---:|---:|---:|")
        one_run = f"{together.wall_s:,.0f} | {together.wall_s / ticks:.2f} | 1.00"
        print(f"| `score --from … --to …`: one run | {one_run} | {_peak(together)} |")
        for what, done in (
            (f"`score --at …`, a run per tick: {single} measured, times {ticks}", alone),
            (f"`score_ticks` alone, a process per tick: 2 measured, times {ticks}", steps),
        ):
            each_s = sum(one.wall_s for one in done) / len(done)
            times = each_s * ticks / together.wall_s
            peak = max(one.peak_mib for one in done)
            row = f"{each_s * ticks:,.0f} | {each_s:.2f} | {times:.1f} | {peak:,.0f}"
            print(f"| {what} | {row} |")
        print(
            f"\nThe measured runs: {', '.join(f'{done.wall_s:.1f}' for done in alone)} s, from the "
            "first tick to the last; each finds the scores of all other ticks stored.",
            flush=True,
        )

    def growth(self) -> None:
        """(c): time per unit as posts and ticks grow."""
        print("\n| posts, one tick | s | s per million posts | beside the first | peak MiB |")
        print("|---|---:|---:|---:|---:|")
        base = 0.0
        for posts in _numbers(self._options.growing_posts):
            base = _print_growth(posts, self._scored(posts), unit=1_000_000, base=base)
        print("\n| ticks, one run | s | s per tick | beside the first | peak MiB |")
        print("|---|---:|---:|---:|---:|")
        base = 0.0
        for ticks in _numbers(self._options.growing_ticks):
            base = _print_growth(ticks, self._backfilled(ticks), unit=1, base=base)

    def _scored(self, posts: int) -> Measured:
        if posts not in self._of_posts:
            with self._lake(_one_tick_size(posts)):
                self._of_posts[posts] = self._child("ours")
        return self._of_posts[posts]

    def _backfilled(self, ticks: int) -> Measured:
        if ticks not in self._of_ticks:
            with self._lake(_backfill_size(self._options)):
                self._of_ticks[ticks] = self._child("backfill", "--ticks", str(ticks))
        return self._of_ticks[ticks]

    @contextmanager
    def _lake(self, size: Size) -> Iterator[None]:
        """Data of a size, thrown away afterwards."""
        try:
            self._child("seed", "--size", _text(size))
            yield
        finally:
            shutil.rmtree(self._home, ignore_errors=True)

    def _score(self, *options: str) -> Measured:
        """The command `layers-pipeline score`, as a user calls it."""
        script = Path(sys.executable).parent / "layers-pipeline"
        env = ENVIRONMENT | {"LAYERS_HOME": str(self._home)}
        return measure([str(script), "score", *options], env=env)

    def _child(self, what: str, *more: str) -> Measured:
        """What a child took; not a number, where it failed, for example for want of memory."""
        try:
            return _ask(what, *more, home=self._home)
        except RuntimeError as error:
            print(f"{what} failed: {error}", file=sys.stderr)
            return FAILED


def _ask(what: str, *more: str, home: Path | None = None) -> Measured:
    env = ENVIRONMENT | ({"LAYERS_HOME": str(home)} if home else {})
    return measure(["-m", "benchmarks.scoring", "--child", what, *more], env=env)


def _one_tick_size(posts: int) -> Size:
    """One snapshot per post and a second one for every fourth, in pools of 1,000 posts."""
    projects = max(1, posts // POSTS_PER_POOL)
    return Size(posts=posts, projects=projects, snapshots=posts * 5 // 4, days=3)


def _backfill_size(options: argparse.Namespace) -> Size:
    posts = options.backfill_posts
    projects = max(1, posts // POSTS_PER_POOL)
    return Size(posts=posts, projects=projects, snapshots=options.snapshots, days=90)


def _text(size: Size) -> str:
    return f"{size.posts},{size.projects},{size.snapshots},{size.days}"


def _size(text: str) -> Size:
    posts, projects, snapshots, days = _numbers(text)
    return Size(posts=posts, projects=projects, snapshots=snapshots, days=days)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _print_growth(count: int, done: Measured, *, unit: int, base: float) -> float:
    """Print a row, and return the time per unit that later rows are compared with."""
    each_s = _work_s(done) * unit / count
    first_s = base or each_s
    row = f"{_work_s(done):.1f} | {each_s:.2f} | {each_s / first_s:.2f} | {_peak(done)}"
    print(f"| {count:,} | {row} |", flush=True)
    return first_s


def _work_s(done: Measured) -> float:
    return float(json.loads(done.output)["work_s"])


def _mib(done: Measured) -> str:
    return f"{json.loads(done.output).get('bytes', float('nan')) / MIB:,.0f}"


def _peak(done: Measured) -> str:
    return f"{done.peak_mib:,.0f}"


PARTS: Final = {"a": Bench.one_tick, "b": Bench.backfill, "c": Bench.growth}
CHILDREN: Final[dict[str, Callable[[argparse.Namespace], children.ContentRecords]]] = {
    "check": lambda options: children.check_equal(_size(options.size)),
    "seed": lambda options: children.seed(_size(options.size)),
    "ours": lambda _options: children.score_in_one_run([END]),
    "polars": lambda _options: children.score_bare(polars_tick),
    "duckdb": lambda options: children.score_bare(duckdb_tick, memory_limit=options.memory_limit),
    "backfill": lambda options: children.score_in_one_run(last_ticks(options.ticks)),
    "single": lambda options: children.score_in_one_run([last_ticks(options.ticks)[options.tick]]),
}

if __name__ == "__main__":
    main()
