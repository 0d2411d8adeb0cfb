"""The demo: some simulated days of creators, from scrape to score to ad, through Dagster.

Belongs here: the story that ``make demo`` tells, and what it prints at the end.
Does not belong here: the sandbox (handed over), and anything that real use needs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import dagster as dg
import duckdb

from assets.partitions import scoring_ticks
from layers_pipeline.cli import demo_ads
from layers_pipeline.cli.runs import RANGE_END, Runner, open_runner
from layers_pipeline.cli.terminal import console, print_table
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.operations.store import Operations
from layers_pipeline.progress import report
from layers_pipeline.serving import generations
from layers_pipeline.settings import Settings
from layers_pipeline.steps.score.ticks import tick_of
from layers_pipeline.steps.stores import open_stores
from transforms.vocabulary import Platform

PROJECT: Final = "demo"
CREATORS: Final = 40
DAYS: Final = 3
SYNC_EVERY: Final = timedelta(hours=12)
COLLECT_AFTER: Final = timedelta(minutes=5)
PAY_AFTER: Final = timedelta(hours=6)
"""Later than the newest tick is scored."""
AGAIN_AFTER: Final = timedelta(minutes=20)
"""Longer than what a killed demo has leased stays leased."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What the demo plays on: the sandbox's data and its clock.

    ``creators`` counts captures by platform and account key.
    """

    dataset: str
    first: datetime
    creators: Mapping[tuple[Platform, str], int]
    set_clock: Callable[[datetime], Any]
    ads: demo_ads.AdStage


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
    """
    moments = _moments(stage)
    stores = open_stores(settings)
    with stores.lake.lock("demo"), open_runner(settings) as runner:
        chosen = _allow_creators(stores.operations, stage, at=moments[0])
        demo_ads.begin(stores, stage.ads, PROJECT, chosen, at=moments[0])
        synced = _sync(stores.operations, stage, runner, moments)
        demo_ads.read_ads(runner, moments, _simulated_nows(runner, "ads_sync"), stage.set_clock)
        scored = _score(runner, _ticks(settings, moments))
        if scored:
            demo_ads.pay(runner, moments[-1] + PAY_AFTER)
    stores.operations.close()
    done = Done(creators=len(chosen), moments=len(moments), synced=synced, scored=scored)
    return partial(_say, settings, stage, done)


def _simulated_now(run: dg.DagsterRun) -> str:
    """The moment that a run took for the present; empty if it was the real one."""
    resources: Any = run.run_config.get("resources", {})
    return resources.get("stores", {}).get("config", {}).get("now", "")


def _ended_well(runner: Runner, job: str) -> list[dg.DagsterRun]:
    wanted = dg.RunsFilter(job_name=job, statuses=[dg.DagsterRunStatus.SUCCESS])
    return list(runner.instance.get_runs(wanted))


def _simulated_nows(runner: Runner, job: str) -> list[datetime]:
    """The simulated moments at which runs of a job ended well."""
    nows = [_simulated_now(run) for run in _ended_well(runner, job)]
    return [datetime.fromisoformat(now) for now in nows if now]


def _moments(stage: Stage) -> list[datetime]:
    """When the simulated syncs happen: twice a day, from the first noon on."""
    noon = stage.first.replace(hour=12, minute=0, second=0, microsecond=0)
    start = noon if noon >= stage.first else noon + timedelta(days=1)
    return [start + step * SYNC_EVERY for step in range(2 * DAYS + 1)]


def _ticks(settings: Settings, moments: list[datetime]) -> list[str]:
    window = (moments[0] + timedelta(hours=1), moments[-1] + timedelta(hours=5))
    keys = scoring_ticks(settings).get_partition_keys()
    return [key for key in keys if window[0] <= tick_of(key) <= window[1]]


def _allow_creators(operations: Operations, stage: Stage, *, at: datetime) -> list[str]:
    """Put creators on the demo project's allowlist: who is in ads, who has most captures; ids."""
    operations.projects.add(PROJECT, name="Demo brand", time_zone="Asia/Ho_Chi_Minh", now=at)
    advertised = stage.ads.creators

    def place(ref: tuple[Platform, str]) -> tuple[bool, int, tuple[Platform, str]]:
        return ref not in advertised, -stage.creators[ref], ref

    ranked = sorted(stage.creators, key=place)[:CREATORS]
    accounts = [
        NewAccount(platform=platform, account_key=key, connection="external")
        for platform, key in ranked
    ]
    operations.accounts.add(accounts, now=at)
    entries = [
        NewCreator(
            creator_id=account.account_id,
            display_name=account.account_key,
            account_ids=(account.account_id,),
        )
        for account in accounts
    ]
    operations.allowlist.allow(PROJECT, entries, allowed_from=at)
    return [entry.creator_id for entry in entries]


def _sync(operations: Operations, stage: Stage, runner: Runner, moments: list[datetime]) -> int:
    """Sync at every moment that no earlier demo has synced to the end; how many those are."""
    ends = _simulated_nows(runner, "posts_sync")
    due = [at for at in moments if not any(at <= end < at + SYNC_EVERY for end in ends)]
    for done, at in enumerate(due, start=1):
        now = _free_moment(operations, at) if done == 1 else at
        stage.set_clock(at)
        runner.run("quick_sync", now=now)
        stage.set_clock(at + COLLECT_AFTER)
        runner.run("posts_sync", now=now + COLLECT_AFTER)
        report("simulated syncs", done, len(due))
    return len(due)


def _free_moment(operations: Operations, at: datetime) -> datetime:
    """When to sync a moment that a killed demo may have begun.

    Its scrapes ended with its sandbox, so they are given up and asked for again.
    """
    states = operations.syncs.states()
    started = [state.last_started_at for state in states if state.last_started_at is not None]
    begun = max((when for when in started if at <= when < at + SYNC_EVERY), default=None)
    now = at if begun is None else begun + AGAIN_AFTER
    for job in operations.scrapes.claim(
        now=now, lease_for=COLLECT_AFTER, worker="demo", limit=10_000
    ):
        operations.scrapes.finish(
            job.scrape_job_id,
            worker="demo",
            status="expired",
            message="the sandbox that took it has ended",
            now=now,
        )
    return now


def _score(runner: Runner, ticks: list[str]) -> int:
    """Score and publish the ticks that no earlier demo has; how many those are."""
    scored = runner.scored_ticks()
    published = any(run.tags.get(RANGE_END) == ticks[-1] for run in _ended_well(runner, "scoring"))
    due = [key for key in ticks if key not in scored] or ([] if published else ticks[-1:])
    if due:
        end = tick_of(due[-1]) + timedelta(minutes=5)
        runner.run("scoring", now=end, ticks=(due[0], due[-1]))
    return len(due)


def _say(settings: Settings, stage: Stage, done: Done) -> None:
    path = generations.current(settings.serve_location)
    with duckdb.connect(str(path), read_only=True, config=generations.CONFIG) as connection:
        connection.execute("set timezone = 'UTC'")
        _say_what_is_there(connection, stage, done)
        _say_scores(connection)
        demo_ads.say_what_came_of_it(settings, connection, PROJECT, _moments(stage)[-1] + PAY_AFTER)
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


QUESTION: Final = (
    "select account_key, platform_post_id, views, likes, shares "
    "from posts_as_of('2025-05-16') order by views desc limit 5"
)


def _say_next(path: Path, best: str) -> None:
    console.print(f"\nThe analysts' file: {path.parent / generations.LINK} (now {path.name})")
    console.print("Try next:")
    console.print(f"  .venv/bin/layers-pipeline explain {best}", markup=False)
    console.print(f'  .venv/bin/layers-pipeline query "{QUESTION}"', markup=False)
    for command in demo_ads.NEXT:
        console.print(f"  .venv/bin/{command}", markup=False)
    console.print("  make dev", markup=False)
