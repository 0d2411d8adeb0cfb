"""A process that syncs and derives again and again, and logs what it is about to do.

Belongs here: the loop, its clock, the log.
Does not belong here: killing it, and checking what came of it (``test_killed_syncs``).
"""

import os
import warnings
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from benchmarks.life import HASTY
from layers_pipeline.settings import Settings
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.ingest.oauth import sync_oauth
from layers_pipeline.steps.ingest.outcomes import FULL_EVERY
from layers_pipeline.steps.stores import open_stores
from sandbox.simulation.clock import SandboxClock


def sync_until_killed(settings: dict[str, Any], url: str, name: str, folder: Path) -> None:
    """Move the sandbox's clock on, sync in full, derive; warnings are errors."""
    warnings.simplefilter("error")
    with (folder / f"{name}.err").open("ab") as errors:
        os.dup2(errors.fileno(), 2)
    with (
        httpx.Client(base_url=url, trust_env=False, timeout=30) as sandbox,
        (folder / f"{name}.log").open("a", buffering=1) as log,
    ):
        clock = SandboxClock(_moved_on(sandbox, 0))
        stores = open_stores(Settings(**settings), clock=clock)
        for number in count():
            clock.set(_moved_on(sandbox, FULL_EVERY.total_seconds()))
            log.write("sync\n")
            sync_oauth(stores, "full", worker=f"{name}-{number}", retries=HASTY)
            log.write("derive\n")
            bring_up_to_date(stores)
            log.write("done\n")


def _moved_on(sandbox: httpx.Client, seconds: float) -> datetime:
    answer = sandbox.post("/sandbox/clock/advance", json={"seconds": seconds})
    return datetime.fromisoformat(answer.raise_for_status().json()["now"])
