"""One core for each worker: libraries start as many threads as they see cores.

Belongs here: which core a test sees.
Does not belong here: how many workers there are (``Makefile``).

Polars, DataFusion and DuckDB share a merge of ten rows out to every core; with a worker per core
that is a third of the suite's time, spent on handing over. What starts processes sees all cores.
"""

import os
from collections.abc import Iterator

import pytest

from tests.layers import marked

ALL = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
SHARED = frozenset({"process", "e2e"})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    worker = getattr(item.config, "workerinput", None)
    if worker is not None and len(ALL) > 1:
        os.sched_setaffinity(0, ALL if marked(item) & SHARED else core_of(worker["workerid"]))
    return (yield)


def core_of(worker: str) -> set[int]:
    """The core of the worker ``gw0``, ``gw1``, …; they take turns."""
    return {sorted(ALL)[int(worker.removeprefix("gw")) % len(ALL)]}
