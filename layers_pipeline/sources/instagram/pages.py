"""Lists and nodes of an account, as tasks: pages of posts and stories, and the account itself.

Belongs here: paging to the end, and what a refused list means for the reading.
Does not belong here: insights, the order of tasks, what is tried again.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from layers_pipeline.errors import (
    SourceError,
    SourceForbiddenError,
    SourceMalformedError,
    SourceUnavailableError,
)
from layers_pipeline.sources.instagram.errors import SOURCE, GraphFault, fields_named
from layers_pipeline.sources.instagram.requests import (
    ACCOUNT_FIELDS,
    COLLABORATION_FIELDS,
    COLLABORATIONS,
    POST_FIELDS,
    STORY_FIELDS,
    Wanted,
    account_node,
    item_of,
    list_page,
)
from layers_pipeline.sources.instagram.session import Answer
from layers_pipeline.sources.instagram.tasks import Queue, Task

EMPTY_PAGES_MAX: Final = 20
"""Empty pages in a row that still name a next one; more are a fault of the platform's."""
ITSELF_MAX: Final = 2
"""Empty pages in a row that may name themselves as the next one."""

COLLABORATION_PAGES_MAX: Final = 10
"""Pages of collaborations that one reading takes, the newest first."""
OTHER_LOGIN: Final = (
    "The token is of another kind than the list: one of Facebook's login belongs to "
    "graph.facebook.com, one of Instagram's to graph.instagram.com (LAYERS_INSTAGRAM_URL); or the "
    "owner has yet to accept the invitation as a tester."
)


class FieldsTask(Task):
    """A request for fields of objects; fields that the platform does not know are left out."""

    name: str
    """Under which refused fields are remembered."""

    def __init__(self, queue: Queue, name: str, fields: Sequence[str]) -> None:
        super().__init__(queue)
        self.name = name
        is_refused = queue.builder.is_refused
        self.fields = tuple(field for field in fields if not is_refused(name, field))

    def refused(self, fault: GraphFault) -> None:
        """Ask again without unknown fields; end the reading if it is vital, else go without."""
        unknown = set(fields_named(fault.message, self.fields)) if fault.kind == "invalid" else ()
        if unknown:
            self.fields = tuple(field for field in self.fields if field not in unknown)
            for field in sorted(unknown):
                self.queue.builder.refuse(self.name, field, fault.message, is_named=True)
            self.queue.put(self)
        elif self.is_vital:
            raise self.error(fault)
        else:
            self.without(fault)

    def without(self, fault: GraphFault) -> None:
        """Go on without it, and say so."""
        kind = "not_permitted" if fault.kind == "not_permitted" else "not_answered"
        self.queue.builder.issue(kind, self.name, fault.message)

    def accepted(self) -> None:
        """Note that none of the fields was refused."""
        self.queue.builder.answer(self.name, self.fields, is_item=False)

    def error(self, fault: GraphFault) -> SourceError:
        return fault.error()


class AccountTask(FieldsTask):
    """The account itself."""

    def __init__(self, queue: Queue) -> None:
        super().__init__(queue, "account", ACCOUNT_FIELDS)

    def wanted(self) -> Wanted:
        return account_node(self.queue.account_key, self.fields)

    def take(self, answer: Answer) -> None:
        self.accepted()
        self.keep("account", "", answer.body, answer)


class PageTask(FieldsTask):
    """The next page of the list of posts or of stories, until there is none."""

    def __init__(self, queue: Queue, edge: Literal["media", "stories"]) -> None:
        super().__init__(queue, edge, POST_FIELDS if edge == "media" else STORY_FIELDS)
        self.is_vital = edge == "media"
        self._limit = queue.plan.limit
        self._after = ""
        self._seen: set[str] = set()
        self._listed = 0
        self._pages = 0
        self._empty = 0

    def wanted(self) -> Wanted:
        """The page after the last one read."""
        limit = min(self._limit, max(1, self.queue.plan.posts_max - self._listed))
        return list_page(
            self.queue.account_key, self.name, self.fields, limit=limit, after=self._after
        )

    def take(self, answer: Answer) -> None:
        """Keep the rows, have their items read, and go on to the next page.

        Raises:
            SourceMalformedError: The page is not what the platform promises.
        """
        rows = _rows(answer.body)
        self.accepted()
        for row in rows:
            self._take_row(row, answer)
        self.tries = 0
        self._pages += 1
        self._listed += len(rows)
        self._empty = 0 if rows else self._empty + 1
        if self.is_vital:
            self.queue.builder.pages += 1
        after = _after(answer.body)
        if after is None:
            self.queue.builder.is_complete |= self.is_vital and self.queue.plan.is_full
        elif self._goes_on():
            self._after = self._unseen(after)
            self.queue.put(self)

    def smaller(self) -> bool:
        """Halve the page, down to one item."""
        if self._limit == 1:
            return False
        self._limit //= 2
        message = f"{self.name}: pages of {self._limit} from here on"
        self.queue.builder.issue("page_made_smaller", self.name, message)
        self.queue.put(self)
        return True

    def error(self, fault: GraphFault) -> SourceError:
        """A refused cursor is no fault of ours: its item was deleted while we were reading."""
        if fault.kind == "invalid" and self._after:
            return SourceUnavailableError(SOURCE, f"cursor refused: {fault.message}")
        if fault.kind == "unsupported":
            return SourceForbiddenError(SOURCE, f"{fault.message} {OTHER_LOGIN}")
        return super().error(fault)

    def _take_row(self, row: dict[str, Any], answer: Answer) -> None:
        is_story, item_id = not self.is_vital, row["id"]
        self.keep("story" if is_story else "media", item_id, row, answer)
        if not is_story:
            self.queue.builder.post_ids.add(item_id)
        item = item_of(row, is_story=is_story)
        if item and self.queue.plan.has_insights:
            self.queue.put_item(item, row)

    def _goes_on(self) -> bool:
        plan = self.queue.plan
        return self._pages < plan.pages_max and self._listed < plan.posts_max

    def _unseen(self, after: str) -> str:
        """The cursor to go on from; an empty page may point back to itself a few times."""
        is_itself = after == self._after and 0 < self._empty <= ITSELF_MAX
        if (after in self._seen and not is_itself) or self._empty > EMPTY_PAGES_MAX:
            why = "cursor repeated" if after in self._seen else "no end of empty pages"
            raise SourceMalformedError(SOURCE, f"{self.name}: {why}")
        self._seen.add(after)
        return after


class CollaborationsTask(FieldsTask):
    """The next page of the posts of others that the account shares, until there is none.

    Nothing else waits for it, and a reading without it is a good one.
    """

    is_extra = True

    def __init__(self, queue: Queue) -> None:
        super().__init__(queue, COLLABORATIONS, COLLABORATION_FIELDS)
        self._after = ""
        self._pages = 0

    def wanted(self) -> Wanted:
        """The page after the last one read."""
        account, limit = self.queue.account_key, self.queue.plan.limit
        return list_page(account, self.name, self.fields, limit=limit, after=self._after)

    def take(self, answer: Answer) -> None:
        self.accepted()
        rows = _rows(answer.body)
        for row in rows:
            self.keep("collaboration", row["id"], row, answer)
        self._pages += 1
        after = _after(answer.body)
        if rows and after not in (None, self._after) and self._pages < COLLABORATION_PAGES_MAX:
            self._after = after or ""
            self.queue.put(self)

    def without(self, fault: GraphFault) -> None:
        """Ask for it no more, until the refusal ends, where it is refused for good."""
        if fault.kind in ("invalid", "unsupported", "unknown_path", "not_permitted", "gone"):
            self.queue.builder.refuse("account", self.name, fault.message, is_named=False)


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
