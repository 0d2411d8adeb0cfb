"""Syncs in processes of their own.

Belongs here: functions that a spawned process can import.
Does not belong here: assertions, and anything that starts processes.
"""

import warnings
from datetime import datetime
from multiprocessing.synchronize import Barrier
from typing import Any

from benchmarks.life import HASTY
from layers_pipeline.clock import FixedClock
from layers_pipeline.settings import Settings
from layers_pipeline.steps.ingest.oauth import sync_oauth
from layers_pipeline.steps.stores import open_stores


def sync_alone(settings: dict[str, Any], now: datetime, depth: str) -> None:
    """One sync at a moment."""
    warnings.simplefilter("error")
    stores = open_stores(Settings(**settings), clock=FixedClock(now))
    sync_oauth(stores, depth, worker=f"process-{depth}", retries=HASTY)


def sync_once(
    settings: dict[str, Any], now: datetime, depth: str, start: Barrier, results: Any
) -> None:
    """One sync at a moment, begun when everybody is ready; gives outcomes by name."""
    warnings.simplefilter("error")
    stores = open_stores(Settings(**settings), clock=FixedClock(now))
    start.wait(60)
    summary = sync_oauth(stores, depth, worker=f"process-{depth}", retries=HASTY)
    stores.operations.close()
    results.put((depth, dict(summary.outcomes), summary.failures))
