"""Insights of items, as tasks: metrics, breakdowns, and the search for a refused metric.

Belongs here: what an item's refusal means for it, for its type, and for those asked with it.
Does not belong here: lists, the order of tasks, what is tried again.
"""

from collections.abc import Mapping
from typing import Any, Final

from layers_pipeline.sources.client import KnownPost
from layers_pipeline.sources.instagram.errors import FaultKind, GraphFault, metrics_named
from layers_pipeline.sources.instagram.requests import (
    BREAKDOWNS,
    COUNTED,
    FACEBOOK_VIEWS,
    Item,
    Wanted,
    insights,
    parts,
)
from layers_pipeline.sources.instagram.session import Answer
from layers_pipeline.sources.instagram.tasks import MetricsTask, Queue, Search, Task

REFUSING: Final[frozenset[FaultKind]] = frozenset({"invalid", "unsupported"})
NOTHING_SAID: Final = GraphFault(kind="malformed", message="an answer without data.")


class InsightsTask(MetricsTask):
    """Every metric of one item."""

    reads_insights = True

    def wanted(self) -> Wanted | None:
        """The metrics of its type that are not refused by now."""
        self.asked = self.queue.builder.metrics(self.item)
        if not self.asked or not self.queue.builder.is_readable(self.item):
            return None
        return insights(self.item.item_id, self.asked)

    def take(self, answer: Answer) -> None:
        """Keep the answer, also one that reports nothing."""
        if not isinstance(answer.body.get("data"), list):
            return self.refused(NOTHING_SAID)
        self.queue.builder.answer(self.item.media_type, self.asked)
        self.queue.insights_read(self.item, answer.body)
        return self.keep("insights", self.item.item_id, answer.body, answer)

    def refused(self, fault: GraphFault) -> None:
        """Ask again without the refused metric, or leave the item."""
        if fault.kind == "not_shared" and FACEBOOK_VIEWS in self.asked:
            self.queue.not_shared(self, fault)
        elif fault.kind in REFUSING:
            self.queue.metric_refused(self, fault)
        else:
            self.queue.builder.fail(self.item, fault)


class ProbeTask(Task):
    """One metric of one item by itself, to find out which one is refused."""

    def __init__(self, queue: Queue, search: Search, metric: str) -> None:
        super().__init__(queue)
        self._search = search
        self._metric = metric

    def wanted(self) -> Wanted:
        return insights(self._search.item.item_id, [self._metric])

    def take(self, answer: Answer) -> None:  # noqa: ARG002 - a probe
        """The metric is sound; its value comes with the others'."""
        self._closed()

    def refused(self, fault: GraphFault) -> None:
        """Note the metric, or that the item cannot be read at all."""
        if fault.kind in REFUSING:
            self._closed(fault)
        else:
            self.queue.builder.fail(self._search.item, fault)
            self._closed()

    def _closed(self, fault: GraphFault | None = None) -> None:
        self._search.close(self._metric, fault)
        if self._search.is_over:
            self.queue.searched(self._search)


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
        self.queue.builder.answer(self.item.media_type, [self._breakdown.name])
        return self.keep("breakdown", self.item.item_id, answer.body, answer)

    def refused(self, fault: GraphFault) -> None:
        """Ask none of its type again where the metric is named, else not of the item."""
        builder, name = self.queue.builder, self._breakdown.name
        if fault.kind not in REFUSING:
            builder.fail_parts(self.item, fault)
        elif not metrics_named(fault.message, [self._breakdown.metric]) or builder.is_answered(
            self.item.media_type, name
        ):
            builder.refuse_of(self.item, name, fault.message)
        else:
            builder.refuse(self.item.media_type, name, fault.message, is_named=True)


def total_of(body: Mapping[str, Any], metric: str) -> object:
    """What insights say of a metric in all; null where they do not."""
    found = [one for one in body["data"] if isinstance(one, dict) and one.get("name") == metric]
    values = found[-1].get("values") if found else None
    first = values[0] if isinstance(values, list) and values else None
    return first.get("value") if isinstance(first, dict) else None


def has_moved(known: KnownPost, row: Mapping[str, Any]) -> bool:
    """Whether any count that a row of the list tells differs from what was known of its post."""
    return any(
        row.get(counter) is not None and row[counter] != getattr(known, count)
        for count, counter in COUNTED.items()
    )
