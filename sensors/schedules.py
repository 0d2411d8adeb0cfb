"""Schedules: the sync cadences and the scoring cadence, never overlapping themselves.

Belongs here: cron expressions and skipping while the previous run goes on.
Does not belong here: catching up after an outage (``sensors.ticks``).
"""

from datetime import timedelta
from typing import Final

import dagster as dg

from assets.partitions import scoring_ticks
from layers_pipeline.dagster_support.console import asking_for_json
from layers_pipeline.settings import Settings
from layers_pipeline.steps.ingest.outcomes import EVERY
from sensors.jobs import (
    ads_sync,
    check_freshness,
    creator_payouts,
    derivation,
    exports,
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
TICK_MINUTE: Final = 2
LAST_MINUTE: Final = 59


def run_under_way(instance: dg.DagsterInstance, job_name: str) -> str | None:
    """The id of a run of the job that has not ended, if there is one."""
    wanted = dg.RunsFilter(job_name=job_name, statuses=list(UNDER_WAY))
    found = instance.get_run_records(wanted, limit=1)
    return found[0].dagster_run.run_id if found else None


def schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """Every schedule, switched on or off as the settings say."""
    status = dg.DefaultScheduleStatus[settings.schedules.upper()]
    return [
        _cadence(quick_sync.name, _every(EVERY["quick"]), status, what="Quick syncs"),
        _cadence(posts_sync.name, _every(EVERY["posts"]), status, what="Posts syncs"),
        _cadence(full_sync.name, _every(EVERY["full"]), status, what="Full syncs"),
        # Apart from scoring's minutes: what a reading lands is known before the next tick.
        _cadence(ads_sync.name, "20 */6 * * *", status, what="Readings of ad accounts"),
        # Once more between two runs of posts_sync, in case SIFT failed and ended that run.
        _cadence(derivation.name, "12,42 * * * *", status, what="Derivations"),
        # After the tick and after ads were read, before the next tick is.
        _cadence(creator_payouts.name, "45 */6 * * *", status, what="Creators' pay"),
        _plain(check_freshness.name, "25 * * * *", status),
        _plain(maintenance.name, "40 3 * * *", status),
        _cadence(exports.name, settings.exports_cron, status, what="Exports of saved views"),
        _scoring_schedule(settings, status),
    ]


def _every(cadence: timedelta) -> str:
    """The cron expression of a cadence of minutes that divide the hour."""
    return f"*/{int(cadence.total_seconds()) // 60} * * * *"


def _cadence(
    job_name: str, cron: str, status: dg.DefaultScheduleStatus, *, what: str
) -> dg.ScheduleDefinition:
    """A schedule that skips, rather than queues, while its previous run goes on (R4)."""

    @dg.schedule(
        job_name=job_name,
        cron_schedule=cron,
        execution_timezone="UTC",
        name=f"{job_name}_schedule",
        default_status=status,
        description=f"{what}, by the clock; skips while the previous run goes on.",
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        busy = run_under_way(context.instance, job_name)
        if busy:
            return dg.SkipReason(f"run {busy} of {job_name} has not ended yet")
        return dg.RunRequest(
            run_key=f"{job_name}-{context.scheduled_execution_time:%Y%m%dT%H%M}",
            run_config=asking_for_json(),
        )

    return schedule


def _plain(job_name: str, cron: str, status: dg.DefaultScheduleStatus) -> dg.ScheduleDefinition:
    """A schedule of work that is short beside its cadence."""
    return dg.ScheduleDefinition(
        name=f"{job_name}_schedule",
        job_name=job_name,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=status,
        description=f"Runs {job_name} by the clock.",
        run_config=asking_for_json(),
    )


def after_the_tick(tick_cron: str) -> str:
    """The tick's cron expression two minutes later, where its minute leaves room for that."""
    minute, _, rest = tick_cron.partition(" ")
    has_room = minute.isdigit() and int(minute) + TICK_MINUTE <= LAST_MINUTE
    return f"{int(minute) + TICK_MINUTE} {rest}" if has_room else tick_cron


def _scoring_schedule(
    settings: Settings, status: dg.DefaultScheduleStatus
) -> dg.ScheduleDefinition:
    ticks = scoring_ticks(settings)

    @dg.schedule(
        job=scoring,
        name="scoring_schedule",
        cron_schedule=after_the_tick(settings.tick_cron),
        execution_timezone="UTC",
        default_status=status,
        description="Scores the tick that has just passed, once commits under way have arrived.",
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        busy = run_under_way(context.instance, scoring.name)
        if busy:
            return dg.SkipReason(f"run {busy} of scoring has not ended yet; the tick is caught up")
        key = ticks.get_partition_keys(current_time=context.scheduled_execution_time)[-1]
        return dg.RunRequest(
            partition_key=key, run_key=f"score-{key}", run_config=asking_for_json()
        )

    return schedule
