"""A step in a process of its own, killed at a point of the code that has a name.

Belongs here: starting the process, the point, the kill.
Does not belong here: what must hold afterwards (each test).

Nothing of the code is changed: the process watches its own calls, and kills itself.
"""

import os
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from types import FrameType
from typing import Any, Literal

from layers_pipeline.clock import FixedClock
from layers_pipeline.settings import Settings
from layers_pipeline.steps.stores import Stores, open_stores

PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.stress.killing"])


IS_LONG = "LAYERS_LONG_TESTS" in os.environ


@dataclass(frozen=True, kw_only=True)
class Point:
    """Where a process ends: as a function is called, or as it returns, for the nth time."""

    function: str
    """As ``module:Qualified.name``, the module without our package."""
    event: Literal["call", "return"] = "return"
    nth: int = 1
    is_long: bool = False
    """Whether it is tried with LAYERS_LONG_TESTS alone: others are of its kind."""

    def __str__(self) -> str:
        name = self.function.rpartition(":")[2]
        return f"{self.event} {self.nth} of {name}"


def tried(points: Sequence[Point]) -> list[Point]:
    """The points that are tried here."""
    return [point for point in points if IS_LONG or not point.is_long]


def killed_at(point: Point, stores: Stores, step: Callable[[Stores], object]) -> None:
    """Run a step on the stores' home in another process, until it is killed at the point.

    Args:
        step: A function that another process can import.
    """
    settings, now = stores.settings.model_dump(), stores.clock.now()
    victim = PROCESSES.Process(target=_run, args=(point, settings, now, step))
    victim.start()
    victim.join(120)
    victim.kill()
    assert victim.exitcode == -signal.SIGKILL, f"{point} was not reached: {victim.exitcode}"


def _run(
    point: Point, settings: dict[str, Any], now: datetime, step: Callable[[Stores], object]
) -> None:
    warnings.simplefilter("error")
    stores = open_stores(Settings(**settings), clock=FixedClock(now))
    module, _, name = point.function.partition(":")
    seen = 0

    def watch(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal seen
        is_it = event == point.event and frame.f_code.co_qualname == name
        if is_it and frame.f_globals.get("__name__") == f"layers_pipeline.{module}":
            seen += 1
            if seen == point.nth:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)
    step(stores)
