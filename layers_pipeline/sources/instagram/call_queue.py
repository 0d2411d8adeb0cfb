"""The order in which one reading's requests are made, fifty to a call.

Belongs here: what goes into the next call, and who waits for the search of a refused metric.
Does not belong here: HTTP, and what a task asks for or makes of its answer.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from layers_pipeline.sources.instagram.errors import GraphFault, metrics_named
from layers_pipeline.sources.instagram.items import (
    InsightsTask,
    ManyPartsTask,
    PartsTask,
    ProbeTask,
)
from layers_pipeline.sources.instagram.pages import AccountTask, FieldsTask, PageTask
from layers_pipeline.sources.instagram.reading_builder import ReadingBuilder
from layers_pipeline.sources.instagram.requests import Item, Wanted
from layers_pipeline.sources.instagram.session import BATCH_MAX, GraphSession
from layers_pipeline.sources.instagram.tasks import MetricsTask, Plan, Task

IDS_MAX: Final = 50
"""Posts whose breakdown is asked for in one request."""


@dataclass(kw_only=True)
class _Search:
    """The search for the metric of a media type that is refused without being named."""

    probes: int
    fault: GraphFault
    waiting: list[MetricsTask] = field(default_factory=list)


class CallQueue:
    """Tasks that wait for their turn: lists first, then items, then breakdowns of many."""

    def __init__(
        self, session: GraphSession, builder: ReadingBuilder, *, account_key: str, plan: Plan
    ) -> None:
        self.session = session
        self.builder = builder
        self.account_key = account_key
        self.plan = plan
        self._lists: deque[Task] = deque([PageTask(self, "media")])
        if plan.has_insights:
            self._lists.extend([PageTask(self, "stories"), AccountTask(self)])
        self._items: deque[Task] = deque()
        self._parts: deque[Item] = deque()
        self._known: set[str] = set()
        self._searches: dict[str, _Search] = {}

    def put(self, task: Task) -> None:
        """Have a task done before those that wait already."""
        (self._lists if isinstance(task, FieldsTask) else self._items).appendleft(task)

    def put_item(self, item: Item) -> None:
        """Have everything of an item read, once."""
        if item.item_id in self._known:
            return
        self._known.add(item.item_id)
        self._items.append(InsightsTask(self, item))
        if not self.builder.wants_parts(item):
            return
        if item.media_type == "story":
            self._items.append(PartsTask(self, item))
        else:
            self._parts.append(item)

    def put_parts(self, items: Sequence[Item]) -> None:
        """Have the breakdowns of posts read together."""
        self._parts.extendleft(reversed(items))

    def next_call(self) -> list[tuple[Task, Wanted]]:
        """What to ask for in one call, up to 50; empty when everything is done.

        Breakdowns of many come last, when most posts that would fail them are known.
        """
        call: list[tuple[Task, Wanted]] = []
        while len(call) < BATCH_MAX and (task := self._next_task()):
            if wanted := task.wanted():
                call.append((task, wanted))
        return call

    def _next_task(self) -> Task | None:
        if self._lists:
            return self._lists.popleft()
        while self._items:
            task = self._items.popleft()
            if not self._waits_for_search(task):
                return task
        if self._parts:
            many = [self._parts.popleft() for _ in range(min(IDS_MAX, len(self._parts)))]
            return ManyPartsTask(self, many)
        return None

    def _waits_for_search(self, task: Task) -> bool:
        if not isinstance(task, InsightsTask):
            return False
        search = self._searches.get(task.item.media_type)
        if search is None or not search.probes:
            return False
        search.waiting.append(task)
        return True

    def metric_refused(self, task: MetricsTask, fault: GraphFault) -> None:
        """Leave out the metrics that a refusal names; search for them, once, if it names none."""
        media_type = task.item.media_type
        named = metrics_named(fault.message, task.asked)
        for metric in named:
            self.builder.refuse(media_type, metric, fault.message)
        search = self._searches.get(media_type)
        if self.builder.metrics(media_type) != task.asked:
            self._items.appendleft(task)
        elif search is None:
            self._search(task, fault)
        elif search.probes:
            search.waiting.append(task)
        else:
            self.builder.fail(task.item, fault)

    def _search(self, task: MetricsTask, fault: GraphFault) -> None:
        search = _Search(probes=len(task.asked), fault=fault, waiting=[task])
        self._searches[task.item.media_type] = search
        self._items.extendleft(ProbeTask(self, task.item, metric) for metric in task.asked)

    def probed(self, media_type: str) -> None:
        """Count one probe as done; after the last one everybody who waits goes on."""
        search = self._searches[media_type]
        search.probes -= 1
        if search.probes:
            return
        left = self.builder.metrics(media_type)
        for task in search.waiting:
            # What was refused and would be asked for unchanged is left.
            if task.asked == left:
                self.builder.fail(task.item, search.fault)
            else:
                self._items.append(task)
        search.waiting.clear()
