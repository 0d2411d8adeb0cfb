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
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import TypeVar

import duckdb

from benchmarks.views_data import BIG, Size, publish
from layers_pipeline.serving import generations
from layers_pipeline.serving.outline import CONFIG
from layers_pipeline.settings import Settings
from layers_pipeline.views import detail as detail_room
from layers_pipeline.views.content import count, page, stream_csv
from layers_pipeline.views.detail import detail
from layers_pipeline.views.detail_questions import OF_POST
from layers_pipeline.views.filters import ContentFilter
from layers_pipeline.views.opening import Views, open_views
from transforms.sql import sql_of

PAGE = 100
CLIENTS = 8
BARE = 3
"""Details that are asked bare: each takes half a minute at size."""
One = TypeVar("One")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure at the size that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=50_000)
    parser.add_argument("--snapshots", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--asked", type=int, default=24, help="questions of each kind")
    parser.add_argument("--folder", type=Path, help="keep the data there, for the next time")
    given = parser.parse_args(arguments)
    size = Size(posts=given.posts, snapshots=given.snapshots, days=given.days, asked=given.asked)
    with _folder(given.folder, size) as folder:
        began = time.perf_counter()
        settings = publish(folder, size)
        print(
            f"{size.posts:,} posts, {size.snapshots:,} snapshots, {size.days} days, "
            f"{size.ticks} ticks, made in {time.perf_counter() - began:.0f} s"
        )
        with closing(open_views(settings)) as views:
            measure(views, settings, folder, size)


@contextmanager
def _folder(kept: Path | None, size: Size) -> Iterator[Path]:
    """Where the data lie: below a folder that keeps them, or nowhere afterwards."""
    if kept is None:
        with TemporaryDirectory() as made:
            yield Path(made)
    else:
        folder = kept / size.name
        folder.mkdir(parents=True, exist_ok=True)
        yield folder


def measure(views: Views, settings: Settings, folder: Path, size: Size) -> None:
    """Print what each question takes here and bare, one client and eight."""
    path = generations.current(settings.serve_location)
    with duckdb.connect(str(path), read_only=True, config=CONFIG) as bare:
        bare.execute(f"set threads = {settings.views_threads}; set timezone = 'UTC'")
        bare.execute(f"set memory_limit = '{settings.views_memory_mb}MB'")
        _first(views, bare, size)
        print(f"{'':28} {'p50 ms':>8} {'p95 ms':>8} {'bare p50':>9} {'bare p95':>9} {'ratio':>6}")
        pages, keys = _pages(size, 0), _keys(bare, size, 0)
        _line("grid page", pages, lambda one: page(views, *one, PAGE), _bare_page(bare))
        _line("count", pages, lambda one: count(views, one[0]), _bare_count(bare))
        _line("detail", keys, lambda one: detail(views, *one), _bare_detail(bare), bare_asks=BARE)
        for clients in (1, CLIENTS):
            _together(views, bare, size, clients)
        _csv(views, bare, folder)


def _first(views: Views, bare: duckdb.DuckDBPyConnection, size: Size) -> None:
    """What whoever comes first after a publication waits for."""
    first_page, first_key = _pages(size, 0)[0], _keys(bare, size, CLIENTS)[-1]
    asked: Sequence[tuple[str, Callable[[], object]]] = (
        ("first page, file just opened", lambda: page(views, *first_page, PAGE)),
        ("first detail", lambda: detail(views, *first_key)),
    )
    for name, ask in asked:
        began, began_cpu = time.perf_counter(), time.process_time()
        ask()
        taken, cpu = time.perf_counter() - began, time.process_time() - began_cpu
        print(f"{name:28} {taken * 1000:8.0f} ms, CPU {cpu * 1000:.0f} ms")


def _keys(bare: duckdb.DuckDBPyConnection, size: Size, client: int) -> list[tuple[str, str]]:
    """Contents that a client opens, none of them another client's."""
    chosen = random.Random(7).sample(range(size.posts), size.asked * (CLIENTS + 1))
    posts = chosen[client * size.asked : (client + 1) * size.asked]
    return [_key_of(bare, f"v{number}") for number in posts]


def _pages(size: Size, client: int) -> list[tuple[ContentFilter, int]]:
    """Filters and offsets as people use them, deep ones among them."""
    chosen = random.Random(42 + client)
    plain = ContentFilter(project_id=BIG)
    pages = [(plain, 0)]
    for number in range(1, size.asked):
        sort = chosen.choice(["views", "likes", "organic_score", "published_at", "comments"])
        kept = replace(
            plain,
            sort=(sort, chosen.random() < 0.8),
            eligible=chosen.choice([None, None, True]),
            score_min=chosen.choice([None, None, chosen.randrange(40, 80) / 10]),
            search=f"#{(number + client * 100) * 37 % 1000}" if number % 8 == 0 else "",
        )
        rows = size.posts * 6 // 10
        deep = chosen.choice([0, 0, PAGE, 20 * PAGE, rows // 3])
        pages.append((kept, 0 if kept.search else deep))
    return pages


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
    """The questions of the panel one by one, as a person asks them."""
    latest = "platform_post_metrics_latest", "post_engagement_mix"

    def ask(one: tuple[str, str]) -> object:
        project, content = one
        key = {"ads_content_id": content}
        post = {"platform": "tiktok", "platform_post_id": content.partition(":")[2]}
        asked = [(detail_room.CONTENT, key | {"project_id": project})]
        asked += [(f"from {name} where {OF_POST}", post) for name in latest]
        asked += [(text, key) for text in (detail_room.HISTORY, detail_room.SCORE, detail_room.WHY)]
        of_post = post | {"project_id": project}
        asked += [(sql_of("views", f"detail_{name}"), of_post) for name in ("by_day", "by_age")]
        in_container = key | {"container_id": content.partition("/")[2]}
        asked += [(sql_of("views", "detail_decisions"), in_container)]
        asked += [(sql_of("views", "detail_ads"), key)]
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
    name: str,
    asked: Sequence[One],
    ours: Callable[[One], object],
    bare: Callable[[One], object],
    *,
    bare_asks: int | None = None,
) -> None:
    first = _taken(asked, ours), _taken(asked[:bare_asks], bare)
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


def _together(views: Views, bare: duckdb.DuckDBPyConnection, size: Size, clients: int) -> None:
    """Print what so many clients wait for who ask at once, each its own questions."""
    pages = [_pages(size, 1 + client) for client in range(clients)]
    keys = [_keys(bare, size, 1 + client) for client in range(clients)]
    of_page = [[partial(page, views, *one, PAGE) for one in asked] for asked in pages]
    of_detail = [[partial(detail, views, *one) for one in asked] for asked in keys]
    mixed = [[*one[::2], *other[1::2]] for one, other in zip(of_page, of_detail, strict=True)]
    for name, asked in (("grid page", of_page), ("detail", of_detail), ("half each", mixed)):
        with ThreadPoolExecutor(clients) as pool:
            done = pool.map(_answered, range(clients), asked)
            p50, p95 = _percentiles([one for taken in done for one in taken])
        print(f"{f'{name}, {clients} at once':28} {p50 * 1000:8.0f} {p95 * 1000:8.0f}")


def _answered(client: int, asked: Sequence[Callable[[], object]]) -> list[float]:
    """What one client waits for, who asks in an order of its own."""
    order = list(asked)
    random.Random(client).shuffle(order)
    return _taken(order, lambda ask: ask())


def _csv(views: Views, bare: duckdb.DuckDBPyConnection, folder: Path) -> None:
    kept = ContentFilter(project_id=BIG)
    with _memory() as at_first, closing(stream_csv(views, kept)) as pieces:
        cold = sum(map(len, pieces))
    began = time.perf_counter()
    with _memory() as grown, closing(stream_csv(views, kept)) as pieces:
        rows, size = 0, 0
        for piece in pieces:
            rows, size = rows + piece.count(b"\n"), size + len(piece)
    ours = time.perf_counter() - began
    if size != cold:
        raise RuntimeError(f"the same CSV has {cold:,} bytes, and then {size:,}")
    began = time.perf_counter()
    bare.execute(
        f"copy (select {', '.join(kept.columns)} from content_detail where {_where(kept)} "
        f"order by published_at desc nulls last, ads_content_id) to '{folder / 'bare.csv'}'"
    )
    theirs = time.perf_counter() - began
    print(
        f"CSV of {rows - 1:,} rows, {size / 1e6:.0f} MB: {ours:.1f} s, grew by "
        f"{at_first[0]:.0f} MiB, a second time by {grown[0]:.0f}; "
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
