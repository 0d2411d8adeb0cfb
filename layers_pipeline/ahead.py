"""Work on parts by threads, while the caller is still at the parts before.

Belongs here: how much is worked on ahead, in which order it comes back.
Does not belong here: what the work is; anything that takes a lock or writes.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import chain, islice
from typing import Any, Final, TypeVar

THREADS: Final = 1
"""Of each kind of work. More hold more parts, and gain little on two cores."""
Given = TypeVar("Given")
Made = TypeVar("Made")


def ahead(
    work: Callable[[Given], Made], parts: Iterator[Given], *, threads: int = THREADS
) -> Generator[Made]:
    """What the work makes of each part, in their order.

    The parts are taken by the caller's thread, at most one more than there are threads ahead. The
    work must not wait for anything that the caller holds. Of a single part the caller's thread
    does the work itself.

    Args:
        work: What is done with a part.
        parts: The parts. What they or the work raise is raised when the turn of it comes.
        threads: How many are worked on at once.
    """
    tasks = _tasks(work, parts)
    first = list(islice(tasks, 2))
    if len(first) < 2:  # noqa: PLR2004 - the first and another
        yield from (task() for task in first)
        return
    waiting: deque[Future[Made]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="reading")
    try:
        for task in chain(first, tasks):
            waiting.append(pool.submit(task))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _tasks(work: Callable[[Given], Made], parts: Iterator[Given]) -> Iterator[Callable[[], Made]]:
    """The work on each part; where no other can be taken, an error in its place."""
    try:
        for part in parts:
            yield partial(work, part)
    except Exception as error:  # noqa: BLE001 - raised when its turn comes
        yield partial(_fail, error)


def _fail(error: Exception) -> Any:  # noqa: ANN401 - never returns
    raise error
