"""What a run leaves for whoever watches: records with its id, and its figures.

Belongs here: how long a run took, with how much memory, whether a step failed.
Does not belong here: what it did (assets), how figures are shown (``steps.watch``).
"""

import logging
import resource
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from layers_pipeline import logs
from layers_pipeline.errors import LayersError
from layers_pipeline.operations.job_runs import EndedRun
from layers_pipeline.steps.stores import Stores

log: Final = logging.getLogger(__name__)
UNIT: Final = 1 if sys.platform == "darwin" else 1024
"""Bytes in the unit that the system tells memory in."""


@contextmanager
def watched(stores: Stores, context: dg.InitResourceContext) -> Generator[None]:
    """Count a run as it ends; every record of it says which run and job it is of.

    A run whose process is killed is counted by nobody: that its job has not succeeded for long is
    what tells.
    """
    run = context.run
    if run is None or context.instance is None:
        yield
        return
    began = time.monotonic()
    with logs.about(run_id=run.run_id, job=run.job_name):
        log.info("run began")
        try:
            yield
        finally:
            seconds = time.monotonic() - began
            failed = failed_steps(context.instance, run.run_id)
            if failed is not None:
                ended = EndedRun(
                    job=run.job_name,
                    succeeded=not failed,
                    seconds=seconds,
                    memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT,
                )
                _count(stores, ended)


def failed_steps(instance: dg.DagsterInstance, run_id: str) -> int | None:
    """How many steps failed; None, said in a warning, where Dagster's own store is away."""
    try:
        return instance.get_run_stats(run_id).steps_failed
    except (SQLAlchemyError, dg.DagsterError) as error:
        log.warning("the run is not counted in the job's figures: %s", type(error).__name__)
        return None


def _count(stores: Stores, ended: EndedRun) -> None:
    """Add a run to its job's figures; what the run did stands, whether it is counted or not."""
    figures = {
        "succeeded": ended.succeeded,
        "seconds": round(ended.seconds, 3),
        "memory_bytes": ended.memory_bytes,
    }
    log.info("run ended", extra=figures)
    try:
        stores.operations.job_runs.add(ended, now=stores.clock.now())
    except LayersError as error:
        log.warning("the run is not counted in the job's figures: %s", error)
