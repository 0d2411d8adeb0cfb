"""Content of a project: placeholder.

Belongs here: the page.
Does not belong here: questions (``views``).
"""

from typing import Final

import dash_mantine_components as dmc
from dash.development.base_component import Component

from layers_pipeline.dashboard.page import Page, Visit
from layers_pipeline.views.content import count
from layers_pipeline.views.filters import ContentFilter


def draw(visit: Visit) -> Component:
    """How much content a filter keeps."""
    wanted = ContentFilter.from_query(visit.query, project_id=visit.project_id)
    found = count(visit.deployment.views, wanted)
    return dmc.Box([dmc.Title("Content", order=1, size="h2"), dmc.Text(f"{found:,}")])


PAGE: Final = Page(path="/project/{project_id}/content", title="Content", draw=draw, menu="project")
