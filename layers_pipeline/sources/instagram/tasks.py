"""A request of one reading as a task: what it asks for, and what it does with its answer.

Belongs here: what all tasks have in common, and what they receive and give back.
Does not belong here: any one request (``pages``, ``items``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from layers_pipeline.sources.instagram.errors import GraphFault
from layers_pipeline.sources.instagram.reading_builder import ReadingBuilder
from layers_pipeline.sources.instagram.requests import Item, Wanted
from layers_pipeline.sources.instagram.session import Answer, GraphSession


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How deep a reading goes."""

    limit: int
    """Posts of a page."""
    pages_max: int = 10_000
    posts_max: int
    has_insights: bool = True
    """Whether stories, the account and insights are read, too."""
    is_full: bool = False
    """Whether the listing can count as complete."""


class Queue(Protocol):
    """Where tasks wait for their turn, and what all of them share."""

    builder: ReadingBuilder
    session: GraphSession
    account_key: str
    plan: Plan
    is_listing: bool
    """Whether a list may still show more."""

    def put(self, task: "Task") -> None: ...

    def put_item(self, item: Item, row: Mapping[str, Any]) -> None:
        """Have everything of a listed item read."""
        ...

    def insights_read(self, item: Item, body: Mapping[str, Any]) -> None:
        """Take notice of what an item's insights say."""
        ...

    def not_shared(self, task: "MetricsTask", fault: GraphFault) -> None:
        """Have an item asked for again without the views of Facebook, where it is not."""
        ...

    def metric_refused(self, task: "MetricsTask", fault: GraphFault) -> None:
        """Have an item asked for again without the metric that was refused."""
        ...

    def searched(self, search: "Search") -> None:
        """Draw the consequences of a search that is over."""
        ...


class Task:
    """One request of a reading."""

    item_id: str = ""
    """The item that it reads, where it is one."""
    is_vital: bool = False
    """Whether its failure ends the reading."""
    is_extra: bool = False
    """Whether a reading without it is still a good one."""
    reads_insights: bool = False
    """Whether it is every metric of an item."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.tries = 0

    def wanted(self) -> Wanted | None:
        """What to ask for; none where it is no longer needed."""
        raise NotImplementedError

    def take(self, answer: Answer) -> None:
        """Keep what was answered."""
        raise NotImplementedError

    def refused(self, fault: GraphFault) -> None:
        """Draw the consequences of a refusal that no further try would change."""
        raise NotImplementedError

    def given_up(self, fault: GraphFault) -> None:
        """Draw the consequences of having been tried often enough."""
        self.refused(fault)

    def smaller(self) -> bool:
        """Ask for less at a time from now on; whether that is possible."""
        return False

    def keep(self, entity: str, subject: str, found: object, answer: Answer) -> None:
        body = self.queue.session.text_of(found)
        self.queue.builder.row(entity, subject, received_at=answer.received_at, body=body)


class MetricsTask(Task):
    """A request for metrics of one item."""

    def __init__(self, queue: Queue, item: Item) -> None:
        super().__init__(queue)
        self.item = item
        self.item_id = item.item_id
        self.asked: tuple[str, ...] = ()
        """The metrics that were asked for last."""


class Search:
    """The search for the metrics that an item is refused without their being named.

    Args:
        task: The item's own request.
        fault: How it was refused.
        probed: The metrics that may be meant, each asked for by itself.
    """

    def __init__(self, task: MetricsTask, fault: GraphFault, probed: Sequence[str]) -> None:
        self.item = task.item
        self.fault = fault
        self.waiting: list[MetricsTask] = [task]
        """Requests for items of the type, refused already or yet to be made."""
        self.refused: dict[str, GraphFault] = {}
        self._asked = task.asked
        self._open = set(probed)

    @property
    def is_over(self) -> bool:
        return not self._open

    @property
    def is_of_item(self) -> bool:
        """Whether the item refuses everything, so that nothing is said of any metric."""
        return self.is_over and self.refused.keys() == set(self._asked)

    def close(self, metric: str, fault: GraphFault | None = None) -> None:
        """Note how one metric by itself was answered."""
        self._open.discard(metric)
        if fault is not None:
            self.refused[metric] = fault
