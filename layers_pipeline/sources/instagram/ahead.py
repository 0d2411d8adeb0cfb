"""Insights of known items, asked for in the very call of the list that is to show them.

Belongs here: which items are asked for ahead, and what becomes of answers that come too early.
Does not belong here: what an answer means (``items``), the order of calls (``call_queue``).

An answer counts once the list shows its item: what is gone, archived or no longer listed leaves
no trace. Where the list shows what could not be answered, it is asked for as any other item is.
"""

from collections.abc import Mapping
from typing import Final

from layers_pipeline.sources.client import KnownPost
from layers_pipeline.sources.instagram.errors import GraphFault
from layers_pipeline.sources.instagram.items import InsightsTask, PartsTask
from layers_pipeline.sources.instagram.requests import BREAKDOWNS, INSIGHT_METRICS, Item, Wanted
from layers_pipeline.sources.instagram.session import Answer
from layers_pipeline.sources.instagram.tasks import MetricsTask, Queue, Task

AHEAD_MAX: Final = 1_000
"""Items asked for ahead, the newest first; the answers of more might wait for long."""


class AheadTask(Task):
    """A request for an item that no list has shown yet.

    It names no item: whatever is said of something that may be gone, is said of nothing.
    """

    def __init__(self, queue: Queue, task: MetricsTask) -> None:
        super().__init__(queue)
        self.item = task.item
        self.is_extra, self.reads_insights = task.is_extra, task.reads_insights
        self._task = task
        self._is_listed = self._is_over = False
        self._early: Answer | None = None

    def wanted(self) -> Wanted | None:
        """The item's own request, unless the list came to its end without the item."""
        may_be_listed = self._is_listed or self.queue.is_listing
        return self._task.wanted() if may_be_listed else None

    def listed(self) -> None:
        """Have everything count that was answered, and the rest asked for, now or again."""
        self._is_listed = True
        if self._early is not None:
            self._task.take(self._early)
        elif self._is_over:
            self.queue.put(self._task)
        self._early = None

    def take(self, answer: Answer) -> None:
        if self._is_listed:
            self._task.take(answer)
        else:
            self._early = answer

    def refused(self, fault: GraphFault) -> None:
        """Leave the item, if it is listed and not said to be gone: many such are a throttle."""
        if not self._is_listed:
            self._is_over = True
        elif fault.kind == "gone":
            self.queue.put(self._task)
        else:
            self._task.refused(fault)

    def given_up(self, fault: GraphFault) -> None:
        if self._is_listed:
            self._task.given_up(fault)
        else:
            self._is_over = True


class Ahead:
    """What one reading asks for ahead.

    Args:
        known: What is known of the account's posts by id, the newest first.
        room: Requests of the first call that lists do not need.
    """

    def __init__(self, queue: Queue, known: Mapping[str, KnownPost], *, room: int) -> None:
        most = min(AHEAD_MAX, queue.plan.posts_max)
        items = [
            Item(item_id=item_id, media_type=post.media_type)
            for item_id, post in known.items()
            if post.is_expected and post.media_type in INSIGHT_METRICS
        ][:most]
        self.tasks = [AheadTask(queue, InsightsTask(queue, item)) for item in items]
        moving = [
            AheadTask(queue, PartsTask(queue, item))
            for item in items
            if item.media_type in BREAKDOWNS and known[item.item_id].is_moving
        ]
        if len(self.tasks) + len(moving) <= room:
            self.tasks += moving
        self._waiting: dict[tuple[Item, bool], AheadTask] = {
            (task.item, task.reads_insights): task for task in self.tasks
        }

    def of(self, item: Item, *, insights: bool) -> AheadTask | None:
        """The request that was made for an item, or its parts, that a list shows now."""
        return self._waiting.pop((item, insights), None)
