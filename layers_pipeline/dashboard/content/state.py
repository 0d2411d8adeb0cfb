"""The state of a content view, which lives in its URL: filter, tab, the content that is open.

Belongs here: the state as a record, from a query and back, from the filter's controls and back.
Does not belong here: components, filters themselves (``views.filters``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Final, Literal, get_args
from urllib.parse import parse_qs, urlencode

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.views.filter_values import columns_read, sort_read, written
from layers_pipeline.views.filters import SHOWN, SORT, ContentFilter
from layers_pipeline.views.scheduled import COLUMNS as PLANNED

Tab = Literal["live", "scheduled"]
TABS: Final[tuple[Tab, ...]] = get_args(Tab)
PLANNED_SORT: Final = ("local_at", False)
OWN: Final = ("tab", "content", "plan_columns", "plan_sort")
"""Parameters of the page, beside those of the filter."""
CONTROLS: Final = tuple(
    field.name for field in fields(ContentFilter) if field.name not in ("project_id", "sort")
)
"""Fields of the filter that a control sets, in the order of the controls' values; the grid's
heads set ``sort``."""
TRUTHS: Final[Mapping[str, bool]] = {"yes": True, "no": False}


@dataclass(frozen=True, kw_only=True)
class ContentState:
    """What a content view shows."""

    kept: ContentFilter
    tab: Tab = "live"
    opened: str | None = None
    """The content that the panel shows."""
    plan_columns: tuple[str, ...] = PLANNED
    """Columns of the scheduled list, in its order."""
    plan_sort: tuple[str, bool] = PLANNED_SORT
    """Column by which the scheduled list is ordered, and whether downwards."""

    @classmethod
    def from_query(cls, query: str, *, project_id: str) -> "ContentState":
        """The state that a URL's query describes.

        Raises:
            InputRefusedError: A value is not allowed.
        """
        given = parse_qs(query.removeprefix("?"))
        tab = given.get("tab", ["live"])[-1]
        if tab not in TABS:
            raise InputRefusedError(f"tab: {tab[:40]!r}: use {', '.join(TABS)}.")
        kept = ContentFilter.from_query(query, project_id=project_id, others=OWN)
        columns, order = (given.get(name, [""])[-1] for name in ("plan_columns", "plan_sort"))
        return cls(
            kept=kept,
            tab=tab,
            opened=given.get("content", [None])[-1],
            plan_columns=columns_read("plan_columns", columns, PLANNED) if columns else PLANNED,
            plan_sort=sort_read("plan_sort", order, PLANNED) if order else PLANNED_SORT,
        )

    def to_query(self) -> str:
        """The state as a query without ``?``; what stands as it does by default is left out."""
        own = {"tab": self.tab if self.tab != "live" else None, "content": self.opened}
        if self.plan_columns != PLANNED:
            own["plan_columns"] = ",".join(self.plan_columns)
        if self.plan_sort != PLANNED_SORT:
            (own["plan_sort"],) = written("plan_sort", self.plan_sort)
        parts = (self.kept.to_query(), urlencode({key: one for key, one in own.items() if one}))
        return "&".join(filter(None, parts))

    @property
    def rows(self) -> str:
        """The query of what decides which rows there are: neither their order nor their columns."""
        return replace(self.kept, sort=SORT, columns=SHOWN).to_query()


def values_of(kept: ContentFilter) -> tuple[Any, ...]:
    """What the controls show for a filter, in their order."""
    return tuple(_shown(getattr(kept, name)) for name in CONTROLS)


def filter_of(
    values: Sequence[Any], *, project_id: str, sort: tuple[str, bool] = SORT
) -> ContentFilter:
    """The filter that controls show; what is empty keeps everything.

    Raises:
        InputRefusedError: A value is not allowed, or a range ends before it begins.
    """
    shown = dict(zip(CONTROLS, values, strict=True))
    given = {
        name: _meant(name, value) for name, value in shown.items() if value not in (None, "", [])
    }
    return ContentFilter(project_id=project_id, sort=sort, **given)


def _shown(value: object) -> Any:  # noqa: ANN401 - whatever a control takes
    match value:
        case bool():
            return "yes" if value else "no"
        case tuple():
            return list(value)
        case date():
            return value.isoformat()
        case _:
            return value


def _meant(name: str, value: Any) -> Any:  # noqa: ANN401 - whatever a control gives
    if name in ("eligible", "running"):
        return TRUTHS[value]
    if name in ("published_from", "published_until"):
        return date.fromisoformat(value[:10])
    if name in ("score_min", "score_max"):
        return float(value)
    return tuple(value) if isinstance(value, list) else value
