"""Insights of items, as tasks: metrics, breakdowns, and the search for a refused metric.

Belongs here: what an item's refusal means for it, for its type, and for those asked with it.
Does not belong here: lists, the order of tasks, what is tried again.
"""

from collections.abc import Sequence
from typing import Final

from layers_pipeline.sources.instagram.errors import GraphFault
from layers_pipeline.sources.instagram.requests import (
    ACTIVITY,
    BREAKDOWNS,
    Item,
    Wanted,
    insights,
    parts,
    parts_of_many,
)
from layers_pipeline.sources.instagram.session import Answer
from layers_pipeline.sources.instagram.tasks import MetricsTask, Queue, Task

NOTHING_SAID: Final = GraphFault(kind="malformed", message="an answer without data.")


class InsightsTask(MetricsTask):
    """Every metric of one item."""

    def wanted(self) -> Wanted | None:
        """The metrics of its type that are not refused by now."""
        self.asked = self.queue.builder.metrics(self.item.media_type)
        if not self.asked or not self.queue.builder.is_readable(self.item):
            return None
        return insights(self.item.item_id, self.asked)

    def take(self, answer: Answer) -> None:
        """Keep the answer, also one that reports nothing."""
        if not isinstance(answer.body.get("data"), list):
            return self.refused(NOTHING_SAID)
        return self.keep("insights", self.item.item_id, answer.body, answer)

    def refused(self, fault: GraphFault) -> None:
        """Ask again without the refused metric, or leave the item."""
        if fault.kind == "invalid":
            self.queue.metric_refused(self, fault)
        else:
            self.queue.builder.fail(self.item, fault)


class ProbeTask(Task):
    """One metric of one item by itself, to find out which one is refused."""

    def __init__(self, queue: Queue, item: Item, metric: str) -> None:
        super().__init__(queue)
        self._probe = item
        self._metric = metric

    def wanted(self) -> Wanted:
        return insights(self._probe.item_id, [self._metric])

    def take(self, answer: Answer) -> None:  # noqa: ARG002 - a probe
        """The metric is sound; its value comes with the others'."""
        self.queue.probed(self._probe.media_type)

    def refused(self, fault: GraphFault) -> None:
        """Note the metric, or that the item cannot be read at all."""
        if fault.kind == "invalid":
            self.queue.builder.refuse(self._probe.media_type, self._metric, fault.message)
        else:
            self.queue.builder.fail(self._probe, fault)
        self.queue.probed(self._probe.media_type)


class PartsTask(MetricsTask):
    """One metric of one item by its parts."""

    is_extra = True

    def __init__(self, queue: Queue, item: Item) -> None:
        super().__init__(queue, item)
        self._breakdown = BREAKDOWNS[item.media_type]

    def wanted(self) -> Wanted | None:
        """The breakdown, if it may still be asked for."""
        if not self.queue.builder.wants_parts(self.item):
            return None
        return parts(self.item.item_id, self._breakdown)

    def take(self, answer: Answer) -> None:
        if not isinstance(answer.body.get("data"), list):
            return self.refused(NOTHING_SAID)
        return self.keep("breakdown", self.item.item_id, answer.body, answer)

    def refused(self, fault: GraphFault) -> None:
        """Ask none of its type again where the metric is refused, else leave the item."""
        if fault.kind == "invalid" and self._breakdown.metric in fault.message:
            name = self._breakdown.name
            self.queue.builder.refuse(self.item.media_type, name, fault.message)
        else:
            self.queue.builder.fail(self.item, fault)


class ManyPartsTask(Task):
    """The breakdown of several posts in one request, which one of them can fail for all."""

    is_extra = True

    def __init__(self, queue: Queue, items: Sequence[Item]) -> None:
        super().__init__(queue)
        self._items = list(items)

    def wanted(self) -> Wanted | None:
        """The posts whose breakdown may still be asked for."""
        self._items = [item for item in self._items if self.queue.builder.wants_parts(item)]
        if not self._items:
            return None
        return parts_of_many([item.item_id for item in self._items], ACTIVITY)

    def take(self, answer: Answer) -> None:
        """Keep one row for each post; its insights look as those of a single read."""
        for item in self._items:
            found = answer.body.get(item.item_id)
            if isinstance(found, dict):
                self.keep("breakdown", item.item_id, found.get("insights", found), answer)

    def refused(self, fault: GraphFault) -> None:  # noqa: ARG002 - whosever it is
        """Ask without the posts that have failed by now; if none has, one by one."""
        sound = [item for item in self._items if self.queue.builder.wants_parts(item)]
        if len(sound) < len(self._items):
            self.queue.put_parts(sound)
        else:
            for item in reversed(self._items):
                self.queue.put(PartsTask(self.queue, item))

    def smaller(self) -> bool:
        """Ask for half of the posts at a time."""
        half = len(self._items) // 2
        if half:
            self.queue.put(ManyPartsTask(self.queue, self._items[:half]))
            self.queue.put(ManyPartsTask(self.queue, self._items[half:]))
        return half > 0
