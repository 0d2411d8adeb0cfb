"""The query layer at size: pages, details and CSV, beside the same questions in bare DuckDB.

Belongs here: inventing a published file, timing clients one by one and together, memory of CSV.
Does not belong here: whether answers are right (``tests``), the browser.

Run it: ``python -m benchmarks.views --posts 1000000 --snapshots 30000000``.
"""

import argparse
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import TypeVar

import duckdb

from layers_pipeline.lake import catalog
from layers_pipeline.serving import generations
from layers_pipeline.serving.database import CONFIG
from layers_pipeline.serving.pinned import Pinned
from layers_pipeline.settings import Settings
from layers_pipeline.views import detail as detail_room
from layers_pipeline.views.content import count, page, stream_csv
from layers_pipeline.views.detail import detail
from layers_pipeline.views.filters import ContentFilter
from layers_pipeline.views.opening import Views, open_views
from transforms.sql import sql_of

FIRST = date(2025, 2, 1)
AT = datetime(2025, 5, 14, 12, tzinfo=UTC)
BIG, SMALL = "big", "small"
"""Six posts of ten are the big project's."""
PAGE = 100
One = TypeVar("One")
TICK = "timestamptz '2025-05-14 12:00:00+00'"
PROJECT = f"if(n % 10 < 6, '{BIG}', '{SMALL}')"


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much there is, and how often it is asked for."""

    posts: int
    snapshots: int
    days: int
    asked: int


def tables(size: Size) -> dict[str, str]:
    """Rows of the tables that content, details and their marts read, but for the history."""
    posts = f"range({size.posts}) as posts(n)"
    content = f"{PROJECT} || '/tiktok:v' || n"
    published = "timestamptz '2024-06-01 08:00:00+00' + interval 1 second * (n * 7919 % 29000000)"
    counts = "n * 31 % 1000003 as views, n * 17 % 10007 as likes, n % 101 as comments"
    counts += ", n % 97 as shares, n % 31 as saves"
    times = ", ".join(
        f"{TICK} - interval 2 day as {name}_at"
        for name in ("views", "likes", "comments", "shares", "saves")
    )
    score = "(n * 13 % 1000) / 100.0"
    return {
        "projects": "select unnest(['big', 'small']) as project_id, project_id as name, "
        "'Europe/Berlin' as time_zone, true as is_active",
        "project_allowlist": f"select {PROJECT} as project_id, 'tiktok' as platform, 'a' || n as "
        "account_key, 'c' || n as creator_id, timestamptz '2024-01-01' as allowed_from "
        "from range(1000) as accounts(n)",
        "platform_accounts": "select 'tiktok:a' || n as account_id, 'tiktok' as platform, "
        "'a' || n as account_key from range(1000) as accounts(n)",
        "platform_posts": "select 'tiktok' as platform, 'v' || n as platform_post_id, "
        f"'a' || (n % 1000) as account_key, {published} as published_at, 'tiktok_video' as "
        "media_type, 'Words of a caption that is as long as captions are, ' || md5(n::varchar) "
        f"|| ' #' || n % 1000 as caption, 'https://www.tiktok.com/@a/video/' || n as permalink, "
        f"'https://cdn.example/media/' || n as media_url, {counts} from {posts}",
        "platform_post_metrics_latest": "select 'tiktok' as platform, 'v' || n as "
        f"platform_post_id, {TICK} - interval 1 hour as last_checked_at, {counts}, {times} "
        f"from {posts}",
        "content_containers": "select 'tiktok:v' || n as container_id, 'post' as kind, "
        f"'tiktok' as platform, 'v' || n as platform_post_id from {posts}",
        "ads_content": f"select {content} as ads_content_id, {PROJECT} as project_id, "
        f"'tiktok:v' || n as container_id, 'ugc' as scoring_pool, {score} as organic_score, "
        f"{TICK} as scored_at, '2' as scoring_version from {posts}",
        "ad_eligibility_current": f"select {content} as ads_content_id, {PROJECT} as project_id, "
        f"'ugc' as scoring_pool, {TICK} as scored_at, {TICK} as score_of, '2' as scoring_version, "
        f"'tiktok' as platform, 'v' || n as platform_post_id, {score} >= 4 as is_eligible, "
        f"if({score} >= 4, 'score', 'below_threshold') as reason, {score} as organic_score "
        f"from {posts}",
    }


def history(size: Size, day: date) -> str:
    """The snapshots of a day: each post is looked at some days running."""
    number, per_day = (day - FIRST).days, size.snapshots // size.days
    return f"""
        select 'tiktok' as platform, 'v' || n as platform_post_id,
            timestamptz '{day} 00:00:00+00' + interval 1 second * (n * 7919 % 86400) as captured_at,
            captured_at as known_at, 'sift' as source, 'r' as run_id,
            {number} * 11 + n % 97 as views, {number} + n % 7 as likes, {number} as comments,
            n % 3 as shares, n % 2 as saves
        from (
            select (n + {number // 5} * {per_day}) % {size.posts} as n
            from range({per_day}) as looks(n)
        )
    """


def publish(folder: Path, size: Size) -> Settings:
    """Write a generation with all tables of the published schema, most of them empty."""
    settings = Settings(home=folder / "home")
    files: dict[str, list[str]] = {}
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for name, query in tables(size).items():
            files[name] = [_write(connection, folder, name, query)]
        days = [FIRST + timedelta(days=number) for number in range(size.days)]
        files["platform_post_metrics"] = [
            _write(connection, folder, "platform_post_metrics", history(size, day), part=f"-{day}")
            for day in days
        ]
    pinned = [
        Pinned(table=table, version=0, files=tuple(files.get(table.name, ())))
        for table in (*catalog.PUBLISHED, *catalog.STAGED_TABLES)
    ]
    made = generations.publish(settings.serve_location, pinned=pinned, at=AT, kept=2)
    _add_trends(made.path, folder, files["platform_post_metrics"])
    return settings


def _write(
    connection: duckdb.DuckDBPyConnection, folder: Path, name: str, query: str, *, part: str = ""
) -> str:
    path = folder / f"{name}{part}.parquet"
    table = catalog.BY_NAME[name]
    empty = table.empty().select(table.stored_columns).to_arrow()
    connection.register("empty", empty)
    connection.execute(f"copy (from empty union all by name {query}) to '{path}' (format parquet)")
    return str(path)


def _add_trends(path: Path, folder: Path, snapshots: Sequence[str]) -> None:
    """Parts of ``post_metric_trends``, a file per day as the publication writes them."""
    with duckdb.connect(str(path), config=CONFIG) as connection:
        connection.execute("set timezone = 'UTC'")
        shape = connection.sql("from post_metric_trends limit 0").to_arrow_table()
        connection.register("shape", shape)
        parts = []
        for number, file in enumerate(snapshots):
            part = folder / f"trends-{number}.parquet"
            connection.execute(f"""
                copy (
                    from shape union all by name
                    select contents.project_id, platform, platform_post_id,
                        captured_at::date as day_on, 'a' as account_key, 1::bigint as checks,
                        captured_at as last_checked_at, {number}::double as age_days,
                        {number}::bigint as age_day, looks.views,
                        looks.likes, looks.comments, looks.shares, looks.saves
                    from '{file}' as looks
                    inner join content_detail as contents using (platform, platform_post_id)
                ) to '{part}' (format parquet)
            """)
            parts.append(str(part))
        connection.execute(
            f"create or replace view post_metric_trends as from read_parquet({parts})"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure at the size that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=50_000)
    parser.add_argument("--snapshots", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--asked", type=int, default=40, help="questions of each kind")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args(arguments)
    size = Size(posts=given.posts, snapshots=given.snapshots, days=given.days, asked=given.asked)
    with TemporaryDirectory(dir=given.folder) as made:
        began = time.perf_counter()
        settings = publish(Path(made), size)
        print(
            f"{size.posts:,} posts, {size.snapshots:,} snapshots, {size.days} days, made in "
            f"{time.perf_counter() - began:.0f} s"
        )
        with closing(open_views(settings)) as views:
            measure(views, settings, Path(made), size)


def measure(views: Views, settings: Settings, folder: Path, size: Size) -> None:
    """Print what each question takes here and bare, one client and eight."""
    path = generations.current(settings.serve_location)
    with duckdb.connect(str(path), read_only=True, config=CONFIG) as bare:
        bare.execute(f"set threads = {settings.views_threads}; set timezone = 'UTC'")
        bare.execute(f"set memory_limit = '{settings.views_memory_mb}MB'")
        began = time.perf_counter()
        page(views, ContentFilter(project_id=BIG), 0, PAGE)
        print(f"first page, file just opened {(time.perf_counter() - began) * 1000:8.0f} ms")
        print(f"{'':28} {'p50 ms':>8} {'p95 ms':>8} {'bare p50':>9} {'bare p95':>9} {'ratio':>6}")
        pages = list(_pages(size))
        contents = [f"v{number}" for number in random.Random(7).sample(range(size.posts), 30)]
        keys = [_key_of(bare, post) for post in contents[: max(2, size.asked // 4)]]
        _line("grid page", pages, lambda one: page(views, *one, PAGE), _bare_page(bare))
        _line("count", pages, lambda one: count(views, one[0]), _bare_count(bare))
        _line("detail", keys, lambda one: detail(views, *one), _bare_detail(bare))
        for clients in (1, 8):
            taken = _together(clients, pages, lambda one: page(views, *one, PAGE))
            print(f"grid page, {clients} clients: p95 {taken * 1000:8.0f} ms")
            taken = _together(clients, keys, lambda one: detail(views, *one))
            print(f"detail,    {clients} clients: p95 {taken * 1000:8.0f} ms")
        _csv(views, bare, folder)


def _pages(size: Size) -> Iterator[tuple[ContentFilter, int]]:
    """Filters and offsets as people use them, deep ones among them."""
    chosen = random.Random(42)
    plain = ContentFilter(project_id=BIG)
    for number in range(size.asked):
        sort = chosen.choice(["views", "likes", "organic_score", "published_at", "comments"])
        kept = replace(
            plain,
            sort=(sort, chosen.random() < 0.8),
            eligible=chosen.choice([None, None, True]),
            score_min=chosen.choice([None, None, 6.0]),
            search=f"#{number * 37 % 1000}" if number % 8 == 0 else "",
        )
        rows = size.posts * 6 // 10
        yield kept, 0 if kept.search else chosen.choice([0, 0, PAGE, 20 * PAGE, rows // 3])


def _where(kept: ContentFilter) -> str:
    """The same filter, as a person would write it for these pages."""
    conditions = [f"project_id = '{kept.project_id}'", "not is_deleted"]
    if kept.eligible is not None:
        conditions.append("is_eligible")
    if kept.score_min is not None:
        conditions.append(f"organic_score >= {kept.score_min}")
    if kept.search:
        looked_at = ("caption", "prompt", "influencer", "account_key", "container_id")
        contains = " or ".join(f"contains(lower({name}), '{kept.search}')" for name in looked_at)
        conditions.append(f"({contains})")
    return " and ".join(conditions)


def _bare_page(bare: duckdb.DuckDBPyConnection) -> Callable[[tuple[ContentFilter, int]], object]:
    def ask(one: tuple[ContentFilter, int]) -> object:
        kept, offset = one
        order = f"{kept.sort[0]} {'desc' if kept.sort[1] else 'asc'} nulls last, ads_content_id"
        return bare.sql(
            f"select ads_content_id, {', '.join(kept.columns)} from content_detail "
            f"where {_where(kept)} order by {order} limit {PAGE} offset {offset}"
        ).pl()

    return ask


def _bare_count(bare: duckdb.DuckDBPyConnection) -> Callable[[tuple[ContentFilter, int]], object]:
    return lambda one: bare.sql(
        f"select count(*) as n from content_detail where {_where(one[0])}"
    ).pl()


def _bare_detail(bare: duckdb.DuckDBPyConnection) -> Callable[[tuple[str, str]], object]:
    def ask(one: tuple[str, str]) -> object:
        project, content = one
        key = {"ads_content_id": content}
        post = {"platform": "tiktok", "platform_post_id": content.partition(":")[2]}
        asked = [
            (detail_room.CONTENT, key | {"project_id": project}),
            (detail_room.COUNTS, post),
            (detail_room.MIX, post),
            (detail_room.HISTORY, key),
            (detail_room.SCORE, key),
            (detail_room.WHY, key),
        ]
        of_post = post | {"project_id": project}
        asked += [(sql_of("views", f"detail_{name}"), of_post) for name in ("by_day", "by_age")]
        asked += [(sql_of("views", f"detail_{name}"), key) for name in ("decisions", "ads")]
        return [bare.sql(question, params=values).pl() for question, values in asked]

    return ask


def _key_of(bare: duckdb.DuckDBPyConnection, post: str) -> tuple[str, str]:
    found = bare.sql(
        "select project_id, ads_content_id from content_detail where platform_post_id = ?",
        params=[post],
    ).pl()
    project, content = found.row(0)
    return project, content


def _line(
    name: str, asked: Sequence[One], ours: Callable[[One], object], bare: Callable[[One], object]
) -> None:
    first = _taken(asked, ours), _taken(asked, bare)
    (p50, p95), (bare_p50, bare_p95) = map(_percentiles, first)
    print(
        f"{name:28} {p50 * 1000:8.0f} {p95 * 1000:8.0f} {bare_p50 * 1000:9.0f} "
        f"{bare_p95 * 1000:9.0f} {p50 / bare_p50:6.2f}"
    )


def _taken(asked: Sequence[One], ask: Callable[[One], object]) -> list[float]:
    taken = []
    for one in asked:
        began = time.perf_counter()
        ask(one)
        taken.append(time.perf_counter() - began)
    return taken


def _percentiles(taken: Sequence[float]) -> tuple[float, float]:
    parts = quantiles(taken, n=20, method="inclusive")
    return parts[9], parts[18]


def _together(clients: int, asked: Sequence[One], ask: Callable[[One], object]) -> float:
    """The 95th percentile where so many clients ask at once, each all of it in its own order."""

    def client(number: int) -> list[float]:
        order = list(asked)
        random.Random(number).shuffle(order)
        return _taken(order, ask)

    with ThreadPoolExecutor(clients) as pool:
        taken = [one for done in pool.map(client, range(clients)) for one in done]
    return _percentiles(taken)[1]


def _csv(views: Views, bare: duckdb.DuckDBPyConnection, folder: Path) -> None:
    kept = ContentFilter(project_id=BIG)
    began = time.perf_counter()
    with _memory() as grown, closing(stream_csv(views, kept)) as pieces:
        rows, size = 0, 0
        for piece in pieces:
            rows, size = rows + piece.count(b"\n"), size + len(piece)
    ours = time.perf_counter() - began
    began = time.perf_counter()
    bare.execute(
        f"copy (select {', '.join(kept.columns)} from content_detail where {_where(kept)} "
        f"order by published_at desc nulls last, ads_content_id) to '{folder / 'bare.csv'}'"
    )
    theirs = time.perf_counter() - began
    print(
        f"CSV of {rows - 1:,} rows, {size / 1e6:.0f} MB: {ours:.1f} s, grew by {grown[0]:.0f} MiB; "
        f"bare COPY {theirs:.1f} s, ratio {ours / theirs:.2f}"
    )


@contextmanager
def _memory() -> Iterator[list[float]]:
    """By how many MiB the process grew at most while the block ran."""
    before, grown, done = _resident(), [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            grown[0] = max(grown[0], _resident() - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield grown
    finally:
        done.set()
        watcher.join()


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


if __name__ == "__main__":
    main()
