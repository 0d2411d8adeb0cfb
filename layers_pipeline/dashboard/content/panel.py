"""The panel of one content: everything that is known of it (R62).

Belongs here: the drawer, putting its sections together, loading them.
Does not belong here: the sections (``sections``, ``score_section``), the override (``override``).
"""

from typing import Any, Final

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component

from layers_pipeline.dashboard import states
from layers_pipeline.dashboard.content import ids, override, score_section, sections
from layers_pipeline.dashboard.deployment import Deployment
from layers_pipeline.errors import LayersError
from layers_pipeline.views.detail import Detail, detail

AT_ONCE: Final[Any] = {"duration": 0}
WIDTH: Final = "min(780px, 100vw)"


def drawer(*, is_open: bool) -> Component:
    """The panel, before anything is in it."""
    return dmc.Drawer(
        dcc.Loading(
            html.Div(states.loading(), id=ids.DETAIL),
            custom_spinner=states.loading(),
            delay_show=250,
        ),
        id=ids.PANEL,
        opened=is_open,
        position="right",
        size=WIDTH,
        title="Content in detail",
        overlayProps={"backgroundOpacity": 0.25},
        closeButtonProps={"aria-label": "Close the panel"},
        transitionProps=AT_ONCE,
        keepMounted=True,
    )


def register(app: Dash, deployment: Deployment) -> None:
    """Load the panel of the content that is opened."""
    override.register(app, deployment)

    @app.callback(
        Output(ids.DETAIL, "children"),
        Input(ids.OPENED, "data"),
        State(ids.PROJECT, "data"),
        hidden=True,
    )
    def load(opened: str | None, project_id: str) -> object:
        if opened is None:
            return None
        try:
            found = detail(deployment.views, project_id, opened)
            zone = deployment.operations.projects.get(project_id).time_zone
            changes = override.changes(deployment, opened)
        except LayersError as error:
            return states.failed(error)
        return drawn(found, zone, override.form(found, changes))


def drawn(found: Detail, zone: str, decision: Component) -> Component:
    """Every section of one content."""
    made = (
        sections.heading(found, zone),
        sections.metrics(found, zone),
        sections.trends(found, zone),
        sections.mix(found),
        score_section.score(found, zone),
        sections.eligibility(found, decision, zone),
        sections.why(found),
        sections.ads(found),
        sections.audit(found, zone),
    )
    return dmc.Stack([section for section in made if section is not None], gap="lg")
