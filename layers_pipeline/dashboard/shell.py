"""The frame round every page: header, menu, how old the data are, light and dark.

Belongs here: what stands on every page, its callbacks.
Does not belong here: pages, finding them (``routing``).
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, ctx, dcc, html
from dash.development.base_component import Component

from layers_pipeline.dashboard import shown, states
from layers_pipeline.dashboard.deployment import Deployment
from layers_pipeline.dashboard.marks import aria
from layers_pipeline.dashboard.page import Page
from layers_pipeline.dashboard.routing import CONTENT, DRAWN, URL, found
from layers_pipeline.errors import LayersError, NotFoundError

NAVIGATION: Final = "menu"
BANNER: Final = "freshness"
TROUBLE: Final = "trouble"
"""Where a page says that something failed which nobody foresaw."""
LOOK_EVERY_MS: Final = 60_000
THEME: Final[Any] = {
    "primaryColor": "indigo",
    "primaryShade": {"light": 7, "dark": 8},
    "autoContrast": True,
    "fontFamily": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
    "cursorType": "pointer",
    "respectReducedMotion": True,
}
MENU_WIDTH: Final = 220


def layout(*, with_login: bool) -> Component:
    """The frame, before anything is drawn in it."""
    return dmc.MantineProvider(
        [
            dcc.Location(id=URL, refresh="callback-nav"),
            dcc.Store(id=DRAWN),
            dcc.Interval(id="look-again", interval=LOOK_EVERY_MS),
            html.A("Skip to the content", href=f"#{CONTENT}", className="skip"),
            dmc.AppShell(
                [
                    dmc.AppShellHeader(_header(with_login=with_login), px="md"),
                    dmc.AppShellNavbar(html.Nav(id=NAVIGATION, **aria(label="Pages")), p="sm"),
                    dmc.AppShellMain(
                        [
                            html.Div(id=BANNER, role="status"),
                            html.Div(id=TROUBLE),
                            html.Div(states.loading(), id=CONTENT, tabIndex="-1"),
                        ],
                    ),
                ],
                id="shell",
                header={"height": 52},
                navbar={
                    "width": MENU_WIDTH,
                    "breakpoint": "sm",
                    "collapsed": {"mobile": True},
                },
                padding="md",
            ),
        ],
        theme=THEME,
        defaultColorScheme="auto",
    )


def _header(*, with_login: bool) -> Component:
    log_out = html.Form(
        html.Button("Log out", type="submit", className="log-out"),
        action="/logout",
        method="post",
    )
    return dmc.Group(
        [
            dmc.Group(
                [
                    dmc.Burger(
                        id="burger",
                        size="sm",
                        hiddenFrom="sm",
                        opened=False,
                        **aria(label="Menu"),
                    ),
                    dcc.Link("Layers", href="/", className="brand"),
                ]
            ),
            dmc.Group(
                [
                    *([log_out] if with_login else []),
                    dmc.ColorSchemeToggle(
                        lightIcon="\N{BLACK SUN WITH RAYS}",
                        darkIcon="\N{FIRST QUARTER MOON}",
                        variant="default",
                        size="lg",
                        **aria(label="Light or dark"),
                    ),
                ]
            ),
        ],
        justify="space-between",
        h="100%",
    )


def register(app: Dash, deployment: Deployment, pages: Sequence[Page]) -> None:
    """Keep menu and banner up with where people are and with what was published."""

    @app.callback(Output(NAVIGATION, "children"), Input(URL, "pathname"), hidden=True)
    def name_pages(path: str | None) -> object:
        return menu(pages, path or "/")

    @app.callback(
        Output(BANNER, "children"),
        Input(URL, "pathname"),
        Input("look-again", "n_intervals"),
        hidden=True,
    )
    def tell_age(_path: str | None, _looks: int | None) -> object:
        return banner(deployment)

    @app.callback(
        Output("shell", "navbar"),
        Output("burger", "opened"),
        Input("burger", "opened"),
        Input(URL, "pathname"),
        State("shell", "navbar"),
        hidden=True,
    )
    def fold(opened: bool, _path: str | None, navbar: dict[str, Any]) -> object:
        is_open = opened and ctx.triggered_id == "burger"
        return navbar | {"collapsed": {"mobile": not is_open}}, is_open


def menu(pages: Sequence[Page], path: str) -> list[Component]:
    """The pages by part of the menu; those of a project where one is open."""
    hit = found(pages, path)
    project = hit[1].get("project_id") if hit else None
    links = [_links([page for page in pages if page.menu == "everything"], hit)]
    if project:
        of_project = [page for page in pages if page.menu == "project"]
        links.append(html.H2(project, className="menu-title"))
        links.append(_links(of_project, hit, project_id=project))
    return links


def _links(
    pages: Iterable[Page], hit: tuple[Page, dict[str, str]] | None, **values: str
) -> Component:
    def link(page: Page) -> Component:
        here = hit is not None and hit[0] is page
        said = aria(current="page") if here else {}
        text = html.Span(page.title, **said)
        name = "menu-link here" if here else "menu-link"
        return html.Li(dcc.Link(text, href=page.address(**values), className=name))

    return html.Ul([link(page) for page in pages], className="menu-list")


def banner(deployment: Deployment) -> Component:
    """As of when the data are; loud where they are old, or where there are none."""
    try:
        publication = deployment.views.publication()
    except NotFoundError as error:
        return dmc.Alert(str(error), title="Nothing to show yet", color="gray", mb="md")
    except LayersError as error:
        return dmc.Alert(str(error), title="The data cannot be read", color="red", mb="md")
    said = f"Data as of {shown.instant(publication.as_of)}"
    if publication.age < timedelta(hours=deployment.settings.stale_after_h):
        return dmc.Text(said, c="dimmed", size="sm", mb="sm", className="fresh")
    return dmc.Alert(
        f"These data are old. {said}, {shown.span(publication.age)} ago: see whether the schedules "
        "run, or publish: layers-pipeline publish.",
        p="xs",
        color="orange",
        variant="outline",
        mb="md",
        className="stale",
    )
