"""The requests of one reading as tasks: what each asks for, and what it does with its answer.

Belongs here: pages, the account, insights, breakdowns, probes for a refused metric.
Does not belong here: HTTP, the order of tasks, what is tried again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from layers_pipeline.errors import SourceError, SourceMalformedError, SourceUnavailableError
from layers_pipeline.sources.graph_errors import SOURCE, GraphFault, fields_named
from layers_pipeline.sources.instagram_gathered import Gathered
from layers_pipeline.sources.instagram_requests import (
    ACCOUNT_FIELDS,
    ACTIVITY,
    BREAKDOWNS,
    POST_FIELDS,
    STORY_FIELDS,
    Item,
    Wanted,
    account_node,
    insights,
    item_of,
    list_page,
    parts,
    parts_of_many,
)
from layers_pipeline.sources.instagram_session import Answer, GraphSession

EMPTY_PAGES_MAX: Final = 20
"""Empty pages in a row that still name a next one; more are a fault of the platform's."""
NOTHING_SAID: Final = GraphFault(kind="malformed", message="an answer without data.")


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


class Line(Protocol):
    """Where tasks wait for their turn, and what all of them share."""

    gathered: Gathered
    session: GraphSession
    account_key: str
    plan: Plan

    def put(self, task: "Task") -> None:
        """Have a task done."""
        ...

    def put_item(self, item: Item) -> None:
        """Have everything of an item read."""
        ...

    def put_parts(self, items: Sequence[Item]) -> None:
        """Have the breakdowns of items read together."""
        ...

    def metric_refused(self, task: "InsightsTask", fault: GraphFault) -> None:
        """Have an item asked for again without the metric that was refused."""
        ...

    def probed(self, media_type: str) -> None:
        """Count one probe of a media type as done."""
        ...


class Task:
    """One request of a reading.

    Args:
        line: Where it waits.
    """

    item: Item | None = None
    """The item that it asks for, if it is one."""

    def __init__(self, line: Line) -> None:
        self.line = line
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
        """Keep one row of an answer."""
        body = self.line.session.text_of(found)
        self.line.gathered.row(entity, subject, received_at=answer.received_at, body=body)


class FieldsTask(Task):
    """A request for fields of objects; fields that the platform does not know are left out."""

    name: str
    is_vital: bool = False
    """Whether its failure ends the reading."""

    def __init__(self, line: Line, fields: Sequence[str]) -> None:
        super().__init__(line)
        self.fields = tuple(fields)

    def refused(self, fault: GraphFault) -> None:
        """Ask again without unknown fields; end the reading if it is vital, else go without."""
        unknown = set(fields_named(fault.message, self.fields)) if fault.kind == "invalid" else ()
        if unknown:
            self.fields = tuple(field for field in self.fields if field not in unknown)
            for field in unknown:
                self.line.gathered.remark("metric_refused", field, fault.message)
            self.line.put(self)
        elif self.is_vital:
            raise self.error(fault)
        else:
            kind = "not_permitted" if fault.kind == "not_permitted" else "not_answered"
            self.line.gathered.remark(kind, self.name, fault.message)

    def error(self, fault: GraphFault) -> SourceError:
        """The error that a refusal is for the reading."""
        return fault.error()


class AccountTask(FieldsTask):
    """The account itself."""

    name = "account"

    def __init__(self, line: Line) -> None:
        super().__init__(line, ACCOUNT_FIELDS)

    def wanted(self) -> Wanted:
        """Its node."""
        return account_node(self.line.account_key, self.fields)

    def take(self, answer: Answer) -> None:
        """Keep the node."""
        self.keep("account", "", answer.body, answer)


class PageTask(FieldsTask):
    """The next page of the list of posts or of stories, until there is none."""

    def __init__(self, line: Line, edge: Literal["media", "stories"]) -> None:
        super().__init__(line, POST_FIELDS if edge == "media" else STORY_FIELDS)
        self.name = edge
        self.is_vital = edge == "media"
        self._limit = line.plan.limit
        self._after = ""
        self._seen: set[str] = set()
        self._listed = 0
        self._pages = 0
        self._empty = 0

    def wanted(self) -> Wanted:
        """The page after the last one read."""
        limit = min(self._limit, max(1, self.line.plan.posts_max - self._listed))
        return list_page(
            self.line.account_key, self.name, self.fields, limit=limit, after=self._after
        )

    def take(self, answer: Answer) -> None:
        """Keep the rows, have their items read, and go on to the next page.

        Raises:
            SourceMalformedError: The page is not what the platform promises.
        """
        rows = _rows(answer.body)
        for row in rows:
            self._take_row(row, answer)
        self.tries = 0
        self._pages += 1
        self._listed += len(rows)
        self._empty = 0 if rows else self._empty + 1
        if self.is_vital:
            self.line.gathered.pages += 1
        after = _after(answer.body)
        if after is None:
            self.line.gathered.is_complete |= self.is_vital and self.line.plan.is_full
        elif self._goes_on():
            self._after = self._unseen(after)
            self.line.put(self)

    def smaller(self) -> bool:
        """Halve the page, down to one item."""
        if self._limit == 1:
            return False
        self._limit //= 2
        message = f"{self.name}: pages of {self._limit} from here on"
        self.line.gathered.remark("page_made_smaller", self.name, message)
        self.line.put(self)
        return True

    def error(self, fault: GraphFault) -> SourceError:
        """A refused cursor is no fault of ours: its item was deleted while we were reading."""
        if fault.kind == "invalid" and self._after:
            return SourceUnavailableError(SOURCE, f"cursor refused: {fault.message}")
        return super().error(fault)

    def _take_row(self, row: dict[str, Any], answer: Answer) -> None:
        is_story, item_id = not self.is_vital, row["id"]
        self.keep("story" if is_story else "media", item_id, row, answer)
        if not is_story:
            self.line.gathered.post_ids.add(item_id)
        item = item_of(row, is_story=is_story)
        if item and self.line.plan.has_insights:
            self.line.put_item(item)

    def _goes_on(self) -> bool:
        plan = self.line.plan
        return self._pages < plan.pages_max and self._listed < plan.posts_max

    def _unseen(self, after: str) -> str:
        if after in self._seen or self._empty > EMPTY_PAGES_MAX:
            why = "cursor repeated" if after in self._seen else "no end of empty pages"
            raise SourceMalformedError(SOURCE, f"{self.name}: {why}")
        self._seen.add(after)
        return after


class InsightsTask(Task):
    """Every metric of one item."""

    def __init__(self, line: Line, item: Item) -> None:
        super().__init__(line)
        self.item: Item = item
        self.asked: tuple[str, ...] = ()

    def wanted(self) -> Wanted | None:
        """The metrics of its type that are not refused by now."""
        self.asked = self.line.gathered.metrics(self.item.media_type)
        if not self.asked or not self.line.gathered.is_readable(self.item):
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
            self.line.metric_refused(self, fault)
        else:
            self.line.gathered.fail(self.item, fault)


class ProbeTask(Task):
    """One metric of one item by itself, to find out which one is refused."""

    def __init__(self, line: Line, item: Item, metric: str) -> None:
        super().__init__(line)
        self._probe = item
        self._metric = metric

    def wanted(self) -> Wanted:
        """The one metric."""
        return insights(self._probe.item_id, [self._metric])

    def take(self, answer: Answer) -> None:
        """The metric is sound; its value comes with the others'."""
        self.line.probed(self._probe.media_type)

    def refused(self, fault: GraphFault) -> None:
        """Note the metric, or that the item cannot be read at all."""
        if fault.kind == "invalid":
            self.line.gathered.refuse(self._probe.media_type, self._metric, fault.message)
        else:
            self.line.gathered.fail(self._probe, fault)
        self.line.probed(self._probe.media_type)


class PartsTask(Task):
    """One metric of one item by its parts."""

    def __init__(self, line: Line, item: Item) -> None:
        super().__init__(line)
        self.item: Item = item
        self._breakdown = BREAKDOWNS[item.media_type]

    def wanted(self) -> Wanted | None:
        """The breakdown, if it may still be asked for."""
        if not self.line.gathered.wants_parts(self.item):
            return None
        return parts(self.item.item_id, self._breakdown)

    def take(self, answer: Answer) -> None:
        """Keep the answer."""
        if not isinstance(answer.body.get("data"), list):
            return self.refused(NOTHING_SAID)
        return self.keep("breakdown", self.item.item_id, answer.body, answer)

    def refused(self, fault: GraphFault) -> None:
        """Ask none of its type again where the metric is refused, else leave the item."""
        if fault.kind == "invalid" and self._breakdown.metric in fault.message:
            name = self._breakdown.name
            self.line.gathered.refuse(self.item.media_type, name, fault.message)
        else:
            self.line.gathered.fail(self.item, fault)


class ManyPartsTask(Task):
    """The breakdown of several posts in one request, which one of them can fail for all."""

    def __init__(self, line: Line, items: Sequence[Item]) -> None:
        super().__init__(line)
        self._items = list(items)

    def wanted(self) -> Wanted | None:
        """The posts whose breakdown may still be asked for."""
        self._items = [item for item in self._items if self.line.gathered.wants_parts(item)]
        if not self._items:
            return None
        return parts_of_many([item.item_id for item in self._items], ACTIVITY)

    def take(self, answer: Answer) -> None:
        """Keep one row for each post; its insights look as those of a single read."""
        for item in self._items:
            found = answer.body.get(item.item_id)
            if isinstance(found, dict):
                self.keep("breakdown", item.item_id, found.get("insights", found), answer)

    def refused(self, fault: GraphFault) -> None:
        """Ask without the posts that have failed by now; if none has, one by one."""
        sound = [item for item in self._items if self.line.gathered.wants_parts(item)]
        if len(sound) < len(self._items):
            self.line.put_parts(sound)
        else:
            for item in self._items:
                self.line.put(PartsTask(self.line, item))

    def given_up(self, fault: GraphFault) -> None:
        """Go without."""
        for item in self._items:
            self.line.gathered.remark("not_answered", item.item_id, fault.message)

    def smaller(self) -> bool:
        """Ask for half of the posts at a time."""
        half = len(self._items) // 2
        if half:
            self.line.put(ManyPartsTask(self.line, self._items[:half]))
            self.line.put(ManyPartsTask(self.line, self._items[half:]))
        return half > 0


def _rows(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = page.get("data")
    if not isinstance(rows, list) or not all(_has_id(row) for row in rows):
        raise SourceMalformedError(SOURCE, "page whose data is no list of objects with an id")
    return rows


def _has_id(row: object) -> bool:
    item_id = row.get("id") if isinstance(row, dict) else None
    return isinstance(item_id, str) and item_id != ""


def _after(page: Mapping[str, Any]) -> str | None:
    """The cursor of the next page; none where the page names no next one."""
    paging = page.get("paging") or {}
    if not isinstance(paging, dict):
        raise SourceMalformedError(SOURCE, "page whose paging is no object")
    if paging.get("next") is None:
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    if not isinstance(after, str) or not after:
        raise SourceMalformedError(SOURCE, "page with a next one and without a cursor")
    return after
