"""How long Dagster's history of runs is kept.

Belongs here: which runs may go, deleting them with their events and logs.
Does not belong here: ticks of schedules (``dagster.yaml``), the pipeline's own history.

A run that made the newest version of an asset, or of one of its partitions, stays however old it
is: by it Dagster knows which ticks were scored. What goes is what the UI shows of the others: the
run, its events and its logs. Results of checks stay, though not the link to the run.
"""

from datetime import datetime, timedelta
from typing import Final

import dagster as dg
import sqlalchemy as sa
from dagster import DagsterEventType, DagsterRunStatus
from dagster._core.storage.event_log import SqlEventLogStorage, SqlEventLogStorageTable

from layers_pipeline.progress import report
from layers_pipeline.settings import Settings

FINISHED: Final = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]
RUNS_AT_ONCE: Final = 500


def forget_old_runs(instance: dg.DagsterInstance, settings: Settings, *, now: datetime) -> int:
    """Delete runs that ended before the settings' days; a repeat goes on where one was cut.

    Returns:
        Runs deleted.
    """
    if not settings.run_history_days:
        return 0
    before = now - timedelta(days=settings.run_history_days)
    ids = _finished_before(instance, before)
    needed = _newest_makers(instance.event_log_storage)
    due = [run_id for run_id in ids if run_id not in needed]
    for done, run_id in enumerate(due, start=1):
        # Events first: until the run itself has gone, a repeat finds it again.
        instance.event_log_storage.delete_events(run_id)
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        instance.delete_run(run_id)
        report("runs forgotten", done, len(due))
    return len(due)


def _finished_before(instance: dg.DagsterInstance, before: datetime) -> list[str]:
    """Ids of finished runs that were created before a moment, newest first."""
    wanted = dg.RunsFilter(statuses=FINISHED, created_before=before)
    found: list[str] = []
    while some := instance.get_run_ids(
        wanted, cursor=found[-1] if found else None, limit=RUNS_AT_ONCE
    ):
        found += some
    return found


def _newest_makers(storage: object) -> set[str]:
    """Ids of the runs that made the newest version of each asset and partition."""
    if not isinstance(storage, SqlEventLogStorage):
        raise TypeError(f"{type(storage).__name__}: events are kept in no SQL database")
    events = SqlEventLogStorageTable.c
    is_made = events.dagster_event_type == DagsterEventType.ASSET_MATERIALIZATION.value
    newest = sa.select(sa.func.max(events.id)).where(is_made)
    newest = newest.group_by(events.asset_key, events.partition)
    query = sa.select(events.run_id).where(events.id.in_(newest)).distinct()
    with storage.index_connection() as connection:
        return set(connection.execute(query).scalars())
