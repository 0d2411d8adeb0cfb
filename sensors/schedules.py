"""Schedules: the three sync cadences and the scoring cadence, never overlapping themselves.

Belongs here: cron expressions and skipping while the previous run goes on.
Does not belong here: catching up after an outage (``sensors.ticks``).
"""

from typing import Final

import dagster as dg

from assets.partitions import SETTINGS, scoring_ticks
from sensors.jobs import (
    check_currency,
    derivation,
    full_sync,
    maintenance,
    posts_sync,
    quick_sync,
    scoring,
)

UNDER_WAY: Final = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
    dg.DagsterRunStatus.SUSPENDED,
)
STATUS: Final = (
    dg.DefaultScheduleStatus.RUNNING
    if SETTINGS.schedules == "running"
    else dg.DefaultScheduleStatus.STOPPED
)
TICK_MINUTE: Final = 2
LAST_MINUTE: Final = 59


def run_under_way(instance: dg.DagsterInstance, job_name: str) -> str | None:
    """The id of a run of the job that has not ended, if there is one."""
    wanted = dg.RunsFilter(job_name=job_name, statuses=list(UNDER_WAY))
    found = instance.get_run_records(wanted, limit=1)
    return found[0].dagster_run.run_id if found else None


def cadence(job_name: str, cron: str) -> dg.ScheduleDefinition:
    """A schedule that skips, rather than queues, while its previous run goes on (R4)."""

    @dg.schedule(
        job_name=job_name,
        cron_schedule=cron,
        execution_timezone="UTC",
        name=f"{job_name}_schedule",
        default_status=STATUS,
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        busy = run_under_way(context.instance, job_name)
        if busy:
            return dg.SkipReason(f"run {busy} of {job_name} has not ended yet")
        return dg.RunRequest(run_key=f"{job_name}-{context.scheduled_execution_time:%Y%m%dT%H%M}")

    return schedule


def after_the_tick(tick_cron: str) -> str:
    """The tick's cron expression two minutes later, where its minute leaves room for that."""
    minute, _, rest = tick_cron.partition(" ")
    has_room = minute.isdigit() and int(minute) + TICK_MINUTE <= LAST_MINUTE
    return f"{int(minute) + TICK_MINUTE} {rest}" if has_room else tick_cron


@dg.schedule(
    job=scoring,
    cron_schedule=after_the_tick(SETTINGS.tick_cron),
    execution_timezone="UTC",
    default_status=STATUS,
)
def scoring_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Scores the tick that has just passed, once commits under way have arrived."""
    busy = run_under_way(context.instance, scoring.name)
    if busy:
        return dg.SkipReason(f"run {busy} of scoring has not ended yet; the tick is caught up")
    key = scoring_ticks.get_partition_keys(current_time=context.scheduled_execution_time)[-1]
    return dg.RunRequest(partition_key=key, run_key=f"score-{key}")


SCHEDULES: Final = (
    cadence(quick_sync.name, "*/5 * * * *"),
    cadence(posts_sync.name, "*/30 * * * *"),
    cadence(full_sync.name, "*/20 * * * *"),
    # Once more between two runs of posts_sync, in case SIFT failed and ended that run.
    cadence(derivation.name, "12,42 * * * *"),
    cadence(check_currency.name, "25 * * * *"),
    cadence(maintenance.name, "40 3 * * *"),
    scoring_schedule,
)
