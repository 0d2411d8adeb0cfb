"""The tab of posts that are still to appear, in the project's days (R61).

Belongs here: its controls, its list, following the URL.
Does not belong here: which posts a filter keeps (``views.scheduled``), planning them (``cli``).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from layers_pipeline.dashboard import shown, states
from layers_pipeline.dashboard.content import filters, grid, ids
from layers_pipeline.dashboard.content.state import CONTROLS, ContentState, filter_of, values_of
from layers_pipeline.dashboard.deployment import Deployment
from layers_pipeline.dashboard.page import Visit
from layers_pipeline.errors import LayersError
from layers_pipeline.views.choices import choices
from layers_pipeline.views.filters import ContentFilter
from layers_pipeline.views.scheduled import Scheduled, scheduled

URL: Final = "scheduled-url"
LIST: Final = "scheduled-list"
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
HEADS: Final = (
    ("local_at", "Appears at", 300),
    ("state", "State", 110),
    ("platform", "Platform", 110),
    ("media_type", "Kind", 120),
    ("account_key", "Account", 150),
    ("caption", "Caption", 320),
    ("container_id", "Shows", 180),
    ("note", "Note", 180),
    ("changed_by", "Planned by", 120),
    ("slug", "Name", 150),
)
VALUES: Final = tuple((filters.control_id(name, "scheduled"), "value") for name in FIELDS)


def draw(visit: Visit, state: ContentState) -> list[Component]:
    """The tab as the URL describes it."""
    known = choices(visit.deployment.views, visit.project_id)
    return [
        dcc.Location(id=URL, refresh="callback-nav"),
        filters.controls(state.kept, known, tab="scheduled", names=FIELDS, labels=LABELS),
        html.Div(_listed(visit.deployment, state.kept), id=LIST),
    ]


def register(app: Dash, deployment: Deployment) -> None:
    """Keep URL, controls and list together."""

    @app.callback(
        output=(
            Output(URL, "search"),
            [Output(*value) for value in VALUES],
            Output(LIST, "children"),
        ),
        inputs={
            "search": Input(URL, "search"),
            "values": [Input(*value) for value in VALUES],
            "_clears": Input(CLEAR, "n_clicks"),
        },
        state={"project_id": State(ids.PROJECT, "data")},
        hidden=True,
    )
    def follow(
        search: str | None, values: list[Any], _clears: int | None, project_id: str
    ) -> object:
        same = [no_update] * len(VALUES)
        try:
            before = ContentState.from_query(search or "", project_id=project_id)
            after = _followed(before, values, str(ctx.triggered_id))
        except LayersError as error:
            return no_update, same, states.failed(error)
        wanted = dict(zip(CONTROLS, values_of(after.kept), strict=True))
        shows = [
            no_update if old == wanted[name] or not (old or wanted[name]) else wanted[name]
            for name, old in zip(FIELDS, values, strict=True)
        ]
        query = no_update if after == before else f"?{after.to_query()}"
        return query, shows, _listed(deployment, after.kept)


def _followed(before: ContentState, values: Sequence[Any], changed: str) -> ContentState:
    project_id = before.kept.project_id
    if changed == CLEAR:
        return replace(before, kept=ContentFilter(project_id=project_id))
    if changed not in {name for name, _ in VALUES}:
        return before
    given = dict(zip(CONTROLS, values_of(before.kept), strict=True))
    given |= dict(zip(FIELDS, values, strict=True))
    kept = filter_of(
        [given[name] for name in CONTROLS], project_id=project_id, sort=before.kept.sort
    )
    return replace(before, kept=kept)


def _listed(deployment: Deployment, kept: ContentFilter) -> Component:
    try:
        found = scheduled(deployment.operations, kept, now=deployment.clock.now())
    except LayersError as error:
        return states.failed(error)
    if not found:
        return states.empty(
            "Nothing is scheduled", "Plan a post: layers-pipeline content schedule add."
        )
    return dmc.Box(
        [
            dmc.Text(f"{len(found):,} scheduled", size="sm", my=6),
            dag.AgGrid(
                id="scheduled-grid",
                columnDefs=[
                    {"field": name, "headerName": head, "width": width}
                    for name, head, width in HEADS
                ],
                defaultColDef={
                    **grid.COLUMN,
                    "valueFormatter": {"function": "shown_text(params)"},
                },
                rowData=[_row(one) for one in found],
                getRowId="params.data.slug",
                dashGridOptions=grid.LOOK,
                className="content-grid",
                style=grid.SIZE,
            ),
        ]
    )


def _row(post: Scheduled) -> dict[str, Any]:
    here = shown.instant(post.local_at, str(post.local_at.tzinfo))
    return {name: getattr(post, name) for name, _, _ in HEADS} | {"local_at": here}
