"""From an address to what stands in the middle of the window.

Belongs here: finding the page, drawing it, errors on the way.
Does not belong here: pages, the frame round them (``shell``).

Dash's own pages draw anew whatever the query changes, so a filter would take the focus from who
types in it. Here a page says what of the query its own callbacks follow instead.
"""

from collections.abc import Sequence
from typing import Final

from dash import Dash, Input, Output, State, no_update
from dash.development.base_component import Component

from layers_pipeline.dashboard import states
from layers_pipeline.dashboard.deployment import Deployment
from layers_pipeline.dashboard.page import Page, Visit
from layers_pipeline.errors import LayersError, NotFoundError

URL: Final = "url"
CONTENT: Final = "page"
DRAWN: Final = "drawn"
"""Store: what is drawn now."""


def found(pages: Sequence[Page], path: str) -> tuple[Page, dict[str, str]] | None:
    """The page of an address, and what the address says."""
    for page in pages:
        values = page.values_of(path)
        if values is not None:
            return page, values
    return None


def drawn(pages: Sequence[Page], deployment: Deployment, path: str, query: str) -> Component:
    """What an address shows."""
    hit = found(pages, path)
    try:
        if hit is None:
            raise NotFoundError(f"{path}: there is no such page. Choose one from the menu.")
        page, values = hit
        now = deployment.clock.now()
        return page.draw(Visit(deployment=deployment, values=values, query=query, now=now))
    except LayersError as error:
        return states.failed_page(error)


def register(app: Dash, deployment: Deployment, pages: Sequence[Page]) -> None:
    """Follow the address."""

    @app.callback(
        Output(CONTENT, "children"),
        Output(DRAWN, "data"),
        Input(URL, "pathname"),
        Input(URL, "search"),
        State(DRAWN, "data"),
        hidden=True,
    )
    def follow(path: str | None, search: str | None, before: str | None) -> object:
        at, query = path or "/", (search or "").removeprefix("?")
        hit = found(pages, at)
        now = hit[0].drawing(at, query) if hit else f"{at}?{query}"
        if now == before:
            return no_update, no_update
        return drawn(pages, deployment, at, query), now

    for page in pages:
        if page.register:
            page.register(app, deployment)
