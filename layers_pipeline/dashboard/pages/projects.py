"""Projects: where everybody begins.

Belongs here: the list of projects, and the way to their pages.
Does not belong here: figures of a project.
"""

from typing import Final

import dash_mantine_components as dmc
from dash import dcc
from dash.development.base_component import Component

from layers_pipeline.dashboard import states
from layers_pipeline.dashboard.page import Page, Visit


def draw(visit: Visit) -> Component:
    """Every project, as a card."""
    projects = visit.deployment.operations.projects.all()
    heading = dmc.Title("Projects", order=1, size="h2", mb="md")
    if not projects:
        nothing = states.empty("No project yet", "Add one: layers-pipeline project add.")
        return dmc.Box([heading, nothing])
    cards = [
        dmc.Card(
            [
                dmc.Text(
                    dcc.Link(project.name, href=f"/project/{project.project_id}/content"), fw=600
                ),
                dmc.Text(f"{project.project_id} \N{MIDDLE DOT} {project.time_zone}", size="sm"),
            ],
            withBorder=True,
        )
        for project in projects
    ]
    return dmc.Box([heading, dmc.SimpleGrid(cards, cols={"base": 1, "sm": 2, "lg": 3})])


PAGE: Final = Page(path="/", title="Projects", draw=draw, menu="everything")
