"""Marts at size: made whole, made for one more day, beside the same SQL run bare.

Belongs here: inventing captures as files, timing a publication's marts and bare DuckDB.
Does not belong here: whether marts are right (``tests``).

Run it: ``python -m benchmarks.marts --posts 200000 --snapshots 5000000 --days 90``.
"""

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from layers_pipeline.lake import catalog
from layers_pipeline.serving import generations
from layers_pipeline.serving.generations import Generation
from layers_pipeline.serving.outline import CONFIG
from layers_pipeline.serving.pinned import Pinned
from transforms.sql.models import Model, models

FIRST = date(2025, 2, 1)
"""Clocks are put forward on the way."""
ACCOUNTS_PER_PROJECT = 100
POSTS_PER_ACCOUNT = 100
BASE = ("projects", "project_allowlist", "platform_posts", "platform_post_metrics_latest")
BASE += ("content_containers", "ads_content", "ad_eligibility_current", "platform_accounts")
STAGED = "stg_sift__posts"


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much there is."""

    posts: int
    snapshots: int
    days: int

    @property
    def per_day(self) -> int:
        return self.snapshots // self.days

    @property
    def accounts(self) -> int:
        return max(1, self.posts // POSTS_PER_ACCOUNT)

    @property
    def projects(self) -> int:
        return max(1, self.accounts // ACCOUNTS_PER_PROJECT)

    @property
    def last(self) -> date:
        return FIRST + timedelta(days=self.days - 1)


def queries(size: Size) -> Mapping[str, str]:
    """Rows of every table that the marts read, but for the captures."""
    posts = f"range({size.posts}) as posts(n)"
    began = f"timestamptz '{FIRST - timedelta(days=20)} 08:00:00+00'"
    at = f"{began} + interval 1 hour * (n % {size.days * 20})"
    content = f"'p' || (n // {POSTS_PER_ACCOUNT} // {ACCOUNTS_PER_PROJECT})"
    counts = (
        "n % 9973 as views, n % 97 as likes, n % 13 as comments, n % 7 as shares, n % 5 as saves"
    )
    return {
        "projects": "select 'p' || n as project_id, 'Project' as name, "
        "['Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'UTC'][n % 4 + 1] as time_zone, "
        f"true as is_active from range({size.projects}) as projects(n)",
        "project_allowlist": f"select 'p' || (n // {ACCOUNTS_PER_PROJECT}) as project_id, "
        "'tiktok' as platform, 'a' || n as account_key, 'c' || n as creator_id, "
        "timestamptz '2024-01-01' as allowed_from "
        f"from range({size.accounts}) as accounts(n) "
        f"where n // {ACCOUNTS_PER_PROJECT} < {size.projects}",
        "platform_accounts": "select 'tiktok:a' || n as account_id, 'tiktok' as platform, "
        f"'a' || n as account_key from range({size.accounts}) as accounts(n)",
        "platform_posts": f"select 'tiktok' as platform, 'v' || n as platform_post_id, "
        f"'a' || (n // {POSTS_PER_ACCOUNT}) as account_key, {at} as published_at, "
        f"'tiktok_video' as media_type, 'words ' || n as caption, {counts} from {posts}",
        "platform_post_metrics_latest": "select 'tiktok' as platform, "
        "'v' || n as platform_post_id, "
        f"timestamptz '{size.last} 12:00:00+00' as last_checked_at, {counts} from {posts}",
        "content_containers": f"select 'tiktok:v' || n as container_id, 'tiktok' as platform, "
        f"'v' || n as platform_post_id from {posts}",
        "ads_content": f"select {content} || '/tiktok:v' || n as ads_content_id, {content} as "
        f"project_id, 'tiktok:v' || n as container_id, 'ugc' as scoring_pool from {posts}",
        "ad_eligibility_current": f"select {content} || '/tiktok:v' || n as ads_content_id, "
        f"{content} as project_id, n % 3 = 0 as is_eligible, 'score' as reason, "
        f"(n % 100) / 10.0 as organic_score from {posts}",
    }


def captures(size: Size, day: date) -> str:
    """The captures of one day: posts that are looked at five days running, counts that grow."""
    number = (day - FIRST).days
    return f"""
        select 'tiktok' as platform, 'v' || post as platform_post_id,
            'a' || (post // {POSTS_PER_ACCOUNT}) as account_key,
            timestamptz '{day} 00:00:00+00' + interval 1 second * (n * 7919 % 86400) as captured_at,
            captured_at as known_at, 'sift' as source, 'r' as run_id,
            {number} * 11 + n % 97 as views, {number} + n % 7 as likes,
            if(n % 3 = 0, null, {number} + n % 5) as comments, n % 3 as shares, n % 2 as saves
        from (select n, (n * 3 + {number // 5} * {size.per_day}) % {size.posts} as post
            from range({size.per_day}) as rows(n))
    """


class Files:
    """Parquet files that stand for the lake."""

    def __init__(self, folder: Path, size: Size) -> None:
        self.folder = folder
        self.size = size
        self.connection = duckdb.connect()
        self.connection.execute("set timezone = 'UTC'")
        self.of_table: dict[str, list[str]] = {}
        for name, query in queries(size).items():
            self.write(name, query)
        for number in range(size.days):
            self.write(STAGED, captures(size, FIRST + timedelta(days=number)))

    def write(self, name: str, query: str) -> None:
        """One more file of a table."""
        files = self.of_table.setdefault(name, [])
        path = self.folder / f"{name}-{len(files)}.parquet"
        table = catalog.BY_NAME[name]
        empty = table.empty().select(table.stored_columns).to_arrow()
        self.connection.execute(
            f"copy (from empty union all by name {query}) to '{path}' (format parquet)"
        )
        del empty
        files.append(str(path))

    def pins(self) -> Iterator[Pinned]:
        for table in (*catalog.PUBLISHED, *catalog.STAGED_TABLES):
            yield Pinned(table=table, version=0, files=tuple(self.of_table.get(table.name, ())))

    def publish(self, *, at: datetime) -> Generation:
        pinned = list(self.pins())
        return generations.publish(self.folder / "serve", pinned=pinned, at=at, kept=3)


def bare(path: Path, folder: Path, size: Size, *, at: datetime) -> dict[str, float]:
    """Seconds of each mart's SQL, as tables of a DuckDB file of their own."""
    taken = {}
    with duckdb.connect(str(folder / "bare.duckdb"), config=CONFIG) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"attach '{path}' as published (read_only)")
        for table in (*catalog.PUBLISHED, *catalog.QUERIES):
            connection.execute(f"create view {table.name} as from published.{table.name}")
        for model in models():
            began = time.perf_counter()
            kind = "view" if model.kind == "view" else "table"
            text = _text(model, FIRST - timedelta(days=1), size.last + timedelta(days=2), at)
            connection.execute(f"create {kind} {model.name} as {text}")
            taken[model.name] = time.perf_counter() - began
    return taken


def _text(model: Model, first: date, last: date, at: datetime) -> str:
    text = model.sql.replace("$first_day", f"date '{first}'").replace("$last_day", f"date '{last}'")
    return text.replace("$as_of", f"timestamptz '{at.isoformat()}'")


def daily(taken: Mapping[str, float]) -> float:
    """Seconds of the marts that are divided by days."""
    return sum(taken[model.name] for model in models() if model.kind == "by_day")


def seconds(generation: Generation) -> dict[str, float]:
    """Seconds of each mart in one publication."""
    return {name: mart.seconds for name, mart in generation.marts.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what marts cost at the size that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--snapshots", type=int, default=500_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--folder", type=Path)
    size_of = parser.parse_args(arguments)
    size = Size(posts=size_of.posts, snapshots=size_of.snapshots, days=size_of.days)
    with TemporaryDirectory(dir=size_of.folder) as made:
        measure(Path(made), size)


def measure(folder: Path, size: Size) -> None:
    """Publish, publish a day more, run the same SQL bare, and print what each mart took."""
    at = datetime(size.last.year, size.last.month, size.last.day, 23, tzinfo=UTC)
    files = Files(folder, size)
    whole = files.publish(at=at)
    files.write(STAGED, captures(size, size.last + timedelta(days=1)))
    day = files.publish(at=at + timedelta(days=1))
    run_bare = bare(whole.path, folder, size, at=at)
    print(f"{size.posts:,} posts, {size.snapshots:,} captures, {size.days} days")
    print(f"{'mart':32} {'whole s':>8} {'bare s':>8} {'a day s':>8}  days")
    one, two = seconds(whole), seconds(day)
    for name in one:
        days = len(day.marts[name].days) or ""
        print(f"{name:32} {one[name]:8.2f} {run_bare[name]:8.2f} {two[name]:8.2f}  {days}")
    for what, of in (("all", lambda taken: sum(taken.values())), ("divided by days", daily)):
        figures = [of(taken) for taken in (one, run_bare, two)]
        print(f"{what:32} {figures[0]:8.2f} {figures[1]:8.2f} {figures[2]:8.2f}")
        print(f"  whole / bare {figures[0] / figures[1]:.2f}")
        print(f"  a day / whole 1/{figures[0] / figures[2]:.1f}")


if __name__ == "__main__":
    main()
