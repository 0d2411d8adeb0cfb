"""What deriving an import of years costs: peak memory and processor time, beside an older checkout.

Belongs here: making the captures, running each side in a process of its own, comparing tables.
Does not belong here: what a side does (``deriving_children``), measuring (``measure``). Figures
are kept in ``docs/performance.md``.

    python -m benchmarks.deriving --captures 1000000
    python -m benchmarks.deriving --captures 3000000 --beside ../older_checkout
"""

import argparse
import json
import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from deltalake import DeltaTable

from benchmarks.measure import measure

CHILD: Final = str(Path(__file__).with_name("deriving_children.py"))
FILE_ROWS: Final = 250_000
START: Final = datetime(2023, 1, 1, tzinfo=UTC)
POSTS_PER_ACCOUNT: Final = 100
MINUTES_PER_DAY: Final = 1_440
NOT_COMPARED: Final = frozenset({"quarantined_at", "created_at"})
"""Nothing of what is derived is drawn; these are of the run."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """What one checkout took, and a number per table that stands for its rows."""

    peak_mib: float
    cpu_s: float
    wall_s: float
    home: Path


def main() -> None:
    """Measure and print."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="layers-deriving-", dir=options.scratch) as folder:
        root = Path(folder)
        accounts = _write_captures(root / "captures", options)
        print(
            f"{options.captures:,} captures of {options.captures // options.per_post:,} posts and "
            f"{accounts:,} accounts, over {options.days} days"
        )
        print("| checkout | peak MiB | CPU s | wall s |\n|---|---:|---:|---:|", flush=True)
        trees = {"this": None, "beside": options.beside}
        sides = {
            name: _run(name, root, accounts, tree)
            for name, tree in trees.items()
            if name == "this" or tree
        }
        if "beside" in sides:
            this, beside = sides["this"], sides["beside"]
            print(f"CPU: {this.cpu_s / beside.cpu_s:.2f} of the other's")
            _print_comparison(this.home, beside.home)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--captures", type=int, default=1_000_000)
    parser.add_argument("--per-post", type=int, default=10)
    parser.add_argument("--days", type=int, default=120, help="that the captures span")
    parser.add_argument("--beside", type=Path, help="an older checkout")
    parser.add_argument("--scratch", type=Path, help="folder for the lakes; else the system's")
    return parser.parse_args()


def _write_captures(folder: Path, options: argparse.Namespace) -> int:
    """Files of captures in the order of time; gives the number of accounts."""
    folder.mkdir()
    posts = options.captures // options.per_post
    accounts = max(1, posts // POSTS_PER_ACCOUNT)
    for number, first in enumerate(range(0, options.captures, FILE_ROWS)):
        rows = np.arange(first, min(first + FILE_ROWS, options.captures))
        _captures(rows, number, posts, accounts, options).write_parquet(
            folder / f"{number:05}.parquet"
        )
    return accounts


def _captures(
    rows: np.ndarray, number: int, posts: int, accounts: int, options: argparse.Namespace
) -> pl.DataFrame:
    chance = np.random.default_rng(number)
    post, turn = rows % posts, rows // posts
    account = post % accounts
    step = options.days * MINUTES_PER_DAY // options.per_post
    minute = pl.Series(turn * step + (post * 7) % step)
    views = ((post * 7919) % 100_000 + 10) * (turn + 1)
    is_instagram = pl.Series(account % 2 == 1)
    post_id = pl.format("75{}", pl.Series(post + 10**16))
    shares = {"likes": 0.06, "comments": 0.004, "shares": 0.01, "saves": 0.012}
    shown = {
        name: pl.lit(
            pl.Series((views * rate * chance.uniform(0.5, 1.5, views.size)).astype(np.int64))
        )
        for name, rate in shares.items()
    }
    captured_at = pl.lit(START) + pl.duration(minutes=pl.lit(minute))
    link = pl.format("https://www.example.test/@account{}/video/{}", pl.Series(account), post_id)
    return pl.select(
        platform=pl.when(is_instagram).then(pl.lit("instagram")).otherwise(pl.lit("tiktok")),
        account_key=pl.format("account{}", pl.Series(account)),
        platform_post_id=post_id,
        captured_at=captured_at,
        published_at=pl.lit(START) - pl.duration(minutes=pl.lit(pl.Series(post % (90 * 1440)))),
        media_type=pl.when(is_instagram).then(pl.lit("reel")).otherwise(pl.lit("tiktok_video")),
        caption=pl.format("A lamp that you can move, number {} #lamp #desk", pl.Series(post)),
        permalink=link,
        followers=pl.Series(account * 13 % 90_000 + turn * 10),
        source=pl.lit("import"),
        known_at=captured_at,
        run_id=pl.lit("bench"),
        file_id=pl.lit(f"file{number:05}"),
        line_number=pl.Series(np.arange(1, rows.size + 1)),
        views=pl.Series(views),
    ).with_columns(**shown)


def _run(name: str, root: Path, accounts: int, tree: Path | None) -> Side:
    home = root / name
    env = {"LAYERS_HOME": str(home), "LAYERS_SCHEDULES": "stopped"}
    env["PYTHONPATH"] = str((tree or Path(__file__).parents[1]).absolute())
    measure([CHILD, "seed", str(root / "captures"), str(accounts)], env=env)
    took = measure([CHILD, "derive"], env=env)
    side = Side(peak_mib=took.peak_mib, home=home, **json.loads(took.output))
    print(f"| {name} | {side.peak_mib:,.0f} | {side.cpu_s:.1f} | {side.wall_s:.1f} |", flush=True)
    return side


def _print_comparison(this: Path, beside: Path) -> None:
    held, other = _tables(this), _tables(beside)
    for table in sorted(held & other):
        sums = [_content(home, table, _common(this, beside, table)) for home in (this, beside)]
        said = "equal" if sums[0] == sums[1] else "DIFFERENT"
        print(f"{table}: {said}, {sums[0][0]:,} rows", flush=True)
    for name, only in (("this", held - other), ("beside", other - held)):
        print(f"only in {name}: {', '.join(sorted(only)) or 'none'}", flush=True)


def _tables(home: Path) -> set[str]:
    return {log.parent.name for log in (home / "lake").glob("*/_delta_log")}


def _common(this: Path, beside: Path, table: str) -> list[str]:
    """Columns that both checkouts have."""
    schemas = [
        pl.scan_delta(DeltaTable(home / "lake" / table)).collect_schema() for home in (this, beside)
    ]
    return sorted(set(schemas[0]) & set(schemas[1]) - NOT_COMPARED)


def _content(home: Path, table: str, columns: list[str]) -> tuple[int, int]:
    """Rows, and the sum of their hashes, in which their order does not matter."""
    rows = pl.scan_delta(DeltaTable(home / "lake" / table))
    hashed = rows.select(pl.struct(columns).hash(seed=1).cast(pl.Int128))
    return hashed.select(pl.len(), pl.first().sum().alias("sum")).collect().row(0)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    main()
