"""The demo: some simulated days of creators, from scrape to score, through Dagster.

Belongs here: the story that ``make demo`` tells, and what it prints at the end.
Does not belong here: the sandbox (handed over), and anything that real use needs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import duckdb

from assets.partitions import scoring_ticks
from layers_pipeline import serving
from layers_pipeline.operations.rows import NewAccount, NewCreator
from layers_pipeline.operations.words import Platform
from layers_pipeline.progress import report
from layers_pipeline.runs import Runner, open_runner
from layers_pipeline.settings import Settings
from layers_pipeline.steps.stores import open_stores
from layers_pipeline.steps.ticks import tick_of
from layers_pipeline.terminal import console, print_table

PROJECT: Final = "demo"
CREATORS: Final = 40
DAYS: Final = 3
SYNC_EVERY: Final = timedelta(hours=12)
COLLECT_AFTER: Final = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What the demo plays on: the sandbox's data and its clock.

    ``creators`` counts captures by platform and account key.
    """

    dataset: str
    first: datetime
    creators: Mapping[tuple[Platform, str], int]
    set_clock: Callable[[datetime], Any]


@dataclass(frozen=True, kw_only=True)
class Done:
    """What this demo did, beside what it found."""

    creators: int
    moments: int
    synced: int
    scored: int


def run_demo(settings: Settings, stage: Stage) -> Callable[[], None]:
    """Play the demo, or what is left of it, and return what there is to print.

    What an earlier, also an interrupted, demo left is found and not done again.

    Args:
        settings: The deployment.
        stage: The sandbox's side.
    """
    moments = _moments(stage)
    chosen = _allow_creators(settings, stage, at=moments[0])
    with open_runner(settings) as runner:
        synced = _sync(settings, stage, runner, moments)
        ticks = _ticks(moments)
        unscored = [key for key in ticks if key not in runner.scored_ticks()]
        if unscored:
            end = tick_of(unscored[-1]) + timedelta(minutes=5)
            runner.run("scoring", now=end, ticks=(unscored[0], unscored[-1]))

    done = Done(creators=chosen, moments=len(moments), synced=synced, scored=len(unscored))
    return partial(_say, settings, stage, done)


def _moments(stage: Stage) -> list[datetime]:
    """When the simulated syncs happen: twice a day, from the first noon on."""
    noon = stage.first.replace(hour=12, minute=0, second=0, microsecond=0)
    start = noon if noon >= stage.first else noon + timedelta(days=1)
    return [start + step * SYNC_EVERY for step in range(2 * DAYS + 1)]


def _ticks(moments: list[datetime]) -> list[str]:
    window = (moments[0] + timedelta(hours=1), moments[-1] + timedelta(hours=5))
    keys = scoring_ticks.get_partition_keys()
    return [key for key in keys if window[0] <= tick_of(key) <= window[1]]


def _allow_creators(settings: Settings, stage: Stage, *, at: datetime) -> int:
    """Put the creators with the most captures on the demo project's allowlist."""
    operations = open_stores(settings).operations
    operations.add_project(PROJECT, name="Demo brand", time_zone="Asia/Ho_Chi_Minh", now=at)
    ranked = sorted(stage.creators, key=lambda ref: (-stage.creators[ref], ref))[:CREATORS]
    accounts = [
        NewAccount(platform=platform, account_key=key, connection="external")
        for platform, key in ranked
    ]
    operations.add_accounts(accounts, now=at)
    entries = [
        NewCreator(
            creator_id=account.account_id,
            display_name=account.account_key,
            account_ids=(account.account_id,),
        )
        for account in accounts
    ]
    operations.allow_creators(PROJECT, entries, allowed_from=at)
    operations.close()
    return len(accounts)


def _sync(settings: Settings, stage: Stage, runner: Runner, moments: list[datetime]) -> int:
    """Sync at every moment that no earlier demo has reached; the number of syncs made."""
    operations = open_stores(settings).operations
    states = [state for state in operations.sync_states() if state.depth in {"quick", "posts"}]
    operations.close()
    started = [state.last_started_at for state in states if state.last_started_at is not None]
    reached = max(started, default=None)
    due = [at for at in moments if reached is None or at > reached]
    for done, at in enumerate(due, start=1):
        stage.set_clock(at)
        runner.run("quick_sync", now=at)
        stage.set_clock(at + COLLECT_AFTER)
        runner.run("posts_sync", now=at + COLLECT_AFTER)
        report("simulated syncs", done, len(due))
    return len(due)


def _say(settings: Settings, stage: Stage, done: Done) -> None:
    path = serving.current(settings.serve_location)
    with duckdb.connect(str(path), read_only=True, config=serving.CONFIG) as connection:
        connection.execute("set timezone = 'UTC'")
        _say_what_is_there(connection, stage, done)
        _say_scores(connection)
        best = connection.execute(BEST).fetchall()
    _say_next(path, str(best[0][0]) if best else "POST")


BEST: Final = (
    "select container_id from ads_content where project_id = 'demo' "
    "order by organic_score desc nulls last, ads_content_id limit 1"
)
COUNTED: Final = (
    "select (select count(*) from platform_posts), (select count(*) from platform_post_metrics)"
)


def _say_what_is_there(connection: duckdb.DuckDBPyConnection, stage: Stage, done: Done) -> None:
    posts, snapshots = connection.execute(COUNTED).fetchall()[0]
    if done.synced or done.scored:
        console.print(
            f"Synced {done.creators} creators {done.synced} times over simulated days "
            f"({stage.dataset}), scored {done.scored} ticks."
        )
    else:
        console.print(
            f"Found already there: {done.moments} syncs of {done.creators} creators and every "
            "tick scored. Nothing was done again."
        )
    console.print(f"In the lake: {posts:,} posts, {snapshots:,} snapshots.")


def _say_scores(connection: duckdb.DuckDBPyConnection) -> None:
    for title, sql in REPORTS.items():
        answer = connection.sql(sql)
        print_table(list(answer.columns), answer.pl().rows(), title=title)


REPORTS: Final = {
    "Pools at the newest tick": """
        select
            project_id as project,
            max(scored_at) as tick,
            max(pool_size) as "scorable posts",
            max(baseline_views) as "median views",
            count(*) filter (unscored_reason is null) as scored
        from organic_scores
        where scored_at = (select max(scored_at) from organic_scores)
        group by project_id
        order by project_id
    """,
    "Top posts, score taken apart in points": """
        select
            scores.platform_post_id as post,
            posts.account_key as creator,
            scores.views,
            scores.quality_points as quality,
            scores.reach_points as reach,
            scores.outperformance_points as outperf,
            scores.freshness_points as fresh,
            scores.organic_score as score
        from organic_scores as scores
        inner join platform_posts as posts
            on
                scores.platform = posts.platform
                and scores.platform_post_id = posts.platform_post_id
        where scores.project_id = 'demo'
            and scores.scored_at = (select max(scored_at) from organic_scores)
        order by scores.organic_score desc, scores.ads_content_id
        limit 8
    """,
    "May they run as ads?": """
        select
            is_eligible as eligible,
            reason,
            count(*) as posts,
            min(organic_score) as "lowest score",
            max(organic_score) as "highest score"
        from ad_eligibility_current
        group by all
        order by eligible desc, posts desc
    """,
}


def _say_next(path: Path, best: str) -> None:
    console.print(f"\nThe analysts' file: {path.parent / serving.LINK} (now {path.name})")
    console.print("Try next:")
    console.print(f"  .venv/bin/layers-pipeline explain {best}", markup=False)
    question = "from posts_as_of('2025-05-16') order by views desc limit 5"
    console.print(f'  .venv/bin/layers-pipeline query "{question}"', markup=False)
    console.print("  make dev", markup=False)
