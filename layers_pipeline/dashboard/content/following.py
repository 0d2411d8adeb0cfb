"""What a content view shows next, after one of its parts changed.

Belongs here: the decision, from what stands on the page and what changed.
Does not belong here: callbacks (``pages.content``), the state itself (``state``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from layers_pipeline.dashboard.content import ids
from layers_pipeline.dashboard.content.columns import columns_of, sort_of
from layers_pipeline.dashboard.content.filters import control_id
from layers_pipeline.dashboard.content.state import CONTROLS, ContentState, filter_of
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.views.filters import ContentFilter

BY_CONTROL = frozenset(map(control_id, CONTROLS))


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What stands on the page when something changed."""

    project_id: str
    query: str
    values: tuple[Any, ...]
    """What the controls show, in their order."""
    grid: Sequence[Mapping[str, Any]]
    """The grid's columns as it tells them; none before it is drawn."""
    opened: str | None
    is_open: bool
    rows: str | None

    @property
    def columns(self) -> tuple[tuple[str, ...], tuple[str, bool] | None]:
        """Columns and order that the grid shows."""
        return columns_of(self.grid), sort_of(self.grid)

    def state(self) -> ContentState:
        """The state that the URL describes; where it cannot be read, that of no filter."""
        try:
            return ContentState.from_query(self.query, project_id=self.project_id)
        except InputRefusedError:
            return ContentState(kept=ContentFilter(project_id=self.project_id))


def followed(seen: Seen, changed: str) -> ContentState:
    """The state after the part of an id changed; the URL decides where it did, or at first.

    What cannot be read in the URL is given up once a control says something else.

    Raises:
        InputRefusedError: The URL, or what a control shows, is not allowed.
    """
    if changed in BY_CONTROL:
        before = seen.state()
        asked = filter_of(seen.values, project_id=seen.project_id, sort=before.kept.sort)
        return replace(before, kept=asked)
    if changed == ids.CLEAR:
        return _cleared(seen.state())
    before = ContentState.from_query(seen.query, project_id=seen.project_id)
    if changed == ids.GRID and seen.grid:
        shown, sort = seen.columns
        kept = replace(before.kept, columns=shown, sort=sort or before.kept.sort)
        return replace(before, kept=kept)
    if changed == ids.OPENED:
        return replace(before, opened=seen.opened)
    if changed == ids.PANEL:
        return replace(before, opened=seen.opened if seen.is_open else None)
    return before


def _cleared(before: ContentState) -> ContentState:
    """Nothing is filtered; order and columns stay."""
    kept = before.kept
    nothing = ContentFilter(project_id=kept.project_id, sort=kept.sort, columns=kept.columns)
    return replace(before, kept=nothing)
