"""One reading of an Instagram account, call after call, until it is done or an error ends it.

Belongs here: what is tried again and how often, and throttles that look like something else.
Does not belong here: HTTP, and what is asked for.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from layers_pipeline.errors import SourceError, SourceMalformedError, SourceUnavailableError
from layers_pipeline.sources.http import RetryPolicy
from layers_pipeline.sources.instagram.call_queue import BATCHES, HOST, CallQueue
from layers_pipeline.sources.instagram.errors import SOURCE, FaultKind, GraphFault
from layers_pipeline.sources.instagram.requests import Wanted
from layers_pipeline.sources.instagram.session import Answer, GraphSession
from layers_pipeline.sources.instagram.tasks import Task

ENDING: Final[frozenset[FaultKind]] = frozenset(
    ["app_throttled", "account_throttled", "account_blocked", "unauthorized"]
)
"""What ends a reading wherever it is met."""
PASSING: Final[frozenset[FaultKind]] = frozenset({"passing", "malformed", "too_much"})
MANY: Final = 3
"""Fewer items that fail alike are taken one by one."""


class MediaReader:
    """Makes the calls of one reading."""

    def __init__(self, session: GraphSession, queue: CallQueue, *, retries: RetryPolicy) -> None:
        self._session = session
        self._queue = queue
        self._retries = retries
        self._wait_after_tries = 0
        self._was_disguised = False
        self._in_vain = 0
        """Calls in a row without any answer."""
        self._read_any = False
        """Whether the insights of any item were answered."""

    async def run(self) -> None:
        """Read until nothing is left.

        Raises:
            SourceError: The reading ended early; what was read before is kept.
        """
        while call := self._queue.next_call():
            tasks = [task for task, _ in call]
            answers = await self._answers(call)
            self._settle(tasks, self._without_disguise(tasks, answers))
            await self._wait()

    async def _answers(self, call: Sequence[tuple[Task, Wanted]]) -> list[Answer]:
        if len(call) == 1 and call[0][0].is_vital:
            return [await self._session.get(call[0][1])]
        if self._queue.takes_batches:
            answers = await self._session.batch([wanted for _, wanted in call])
            if not isinstance(answers, GraphFault):
                self._queue.builder.answer(HOST, [BATCHES], is_item=False)
                return answers
            self._queue.builder.refuse(HOST, BATCHES, answers.message, is_named=True)
        return [await self._single(task, wanted) for task, wanted in call]

    async def _single(self, task: Task, wanted: Wanted) -> Answer:
        """One of a call's requests by itself, where the host takes no batches."""
        try:
            return await self._session.get(wanted)
        except (SourceUnavailableError, SourceMalformedError) as error:
            if task.is_vital:
                raise
            return self._session.unanswered(str(error))

    def _settle(self, tasks: Sequence[Task], answers: Sequence[Answer]) -> None:
        """Hand every answer to its task; only then does an error end the reading."""
        answered = [answer.fault is None for answer in answers]
        outcomes: list[SourceError | GraphFault | None] = [None] * len(tasks)
        # What was given first: it tells of a refusal whether it is the one item's.
        for place in sorted(range(len(tasks)), key=lambda place: not answered[place]):
            outcomes[place] = self._outcome(tasks[place], answers[place])
        if errors := [outcome for outcome in outcomes if isinstance(outcome, SourceError)]:
            raise errors[0]
        lost = [
            (task, outcome)
            for task, outcome in zip(tasks, outcomes, strict=True)
            if isinstance(outcome, GraphFault)
        ]
        self._count_answers(tasks, answers)
        self._stop_if_down(lost)

    def _count_answers(self, tasks: Sequence[Task], answers: Sequence[Answer]) -> None:
        answered = [
            task
            for task, answer in zip(tasks, answers, strict=True)
            if answer.fault is None or answer.fault.kind not in PASSING
        ]
        self._in_vain = 0 if answered else self._in_vain + 1
        self._read_any |= any(task.reads_insights for task in answered)

    def _stop_if_down(self, lost: Sequence[tuple[Task, GraphFault]]) -> None:
        """Stop asking once nothing is answered any more, rather than give up one by one."""
        needed = [fault for task, fault in lost if not task.is_extra]
        is_long = self._in_vain >= 2 * self._retries.attempts
        if needed and (is_long or (len(needed) >= MANY and not self._read_any)):
            message = f"nothing is answered any more: {needed[0].message}"
            raise SourceUnavailableError(SOURCE, message)
        if lost and is_long:
            self._queue.builder.leave_parts(lost[0][1].message)

    def _outcome(self, task: Task, answer: Answer) -> SourceError | GraphFault | None:
        """The error that ends the reading, or the fault for which the task was given up."""
        try:
            return self._hand_over(task, answer)
        except SourceError as error:
            return error

    def _hand_over(self, task: Task, answer: Answer) -> GraphFault | None:
        fault = answer.fault
        if fault is None:
            task.take(answer)
        elif fault.kind in ENDING:
            raise fault.error()
        elif fault.kind not in PASSING:
            task.refused(fault)
        elif not (fault.kind == "too_much" and task.smaller()):
            return self._again(task, fault)
        return None

    def _again(self, task: Task, fault: GraphFault) -> GraphFault | None:
        task.tries += 1
        if task.tries >= self._retries.attempts:
            task.given_up(fault)
            return fault
        self._wait_after_tries = max(self._wait_after_tries, task.tries)
        self._queue.put(task)
        return None

    async def _wait(self) -> None:
        tries, self._wait_after_tries = self._wait_after_tries, 0
        if tries:
            await asyncio.sleep(self._retries.wait_s(tries))

    def _without_disguise(
        self, tasks: Sequence[Task], answers: Sequence[Answer]
    ) -> Sequence[Answer]:
        """The answers, with "gone" put right where so many say it that it must be a throttle."""
        asked = {task.item_id for task in tasks if task.item_id}
        gone = {
            task.item_id
            for task, answer in zip(tasks, answers, strict=True)
            if task.item_id and answer.fault and answer.fault.kind == "gone"
        }
        if len(gone) < MANY or 2 * len(gone) <= len(asked):
            return answers
        kind = "account_throttled" if self._was_disguised else "passing"
        self._was_disguised = True
        return [self._unmasked(answer, kind) for answer in answers]

    def _unmasked(self, answer: Answer, kind: FaultKind) -> Answer:
        if answer.fault is None or answer.fault.kind != "gone":
            return answer
        message = f"{answer.fault.message} Said of most items just listed, so it is a throttle."
        fault = replace(answer.fault, kind=kind, message=message)
        self._session.hold(fault)
        return replace(answer, fault=fault)
