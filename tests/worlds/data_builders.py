"""Small data to test with: captures, pool members, allowlist intervals, and stores to keep them in.

Belongs here: rows with every column that a test does not care about filled in.
Does not belong here: assertions, and what the right answer is (``tests.oracles.scores``).
"""

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import dataframely as dy
import duckdb
import polars as pl
from hypothesis import strategies as st

from layers_pipeline.clock import FixedClock
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.operations.store import Operations
from layers_pipeline.operations.sync_outcomes import SyncEnding
from layers_pipeline.settings import Settings
from layers_pipeline.sources.account_reading import AccountReading, ResponseRow
from layers_pipeline.steps.derive.dimensions import copy_operations
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.ingest.imports import ImportReport, import_captures
from layers_pipeline.steps.ingest.raw_rows import AccountSync, write_raw
from layers_pipeline.steps.score.scoring import score_ticks
from layers_pipeline.steps.score.tick_commits import ScoredTick
from layers_pipeline.steps.stores import Stores, open_stores
from transforms.contracts.captures import Capture
from transforms.contracts.posts import ProjectAllowlist
from transforms.contracts.scoring import PoolMembers
from transforms.facts.snapshots import ACCOUNT, latest_metrics
from transforms.scoring.eligibility import EFFECTIVE, carried_forward, judge_posts
from transforms.scoring.organic_score import (
    rank_pools,
    score_members,
    score_ugc,
    ugc_pool_percentiles,
)
from transforms.scoring.rules import ACTIVE

WORDS = ("media_type", "caption", "permalink")
AS_OF = datetime(2025, 5, 14, 12, tzinfo=UTC)
NOW = datetime(2025, 7, 1, tzinfo=UTC)
COUNTS = ("views", "likes", "comments", "shares", "saves")


def hours(number: float, *, after: datetime = AS_OF) -> datetime:
    """An instant some hours after ``AS_OF``; before it if negative."""
    return after + timedelta(hours=number)


@cache
def schema_of(contract: type[dy.Schema]) -> dict[str, pl.DataType]:
    """A contract's columns and their types, made once: a law asks for them in every example."""
    return dict(contract.create_empty().schema)


def capture(post: str = "p", at: float = -1, **changes) -> dict:
    """One capture, ``at`` hours after ``AS_OF``; known when it was captured by default."""
    row = dict.fromkeys(Capture.column_names())
    captured_at = hours(at)
    row |= {"platform": "tiktok", "account_key": "ada", "platform_post_id": post}
    row |= {"captured_at": captured_at, "known_at": captured_at, "source": "import"}
    return row | {"run_id": "r", "published_at": hours(-240)} | changes


def captures(rows: Iterable[dict]) -> pl.LazyFrame:
    return pl.DataFrame(list(rows), schema=schema_of(Capture)).lazy()


def interval(account: str = "ada", **changes) -> dict:
    """One interval of an account on a project's allowlist, without end by default."""
    row = {"project_id": "brand", "platform": "tiktok", "account_key": account}
    return row | {"allowed_from": hours(-9999), "allowed_to": None, "creator_id": "c"} | changes


def intervals(rows: Iterable[dict]) -> pl.LazyFrame:
    return pl.DataFrame(list(rows), schema=schema_of(ProjectAllowlist)).lazy()


def member(post: str = "p", **changes) -> dict:
    """One post of a pool, a hundred days old, with views and no other count."""
    row = dict.fromkeys(PoolMembers.column_names())
    project = changes.get("project_id", "brand")
    row |= {"project_id": project, "ads_content_id": f"{project}/tiktok:{post}"}
    row |= {"platform": "tiktok", "platform_post_id": post, "is_deleted": False}
    row |= {"safety_failed": False}
    return row | {"views": 100, "published_at": AS_OF - timedelta(days=100)} | changes


def members(rows: Iterable[dict]) -> pl.LazyFrame:
    return pl.DataFrame(list(rows), schema=schema_of(PoolMembers)).lazy()


def ranked(pool: pl.LazyFrame, *, as_of: datetime = AS_OF) -> pl.DataFrame:
    """Rows of ``UgcPoolPercentiles`` of a pool, by post."""
    placed = rank_pools(pool, rules=ACTIVE.ugc)
    return ugc_pool_percentiles(placed, as_of=as_of).sort("ads_content_id").collect()


def scored(pool: pl.LazyFrame, *, as_of: datetime = AS_OF) -> pl.DataFrame:
    """Rows of ``OrganicScores`` of a pool, by post."""
    scores = score_ugc(pool, as_of=as_of, rules=ACTIVE).collect()
    return scores.sort("ads_content_id")


def scores_by_post(pool: Iterable[dict], *, as_of: datetime = AS_OF) -> dict[str, dict]:
    """Score rows of a pool's members, by post id."""
    rows = scored(members(pool), as_of=as_of).iter_rows(named=True)
    return {row["platform_post_id"]: row for row in rows}


def judged(pool: pl.LazyFrame, *, before: Sequence[dict] = (), as_of: datetime = AS_OF):
    """Rows of ``AdEligibility`` of a pool, by post; ``before`` are scores of earlier ticks."""
    earlier = carried_forward(pl.DataFrame(list(before), schema=EFFECTIVE).lazy())
    placed = rank_pools(pool, rules=ACTIVE.ugc)
    scores = score_members(placed, as_of=as_of, rules=ACTIVE)
    rows = judge_posts(scores, earlier, as_of=as_of, rules=ACTIVE).collect()
    return rows.sort("ads_content_id")


@cache
def migrated_database() -> bytes:
    """The file of an empty operational database: migrating takes as long as a test."""
    with tempfile.TemporaryDirectory() as folder:
        operations = Operations(f"sqlite:///{folder}/operations.db")
        operations.migrate()
        operations.close()
        return (Path(folder) / "operations.db").read_bytes()


def make_stores(home: Path, *, now: datetime = NOW) -> Stores:
    """Empty stores, or the ones in ``home`` with another clock."""
    settings = Settings(home=home, lake_url="", operations_url="", serve_dir=None, tick_grace_s=0)
    if not (home / "operations.db").exists():
        home.mkdir(parents=True, exist_ok=True)
        (home / "operations.db").write_bytes(migrated_database())
    return open_stores(settings, clock=FixedClock(now))


def at(stores: Stores, now: datetime) -> Stores:
    """The same stores at another moment."""
    stores.operations.close()
    return make_stores(stores.settings.home, now=now)


def write_file(path: Path, rows: Sequence[dict]) -> Path:
    """A file of captures in the words of capture files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    wanted = (
        "platform",
        "account_key",
        "captured_at",
        "published_at",
        "caption",
        *COUNTS,
        "followers",
    )
    schema = {name: schema_of(Capture)[name] for name in wanted}
    schema |= {"post_key": pl.String}
    given = [row | {"post_key": row["platform_post_id"]} for row in rows]
    pl.DataFrame(
        [{name: row[name] for name in schema} for row in given], schema=schema
    ).write_parquet(path)
    return path


def import_rows(
    stores: Stores, folder: Path, rows: Sequence[dict], *, name: str = "all", project: str = "brand"
) -> ImportReport:
    """Import captures through a file, and derive what follows."""
    path = write_file(folder / f"{name}.parquet", rows)
    found = import_captures(stores, [path], project_id=project, time_zone="UTC", run_id=name)
    bring_up_to_date(stores)
    return found


def allow(stores: Stores, *accounts: str, project: str = "brand") -> None:
    """Put SIFT accounts on a project's allowlist, long ago."""
    stores.operations.projects.add(project, name=project, time_zone="UTC", now=hours(-9999))
    rows = [
        NewAccount(platform="tiktok", account_key=key, connection="external", status="paused")
        for key in accounts
    ]
    stores.operations.accounts.add(rows, now=hours(-9999))
    creators = [
        NewCreator(creator_id=row.account_id, display_name="", account_ids=(row.account_id,))
        for row in rows
    ]
    stores.operations.allowlist.allow(project, creators, allowed_from=hours(-9999))
    copy_operations(stores)


def land(stores: Stores, rows: Sequence[dict], *, job: str) -> None:
    """Land captures as SIFT would answer them, at the stores' own moment."""
    now = stores.clock.now()
    landed = [
        {
            "landing_id": f"{job}#{position}",
            "scrape_job_id": job,
            "platform": row["platform"],
            "account_key": row["account_key"],
            "submitted_at": now,
            "received_at": now,
            "known_at": now,
            "run_id": job,
            "body": sift_body(row),
            "scraped_on": now.date(),
        }
        for position, row in enumerate(rows)
    ]
    frame = pl.DataFrame(landed, schema=dict(catalog.RAW_SIFT__POSTS.empty().schema))
    stores.lake.insert_absent(catalog.RAW_SIFT__POSTS, frame)


def sift_body(row: dict) -> str:
    """A capture in SIFT's JSON: what was not shown is absent."""
    same = ("platform", "account_key", "captured_at", "published_at", *WORDS, "media_url")
    words = {"post_id": "platform_post_id"} | {name: name for name in (*same, *COUNTS, "followers")}
    shown = {word: row[name] for word, name in words.items() if row[name] is not None}
    return json.dumps(shown, default=datetime.isoformat)


def land_reading(
    stores: Stores, name: str, rows: Sequence[dict], *, account: str = "ada", **changes
) -> AccountSync:
    """Land what one reading of an Instagram account showed, at the stores' own moment.

    Args:
        stores: Open stores.
        name: The reading's id.
        rows: Captures; each was received when it was captured.
        account: The account's key.
        changes: depth, started_at and outcome of the reading; items and is_complete of its
            listing: a complete one by default.
    """
    answers = tuple(
        ResponseRow(
            entity=entity,
            subject=row["platform_post_id"],
            received_at=row["captured_at"],
            body=body(row),
        )
        for row in rows
        for entity, body in (("media", media_body), ("insights", insights_body))
    )
    listing = {"items": len(rows), "is_complete": True} | {
        key: changes.pop(key) for key in ("items", "is_complete") if key in changes
    }
    sync = {"depth": "full", "started_at": stores.clock.now()} | changes
    outcome = sync.pop("outcome", "ok")
    reading = AccountSync(
        sync_id=name,
        platform="instagram",
        account_key=account,
        finished_at=stores.clock.now(),
        reading=AccountReading(rows=answers, pages=1, calls=1, **listing),
        outcome=SyncEnding(account_id=f"instagram:{account}", outcome=outcome),
        **sync,
    )
    write_raw(stores, [reading], run_id=name)
    return reading


def media_body(row: dict) -> str:
    """A capture of an image in the words of Instagram's media node."""
    words = {"id": "platform_post_id", "caption": "caption", "media_url": "media_url"}
    words |= {"timestamp": "published_at", "like_count": "likes"}
    shown = {word: row[name] for word, name in words.items() if row[name] is not None}
    kind = {"media_type": "IMAGE", "media_product_type": "FEED"}
    return json.dumps(shown | kind, default=datetime.isoformat)


def insights_body(row: dict) -> str:
    """The views of a capture in the words of Instagram's insights."""
    values = [] if row["views"] is None else [{"value": row["views"]}]
    return json.dumps({"data": [{"name": "views", "values": values}]})


@contextmanager
def lost(stores: Stores, *gone: Table) -> Iterator[None]:
    """What is written to these tables inside is lost, as if a crash had come before it."""
    with tempfile.TemporaryDirectory() as folder:
        places = [(Path(stores.lake.uri(table)), Path(folder) / table.name) for table in gone]
        there = [(place, copy) for place, copy in places if place.exists()]
        for place, copy in there:
            shutil.copytree(place, copy)
        yield
        remove(stores, *gone)
        for place, copy in there:
            shutil.copytree(copy, place)


def later(stores: Stores, now: datetime) -> Stores:
    """The same open stores at another moment."""
    return replace(stores, clock=FixedClock(now))


def derive(stores: Stores, rows: Sequence[dict] = (), *, job: str = "job") -> None:
    """Land captures at the stores' moment, and derive what follows."""
    if rows:
        land(stores, rows, job=job)
    bring_up_to_date(stores)


@contextmanager
def temporary_stores(*, now: datetime = NOW) -> Iterator[Stores]:
    """Empty stores for one example of a law."""
    with tempfile.TemporaryDirectory() as folder:
        stores = make_stores(Path(folder), now=now)
        yield stores
        stores.operations.close()


def score(stores: Stores, ticks: Iterable[datetime]) -> list[ScoredTick]:
    return list(score_ticks(stores, list(ticks)))


def remove(stores: Stores, *gone: Table) -> None:
    """Take tables away, as if they had never been written."""
    for table in gone:
        shutil.rmtree(stores.lake.uri(table), ignore_errors=True)
        (stores.settings.seen_location / "lake" / table.name).unlink(missing_ok=True)


def posts_as_of(path: Path, as_of: datetime) -> list[dict]:
    """What the published file says was known of every post at a moment, by post."""
    query = f"select * from posts_as_of('{as_of.isoformat()}'::timestamptz)"
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        return connection.sql(query).pl().sort("platform", "platform_post_id").to_dicts()


def rows_of(stores: Stores, table: Table) -> pl.DataFrame:
    """Every row of a table of the lake, by its key."""
    return stores.lake.read(table).collect().sort(table.key)


def known_at(stores: Stores, moment: datetime) -> list[dict]:
    """What the stored snapshots say was known of each post at a moment."""
    snapshots = stores.lake.read_as_known(catalog.PLATFORM_POST_METRICS, moment)
    return latest_metrics(snapshots, metrics=COUNTS).collect().to_dicts()


def followers_at(stores: Stores, moment: datetime) -> list[dict]:
    """What was known of each account's followers at a moment."""
    known = stores.lake.read_as_known(catalog.PLATFORM_ACCOUNT_METRICS, moment)
    newest = known.sort("captured_at", "source").group_by(ACCOUNT).agg(pl.col("followers").last())
    return newest.sort(ACCOUNT).collect().to_dicts()


def everything(stores: Stores, of: Iterable[Table] = catalog.TABLES) -> dict[str, list[dict]]:
    """Every row of tables of the lake, by table name."""
    return {table.name: rows_of(stores, table).to_dicts() for table in of}


def count(*, most: int = 2_000):
    """A count as a platform may show it: often missing, often small."""
    return st.none() | st.integers(0, most)


@st.composite
def some_captures(draw, *, posts: int = 5, most: int = 16, distinct: bool = True) -> list[dict]:
    """Captures of a few posts of two accounts over eight half days, with nulls and repeats."""
    rows = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "post": st.integers(0, posts - 1),
                    "at": st.integers(-48, 48),
                    "views": st.one_of(
                        st.none(), st.sampled_from([49, 50, 100]), st.integers(0, 5000)
                    ),
                    "likes": st.sampled_from([None, 0, 3, 40]),
                    "comments": st.sampled_from([None, 0, 1]),
                    "shares": st.sampled_from([None, 0, 7]),
                    "saves": st.sampled_from([None, 2]),
                }
            ),
            min_size=1,
            max_size=most,
            unique_by=(lambda row: (row["post"], row["at"])) if distinct else None,
        )
    )
    return [
        capture(
            f"p{row['post']}",
            row["at"],
            account_key=("ada", "bob")[row["post"] % 2],
            # Each post has one publication; that of the first is unknown, of the last to come.
            published_at=None if row["post"] == 0 else hours(-300 + 75 * row["post"]),
            **{name: row[name] for name in COUNTS},
        )
        for row in rows
    ]
