"""Processes that each score a share of the same ticks, and hand over what they wrote.

Belongs here: starting them, what goes to them and comes back, the process itself.
Does not belong here: which projects are whose (``shares``), committing (``tick_commits``).

A process is told what to do on its standard input, settings with their secrets too, so that no list
of processes shows them, and answers on its standard output, both in Python's own form. It commits
nothing: its data files belong to no version until the commit of all shares names them. So one that
is killed leaves nothing to undo, and the run says so and can be repeated.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import IO, Final

from layers_pipeline.clock import Clock
from layers_pipeline.errors import LayersError, RunFailedError
from layers_pipeline.settings import Settings
from layers_pipeline.steps.derive.versions import InForce
from layers_pipeline.steps.score.effective_scores import effective_before
from layers_pipeline.steps.score.shares import Share, load_share
from layers_pipeline.steps.score.tick_commits import Batch, Part, Writer
from layers_pipeline.steps.score.tick_scorer import TickScorer
from layers_pipeline.steps.stores import Stores, open_stores

THREADS: Final = "POLARS_MAX_THREADS"
LOST: Final = (
    "scoring: the process of share {number} of {of} ended ({why}). Nothing of the ticks under way "
    "was committed; repeat the run, with fewer LAYERS_SCORE_SHARDS where memory was short."
)


@dataclass(frozen=True, kw_only=True)
class Task:
    """What one process is to do.

    ``batches`` are ticks that are committed together, with the name of their data files; what is
    known and what is in force are those of ``versions`` and ``rules``, the same for all shares.
    """

    settings: Settings
    clock: Clock
    share: Share
    batches: Sequence[tuple[str, Sequence[datetime]]]
    versions: Mapping[str, int]
    rules: InForce


class ShareProcess:
    """A process that scores one share; its parts are taken in the order of the batches."""

    def __init__(self, task: Task, *, threads: int) -> None:
        self._share = task.share
        self._process = subprocess.Popen(  # noqa: S603 - this module, nothing of a user's
            [sys.executable, "-m", parts_of.__module__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, THREADS: str(threads)},
        )
        stdin, self._answers = self._process.stdin, self._process.stdout
        # One that ends at once is told of when its first part is taken.
        with suppress(BrokenPipeError):
            if stdin is not None:
                with stdin:
                    pickle.dump(task, stdin)

    @property
    def pid(self) -> int:
        """The number by which the system knows the process."""
        return self._process.pid

    def take(self) -> Part:
        """The next batch of ticks; waits for it.

        Raises:
            RunFailedError: The process failed, or was ended.
        """
        if self._answers is None:
            raise self._lost("it has no output")
        try:
            found = pickle.load(self._answers)  # noqa: S301 - a process of ours wrote it
        except EOFError:
            code = self._process.wait()
            raise self._lost(f"exit code {code}, see its standard error") from None
        if isinstance(found, Part):
            return found
        raise self._lost(str(found))

    def end(self) -> None:
        """End the process; it has nothing to undo."""
        self._process.kill()
        self._process.wait()
        if self._answers is not None:
            self._answers.close()

    def _lost(self, why: str) -> RunFailedError:
        return RunFailedError(
            LOST.format(number=self._share.number + 1, of=self._share.of, why=why)
        )


@contextmanager
def share_processes(tasks: Sequence[Task]) -> Iterator[list[ShareProcess]]:
    """Processes for all tasks, each with its part of the cores, ended with the block."""
    threads = max(1, (os.cpu_count() or 1) // len(tasks))
    with ExitStack() as ended:
        processes: list[ShareProcess] = []
        for task in tasks:
            processes.append(ShareProcess(task, threads=threads))
            ended.callback(processes[-1].end)
        yield processes


def parts_of(task: Task, stores: Stores) -> Iterator[Part]:
    """Score a share of the task's ticks; each batch's data files are written, and not committed."""
    first, last = task.batches[0][1][0], task.batches[-1][1][-1]
    history = load_share(stores, task.versions, task.share, since=first, until=last)
    version = task.rules.active.version
    earlier = partial(effective_before, stores.lake, first, version=version)
    scorer = TickScorer(history, first=first, last=last, in_force=task.rules, earlier=earlier)
    with Writer() as writer:
        for name, ticks in task.batches:
            batch = Batch(stores, task.rules, writer, batch=name)
            for tick in ticks:
                batch.add(tick, scorer.parts(tick))
            yield batch.hand_over()


def _answer(given: IO[bytes], answers: IO[bytes]) -> None:
    task: Task = pickle.load(given)  # noqa: S301 - the process that started this one wrote it
    try:
        for part in parts_of(task, open_stores(task.settings, clock=task.clock)):
            pickle.dump(part, answers)
            answers.flush()
    except LayersError as error:
        pickle.dump(f"{type(error).__name__}: {error}", answers)


if __name__ == "__main__":
    _answer(sys.stdin.buffer, sys.stdout.buffer)
