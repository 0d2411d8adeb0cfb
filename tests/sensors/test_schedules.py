"""Schedules: what each asks for at a moment, and that none overlaps itself (R4, R20)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from layers_pipeline.settings import Settings
from sensors.schedules import UNDER_WAY, schedules
from tests.worlds.homes import empty_instance

AT = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
BY_JOB = {schedule.job_name: schedule for schedule in schedules(Settings())}
CADENCES = ["quick_sync", "posts_sync", "full_sync", "derivation"]


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """A real instance, empty."""
    with empty_instance(tmp_path) as made:
        yield made


def asked(job: str, instance: dg.DagsterInstance, at: datetime = AT):
    """What the job's schedule answers at a moment."""
    with dg.build_schedule_context(instance, scheduled_execution_time=at) as context:
        return BY_JOB[job](context)


@pytest.mark.parametrize("job", CADENCES)
def test_a_cadence_asks_for_one_run_per_moment(job, instance):
    request = asked(job, instance)
    assert isinstance(request, dg.RunRequest)
    assert request.run_key == f"{job}-20260303T0800"


@pytest.mark.parametrize("job", [*CADENCES, "scoring"])
def test_a_schedule_skips_while_its_previous_run_goes_on(job, instance):
    run = create_run_for_test(instance, job_name=job, status=dg.DagsterRunStatus.STARTED)
    answer = asked(job, instance)
    assert isinstance(answer, dg.SkipReason)
    assert run.run_id in answer.skip_message


@pytest.mark.parametrize("status", ["NOT_STARTED", "STARTING", "STARTED", "CANCELING"])
def test_a_run_that_has_not_ended_is_under_way(status, instance):
    create_run_for_test(instance, job_name="quick_sync", status=dg.DagsterRunStatus(status))
    assert isinstance(asked("quick_sync", instance), dg.SkipReason)


@pytest.mark.parametrize("status", ["SUCCESS", "FAILURE", "CANCELED"])
def test_a_run_that_has_ended_holds_nothing_up(status, instance):
    create_run_for_test(instance, job_name="quick_sync", status=dg.DagsterRunStatus(status))
    assert isinstance(asked("quick_sync", instance), dg.RunRequest)


def test_a_run_in_the_queue_is_under_way_too():
    assert dg.DagsterRunStatus.QUEUED in UNDER_WAY


def test_a_schedule_does_not_wait_for_another_job(instance):
    for job in ("posts_sync", "scoring", "full_sync"):
        create_run_for_test(instance, job_name=job, status=dg.DagsterRunStatus.STARTED)
    assert isinstance(asked("quick_sync", instance), dg.RunRequest)


@pytest.mark.parametrize(
    ("at", "tick"),
    [
        pytest.param("2026-03-03T08:02", "2026-03-03-08:00", id="in the morning"),
        pytest.param("2026-03-03T20:02", "2026-03-03-20:00", id="the last tick of a day"),
        pytest.param("2026-03-04T00:02", "2026-03-04-00:00", id="at midnight"),
        pytest.param("2026-01-01T00:02", "2026-01-01-00:00", id="at the turn of the year"),
        pytest.param("2028-02-29T04:02", "2028-02-29-04:00", id="on a leap day"),
        pytest.param("2026-03-29T04:02", "2026-03-29-04:00", id="as Europe's clocks change"),
        pytest.param("2026-03-03T11:59", "2026-03-03-08:00", id="just before the next"),
    ],
)
def test_the_tick_that_has_just_passed_is_scored(at, tick, instance):
    request = asked("scoring", instance, datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert request.partition_key == tick
    assert request.run_key == f"score-{tick}"


@pytest.mark.parametrize(
    ("tick_cron", "cron", "moments", "ticks"),
    [
        (
            "0 */6 * * *",
            "2 */6 * * *",
            ["2026-03-03T18:02", "2026-03-04T00:02", "2026-03-04T06:02"],
            ["2026-03-03-18:00", "2026-03-04-00:00", "2026-03-04-06:00"],
        ),
        (
            "59 */6 * * *",
            "59 */6 * * *",
            ["2026-03-03T18:59", "2026-03-04T00:59"],
            ["2026-03-03-18:59", "2026-03-04-00:59"],
        ),
    ],
    ids=["every six hours", "at the last minute"],
)
def test_the_tick_cron_is_a_setting(tick_cron, cron, moments, ticks, instance):
    made = schedules(Settings(tick_cron=tick_cron))
    scoring = next(schedule for schedule in made if schedule.job_name == "scoring")
    asked_for = []
    for at in moments:
        moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
        with dg.build_schedule_context(instance, scheduled_execution_time=moment) as context:
            asked_for.append(scoring(context).partition_key)
    assert (scoring.cron_schedule, asked_for) == (cron, ticks)


def test_short_work_is_asked_for_by_the_clock_alone():
    crons = {job: BY_JOB[job].cron_schedule for job in ("check_freshness", "maintenance")}
    assert crons == {"check_freshness": "25 * * * *", "maintenance": "40 3 * * *"}


def test_every_schedule_says_what_it_does():
    assert all(schedule.description for schedule in BY_JOB.values())
