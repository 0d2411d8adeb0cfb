"""How many commits four writers of different tables make beside each other, and beside readers.

Belongs here: processes that land rows of three sources, derive or score, all at once, two that read
the same tables over and over, and counting what came of it.
Does not belong here: whether what is derived is right (``tests.stress``).

Run ``python -m benchmarks.writers --seconds 60``. With ``--beside TREE`` the same writers run on
another checkout too, in its own environment; it must have the functions that are called here.
``--writers`` chooses others, such as ``scores``, which scores a tick of the last hours each time.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from layers_pipeline.steps.stores import Stores

POSTS: Final = 20
"""In one answer."""
READERS: Final = 2
PAUSE_S: Final = 0.2
"""Between two rounds of a reader: the processor is for the writers."""
FOUR: Final = ("scrapes", "instagram", "tiktok", "derivation")
PROJECT: Final = "brand"
WANTED: Final = "processes"
"""A file that says how many processes there are to be."""


def stores_of(home: Path) -> "Stores":
    """The stores of a home, with settings that both checkouts have."""
    from layers_pipeline.settings import Settings  # noqa: PLC0415 - of the checkout that is measured
    from layers_pipeline.steps.stores import open_stores  # noqa: PLC0415

    return open_stores(
        Settings(home=home, tick_grace_s=0, operations_url="", lake_url="", serve_dir=None)
    )


def land_scrape(stores: "Stores", number: int) -> None:
    """Rows of one scrape, as SIFT's client hands them over."""
    import polars as pl  # noqa: PLC0415

    from layers_pipeline.lake import catalog  # noqa: PLC0415

    now, table, lake = datetime.now(UTC), catalog.RAW_SIFT__POSTS, stores.lake
    rows = [
        dict.fromkeys(table.columns)
        | {
            "landing_id": f"job{number}#{place:05d}",
            "scrape_job_id": f"job{number}",
            "platform": "tiktok",
            "account_key": "ada",
            "submitted_at": now,
            "received_at": now,
            "known_at": now,
            "run_id": "bench",
            "body": json.dumps(shown(f"s{place}", number, now)),
            "scraped_on": now.date(),
        }
        for place in range(POSTS)
    ]
    frame = pl.DataFrame(rows, schema=dict(table.empty().schema))
    with (lake.landing if hasattr(lake, "landing") else lake.write_lock)():
        lake.insert_absent(table, frame)


def land_reading(platform: str) -> Callable[["Stores", int], None]:
    """Writes what one reading of an account of a platform showed."""

    def land(stores: "Stores", number: int) -> None:
        from layers_pipeline.operations.sync_outcomes import SyncEnding  # noqa: PLC0415
        from layers_pipeline.sources.account_reading import AccountReading, ResponseRow  # noqa: PLC0415
        from layers_pipeline.steps.ingest.raw_rows import AccountSync, write_raw  # noqa: PLC0415

        now = datetime.now(UTC)
        rows = tuple(
            ResponseRow(
                entity="media" if platform == "instagram" else "video",
                subject=f"{platform}{place}",
                received_at=now,
                body=json.dumps(answer(platform, f"{platform}{place}", number)),
            )
            for place in range(POSTS)
        )
        reading: Any = AccountReading(rows=rows, pages=1, calls=1, items=POSTS, is_complete=True)
        sync: Any = {"platform": platform, "account_key": "eve", "depth": "full"}
        ending = SyncEnding(account_id=f"{platform}:eve", outcome="ok")
        made = AccountSync(sync_id=f"{platform}-{number}", started_at=now, finished_at=now,
                           reading=reading, outcome=ending, **sync)  # fmt: skip
        write_raw(stores, [made], run_id="bench")

    return land


def derive(stores: "Stores", number: int) -> None:
    """Everything that has landed."""
    from layers_pipeline.steps.derive.everything import bring_up_to_date  # noqa: PLC0415

    del number
    bring_up_to_date(stores)


def score(stores: "Stores", number: int) -> None:
    """One tick of the last hours, each time another one for as long as there are others."""
    from layers_pipeline.steps.score.scoring import copy_current_eligibility, score_ticks  # noqa: PLC0415

    now = datetime.now(UTC).replace(second=0, microsecond=0)
    list(score_ticks(stores, [now - timedelta(minutes=number % 300)]))
    copy_current_eligibility(stores)


def prepare(stores: "Stores") -> None:
    """A project that has all accounts, so that there is something to score."""
    from layers_pipeline.operations.accounts import NewAccount  # noqa: PLC0415
    from layers_pipeline.operations.creators import NewCreator  # noqa: PLC0415

    long_ago = datetime(2025, 1, 1, tzinfo=UTC)
    operations = stores.operations
    operations.projects.add(PROJECT, name=PROJECT, time_zone="UTC", now=long_ago)
    accounts = [
        NewAccount(platform="tiktok", account_key="ada", connection="external"),
        NewAccount(platform="tiktok", account_key="eve", connection="external"),
        NewAccount(platform="instagram", account_key="eve", connection="external"),
    ]
    operations.accounts.add(accounts, now=long_ago)
    creators = [
        NewCreator(creator_id=one.account_id, display_name="A", account_ids=(one.account_id,))
        for one in accounts
    ]
    operations.allowlist.allow(PROJECT, creators, allowed_from=long_ago)


def read(home: Path, seconds: float) -> dict[str, int]:
    """Read tables over and over, each as it is at one version; what was wrong with them.

    A read that raises is an error; so is one with fewer rows than before, or a key twice.
    """
    from layers_pipeline.lake import catalog  # noqa: PLC0415

    tables = [catalog.RAW_SIFT__POSTS, catalog.RAW_TIKTOK__RESPONSES, catalog.PLATFORM_POSTS,
              catalog.PLATFORM_POST_METRICS, catalog.ORGANIC_SCORES]  # fmt: skip
    stores, reads, errors = stores_of(home), 0, 0
    rows = dict.fromkeys(tables, 0)
    until = wait_for_all(home, "reader") + seconds
    while time.time() < until:
        for table in tables:
            try:
                keys = stores.lake.read(table).select(table.key).collect()
            except Exception as error:  # noqa: BLE001 - whatever a reader may meet
                sys.stderr.write(f"{table.name}: {error!r}\n")
                errors += 1
                continue
            reads += 1
            errors += keys.n_unique() != keys.height or keys.height < rows[table]
            rows[table] = keys.height
        time.sleep(PAUSE_S)
    return {"reads": reads, "errors": errors}


def shown(post: str, number: int, now: datetime) -> dict[str, object]:
    """A post as SIFT answers it."""
    return {
        "platform": "tiktok", "post_id": post, "account_key": "ada", "views": number * 10,
        "likes": number, "captured_at": now.isoformat(), "published_at": "2025-01-01T00:00:00Z",
    }  # fmt: skip


def answer(platform: str, post: str, number: int) -> dict[str, object]:
    """A post as its platform answers it."""
    if platform == "instagram":
        return {"id": post, "timestamp": "2025-01-01T00:00:00+0000", "like_count": number}
    return {"item_id": post, "create_time": "1735689600", "video_views": number, "likes": number}


WRITERS: Final[Mapping[str, Callable[["Stores", int], None]]] = {
    "scrapes": land_scrape,
    "instagram": land_reading("instagram"),
    "tiktok": land_reading("tiktok"),
    "derivation": derive,
    "scores": score,
}


def write(kind: str, home: Path, seconds: float) -> int:
    """Write for some seconds, from when every writer is there; how many writes were done."""
    stores, done = stores_of(home), 0
    until = wait_for_all(home, kind) + seconds
    while time.time() < until:
        WRITERS[kind](stores, done)
        done += 1
    return done


def wait_for_all(home: Path, name: str) -> float:
    """Wait until every process is there; the moment at which that is so."""
    (home / f"{name}-{os.getpid()}.there").touch()
    wanted = int((home / WANTED).read_text())
    while len(list(home.glob("*.there"))) < wanted:
        time.sleep(0.01)
    return time.time()


def check(home: Path) -> dict[str, int]:
    """Rows that landed by kind, and how often one of them is there twice."""
    from layers_pipeline.lake import catalog  # noqa: PLC0415

    stores = stores_of(home)
    derive(stores, 0)
    tables = {
        "scrapes": catalog.RAW_SIFT__POSTS,
        "instagram": catalog.RAW_INSTAGRAM__RESPONSES,
        "tiktok": catalog.RAW_TIKTOK__RESPONSES,
    }
    frames = {name: stores.lake.read(table).collect() for name, table in tables.items()}
    posts = stores.lake.read(catalog.PLATFORM_POSTS).collect()
    twice = sum(frame.height - frame["landing_id"].n_unique() for frame in frames.values())
    twice += posts.height - posts.select("platform", "platform_post_id").n_unique()
    return {name: frame.height for name, frame in frames.items()} | {"twice": twice}


def together(
    tree: Path, seconds: float, kinds: Sequence[str]
) -> tuple[dict[str, int], dict[str, int]]:
    """Writes by kind of all writers at once, on one checkout, and what readers met.

    Raises:
        RuntimeError: A writer failed, or rows were lost or doubled.
    """
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / WANTED).write_text(str(len(kinds) + READERS))
        stated(tree, "prepare", folder)

        def started(*words: str) -> subprocess.Popen[str]:
            return subprocess.Popen(command(tree, *words, folder, str(seconds)), cwd=tree,
                                    env=paths(tree), stdout=subprocess.PIPE, text=True)  # fmt: skip

        readers = [started("read") for _ in range(READERS)]
        writers = {kind: started("write", kind) for kind in kinds}
        done = {kind: json.loads(child.communicate()[0]) for kind, child in writers.items()}
        met = [json.loads(reader.communicate()[0]) for reader in readers]
        found = stated(tree, "check", folder)
    wanted = {kind: done.get(kind, 0) * POSTS for kind in found if kind != "twice"} | {"twice": 0}
    if found != wanted:
        raise RuntimeError(f"{tree}: {found} is there, {wanted} was written")
    return done, {name: sum(one[name] for one in met) for name in ("reads", "errors")}


def command(tree: Path, *arguments: str) -> list[str]:
    """This file as a command of a checkout."""
    own = tree / ".venv/bin/python"
    return [str(own) if own.exists() else sys.executable, __file__, *arguments]


def paths(tree: Path) -> dict[str, str]:
    """The environment in which a checkout's modules are found."""
    return {**os.environ, "PYTHONPATH": str(tree)}


def stated(tree: Path, *arguments: str) -> dict[str, int]:
    """What this file prints as a command of a checkout."""
    done = subprocess.run(command(tree, *arguments), cwd=tree, env=paths(tree),
                          stdout=subprocess.PIPE, check=True)  # fmt: skip
    return json.loads(done.stdout)


def main() -> None:
    """Run the writers on the checkouts in turn, and print their rates."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=float, default=60)
    asked.add_argument("--beside", type=Path)
    asked.add_argument("--writers", nargs="+", choices=WRITERS, default=FOUR)
    given = asked.parse_args()
    trees = [Path(__file__).parents[1], *([given.beside.resolve()] if given.beside else [])]
    rates = []
    for tree in trees:
        done, met = together(tree, given.seconds, given.writers)
        rates.append(sum(done.values()) / given.seconds)
        sys.stdout.write(
            f"{tree}: {done}, {rates[-1]:.2f}/s, none lost or doubled; readers: {met}\n"
        )
    if given.beside:
        sys.stdout.write(f"ratio {rates[0] / rates[1]:.2f}\n")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write", kind, folder, seconds]:
            sys.stdout.write(json.dumps(write(kind, Path(folder), float(seconds))))
        case ["read", folder, seconds]:
            sys.stdout.write(json.dumps(read(Path(folder), float(seconds))))
        case ["prepare", folder]:
            prepare(stores_of(Path(folder)))
            sys.stdout.write(json.dumps(check(Path(folder))))
        case ["check", folder]:
            sys.stdout.write(json.dumps(check(Path(folder))))
        case _:
            main()
