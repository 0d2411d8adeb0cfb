"""From an address to what stands in the middle of the window.

Belongs here: finding the page, drawing it, errors on the way.
Does not belong here: pages, the frame round them (``shell``).

Dash's own pages draw anew whatever the query changes, so a filter would take the focus from who
types in it. Here a page says whether its callbacks follow the query instead.
"""

import logging
from collections.abc import Sequence
from typing import Final

from dash import Dash, Input, Output, ctx, no_update
from dash.development.base_component import Component

from layers_pipeline.dashboard import states
from layers_pipeline.dashboard.deployment import Deployment
from layers_pipeline.dashboard.page import Page, Visit
from layers_pipeline.errors import LayersError, NotFoundError

URL: Final = "url"
CONTENT: Final = "page"
QUERY_ALONE: Final = {f"{URL}.search"}
log: Final = logging.getLogger(__name__)


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
        return states.failed(error)


def register(app: Dash, deployment: Deployment, pages: Sequence[Page]) -> None:
    """Follow the address."""

    @app.callback(
        Output(CONTENT, "children"), Input(URL, "pathname"), Input(URL, "search"), hidden=True
    )
    def follow(path: str | None, search: str | None) -> object:
        at = path or "/"
        hit = found(pages, at)
        query_alone = set(ctx.triggered_prop_ids) == QUERY_ALONE
        if hit and hit[0].redrawn == "path" and query_alone:
            return no_update
        return drawn(pages, deployment, at, (search or "").removeprefix("?"))

    for page in pages:
        if page.register:
            page.register(app, deployment)
