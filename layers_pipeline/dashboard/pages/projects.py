"""Projects: where everybody begins.

Belongs here: the list of projects, and the way to their pages.
Does not belong here: figures of a project (``project``).
"""

from typing import Final

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from layers_pipeline.dashboard import shown, states
from layers_pipeline.dashboard.page import Page, Visit
from layers_pipeline.views.projects import ProjectShown, all_projects


def draw(visit: Visit) -> Component:
    """Every project, as a card."""
    projects = all_projects(visit.deployment.views)
    heading = dmc.Title("Projects", order=1, size="h2", mb="md")
    if not projects:
        remedy = "Add one and publish: layers-pipeline project add, layers-pipeline publish."
        return dmc.Box([heading, states.empty("No project yet", remedy)])
    cards = dmc.SimpleGrid([_card(project) for project in projects], cols={"base": 1, "sm": 2})
    return dmc.Box([heading, cards])


def _card(project: ProjectShown) -> Component:
    at = f"/project/{project.project_id}"
    title = html.H2(dcc.Link(project.name, href=at), className="card-title")
    rest = "" if project.is_active else " \N{MIDDLE DOT} switched off"
    zone = f"{project.project_id} \N{MIDDLE DOT} {project.time_zone}{rest}"
    facts = {
        "Own accounts": shown.count(project.own_accounts),
        "Creators listed": shown.count(project.listed_creators),
        "Content": shown.count(project.contents),
        "May run as ads": shown.count(project.eligible_contents),
        "Running as ads": shown.count(project.running_contents),
    }
    times = {
        "Scored": shown.instant(project.scored_at),
        "Looked at": shown.instant(project.last_checked_at),
    }
    return dmc.Card(
        [title, dmc.Text(zone, size="sm", c="dimmed"), _list(facts), _list(times)],
        withBorder=True,
        radius="md",
    )


def _list(facts: dict[str, str]) -> Component:
    pairs = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts.items()]
    return html.Dl(pairs, className="facts")


PAGE: Final = Page(path="/", title="Projects", draw=draw, menu="everything")
