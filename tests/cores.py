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
    if len(ALL) > 1:
        os.sched_setaffinity(0, ALL if marked(item) & SHARED else own(item.config))
    return (yield)


def own(config: pytest.Config) -> set[int]:
    """The core of this worker; the first one where there is one process only."""
    number = int(getattr(config, "workerinput", {}).get("workerid", "gw0").removeprefix("gw"))
    return {sorted(ALL)[number % len(ALL)]}
