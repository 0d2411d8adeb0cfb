"""What it takes to share the projects of a tick among processes, ours or those of Ray.

Belongs here: one process, shares by processes of ours, the same shares by warm and cold workers of
Ray, equality of what they write, the printed table.
Does not belong here: ranges of a backfill (``scaling``), making data (``scoring_data``).

Run ``python -m benchmarks.shares --posts 200000 --snapshots 2000000 --shares 2 4``. Ray is no part
of this project: with ``--ray PYTHON`` its ways run in that interpreter, whose environment has it;
the packages of this one are added behind its own.

``critical`` is what a tick would take if each share had a machine of its own: pinning, the slowest
share, one commit; the shares run one after the other for it, with one thread each.
"""

import argparse
import importlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from benchmarks.scaling import ENVIRONMENT, digest_of, size_of
from benchmarks.scoring_data import last_ticks, write_lake
from layers_pipeline.settings import load_settings
from layers_pipeline.steps.derive.versions import rules_in_force
from layers_pipeline.steps.score.history import load_history
from layers_pipeline.steps.score.scoring import score_ticks
from layers_pipeline.steps.score.share_process import Task, parts_of
from layers_pipeline.steps.score.shares import Share, pin_history
from layers_pipeline.steps.score.tick_commits import Batch, Continuity, Part, Writer
from layers_pipeline.steps.stores import Stores, open_stores

MIB: Final = 1024


@dataclass(frozen=True, kw_only=True)
class Took:
    """Of one process, or of one tick: seconds by the wall and of all cores, and memory."""

    wall_s: float
    cpu_s: float
    mib: float


def main() -> None:
    """Measure and print, or be one process that is measured."""
    options = _options()
    match options.child:
        case "seed":
            write_lake(_stores(), size_of(options))
        case "load":
            _said(_loaded(options))
        case "one":
            _said(_scored(options))
        case "share":
            _said(_one_share(options))
        case "ray":
            sys.stdout.write(json.dumps(_by_ray(options)))
        case _:
            _compare(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=200_000)
    parser.add_argument("--snapshots", type=int, default=2_000_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--ticks", type=int, default=1, help="every 4 hours")
    parser.add_argument("--shares", type=int, nargs="+", default=[2, 4])
    parser.add_argument("--ray", type=Path, help="an interpreter that has Ray")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--number", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--of", type=int, default=1, help=argparse.SUPPRESS)
    return parser.parse_args()


def _compare(options: argparse.Namespace) -> None:
    lines, digests = list[str](), set[str]()
    with tempfile.TemporaryDirectory(prefix="layers-shares-") as folder:
        seed = Path(folder) / "seed"
        _run(options, "seed", home=seed)

        def measured(name: str, *words: str, settings: Mapping[str, str], critical: str) -> None:
            home = Path(folder) / "home"
            shutil.copytree(seed, home)
            took = _took(options, *words, home=home, settings=settings)
            digests.add(digest_of(home, options.ticks))
            shutil.rmtree(home)
            lines.append(
                f"| {name} | {took.wall_s:.1f} | {took.cpu_s:.1f} | {took.mib:,.0f} | {critical} |"
            )

        measured("one process", "one", settings={}, critical="")
        loading = _took(options, "load", home=seed, settings={})
        lines.append(
            f"| of it: loading | {loading.wall_s:.1f} | {loading.cpu_s:.1f} | "
            f"{loading.mib:,.0f} | |"
        )
        for of in options.shares:
            apart = [
                _took(options, "share", "--number", str(number), "--of", str(of), home=seed,
                      settings={"POLARS_MAX_THREADS": "1"})
                for number in range(of)
            ]  # fmt: skip
            critical = max(one.wall_s for one in apart)
            measured(f"{of} processes", "one", settings={"LAYERS_SCORE_SHARDS": str(of)},
                     critical=f"{critical:.1f}")  # fmt: skip
            if options.ray:
                lines += _of_ray(options, of, seed, digests)
    print(f"load {os.getloadavg()[0]:.1f} after, {os.cpu_count()} cores\n")
    print(
        f"| {options.ticks} ticks of {options.posts:,} posts | wall s | CPU s | MiB | critical s |"
    )
    print("|---|---:|---:|---:|---:|")
    print("\n".join(lines))
    print(f"\nThe rows of all ways are {'the same' if len(digests) == 1 else 'NOT THE SAME'}.")
    sys.exit(len(digests) != 1)


def _of_ray(options: argparse.Namespace, of: int, seed: Path, digests: set[str]) -> list[str]:
    home = seed.parent / "home"
    shutil.copytree(seed, home)
    said = _run(options, "ray", "--of", str(of), home=home, python=options.ray)
    digests.add(digest_of(home, options.ticks))
    shutil.rmtree(home)
    found: dict[str, dict[str, Any]] = json.loads(said)
    return [
        f"| Ray, {of} {name} | {took['wall_s']:.1f} | {took['cpu_s']:.1f} | {took['mib']:,.0f} | "
        f"{took['critical_s']:.1f} |"
        for name, took in found.items()
    ]


def _took(
    options: argparse.Namespace, *words: str, home: Path, settings: Mapping[str, str]
) -> Took:
    return Took(**json.loads(_run(options, *words, home=home, settings=settings)))


def _run(
    options: argparse.Namespace,
    *words: str,
    home: Path,
    settings: Mapping[str, str] | None = None,
    python: Path | None = None,
) -> str:
    """What a child says on its standard output."""
    names = ("posts", "snapshots", "days", "ticks")
    sizes = [word for name in names for word in (f"--{name}", str(getattr(options, name)))]
    behind = [path for path in sys.path if path.endswith("site-packages")] if python else []
    environment = {
        **os.environ, **ENVIRONMENT, "LAYERS_HOME": str(home), **(settings or {}),
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *behind]),
    }  # fmt: skip
    done = subprocess.run(
        [str(python or sys.executable), "-m", "benchmarks.shares", "--child", *words, *sizes],
        env=environment, stdout=subprocess.PIPE, check=True, text=True,
    )  # fmt: skip
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


def _said(took: Took) -> None:
    sys.stdout.write(json.dumps(asdict(took)))


def _stores() -> Stores:
    return open_stores(load_settings())


def _used(started: float, cpu_s: float) -> Took:
    # What a process had before it became this program counts in its own ``ru_maxrss``.
    status = Path("/proc/self/status").read_text().splitlines()
    own = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return Took(
        wall_s=time.perf_counter() - started,
        cpu_s=_cpu_s() - cpu_s,
        mib=max(own, children) / MIB,
    )


def _cpu_s() -> float:
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, whose))


def _scored(options: argparse.Namespace) -> Took:
    stores, started, cpu_s = _stores(), time.perf_counter(), _cpu_s()
    list(score_ticks(stores, last_ticks(options.ticks)))
    return _used(started, cpu_s)


def _loaded(options: argparse.Namespace) -> Took:
    stores, ticks = _stores(), last_ticks(options.ticks)
    started, cpu_s = time.perf_counter(), _cpu_s()
    load_history(stores, since=ticks[0], until=ticks[-1])
    return _used(started, cpu_s)


def _one_share(options: argparse.Namespace) -> Took:
    """All that one share takes, but for its imports; what it writes is committed by nobody."""
    stores, started, cpu_s = _stores(), time.perf_counter(), _cpu_s()
    (task,) = _tasks(options, stores, [options.number], uuid4().hex)
    list(parts_of(task, stores))
    return _used(started, cpu_s)


def _tasks(
    options: argparse.Namespace, stores: Stores, numbers: Sequence[int], batch: str
) -> list[Task]:
    pinned = pin_history(stores)
    return [
        Task(
            settings=stores.settings,
            clock=stores.clock,
            share=Share(number=number, of=options.of),
            batches=[(batch, last_ticks(options.ticks))],
            versions=pinned.versions,
            rules=rules_in_force(stores),
        )
        for number in numbers
    ]


def scored_by_worker(task: Task) -> tuple[list[Part], Took]:
    """A share of a tick, as a worker of Ray scores it."""
    started, cpu_s = time.perf_counter(), _cpu_s()
    parts = list(parts_of(task, open_stores(task.settings, clock=task.clock)))
    return parts, _used(started, cpu_s)


def _by_ray(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """The same tick by workers that were not warm, and then by the same workers again."""
    ray: Any = importlib.import_module("ray")
    ray.init(num_cpus=options.of, include_dashboard=False, log_to_driver=False)
    score = ray.remote(num_cpus=1)(scored_by_worker)
    stores = _stores()
    found: dict[str, dict[str, float]] = {}
    for name in ("workers, cold", "workers, warm"):
        started, cpu_s, batch = time.perf_counter(), _cpu_s(), uuid4().hex
        tasks = _tasks(options, stores, range(options.of), batch)
        answers = ray.get([score.remote(task) for task in tasks])
        with Writer() as writer:
            merged = Batch(stores, rules_in_force(stores), writer, batch=batch)
            for parts, _ in answers:
                for part in parts:
                    merged.adopt(part)
            merged.commit(Continuity(stores.lake, pin_history(stores).baseline))
        own = _used(started, cpu_s)
        of_shares = [took for _, took in answers]
        found[name] = {
            "wall_s": own.wall_s,
            "cpu_s": own.cpu_s + sum(took.cpu_s for took in of_shares),
            "mib": max(took.mib for took in of_shares),
            "critical_s": max(took.wall_s for took in of_shares),
        }
    ray.shutdown()
    return found


if __name__ == "__main__":
    main()
