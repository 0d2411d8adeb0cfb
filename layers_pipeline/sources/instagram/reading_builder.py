"""What one reading of an Instagram account has gathered so far.

Belongs here: rows, issues and refusals, put together into one ``AccountReading``.
Does not belong here: requests, and what an answer means.
"""

from collections.abc import Collection, Mapping
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
    "invalid": "metric_refused",
}


class ReadingBuilder:
    """Rows and findings of one reading, in the order in which they came.

    Args:
        refused: Metrics known to be refused: (media type, metric).
        unreadable: Ids of items known to have no insights for ever.
    """

    def __init__(
        self, *, refused: Collection[tuple[str, str]] = (), unreadable: Collection[str] = ()
    ) -> None:
        self._known_refused = set(refused)
        self._refused: dict[tuple[str, str], str] = {}
        self._known_unreadable = set(unreadable)
        self._unreadable: dict[str, str] = {}
        self._rows: list[ResponseRow] = []
        self._issues: dict[tuple[IssueKind, str], Issue] = {}
        self._failed: set[str] = set()
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

    def refuse(self, media_type: str, metric: str, message: str) -> None:
        """Note that a metric is not given for a media type; it is not asked for again."""
        if not self.is_refused(media_type, metric):
            self._refused[media_type, metric] = message
            self.issue("metric_refused", metric, message)

    def leave_parts(self, message: str) -> None:
        """Note that breakdowns are not answered at present; none is asked for again."""
        self._has_parts = False
        self.issue("not_answered", "breakdowns", message)

    def is_refused(self, media_type: str, metric: str) -> bool:
        """Whether a metric is known not to be given for a media type."""
        key = (media_type, metric)
        return key in self._known_refused or key in self._refused

    def metrics(self, media_type: str) -> tuple[str, ...]:
        return tuple(
            one for one in INSIGHT_METRICS[media_type] if not self.is_refused(media_type, one)
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
            and not self.is_refused(item.media_type, breakdown.metric)
            and not self.is_refused(item.media_type, breakdown.name)
        )

    def reading(self, *, calls: int, error: SourceError | None) -> AccountReading:
        return AccountReading(
            rows=tuple(self._rows),
            items=len(self.post_ids),
            pages=self.pages,
            is_complete=self.is_complete,
            calls=calls,
            issues=tuple(self._issues.values()),
            refused=self._refused,
            unreadable=self._unreadable,
            error=error,
        )
