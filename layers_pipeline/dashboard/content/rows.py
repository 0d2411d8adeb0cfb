"""Rows of the content grid, block by block, and how many there are.

Belongs here: answering the grid, values in the form that it takes.
Does not belong here: questions (``views.content``), how values are written (``assets``).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

import dash_mantine_components as dmc
from dash.development.base_component import Component

from layers_pipeline.dashboard import states
from layers_pipeline.errors import LayersError
from layers_pipeline.views.content import count, page
from layers_pipeline.views.filters import COLUMNS, SORT, ContentFilter
from layers_pipeline.views.opening import Views
from transforms.facts.money import shown as money_shown

NONE: Final = {"rowData": [], "rowCount": 0}


def block(
    views: Views, project_id: str, kept: str | None, request: Mapping[str, Any]
) -> dict[str, Any]:
    """Some rows, in the order that the grid asks for; with the first, how many there are.

    Args:
        kept: The filter as a query; null where it cannot be read, which keeps nothing.
        request: What the grid asks for: ``startRow``, ``endRow``, ``sortModel``.
    """
    if kept is None:
        return NONE
    first, end = int(request["startRow"]), int(request["endRow"])
    try:
        wanted = _wanted(project_id, kept, request)
        with views.reading() as reader:
            found = page(reader, wanted, first, end - first)
            is_end = first == 0 or len(found) < end - first
            rows = count(reader, wanted) if is_end else None
    except LayersError:
        return NONE
    answer: dict[str, Any] = {"rowData": [_plain(row) for row in found]}
    return answer if rows is None else answer | {"rowCount": rows}


def told(views: Views, project_id: str, kept: str | None) -> Component | None:
    """How much content a filter keeps, in words; where it keeps none, what to do."""
    if kept is None:
        return None
    try:
        found = count(views, ContentFilter.from_query(kept, project_id=project_id))
    except LayersError as error:
        return states.failed(error)
    if found:
        return dmc.Text(f"{found:,} {'content' if found == 1 else 'contents'}", size="sm")
    if kept:
        return states.empty("Nothing matches", "Clear some filters.")
    return states.empty(
        "No content yet", "It comes with the first sync or import, and the publication after it."
    )


def _wanted(project_id: str, kept: str, request: Mapping[str, Any]) -> ContentFilter:
    ordered = [(one["colId"], one["sort"] == "desc") for one in request.get("sortModel") or ()]
    known = ContentFilter.from_query(kept, project_id=project_id)
    return replace(known, sort=ordered[0] if ordered else SORT, columns=COLUMNS)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as text and numbers; money in its currency."""
    made = {
        name: value.isoformat() if isinstance(value, date | datetime) else value
        for name, value in row.items()
    }
    cents, currency = row["spend_cents"], row["currency"]
    return made | {
        "spend_cents": money_shown(cents, currency) if currency and cents is not None else None
    }
