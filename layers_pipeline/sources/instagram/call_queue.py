"""The order in which one reading's requests are made, fifty to a call.

Belongs here: what goes into the next call, and who waits for the search of a refused metric.
Does not belong here: HTTP, and what a task asks for or makes of its answer.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from layers_pipeline.sources.client import KnownPost
from layers_pipeline.sources.instagram.ahead import Ahead
from layers_pipeline.sources.instagram.errors import (
    GraphFault,
    metrics_in_question,
    metrics_named,
)
from layers_pipeline.sources.instagram.items import (
    InsightsTask,
    PartsTask,
    ProbeTask,
    has_moved,
    total_of,
)
from layers_pipeline.sources.instagram.pages import (
    AccountTask,
    CollaborationsTask,
    FieldsTask,
    PageTask,
)
from layers_pipeline.sources.instagram.reading_builder import ReadingBuilder
from layers_pipeline.sources.instagram.requests import (
    BREAKDOWNS,
    COLLABORATIONS,
    FACEBOOK_VIEWS,
    Item,
    Wanted,
)
from layers_pipeline.sources.instagram.session import BATCH_MAX, GraphSession
from layers_pipeline.sources.instagram.tasks import MetricsTask, Plan, Search, Task

PARTS_MAX: Final = 500
"""Posts whose breakdown one reading asks for; of the others it is known that it is wanting."""
SINGLES_MAX: Final = 200
"""Requests for items that one reading makes where each is a call of its own."""
UNSHARED_MANY: Final = 3
"""So many items that are not on Facebook, and none that is, speak for the account."""
HOST: Final = "host"
BATCHES: Final = "batches"
"""What a host refuses that takes one request at a time only."""


class CallQueue:
    """Tasks that wait for their turn: lists first, then items, then breakdowns of posts.

    Args:
        known: What is known of the account's posts by id, the newest first.
    """

    def __init__(
        self,
        session: GraphSession,
        builder: ReadingBuilder,
        *,
        account_key: str,
        plan: Plan,
        known: Mapping[str, KnownPost],
    ) -> None:
        self.session = session
        self.builder = builder
        self.account_key = account_key
        self.plan = plan
        self._known_posts = known
        self._lists: deque[Task] = deque([PageTask(self, "media")])
        if plan.has_insights:
            self._lists.extend([PageTask(self, "stories"), AccountTask(self)])
        if plan.is_full and not builder.is_refused("account", COLLABORATIONS):
            self._lists.append(CollaborationsTask(self))
        self._items: deque[Task] = deque()
        self._parts: deque[PartsTask] = deque()
        self._parts_left = PARTS_MAX
        self._singles_left = SINGLES_MAX
        self._known: set[str] = set()
        self._inactive: set[str] = set()
        self._told: dict[str, bool] = {}
        """Posts whose insights tell whether their parts moved, and whether their counts did."""
        self._searches: dict[str, Search] = {}
        self._unshared = 0
        self.is_listing = True
        self._ahead = self._asked_ahead()
        self._items.extend(self._ahead.tasks)

    def _asked_ahead(self) -> Ahead:
        """What is known goes into the first call; where each request is one, nothing is saved."""
        does_pay = self.plan.has_insights and self.takes_batches
        known = self._known_posts if does_pay else {}
        return Ahead(self, known, room=BATCH_MAX - len(self._lists))

    @property
    def takes_batches(self) -> bool:
        """Whether the host may be asked for many things in one call."""
        return not self.builder.is_refused(HOST, BATCHES)

    def put(self, task: Task) -> None:
        """Have a task done before those that wait already."""
        (self._lists if isinstance(task, FieldsTask) else self._items).appendleft(task)

    def put_item(self, item: Item, row: Mapping[str, Any]) -> None:
        """Have everything of an item read, once; its parts only if it moved."""
        if item.item_id in self._known:
            return
        self._known.add(item.item_id)
        asked = self._ahead.of(item, insights=False)
        wants_parts = asked is None and self.builder.wants_parts(item)
        known = self._known_posts.get(item.item_id)
        is_told = wants_parts and item.media_type != "story" and known and known.has_all_parts
        if known and is_told:
            self._told[item.item_id] = has_moved(known, row)
        if ahead := self._ahead.of(item, insights=True):
            ahead.listed()
        else:
            self._items.append(InsightsTask(self, item))
        if asked:
            asked.listed()
        elif item.media_type == "story" and wants_parts:
            self._items.append(PartsTask(self, item))
        elif wants_parts and not is_told:
            self._put_parts(item)

    def insights_read(self, item: Item, body: Mapping[str, Any]) -> None:
        """Ask for no parts of what is zero in all, and for those of what moved in all."""
        breakdown = BREAKDOWNS.get(item.media_type)
        if breakdown is None:
            return
        total = total_of(body, breakdown.metric)
        if total == 0:
            self._inactive.add(item.item_id)
        elif (moved := self._told.pop(item.item_id, None)) is not None:
            before = self._known_posts[item.item_id].profile_activity
            if moved if None in (total, before) else total != before:
                self._put_parts(item)

    def _put_parts(self, item: Item) -> None:
        if self._parts_left:
            self._parts_left -= 1
            self._parts.append(PartsTask(self, item))

    def next_call(self) -> list[tuple[Task, Wanted]]:
        """What to ask for in one call, up to 50; empty when everything is done.

        Breakdowns of posts come last, when most of those are known that need none.
        """
        call: list[tuple[Task, Wanted]] = []
        self.is_listing = bool(self._lists)
        while len(call) < BATCH_MAX and (task := self._next_task()):
            if wanted := task.wanted():
                call.append((task, wanted))
        return call

    def not_shared(self, task: MetricsTask, fault: GraphFault) -> None:
        """Leave out the views of Facebook: of the item, and of all once several have none."""
        item = task.item
        self.builder.refuse_of(item, FACEBOOK_VIEWS, fault.message)
        self._unshared += 1
        is_given = self.builder.is_answered(item.media_type, FACEBOOK_VIEWS)
        if self._unshared >= UNSHARED_MANY and not is_given:
            self.builder.refuse(item.media_type, FACEBOOK_VIEWS, fault.message, is_named=False)
        self._items.appendleft(task)

    def metric_refused(self, task: MetricsTask, fault: GraphFault) -> None:
        """Leave out the metrics that a refusal names; find out whose fault it is if it names none.

        Where another item of the type was given all of them, it is this item's.
        """
        item = task.item
        for metric in metrics_named(fault.message, task.asked):
            self._refuse(item, metric, fault, is_named=True)
        if self.builder.metrics(item) != task.asked:
            self._items.appendleft(task)
        elif all(self.builder.is_answered(item.media_type, metric) for metric in task.asked):
            self.builder.blame(item, fault)
        else:
            self._search(task, fault)

    def searched(self, search: Search) -> None:
        """Have everybody go on who waited for a search; what is refused unchanged is left."""
        if not search.is_of_item:
            for metric, fault in search.refused.items():
                is_named = bool(metrics_named(fault.message, [metric]))
                self._refuse(search.item, metric, fault, is_named=is_named)
        for task in search.waiting:
            if task.asked != self.builder.metrics(task.item):
                self._items.append(task)
            else:
                self._leave(task.item, search)
        search.waiting.clear()

    def _next_task(self) -> Task | None:
        if self._lists:
            return self._lists.popleft()
        while task := self._next_of_items():
            if not self._waits_for_search(task) and task.item_id not in self._inactive:
                return task if self._may_be_asked(task) else None
        return None

    def _next_of_items(self) -> Task | None:
        return next((tasks.popleft() for tasks in (self._items, self._parts) if tasks), None)

    def _may_be_asked(self, task: Task) -> bool:
        """Whether there is a call left for it, where each request is one."""
        if self.takes_batches:
            return True
        self._singles_left -= 1
        if self._singles_left >= 0:
            return True
        left = 1 + len(self._items) + len(self._parts)
        said = f"{left} requests from {task.item_id} on: the host takes no batches"
        self.builder.issue("not_asked", "insights", said)
        self._items.clear()
        self._parts.clear()
        return False

    def _waits_for_search(self, task: Task) -> bool:
        if not isinstance(task, InsightsTask):
            return False
        search = self._searches.get(task.item.media_type)
        if search is None or search.is_over:
            return False
        search.waiting.append(task)
        return True

    def _refuse(self, item: Item, metric: str, fault: GraphFault, *, is_named: bool) -> None:
        if self.builder.is_answered(item.media_type, metric):
            self.builder.refuse_of(item, metric, fault.message)
        else:
            self.builder.refuse(item.media_type, metric, fault.message, is_named=is_named)

    def _search(self, task: MetricsTask, fault: GraphFault) -> None:
        media_type = task.item.media_type
        search = self._searches.get(media_type)
        if search is None:
            probed = metrics_in_question(fault.message, task.asked)
            search = self._searches[media_type] = Search(task, fault, probed)
            self._items.extendleft(ProbeTask(self, search, metric) for metric in probed)
        elif not search.is_over:
            search.waiting.append(task)
        else:
            self._leave(task.item, search)

    def _leave(self, item: Item, search: Search) -> None:
        leave = self.builder.blame if search.is_of_item else self.builder.fail
        leave(item, search.fault)
