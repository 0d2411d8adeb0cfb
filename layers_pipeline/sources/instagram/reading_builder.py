"""What one reading of an Instagram account has gathered so far.

Belongs here: rows, issues and refusals, put together into one ``AccountReading``.
Does not belong here: requests, and what an answer means.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Final

from layers_pipeline.errors import SourceError
from layers_pipeline.sources.account_reading import AccountReading, Issue, IssueKind, ResponseRow
from layers_pipeline.sources.instagram.errors import FaultKind, GraphFault
from layers_pipeline.sources.instagram.requests import BREAKDOWNS, INSIGHT_METRICS, Item

ISSUES: Final[Mapping[FaultKind, IssueKind]] = {
    "few_viewers": "not_enough_viewers",
    "not_permitted": "not_permitted",
    "before_conversion": "before_conversion",
    "gone": "gone",
    "invalid": "item_refused",
    "unsupported": "item_refused",
    "unknown_path": "item_refused",
}
MANY: Final = 3
"""So many items that are refused alike, and none that is answered, say nothing of the items."""


class ReadingBuilder:
    """Rows and findings of one reading, in the order in which they came.

    Args:
        refused: Known to be refused: (media type, list or item's id, metric or field).
        unreadable: Ids of items known to give no insights.
    """

    def __init__(
        self, *, refused: Collection[tuple[str, str]] = (), unreadable: Collection[str] = ()
    ) -> None:
        self._known_refused = set(refused)
        self._refused: dict[tuple[str, str], str] = {}
        self._named: set[tuple[str, str]] = set()
        self._of_items: dict[tuple[str, str], str] = {}
        self._answered: set[tuple[str, str]] = set()
        self._known_unreadable = set(unreadable)
        self._unreadable: dict[str, str] = {}
        self._at_fault: dict[str, str] = {}
        self._is_any_read = False
        self._rows: list[ResponseRow] = []
        self._issues: dict[tuple[IssueKind, str], Issue] = {}
        self._failed: set[str] = set()
        self._without_parts: set[str] = set()
        self._has_parts = True
        self.post_ids: set[str] = set()
        self.pages = 0
        self.is_complete = False

    def row(self, entity: str, subject: str, *, received_at: datetime, body: str) -> None:
        self._rows.append(
            ResponseRow(entity=entity, subject=subject, received_at=received_at, body=body)
        )

    def issue(self, kind: IssueKind, subject: str, message: str) -> None:
        """Keep the first issue of a kind on a subject."""
        self._issues.setdefault((kind, subject), Issue(kind=kind, subject=subject, message=message))

    def fail(self, item: Item, fault: GraphFault) -> None:
        """Note why an item's insights cannot be read; it is not asked for again."""
        self._failed.add(item.item_id)
        self.issue(ISSUES.get(fault.kind, "not_answered"), item.item_id, fault.message)
        if fault.kind == "before_conversion":
            self._unreadable[item.item_id] = fault.message

    def blame(self, item: Item, fault: GraphFault) -> None:
        """Note that an item gives no insights at all, whatever is asked for."""
        self.fail(item, fault)
        self._at_fault[item.item_id] = fault.message

    def fail_parts(self, item: Item, fault: GraphFault) -> None:
        """Note why an item's metric by its parts cannot be read; its others may be."""
        self._without_parts.add(item.item_id)
        self.issue(ISSUES.get(fault.kind, "not_answered"), item.item_id, fault.message)

    def answer(self, media_type: str, names: Iterable[str], *, is_item: bool = True) -> None:
        """Note that metrics of an item, or fields of a list, were asked for and not refused."""
        self._answered.update((media_type, name) for name in names)
        self._is_any_read |= is_item

    def is_answered(self, media_type: str, name: str) -> bool:
        """Whether an item of the type gave the metric in this reading."""
        return (media_type, name) in self._answered

    def refuse(self, media_type: str, name: str, message: str, *, is_named: bool) -> None:
        """Note that a metric or field is not given for a media type or list.

        Args:
            is_named: Whether the message names it, and so speaks of everybody's.
        """
        if not self.is_refused(media_type, name):
            self._refused[media_type, name] = message
            self.issue("metric_refused", name, message)
        if is_named:
            self._named.add((media_type, name))

    def refuse_of(self, item: Item, metric: str, message: str) -> None:
        """Note that one item does not give a metric that others of its type do."""
        self._of_items[item.item_id, metric] = message
        self.issue("metric_refused", metric, message)

    def leave_parts(self, message: str) -> None:
        """Note that breakdowns are not answered at present; none is asked for again."""
        self._has_parts = False
        self.issue("not_answered", "breakdowns", message)

    def is_refused(self, subject: str, name: str) -> bool:
        """Whether a metric or field is known not to be given for a type, a list or an item."""
        key = (subject, name)
        return key in self._known_refused or key in self._refused or key in self._of_items

    def metrics(self, item: Item) -> tuple[str, ...]:
        """The metrics that may be asked for of an item."""
        return tuple(
            one for one in INSIGHT_METRICS[item.media_type] if not self._is_left_out(item, one)
        )

    def is_readable(self, item: Item) -> bool:
        """Whether an item's insights may be asked for."""
        return item.item_id not in self._failed and item.item_id not in self._known_unreadable

    def wants_parts(self, item: Item) -> bool:
        """Whether an item has a metric by its parts that may be asked for."""
        breakdown = BREAKDOWNS.get(item.media_type)
        return (
            breakdown is not None
            and self._has_parts
            and self.is_readable(item)
            and item.item_id not in self._without_parts
            and not self._is_left_out(item, breakdown.metric)
            and not self._is_left_out(item, breakdown.name)
        )

    def reading(self, *, calls: int, error: SourceError | None) -> AccountReading:
        is_telling = self._is_telling()
        return AccountReading(
            rows=tuple(self._rows),
            items=len(self.post_ids),
            pages=self.pages,
            is_complete=self.is_complete,
            calls=calls,
            issues=tuple(self._issues.values()),
            refused=self._refused,
            own=frozenset(self._refused.keys() - self._named),
            refused_of_items=self._of_items if is_telling else {},
            unreadable=self._unreadable | (self._at_fault if is_telling else {}),
            answered=frozenset(self._answered),
            error=error,
        )

    def _is_left_out(self, item: Item, name: str) -> bool:
        return self.is_refused(item.media_type, name) or self.is_refused(item.item_id, name)

    def _is_telling(self) -> bool:
        """Whether refusals say something of the items; if all are refused, it is the login's fault.

        The login's, or the platform's: then another reading may bring what is missing.
        """
        refused = [issue for (kind, _), issue in self._issues.items() if kind == "item_refused"]
        if self._is_any_read or len(refused) < MANY:
            return True
        message = f"refused of every item: {refused[0].message}"
        self.issue("not_answered", "insights", message)
        return False
