"""Content of a project, Live and Scheduled, at ``/project/{project_id}/content`` (R61, R62, R63).

Belongs here: the page, and callbacks that keep its URL, controls, grid and panel together.
Does not belong here: its parts (``dashboard.content``), questions (``views``).

The page has a location of its own, so that its callbacks end with it. One callback has the URL
and the controls among its inputs and its outputs: whichever changes, the others follow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from layers_pipeline.dashboard import shown, states
from layers_pipeline.dashboard.content import (
    columns,
    filters,
    grid,
    ids,
    panel,
    rows,
    scheduled_tab,
)
from layers_pipeline.dashboard.content.following import Seen, followed
from layers_pipeline.dashboard.content.state import CONTROLS, TABS, ContentState, values_of
from layers_pipeline.dashboard.deployment import Deployment
from layers_pipeline.dashboard.marks import aria
from layers_pipeline.dashboard.page import Page, Visit
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.views.choices import choices
from layers_pipeline.views.filters import ContentFilter

LOOK_EVERY_MS: Final = 60_000
VALUES: Final = tuple((filters.control_id(name), "value") for name in CONTROLS)
FOLLOWED: Final[Mapping[str, Any]] = {
    "search": Input(ids.URL, "search"),
    "values": [Input(*value) for value in VALUES],
    "grid_state": Input(ids.GRID, "columnState"),
    "opened": Input(ids.OPENED, "data"),
    "is_open": Input(ids.PANEL, "opened"),
    "_clears": Input(ids.CLEAR, "n_clicks"),
}
"""Parts of the page that change by themselves or by what people do."""
FOLLOWING: Final[Mapping[str, Any]] = {
    "search": Output(ids.URL, "search"),
    "values": [Output(*value) for value in VALUES],
    "columns": Output(ids.GRID, "columnDefs"),
    "opened": Output(ids.OPENED, "data"),
    "is_open": Output(ids.PANEL, "opened"),
    "rows": Output(ids.ROWS, "data"),
    "problem": Output(ids.PROBLEM, "children"),
    "csv": Output(ids.CSV, "href"),
}
"""Parts that then have to say the same."""


def draw(visit: Visit) -> Component:
    """The page as the URL describes it; a URL that cannot be read shows why."""
    project = visit.deployment.operations.projects.get(visit.project_id)
    try:
        state, problem = ContentState.from_query(visit.query, project_id=visit.project_id), None
    except InputRefusedError as error:
        kept = ContentFilter(project_id=visit.project_id)
        state, problem = ContentState(kept=kept), states.failed(error)
    title = dmc.Title(f"Content of {project.name}", order=1, size="h3")
    return html.Div(
        [
            dcc.Store(id=ids.PROJECT, data=visit.project_id),
            dmc.Group([title, _tabs(state)], mb="sm"),
            html.Div(problem, id=ids.PROBLEM),
            *(
                scheduled_tab.draw(visit, state)
                if state.tab == "scheduled"
                else _live(visit, state, rows=None if problem else state.rows)
            ),
        ]
    )


def _live(visit: Visit, state: ContentState, *, rows: str | None) -> list[Component]:
    known = choices(visit.deployment.views, visit.project_id)
    count = html.Div(id=ids.COUNT, role="status")
    csv = html.A("Download CSV", id=ids.CSV, href=csv_address(state), download="")
    files = dmc.Group([filters.meanings(), filters.columns(state.kept), csv])
    return [
        dcc.Location(id=ids.URL, refresh="callback-nav"),
        dcc.Interval(id=ids.AGAIN, interval=LOOK_EVERY_MS),
        dcc.Store(id=ids.GENERATION, data=visit.deployment.views.publication().generation),
        dcc.Store(id=ids.ROWS, data=rows),
        dcc.Store(id=ids.OPENED, data=state.opened),
        filters.controls(state.kept, known),
        dmc.Group([count, files], justify="space-between", my=6),
        grid.grid(state.kept),
        panel.drawer(is_open=state.opened is not None),
    ]


def csv_address(state: ContentState) -> str:
    """Where the CSV of exactly the rows of a state lies."""
    query = state.kept.to_query()
    return f"/project/{state.kept.project_id}/content.csv{query and '?' + query}"


def _tabs(state: ContentState) -> Component:
    links = [
        dcc.Link(
            html.Span(
                shown.words(tab).title(), **(aria(current="page") if tab == state.tab else {})
            ),
            href="?" + replace(state, tab=tab, opened=None).to_query(),
            className="view-tab here" if tab == state.tab else "view-tab",
        )
        for tab in TABS
    ]
    return html.Nav(links, className="tabs", **aria(label="Live or scheduled"))


def register(app: Dash, deployment: Deployment) -> None:
    """Keep URL, controls, grid, files and panel together."""
    _follow(app)
    _give_rows(app, deployment)
    panel.register(app, deployment)
    scheduled_tab.register(app, deployment)
    app.clientside_callback(
        ClientsideFunction("content", "dropRows"),
        Input(ids.ROWS, "data"),
        Input(ids.GENERATION, "data"),
        prevent_initial_call=True,
    )


def _follow(app: Dash) -> None:
    @app.callback(
        output=FOLLOWING,
        inputs=FOLLOWED,
        state={"project_id": State(ids.PROJECT, "data"), "rows": State(ids.ROWS, "data")},
        hidden=True,
    )
    def follow(  # noqa: PLR0917 - Dash gives them by name
        search: str | None,
        values: Sequence[Any],
        grid_state: Sequence[Mapping[str, Any]] | None,
        opened: str | None,
        is_open: bool,
        _clears: int | None,
        project_id: str,
        rows: str | None,
    ) -> object:
        seen = Seen(
            project_id=project_id,
            query=(search or "").removeprefix("?"),
            values=tuple(values),
            grid=grid_state or (),
            opened=opened,
            is_open=is_open,
            rows=rows,
        )
        try:
            after = followed(seen, str(ctx.triggered_id))
        except InputRefusedError as error:
            return _nothing() | {"rows": None, "problem": states.failed(error)}
        return _nothing() | _changed(seen, after)


def _nothing() -> dict[str, Any]:
    names = ("search", "columns", "opened", "is_open", "rows", "problem", "csv")
    return {"values": [no_update] * len(VALUES)} | dict.fromkeys(names, no_update)


def _changed(seen: Seen, after: ContentState) -> dict[str, Any]:
    """What has to change on the page for a state, and nothing else."""
    wanted = {
        "search": (seen.query, after.to_query()),
        "opened": (seen.opened, after.opened),
        "is_open": (seen.is_open, after.opened is not None),
        "rows": (seen.rows, after.rows),
    }
    changed: dict[str, Any] = {key: new for key, (old, new) in wanted.items() if old != new}
    if "search" in changed:
        changed["search"] = changed["search"] and f"?{changed['search']}"
    changed["values"] = [
        no_update if old == new or not (old or new) else new
        for old, new in zip(seen.values, values_of(after.kept), strict=True)
    ]
    if seen.grid and seen.columns != (after.kept.columns, after.kept.sort):
        changed["columns"] = columns.definitions(after.kept)
    return changed | {"problem": None, "csv": csv_address(after)}


def _give_rows(app: Dash, deployment: Deployment) -> None:
    @app.callback(
        Output(ids.GENERATION, "data"),
        Input(ids.AGAIN, "n_intervals"),
        State(ids.GENERATION, "data"),
        prevent_initial_call=True,
        hidden=True,
    )
    def look_again(_looks: int | None, before: int) -> object:
        now = deployment.views.publication().generation
        return no_update if now == before else now

    @app.callback(
        Output(ids.GRID, "getRowsResponse"),
        Input(ids.GRID, "getRowsRequest"),
        State(ids.ROWS, "data"),
        State(ids.PROJECT, "data"),
        hidden=True,
    )
    def give(request: Mapping[str, Any] | None, kept: str | None, project_id: str) -> object:
        if request is None:
            raise PreventUpdate
        return rows.block(deployment.views, project_id, kept, request)

    @app.callback(
        Output(ids.COUNT, "children"),
        Input(ids.ROWS, "data"),
        Input(ids.GENERATION, "data"),
        State(ids.PROJECT, "data"),
        hidden=True,
    )
    def tell_count(kept: str | None, _generation: int | None, project_id: str) -> object:
        return rows.told(deployment.views, project_id, kept)


PAGE: Final = Page(
    path="/project/{project_id}/content",
    title="Content",
    draw=draw,
    menu="project",
    redrawn_by=("tab",),
    register=register,
)
