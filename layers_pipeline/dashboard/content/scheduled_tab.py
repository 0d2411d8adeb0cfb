"""The tab of posts that are still to appear, in the project's days (R61).

Belongs here: its controls, its list, following the URL.
Does not belong here: which posts a filter keeps (``views.scheduled``), planning them (``cli``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from layers_pipeline.dashboard import shown, states
from layers_pipeline.dashboard.content import filters, grid, ids
from layers_pipeline.dashboard.content.columns import columns_of, sort_of
from layers_pipeline.dashboard.content.state import CONTROLS, ContentState, filter_of, values_of
from layers_pipeline.dashboard.deployment import Deployment
from layers_pipeline.dashboard.page import Visit
from layers_pipeline.errors import LayersError
from layers_pipeline.views.choices import choices
from layers_pipeline.views.filters import ContentFilter
from layers_pipeline.views.scheduled import COLUMNS, Scheduled, scheduled

URL: Final = "scheduled-url"
LIST: Final = "scheduled-list"
"""What is said of the list."""
FRAME: Final = "scheduled-frame"
GRID: Final = "scheduled-grid"
CLEAR: Final = "scheduled-clear"
FIELDS: Final = (
    "search",
    "platforms",
    "media_types",
    "accounts",
    "published_from",
    "published_until",
    "deleted",
)
"""Fields of the filter that mean something of posts to come; deleted is said of cancelled ones."""
LABELS: Final = filters.LABELS | {
    "published_from": "Appears from",
    "published_until": "Appears until",
    "deleted": "Cancelled",
}
SHOWN_AS: Final[Mapping[str, tuple[str, int]]] = {
    "local_at": ("Appears at", 300),
    "state": ("State", 110),
    "platform": ("Platform", 110),
    "media_type": ("Kind", 120),
    "account_key": ("Account", 150),
    "caption": ("Caption", 320),
    "container_id": ("Shows", 180),
    "note": ("Note", 180),
    "changed_by": ("Planned by", 120),
    "slug": ("Name", 150),
}
"""Head and width of each column."""
NOT_SHOWN: Final = {"display": "none"}
VALUES: Final = tuple((filters.control_id(name, "scheduled"), "value") for name in FIELDS)
FOLLOWED: Final[Mapping[str, Any]] = {
    "search": Input(URL, "search"),
    "values": [Input(*value) for value in VALUES],
    "grid_state": Input(GRID, "columnState"),
    "_clears": Input(CLEAR, "n_clicks"),
}
FOLLOWING: Final[Mapping[str, Any]] = {
    "search": Output(URL, "search"),
    "values": [Output(*value) for value in VALUES],
    "told": Output(LIST, "children"),
    "rows": Output(GRID, "rowData"),
    "columns": Output(GRID, "columnDefs"),
    "frame": Output(FRAME, "style"),
}


def draw(visit: Visit, state: ContentState) -> list[Component]:
    """The tab as the URL describes it."""
    known = choices(visit.deployment.views, visit.project_id)
    told, rows, style = _listed(visit.deployment, state.kept)
    return [
        dcc.Location(id=URL, refresh="callback-nav"),
        filters.controls(state.kept, known, tab="scheduled", names=FIELDS, labels=LABELS),
        html.Div(told, id=LIST, role="status"),
        html.Div(_grid(state, rows), id=FRAME, style=style),
    ]


def register(app: Dash, deployment: Deployment) -> None:
    """Keep URL, controls and list together."""

    @app.callback(
        output=FOLLOWING,
        inputs=FOLLOWED,
        state={"project_id": State(ids.PROJECT, "data")},
        hidden=True,
    )
    def follow(
        search: str | None,
        values: list[Any],
        grid_state: Sequence[Mapping[str, Any]] | None,
        _clears: int | None,
        project_id: str,
    ) -> object:
        same = dict.fromkeys(FOLLOWING, no_update) | {"values": [no_update] * len(VALUES)}
        try:
            before = ContentState.from_query(search or "", project_id=project_id)
            after = _followed(before, values, grid_state or (), str(ctx.triggered_id))
        except LayersError as error:
            return same | {"told": states.failed(error), "frame": NOT_SHOWN}
        changed: dict[str, Any] = {"values": _shown(values, after)}
        if after != before:
            changed["search"] = f"?{after.to_query()}"
        if grid_state and (after.plan_columns, after.plan_sort) != _seen(grid_state, after):
            changed["columns"] = _definitions(after)
        if ctx.triggered_id != GRID:
            changed["told"], changed["rows"], changed["frame"] = _listed(deployment, after.kept)
        return same | changed


def _shown(values: Sequence[Any], after: ContentState) -> list[Any]:
    """What the controls have to show that they do not show already."""
    wanted = dict(zip(CONTROLS, values_of(after.kept), strict=True))
    return [
        no_update if old == wanted[name] or not (old or wanted[name]) else wanted[name]
        for name, old in zip(FIELDS, values, strict=True)
    ]


def _seen(
    grid_state: Sequence[Mapping[str, Any]], before: ContentState
) -> tuple[tuple[str, ...], tuple[str, bool]]:
    """Columns and order that the grid shows."""
    return columns_of(grid_state), sort_of(grid_state) or before.plan_sort


def _followed(
    before: ContentState,
    values: Sequence[Any],
    grid_state: Sequence[Mapping[str, Any]],
    changed: str,
) -> ContentState:
    project_id = before.kept.project_id
    if changed == CLEAR:
        return replace(before, kept=ContentFilter(project_id=project_id))
    if changed == GRID and grid_state:
        columns, sort = _seen(grid_state, before)
        return replace(before, plan_columns=columns, plan_sort=sort)
    if changed not in {name for name, _ in VALUES}:
        return before
    given = dict(zip(CONTROLS, values_of(before.kept), strict=True))
    given |= dict(zip(FIELDS, values, strict=True))
    kept = filter_of(
        [given[name] for name in CONTROLS], project_id=project_id, sort=before.kept.sort
    )
    return replace(before, kept=kept)


def _listed(
    deployment: Deployment, kept: ContentFilter
) -> tuple[Component, list[dict[str, Any]], dict[str, str]]:
    """What is said of the list, its rows, and whether there is any to show."""
    try:
        found = scheduled(deployment.operations, kept, now=deployment.clock.now())
    except LayersError as error:
        return states.failed(error), [], NOT_SHOWN
    if not found:
        remedy = "Plan a post: layers-pipeline content schedule add."
        return states.empty("Nothing is scheduled", remedy), [], NOT_SHOWN
    told = dmc.Text(f"{len(found):,} scheduled", size="sm", my=6)
    return told, [_row(one) for one in found], {}


def _grid(state: ContentState, rows: list[dict[str, Any]]) -> Component:
    return dag.AgGrid(
        id=GRID,
        columnDefs=_definitions(state),
        defaultColDef={**grid.COLUMN, "valueFormatter": {"function": "shown_text(params)"}},
        rowData=rows,
        getRowId="params.data.slug",
        dashGridOptions=grid.LOOK,
        className="content-grid",
        style=grid.SIZE,
    )


def _definitions(state: ContentState) -> list[dict[str, Any]]:
    """The columns: those that are shown in their order, then the hidden ones."""
    by, descending = state.plan_sort
    hidden = [name for name in COLUMNS if name not in state.plan_columns]
    return [
        {
            "field": name,
            "colId": name,
            "headerName": SHOWN_AS[name][0],
            "width": SHOWN_AS[name][1],
            "hide": name in hidden,
            "sort": ("desc" if descending else "asc") if name == by else None,
        }
        for name in (*state.plan_columns, *hidden)
    ]


def _row(post: Scheduled) -> dict[str, Any]:
    here = shown.instant(post.local_at, str(post.local_at.tzinfo))
    return {name: getattr(post, name) for name in COLUMNS} | {"local_at": here}
