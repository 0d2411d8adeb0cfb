"""What the pipeline's spine costs: loading the code location, and one scoring run.

Belongs here: the sizes, the seeded data, what runs in a child process, the printed table.
Does not belong here: measuring (``measure``). Figures are kept in ``docs/performance.md``.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
import polars as pl

from benchmarks.allowlists import allow_accounts
from benchmarks.measure import Measured, measure, median_of
from layers_pipeline.lake import catalog
from layers_pipeline.settings import load_settings
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.score.scoring import copy_current_eligibility, score_ticks
from layers_pipeline.steps.stores import Stores, open_stores
from transforms.scoring.ticks import tick_key

TICK: Final = datetime(2025, 5, 14, 12, tzinfo=UTC)
START: Final = datetime(2025, 5, 4, tzinfo=UTC)
ACCOUNTS_PER_PROJECT: Final = 20
LOADING: Final = {
    "code location": "from layers_pipeline.definitions import defs; defs().get_repository_def()",
    "`import dagster`": "import dagster",
    "`import polars`": "import polars",
}
ENVIRONMENT: Final = {"LAYERS_TICK_GRACE_S": "0", "LAYERS_SCHEDULES": "stopped"}


def main() -> None:
    """Measure and print, or do one thing that is measured."""
    options = _options()
    if options.child:
        json.dump(CHILDREN[options.child](), sys.stdout)
        return
    with tempfile.TemporaryDirectory(prefix="layers-bench-") as folder:
        origin = Path(folder) / "origin"
        env = ENVIRONMENT | {"LAYERS_HOME": str(origin)}
        os.environ |= env
        print(_about(options), flush=True)
        _print_loading(options.repeats, env)
        made = _seed(options.posts, options.snapshots, options.projects)
        print(f"\nData: {made}\n", flush=True)
        _print_scoring(origin, Path(folder), options.rounds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=200_000)
    parser.add_argument("--snapshots", type=int, default=1_000_000)
    parser.add_argument("--projects", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=5, help="of the load time")
    parser.add_argument("--rounds", type=int, default=3, help="of the scoring runs")
    parser.add_argument("--child", choices=CHILDREN, help=argparse.SUPPRESS)
    return parser.parse_args()


def _about(options: argparse.Namespace) -> str:
    names = ("dagster", "polars", "deltalake", "dataframely", "duckdb")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    load = os.getloadavg()[0]
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f} before; "
        f"Python {platform.python_version()}, {versions}\n"
        f"{options.posts:,} posts, {options.snapshots:,} snapshots, {options.projects:,} projects\n"
    )


def _print_loading(repeats: int, env: dict[str, str]) -> None:
    measured = {what: median_of(repeats, ["-c", code], env=env) for what, code in LOADING.items()}
    base = measured["`import dagster`"].wall_s
    print(f"| load, median of {repeats} | wall s | beside `import dagster` | peak MiB |")
    print("|---|---:|---:|---:|")
    for what, one in measured.items():
        print(f"| {what} | {one.wall_s:.2f} | {one.wall_s / base:.2f} | {one.peak_mib:,.0f} |")


def _print_scoring(origin: Path, folder: Path, rounds: int) -> None:
    header = f"one tick, median of {rounds} (least to most)"
    print(f"| {header} | at work s | beside bare | whole process s | peak MiB |")
    print("|---|---:|---:|---:|---:|")
    base = 0.0
    for what in CHILDREN:
        runs = [_in_a_copy(origin, folder / what, what) for _ in range(rounds)]
        results = sorted((json.loads(run.output) for run in runs), key=lambda one: one["work_s"])
        work_s = [one["work_s"] for one in results]
        middle = median(work_s)
        base = base or middle
        row = (
            f"{middle:.2f} ({work_s[0]:.2f} to {work_s[-1]:.2f})",
            f"{middle / base:.1f}",
            f"{median(run.wall_s for run in runs):.2f}",
            f"{max(run.peak_mib for run in runs):,.0f}",
        )
        print(f"| {results[0]['what']} | {' | '.join(row)} |", flush=True)


def _in_a_copy(origin: Path, home: Path, what: str) -> Measured:
    """Measure one child on its own copy of the data, so that none finds another's work."""
    shutil.copytree(origin, home)
    env = ENVIRONMENT | {"LAYERS_HOME": str(home), "DAGSTER_HOME": str(home / "dagster")}
    measured = measure(["-m", "benchmarks.spine", "--child", what], env=env)
    shutil.rmtree(home)
    return measured


def _seed(posts: int, snapshots: int, projects: int) -> str:
    """Write a lake of generated captures through the real steps; equal on every machine."""
    started = time.perf_counter()
    stores = open_stores(load_settings())
    accounts = projects * ACCOUNTS_PER_PROJECT
    captures = _captures(posts, snapshots // posts, accounts)
    stores.lake.replace(catalog.STG_IMPORT__CAPTURES, captures, where={})
    allow_accounts(stores.operations, accounts=accounts, projects=projects, since=START)
    derived = bring_up_to_date(stores)
    return (
        f"{captures.height:,} captures staged and carried to {derived['platform_posts'].inserted:,}"
        f" posts and {derived['platform_post_metrics'].inserted:,} snapshots in "
        f"{time.perf_counter() - started:.0f} s"
    )


def _captures(posts: int, per_post: int, accounts: int) -> pl.DataFrame:
    chance = np.random.default_rng(0)
    post = np.repeat(np.arange(posts), per_post)
    turn = np.tile(np.arange(per_post), posts)
    minutes = (post * 7) % (3 * 1440) + turn * 7 * 1440 // per_post
    final = np.repeat(np.exp(chance.normal(8, 2, posts)), per_post)
    views = (final * (turn + 1) / per_post).astype(np.int64)
    shares = {"likes": 0.06, "comments": 0.004, "shares": 0.01, "saves": 0.012}
    shown = {
        name: pl.Series((views * rate * chance.uniform(0.5, 1.5, views.size)).astype(np.int64))
        for name, rate in shares.items()
    }
    captured_at = pl.lit(START) + pl.duration(minutes=pl.Series(minutes))
    rows = pl.select(
        platform=pl.lit("tiktok"),
        account_key=pl.format("account{}", pl.Series(post % accounts)),
        platform_post_id=pl.format("75{}", pl.Series(post + 10**16)),
        captured_at=captured_at,
        published_at=pl.lit(START) - pl.duration(minutes=pl.Series(post % (90 * 1440))),
        source=pl.lit("import"),
        known_at=captured_at,
        run_id=pl.lit("bench"),
        file_id=pl.lit("bench"),
        line_number=pl.Series(np.arange(1, post.size + 1)),
        views=pl.Series(views),
        **shown,
    )
    empty = catalog.STG_IMPORT__CAPTURES.empty()
    return pl.concat([empty, rows], how="diagonal_relaxed").cast(dict(empty.schema))


def _bare() -> dict[str, object]:
    """The score as one Polars expression over the lake's Parquet, and nothing else."""
    lake = load_settings().lake_location
    started = time.perf_counter()
    scored = _bare_scores(lambda name: pl.scan_parquet(f"{lake}/{name}/**/*.parquet")).collect()
    return {
        "what": f"bare Polars expression ({scored.height:,} scores, nothing kept)",
        "work_s": time.perf_counter() - started,
    }


def _bare_scores(scan: Callable[[str], pl.LazyFrame]) -> pl.LazyFrame:
    post, counts = ("platform", "platform_post_id"), ("likes", "comments", "shares", "saves")
    known = scan("platform_post_metrics").filter(pl.col("known_at") <= TICK).sort("captured_at")
    latest = known.group_by(post).agg(pl.col("views", *counts).last(ignore_nulls=True))
    pool = latest.join(scan("platform_posts").select(*post, "account_key", "published_at"), on=post)
    # By account alone: with the platform in both joins, Polars 2.1 may join by platform first.
    listed = scan("project_allowlist").select("project_id", "account_key")
    pool = pool.join(listed, on="account_key")
    weighted = pl.sum_horizontal(
        pl.col(name) * weight for name, weight in zip(counts, (1, 3, 5, 6), strict=True)
    )
    pool = pool.filter(pl.col("views") >= 50).with_columns(rate=weighted / pl.col("views"))
    others = pl.len().over("project_id") - 1
    rank = {
        name: (pl.col(name).rank("min").over("project_id") - 1) / others
        for name in ("rate", "views")
    }
    doublings = (pl.col("views") / pl.col("views").median().over("project_id")).log(2)
    age_days = (pl.lit(TICK) - pl.col("published_at")).dt.total_seconds() / 86_400
    score = 8.5 * (
        0.45 * rank["rate"] + 0.25 * rank["views"] + 0.30 * (doublings / 3).clip(0, 1)
    ) + 1.5 * (1 - age_days / 90).clip(lower_bound=0)
    return pool.select("project_id", *post, organic_score=score.clip(0, 10))


def _steps() -> dict[str, object]:
    """The real steps: read the lake, score, commit four tables, read the scores back."""
    stores = open_stores(load_settings())
    started = time.perf_counter()
    list(score_ticks(stores, [TICK]))
    rows = _readable(stores)
    work_s = time.perf_counter() - started
    return {"what": f"the steps: read, score, commit, {rows:,} scores readable", "work_s": work_s}


def _chain() -> dict[str, object]:
    """What the scoring job does, without Dagster."""
    stores = open_stores(load_settings())
    started = time.perf_counter()
    list(score_ticks(stores, [TICK]))
    bring_up_to_date(stores)
    copy_current_eligibility(stores)
    publish(stores)
    work_s = time.perf_counter() - started
    _readable(stores)
    return {"what": "the steps, and ads content, eligibility, publication", "work_s": work_s}


def _dagster() -> dict[str, object]:
    """The scoring job as one Dagster run, with its events and checks."""
    from layers_pipeline.cli.runs import open_runner  # noqa: PLC0415 - its load time is another row

    with open_runner(load_settings()) as runner:
        started = time.perf_counter()
        runner.run("scoring", ticks=(tick_key(TICK), tick_key(TICK)))
        work_s = time.perf_counter() - started
    _readable(open_stores(load_settings()))
    return {"what": "the same as one Dagster run of the job `scoring`", "work_s": work_s}


def _readable(stores: Stores) -> int:
    scores = stores.lake.read(catalog.ORGANIC_SCORES).filter(pl.col("scored_at") == TICK)
    rows = int(scores.select(pl.len()).collect().item())
    if not rows:
        raise AssertionError(f"{TICK}: nothing was scored, so nothing was measured.")
    return rows


CHILDREN: Final = {"bare": _bare, "steps": _steps, "chain": _chain, "dagster": _dagster}

if __name__ == "__main__":
    main()
