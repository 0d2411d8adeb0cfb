"""Runs in this process that belong to the code location, as those that the UI launches do.

Belongs here: creating a run under the code location's name, executing it here.
Does not belong here: which job, and why (``cli.runs``).

Dagster executes jobs in a process in public (``execute_in_process``), and gives such runs no
origin: Timeline and Jobs do not show them, and the UI cannot repeat them. So what that method does
is done here in its three steps; they are internal to Dagster 1.13, and nothing else uses them.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import create_execution_plan, execute_run
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)

CODE_LOCATION: Final = "layers_pipeline"
"""As ``workspace.yaml`` names it."""
REPOSITORY: Final = "__repository__"


def run_here(
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    *,
    run_config: Mapping[str, Any],
    tags: Mapping[str, str],
    assets: Collection[str] = (),
) -> list[dg.DagsterEvent]:
    """Execute a job and return the run's events; what a step raises is raised.

    Args:
        tags: Tags of the run beside the job's own.
        assets: Names of the job's assets to make; all by default.
    """
    keys = frozenset(dg.AssetKey(name) for name in assets) or None
    chosen = job.get_subset(asset_selection=keys) if keys else job
    run = instance.create_run_for_job(
        job_def=chosen,
        execution_plan=create_execution_plan(InMemoryJob(chosen), run_config=run_config),
        run_config=run_config,
        tags={**job.run_tags, **tags},
        asset_selection=keys,
        remote_job_origin=_origin(job.name),
    )
    return list(execute_run(InMemoryJob(job), run, instance, raise_on_error=True).all_events)


def _origin(job_name: str) -> RemoteJobOrigin:
    location = RegisteredCodeLocationOrigin(CODE_LOCATION)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, REPOSITORY), job_name)
