"""Runs on Celery's workers: syncs, and a backfill of which one of two workers is killed half way.

Belongs here: the deployment of ``deploy/celery`` as processes, and what is left of its backfill.
Does not belong here: what scoring comes to (``tests.steps.score``).
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
import yaml
from celery import Celery
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_graphql.cli import execute_query
from polars.testing import assert_frame_equal

from layers_pipeline.dagster_support.limits import limit_scoring
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.serving import query
from layers_pipeline.settings import load_settings
from layers_pipeline.steps.maintain.replay import replay
from layers_pipeline.steps.publish.upkeep import maintain
from layers_pipeline.steps.score.selecting import FOLLOWING
from layers_pipeline.steps.score.tick_scorer import WRITTEN
from layers_pipeline.steps.stores import Stores, open_stores
from sandbox import RunningSandbox, replayed_captures, running_sandbox
from tests import live
from tests.postgres import PostgresUrlFactory
from tests.stress.killing import IS_LONG
from tests.worlds.data_builders import NOW, capture, hours, land, remove, rows_of, score
from transforms.scoring.ticks import tick_from_text, tick_key

pytestmark = pytest.mark.timeout(1800)

DEPLOYED = live.ROOT / "deploy/celery"
RANGES = 4 if IS_LONG else 2
"""Runs that a backfill is split into."""
DEMO_TICKS = 19
OF_TICKS = (*WRITTEN, *FOLLOWING)
WORKER = "celery -A dagster_celery.app worker --concurrency 1 --without-gossip --without-mingle"
SERVER = "dagster api grpc -m layers_pipeline.definitions -h 127.0.0.1 -p"
LAUNCH_RUN = """
mutation($given: ExecutionParams!) {
  launchRun(executionParams: $given) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}
"""
SYNCED_AT = (-20, 16)
"""Hours around the first ticks at which the platforms are read."""
CREATORS = tuple(f"tiktok:creator{number}" for number in range(3))


def write_instance(home: Path) -> None:
    """The instance as it is shipped, but for its waits, which are seconds here."""
    home.mkdir()
    shipped = yaml.safe_load((DEPLOYED / "dagster.yaml").read_text("utf-8"))
    shipped["run_launcher"]["config"]["silent_after_s"] = 4
    shipped["run_monitoring"] |= {
        "poll_interval_seconds": 2,
        "free_slots_after_run_end_seconds": 1,
    }
    (home / "dagster.yaml").write_text(yaml.safe_dump(shipped), "utf-8")


def collected_at(hour: float) -> datetime:
    """When the scrapes of a sync are collected."""
    return hours(hour) + timedelta(minutes=2)


@dataclass
class Deployment:
    """A running deployment; its workers by name."""

    environment: dict[str, str]
    logs: Path
    stack: ExitStack
    platforms: RunningSandbox
    workers: dict[str, subprocess.Popen] = field(default_factory=dict)

    def begin(self, name: str) -> None:
        """Start a worker."""
        command = (*WORKER.split(), "--hostname", f"{name}@%h", "--loglevel", "INFO")
        self.workers[name] = self.run(name, *command)

    def run(self, name: str, *command: str) -> subprocess.Popen:
        log = self.logs / f"{name}.log"
        return self.stack.enter_context(
            live.running(*command, environment=self.environment, log=log)
        )

    def ask(self, query: str, given: dict) -> None:
        """Ask something of Dagster by GraphQL, without a webserver."""
        code = int(self.environment["LAYERS_CODE_PORT"])
        live.until(lambda: live.answers(code), bool, within_s=400)
        target = WorkspaceFileTarget([str(DEPLOYED / "workspace.yaml")])
        with (
            dg.DagsterInstance.get() as instance,
            WorkspaceProcessContext(instance, target) as context,
        ):
            (answer,) = execute_query(context, query, {"given": given})["data"].values()
        assert answer["__typename"].endswith("Success"), answer

    def run_job(self, name: str, *, now: datetime | None = None) -> None:
        """Have a worker run a job, which takes a moment for the present, and wait for its end."""
        config = {"now": now.isoformat()} if now else {}
        selector = {
            "jobName": name,
            "repositoryName": "__repository__",
            "repositoryLocationName": "layers_pipeline",
        }
        wanted = dg.RunsFilter(job_name=name)
        with dg.DagsterInstance.get() as instance:
            before = instance.get_runs_count(wanted)
            self.ask(
                LAUNCH_RUN,
                {
                    "selector": selector,
                    "runConfigData": {"resources": {"stores": {"config": config}}},
                },
            )
            runs = live.until(
                lambda: instance.get_runs(wanted),
                lambda runs: len(runs) > before and runs[0].is_finished,
                within_s=200,
            )
        assert runs[0].status == dg.DagsterRunStatus.SUCCESS
        assert runs[0].tags["dagster-celery/task_id"]

    def sync(self, hour: float) -> None:
        """Have workers ask for scrapes of everybody, and collect and derive them."""
        for job, now in (("quick_sync", hours(hour)), ("posts_sync", collected_at(hour))):
            self.platforms.world.clock.set(now)
            self.run_job(job, now=now)

    def at_work(self) -> dict[str, list[str]]:
        """Ids of the tasks that each living worker works on, by the worker's name."""
        with Celery(broker=self.environment["LAYERS_REDIS_URL"]) as asking:
            told = asking.control.inspect(timeout=1).active() or {}
        return {
            worker.partition("@")[0]: [task["id"] for task in tasks]
            for worker, tasks in told.items()
        }


@contextmanager
def deployed(
    folder: Path, postgres_url_factory: PostgresUrlFactory, *, ticks: int = live.TICKS
) -> Iterator[Deployment]:
    """Code server and two workers, all waiting; the environment is theirs, too."""
    with ExitStack() as stack:
        dataset = replayed_captures(live.sixty_posts(folder))
        platforms = stack.enter_context(running_sandbox(dataset, scrape_duration_s=60))
        settings = {
            "LAYERS_SIFT_URL": platforms.url,
            "LAYERS_SIFT_KEY": platforms.key.get_secret_value(),
            "LAYERS_HOME": str(folder / "layers"),
            "DAGSTER_HOME": str(folder / "dagster"),
            "LAYERS_SHARED": str(folder),
            "LAYERS_OPERATIONS_URL": postgres_url_factory(),
            "LAYERS_DAGSTER_PG_URL": postgres_url_factory(),
            "LAYERS_CODE_HOST": "127.0.0.1",
            "LAYERS_CODE_PORT": str(live.free_port()),
            "LAYERS_REDIS_URL": stack.enter_context(live.redis(folder)),
            "LAYERS_SCHEDULES": "stopped",
            "LAYERS_BACKFILL_TICKS_PER_RUN": str(-(-ticks // RANGES)),
            "LAYERS_SCORING_RUNS_AT_ONCE": "2",
            "DAGSTER_EVENT_BATCH_SIZE": "500",
            "PYTHONPATH": str(DEPLOYED),
        }
        context = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in settings.items():
            context.setenv(name, value)
        write_instance(folder / "dagster")
        begun = Deployment(dict(os.environ), folder, stack, platforms)
        begun.run("code", *SERVER.split(), settings["LAYERS_CODE_PORT"])
        for name in ("one", "two"):
            begun.begin(name)
        begun.run("daemon", "dagster-daemon", "run", "-w", str(DEPLOYED / "workspace.yaml"))
        yield begun


@pytest.fixture(scope="module")
def deployment(tmp_path_factory, postgres_url_factory) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("celery"), postgres_url_factory) as begun:
        yield begun


@pytest.fixture(scope="module")
def stores(deployment) -> Iterator[Stores]:
    opened = open_stores(load_settings())
    with closing(opened.operations), dg.DagsterInstance.get() as instance:
        limit_scoring(instance, opened.settings)
        allow_creators(opened)
        for hour in SYNCED_AT:
            deployment.sync(hour)
        yield opened


def allow_creators(stores: Stores) -> None:
    """Creators of one project, whose accounts are read without a token."""
    operations, now = stores.operations, hours(SYNCED_AT[0])
    operations.projects.add("brand", name="Brand", time_zone="UTC", now=now)
    accounts = [
        NewAccount(platform="tiktok", account_key=one.partition(":")[2], connection="external")
        for one in CREATORS
    ]
    operations.accounts.add(accounts, now=now)
    listed = [NewCreator(creator_id=one, display_name="", account_ids=(one,)) for one in CREATORS]
    operations.allowlist.allow("brand", listed, allowed_from=now)


@dataclass(frozen=True)
class Backfilled:
    """What is left of a backfill: its runs, and the rows as they lie."""

    runs: list[dg.DagsterRun]
    killed: str
    rows: dict[str, bytes]


def scoring_runs(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    return [run for run in instance.get_runs() if "dagster/backfill" in run.tags]


def have_ended(runs: list[dg.DagsterRun]) -> bool:
    """Whether every range has a run that ended well, and none is under way."""
    succeeded = [run for run in runs if run.status == dg.DagsterRunStatus.SUCCESS]
    return len(succeeded) == RANGES and all(run.is_finished for run in runs)


def in_bytes(stores: Stores, table: Table) -> bytes:
    return rows_of(stores, table).write_ndjson().encode()


def both_in_their_step(instance: dg.DagsterInstance) -> dict[str, str]:
    """By task id: runs whose step has begun; empty until there are two of them."""
    begun = [
        run
        for run in scoring_runs(instance)
        if instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_START)
    ]
    tasks = {run.tags["dagster-celery/task_id"]: run.run_id for run in begun}
    return tasks if len(tasks) == len(begun) == 2 else {}


@pytest.fixture(scope="module")
def backfilled(deployment, stores) -> Iterator[Backfilled]:
    """A backfill in which one of two workers is killed while both score."""
    with dg.DagsterInstance.get() as instance:
        # Whoever scores has to wait for us before it writes: so both are seen at work.
        with stores.lake.write_lock():
            deployment.ask(live.LAUNCH, live.backfilled())
            tasks = live.until(lambda: both_in_their_step(instance), bool, within_s=400)
            working = deployment.at_work()
            live.kill_with_children(deployment.workers["one"])
        assert sorted(working) == ["one", "two"]
        runs = live.until(lambda: scoring_runs(instance), have_ended, within_s=500)
        yield Backfilled(
            runs=runs,
            killed=tasks[working["one"][0]],
            rows={table.name: in_bytes(stores, table) for table in OF_TICKS},
        )


def test_what_the_workers_read_is_what_the_platforms_showed(deployment, stores):
    """Of each post the captures that were the newest at each sync, known since it ended."""
    shown = pl.read_parquet(deployment.logs / "captures.parquet").drop("known_at", strict=False)
    moments = pl.DataFrame({"known_at": list(map(collected_at, SYNCED_AT))})
    newest = (
        shown.join(moments, how="cross")
        .filter(pl.col("captured_at") <= pl.col("known_at"))
        .sort("captured_at")
        .group_by("post_key", "known_at")
        .last()
    )
    read = rows_of(stores, catalog.PLATFORM_POST_METRICS)
    told = ("known_at", "captured_at", "views", "likes")
    assert set(read.select("platform_post_id", *told).rows()) == set(
        newest.select("post_key", *told).rows()
    )


def range_of(run: dg.DagsterRun) -> tuple[str, str]:
    names = ("start", "end")
    first, last = (run.tags[f"dagster/asset_partition_range_{name}"] for name in names)
    return first, last


def test_a_killed_worker_costs_only_its_own_range(backfilled):
    failed = [run for run in backfilled.runs if run.status == dg.DagsterRunStatus.FAILURE]
    assert [run.run_id for run in failed] == [backfilled.killed]
    again = [run for run in backfilled.runs if run.parent_run_id]
    assert [run.parent_run_id for run in again] == [backfilled.killed]
    assert range_of(again[0]) == range_of(failed[0])
    assert len(backfilled.runs) == RANGES + 1


def test_no_tick_is_missing_or_there_twice(backfilled, stores):
    scores = rows_of(stores, catalog.ORGANIC_SCORES)
    assert scores["tick"].n_unique() == live.TICKS
    assert scores.height == scores.select(catalog.ORGANIC_SCORES.key).n_unique() == 60 * live.TICKS
    with dg.DagsterInstance.get() as instance:
        made = instance.get_materialized_partitions(dg.AssetKey("organic_scores"))
    assert (min(made), max(made), len(made)) == (live.FIRST, live.LAST, live.TICKS)


def test_a_publication_on_a_worker_shows_what_the_workers_scored(backfilled, deployment, stores):
    deployment.run_job("publication")
    _, told = query.asked(
        stores.settings, "select count(*), count(distinct scored_at) from organic_scores"
    )
    assert told == [(60 * live.TICKS, live.TICKS)]


def test_upkeep_and_a_replay_leave_what_the_workers_scored(backfilled, stores):
    later = capture("p0", 99, account_key="creator0", views=999)
    land(stores, [later], job="later")
    maintain(stores)
    facts = rows_of(stores, catalog.PLATFORM_POST_METRICS)
    assert replay(stores, start=NOW, end=stores.clock.now()).read == 1
    assert_frame_equal(rows_of(stores, catalog.PLATFORM_POST_METRICS), facts)
    assert {table.name: in_bytes(stores, table) for table in OF_TICKS} == backfilled.rows


def test_the_rows_are_those_of_one_run_byte_for_byte(backfilled, stores):
    """Last: what the workers scored is thrown away."""
    ticks = sorted(rows_of(stores, catalog.ORGANIC_SCORES)["tick"].unique())
    remove(stores, *OF_TICKS)
    score(stores, map(tick_from_text, ticks))
    assert {table.name: in_bytes(stores, table) for table in OF_TICKS} == backfilled.rows


@pytest.mark.skipif("LAYERS_LONG_TESTS" not in os.environ, reason="set LAYERS_LONG_TESTS to run it")
def test_what_the_demo_scored_tick_by_tick_workers_score_again_to_the_same_rows(
    tmp_path, postgres_url_factory
):
    with deployed(tmp_path, postgres_url_factory, ticks=DEMO_TICKS) as begun, ExitStack() as stack:
        demo = [live.BIN / "layers-pipeline", "demo"]
        subprocess.run(demo, cwd=tmp_path, env=begun.environment, check=True, timeout=1200)
        stores = open_stores(load_settings())
        stack.callback(stores.operations.close)
        told = {table.name: in_bytes(stores, table) for table in OF_TICKS}
        ticks = sorted(
            map(tick_from_text, rows_of(stores, catalog.ORGANIC_SCORES)["tick"].unique())
        )
        assert len(ticks) == DEMO_TICKS
        remove(stores, *OF_TICKS)
        begun.ask(live.LAUNCH, live.backfilled(tick_key(ticks[0]), tick_key(ticks[-1])))
        instance = stack.enter_context(dg.DagsterInstance.get())
        live.until(lambda: scoring_runs(instance), have_ended, within_s=900)
        assert {table.name: in_bytes(stores, table) for table in OF_TICKS} == told
