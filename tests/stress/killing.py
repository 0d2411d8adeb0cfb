"""A step in a process of its own, killed at a point of the code that has a name.

Belongs here: starting the process, the point, the kill.
Does not belong here: what must hold afterwards (each test).

The function at the point does what it does, and its process kills itself before or after it.
"""

import importlib
import os
import signal
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from types import FunctionType
from typing import Any, Literal

from layers_pipeline.clock import FixedClock
from layers_pipeline.settings import Settings
from layers_pipeline.steps.stores import Stores, open_stores

PROCESSES = get_context("forkserver")
"""Each one imports what it needs by itself: the engines' threads do not live through a fork."""

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
    victim = begun(stores, step, until=point)
    victim.join(300)
    is_stuck = victim.is_alive()
    victim.kill()
    assert not is_stuck, f"{point} was not reached within 300 s"
    assert victim.exitcode == -signal.SIGKILL, f"{point} was not reached: {victim.exitcode}"


def begun(
    stores: Stores, step: Callable[[Stores], object], *, until: Point | None = None
) -> BaseProcess:
    """A process that runs a step on the stores' home, to its end or until it is killed.

    Args as of ``killed_at``.
    """
    settings, now = stores.settings.model_dump(), stores.clock.now()
    process = PROCESSES.Process(target=_run, args=(until, settings, now, step))
    process.start()
    return process


def _run(
    point: Point | None, settings: dict[str, Any], now: datetime, step: Callable[[Stores], object]
) -> None:
    warnings.simplefilter("error")
    stores = open_stores(Settings(**settings), clock=FixedClock(now))
    if point:
        _strike(point)
    step(stores)


def _strike(point: Point) -> None:
    """Let the function end its process, wherever it is called from and under whatever name.

    Its code is changed in place: to watch all calls instead makes a step many times slower.
    """
    module, _, name = point.function.partition(":")
    found: Any = importlib.import_module(f"layers_pipeline.{module}")
    function = reduce(getattr, name.split("."), found)
    itself = FunctionType(function.__code__, function.__globals__, argdefs=function.__defaults__)
    itself.__kwdefaults__ = function.__kwdefaults__
    seen = 0

    def struck(*args: Any, **options: Any) -> Any:
        nonlocal seen
        seen += 1
        if point.event == "call" and seen == point.nth:
            os.kill(os.getpid(), signal.SIGKILL)
        result = itself(*args, **options)
        if seen == point.nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    function.__globals__["_struck"] = struck
    function.__defaults__ = function.__kwdefaults__ = None
    function.__code__ = _through.__code__


def _through(*args: Any, **options: Any) -> Any:
    return _struck(*args, **options)  # noqa: F821 - of the module whose function this becomes
