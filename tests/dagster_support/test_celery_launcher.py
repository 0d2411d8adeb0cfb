"""Whether a run's worker still works on it, asked of real workers through a real Redis."""

from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg
import pytest
from celery.contrib.testing.worker import start_worker
from dagster._core.launcher import WorkerStatus
from dagster._core.utils import make_new_run_id
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

from layers_pipeline.dagster_support.celery_launcher import WatchedCeleryRunLauncher
from tests import live

pytestmark = [
    pytest.mark.process,
    # Celery calls what redis-py would have named otherwise.
    pytest.mark.filterwarnings("ignore:Call to deprecated:DeprecationWarning"),
]

SILENT_AFTER_S = 60
WORKER = "gone@here"


@dataclass
class Watch:
    """A launcher, and the time that it goes by."""

    launcher: WatchedCeleryRunLauncher
    now: float = 0.0

    def state(self, state: str, worker: str = WORKER) -> dg.DagsterRun:
        """A run of which Celery's results say this, with the worker that took it."""
        run_id = make_new_run_id()
        told = {"pid": 1, "hostname": worker} if state == "STARTED" else 0
        self.launcher.celery.backend.store_result(run_id, told, state)
        tags = {DAGSTER_CELERY_TASK_ID_TAG: run_id}
        return dg.DagsterRun(job_name="scoring", run_id=run_id, tags=tags)

    def health(self, run: dg.DagsterRun) -> WorkerStatus:
        return self.launcher.check_run_worker_health(run).status


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory) -> Iterator[str]:
    with live.redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def watch(redis_url) -> Watch:
    given = {"default_queue": "dagster", "broker": redis_url, "backend": redis_url}
    watched = Watch(
        WatchedCeleryRunLauncher(
            **given,
            silent_after_s=SILENT_AFTER_S,
            answered_within_s=0.2,
            monotonic=lambda: watched.now,
        )
    )
    return watched


def test_the_run_of_a_worker_that_stays_silent_has_failed(watch):
    run = watch.state("STARTED")
    assert watch.health(run) is WorkerStatus.RUNNING
    watch.now = SILENT_AFTER_S - 1
    assert watch.health(run) is WorkerStatus.RUNNING
    watch.now = SILENT_AFTER_S
    found = watch.launcher.check_run_worker_health(run)
    assert found.status is WorkerStatus.FAILED
    assert found.msg == "Its worker gone@here has known nothing of it for 60 s."


def test_a_run_that_redis_forgot_is_waited_for_as_long(watch):
    run = watch.state("STARTED")
    watch.launcher.celery.AsyncResult(run.run_id).forget()
    assert watch.health(run) is WorkerStatus.RUNNING
    watch.now = SILENT_AFTER_S
    assert watch.health(run) is WorkerStatus.FAILED


@pytest.mark.parametrize(
    ("state", "status"), [("SUCCESS", WorkerStatus.SUCCESS), ("FAILURE", WorkerStatus.FAILED)]
)
def test_a_run_that_its_worker_gave_back_is_what_it_was_given_back_as(watch, state, status):
    assert watch.health(watch.state(state)) is status


def test_a_run_that_a_command_runs_itself_goes_on(watch):
    watch.now = 10 * SILENT_AFTER_S
    run = dg.DagsterRun(job_name="scoring", run_id=make_new_run_id())
    assert watch.health(run) is WorkerStatus.RUNNING


def test_a_worker_that_began_anew_under_the_same_name_knows_nothing_of_the_run(watch):
    with start_worker(watch.launcher.celery, perform_ping_check=False) as worker:
        run = watch.state("STARTED", worker.hostname)
        assert watch.health(run) is WorkerStatus.RUNNING
        watch.now = SILENT_AFTER_S
        assert watch.health(run) is WorkerStatus.FAILED
