"""A published file at size, invented: what ``views`` and ``traffic`` ask.

Belongs here: rows of the tables that content and its details read, as Parquet files laid out as
upkeep and publication leave them, and a generation over them.
Does not belong here: what is asked and timed (``views``).

Every file is written once and takes its name when it is whole, so an interrupted run goes on where
it stopped, and a second run of the same size makes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import duckdb

from layers_pipeline.lake import catalog
from layers_pipeline.serving import generations
from layers_pipeline.serving.outline import CONFIG
from layers_pipeline.serving.pinned import Pinned
from layers_pipeline.serving.rolled import Rolled
from layers_pipeline.settings import Settings
from transforms.contracts.scoring import PART_COLUMNS

FIRST: Final = date(2025, 2, 1)
AT: Final = datetime(2025, 5, 14, 12, tzinfo=UTC)
BIG, SMALL = "big", "small"
"""Six posts of ten are the big project's."""
TICK: Final = "timestamptz '2025-05-14 12:00:00+00'"
PROJECT: Final = f"if(n % 10 < 6, '{BIG}', '{SMALL}')"
CONTENT: Final = f"{PROJECT} || '/tiktok:v' || n"
SCORE: Final = "(n * 13 % 1000) / 100.0"
COUNTS: Final = (
    "n * 31 % 1000003 as views, n * 17 % 10007 as likes, n % 101 as comments, "
    "n % 97 as shares, n % 31 as saves"
)
ROWS_OF_A_GROUP: Final = 20_480
"""Rows that a reader of one post reads of each file, as in files that are laid out for that."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much there is, and how often it is asked for."""

    posts: int
    snapshots: int
    days: int
    asked: int
    ticks: int = 6

    @property
    def name(self) -> str:
        """Of the folder that it lies in."""
        return f"views-{self.posts}-{self.snapshots}-{self.days}-{self.ticks}"


def tables(size: Size) -> dict[str, str]:
    """Rows of the tables that do not grow with time, in no order: merges leave none."""
    posts = f"(from range({size.posts}) as posts(n) order by hash(n))"
    published = "timestamptz '2024-06-01 08:00:00+00' + interval 1 second * (n * 7919 % 29000000)"
    times = ", ".join(
        f"{TICK} - interval 2 day as {name}_at"
        for name in ("views", "likes", "comments", "shares", "saves")
    )
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
        f"'https://cdn.example/media/' || n as media_url, {COUNTS} from {posts}",
        "platform_post_metrics_latest": "select 'tiktok' as platform, 'v' || n as "
        f"platform_post_id, {TICK} - interval 1 hour as last_checked_at, {COUNTS}, {times} "
        f"from {posts}",
        "content_containers": "select 'tiktok:v' || n as container_id, 'post' as kind, 'tiktok' "
        "as platform, 'v' || n as platform_post_id, timestamptz '2024-06-01' as created_at "
        f"from {posts}",
        "ads_content": f"select {CONTENT} as ads_content_id, {PROJECT} as project_id, "
        f"'tiktok:v' || n as container_id, 'ugc' as scoring_pool, {SCORE} as organic_score, "
        f"{TICK} as scored_at, '2' as scoring_version from {posts}",
        "ad_eligibility_current": judged(TICK, posts),
    }


def judged(tick: str, posts: str) -> str:
    """What a tick said of every content."""
    return f"""
        select {CONTENT} as ads_content_id, {PROJECT} as project_id, 'ugc' as scoring_pool,
            {tick} as scored_at, {tick} as score_of, '2' as scoring_version, 'tiktok' as platform,
            'v' || n as platform_post_id, {SCORE} >= 4 as is_eligible,
            if({SCORE} >= 4, 'score', 'below_threshold') as reason, {SCORE} as organic_score
        from {posts} order by {PROJECT}, platform_post_id
    """


def scored(tick: str, size: Size) -> str:
    """What a tick scored every content."""
    parts = ", ".join(f"{SCORE} / {len(PART_COLUMNS)} as {name}" for name in PART_COLUMNS)
    return f"""
        select {CONTENT} as ads_content_id, {PROJECT} as project_id, 'ugc' as scoring_pool,
            {tick} as scored_at, '2' as scoring_version, 'tiktok' as platform,
            'v' || n as platform_post_id, {SCORE} as organic_score, {parts},
            {SCORE} as score_before_clamp, 0.0 as clamp_points, 0.05 as engagement_rate,
            0.5 as engagement_rate_rank_pct, 0.5 as views_rank_pct, 0.0 as outperformance,
            5000.0 as baseline_views, {size.posts} as pool_size, 30.5 as age_days, {COUNTS}
        from range({size.posts}) as posts(n) order by {PROJECT}, platform_post_id
    """


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
        order by platform_post_id
    """


def trends(file: str, number: int) -> str:
    """The part of ``post_metric_trends`` of a day's snapshots, as the publication orders it."""
    return f"""
        select {PROJECT} as project_id, platform, platform_post_id, captured_at::date as day_on,
            'a' || n % 1000 as account_key, 1::bigint as checks,
            captured_at as last_checked_at, {number}::double as age_days,
            {number}::bigint as age_day, views, likes, comments, shares, saves
        from (select *, platform_post_id[2:]::bigint as n from '{file}')
        order by project_id, platform_post_id
    """


def publish(folder: Path, size: Size) -> Settings:
    """A generation after upkeep, with all tables of the published schema, most of them empty.

    Args:
        folder: Where files lie, of this size alone.
    """
    settings = Settings(home=folder / "home")
    files: dict[str, list[str]] = {}
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for name, query in tables(size).items():
            files[name] = [_write(connection, folder, name, query)]
        for number in range(size.ticks):
            tick = f"{TICK} - interval {4 * number} hour"
            posts = f"range({size.posts}) as posts(n)"
            for name, query in (
                ("ad_eligibility", judged(tick, posts)),
                ("organic_scores", scored(tick, size)),
            ):
                files.setdefault(name, []).append(
                    _write(connection, folder, name, query, part=f"-{number}")
                )
        files["platform_post_metrics"] = [
            _write(
                connection,
                folder / "platform_post_metrics" / f"captured_on={day}",
                "platform_post_metrics",
                history(size, day),
            )
            for day in (FIRST + timedelta(days=number) for number in range(size.days))
        ]
    if not settings.serve_location.exists():
        pinned = [
            Pinned(table=table, version=0, files=tuple(files.get(table.name, ())))
            for table in (*catalog.PUBLISHED, *catalog.STAGED_TABLES)
        ]
        generations.publish(settings.serve_location, pinned=pinned, at=AT, kept=2, rolls=True)
    _add_trends(settings, folder, files["platform_post_metrics"])
    return settings


def _write(
    connection: duckdb.DuckDBPyConnection, folder: Path, name: str, query: str, *, part: str = ""
) -> str:
    """A file of a table, unless it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}{part}.parquet"
    table = catalog.BY_NAME[name]
    empty = table.empty().select(table.stored_columns).to_arrow()
    connection.register("shape", empty)
    _copy(connection, query, path)
    connection.unregister("shape")
    return str(path)


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    if path.exists():
        return
    making = path.with_suffix(".making")
    connection.execute(
        f"copy (from shape union all by name from ({query})) to '{making}' "
        f"(format parquet, compression zstd, row_group_size {ROWS_OF_A_GROUP})"
    )
    making.rename(path)


def _add_trends(settings: Settings, folder: Path, snapshots: Sequence[str]) -> None:
    """Parts of ``post_metric_trends``, rolled by months, in the generation's view."""
    path = generations.current(settings.serve_location)
    path.chmod(0o644)
    with duckdb.connect(str(path), config=CONFIG) as connection:
        connection.execute("set timezone = 'UTC'")
        shape = connection.sql("from post_metric_trends limit 0").to_arrow_table()
        connection.register("shape", shape)
        parts: list[str] = []
        for number, file in enumerate(snapshots):
            part = folder / "trends" / f"day_on={FIRST + timedelta(days=number)}" / "part.parquet"
            part.parent.mkdir(parents=True, exist_ok=True)
            _copy(connection, trends(file, number), part)
            parts.append(str(part))
        rolled = Rolled(connection, settings.serve_location, at=AT, makes=True)
        key = ("project_id", "platform", "platform_post_id")
        shown = rolled.files("post_metric_trends", parts, order=key)
        source = f"read_parquet({shown}, hive_partitioning = false)"
        connection.execute(f"create or replace view post_metric_trends as from {source}")
