"""What a page shows when it has nothing to show, or something went wrong.

Belongs here: empty, loading, stale and refused states, each with what to do.
Does not belong here: pages.
"""

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from layers_pipeline.errors import InputRefusedError, LayersError, NotFoundError


def empty(title: str, remedy: str, *more: Component) -> Component:
    """A place where rows would stand, and why there are none."""
    return dmc.Paper(
        dmc.Stack(
            [dmc.Text(title, fw=600), dmc.Text(remedy, c="dimmed", size="sm"), *more],
            gap="xs",
            align="center",
        ),
        withBorder=True,
        p="xl",
        radius="md",
        className="state-empty",
    )


def failed(error: LayersError) -> Component:
    """What went wrong, in the error's own words, which name the remedy."""
    title, color = _said(error)
    return html.Div(
        dmc.Alert(str(error), title=title, color=color, variant="outline"),
        className="state-failed",
    )


def failed_page(error: LayersError) -> Component:
    """The same where a whole page would stand."""
    title, color = _said(error)
    return html.Div(
        [
            dmc.Title(title, order=1, size="h3", mb="md"),
            dmc.Alert(str(error), color=color, variant="outline"),
        ],
        className="state-failed",
    )


def broken() -> Component:
    """Something failed that nobody foresaw: the log says what."""
    return dmc.Alert(
        "What you did last could not be done. The log of the dashboard says why; reload the page "
        "to go on.",
        title="Something went wrong here",
        color="red",
        variant="outline",
        withCloseButton=True,
        closeButtonLabel="Close",
        mb="md",
    )


def _said(error: LayersError) -> tuple[str, str]:
    match error:
        case NotFoundError():
            return "Not found", "gray"
        case InputRefusedError():
            return "This view cannot be shown", "orange"
        case _:
            return "The data cannot be read", "red"


def loading() -> Component:
    """Bars where content is about to be."""
    bars = [dmc.Skeleton(height=28, width=width, radius="sm") for width in ("40%", "90%", "75%")]
    return html.Div(
        dmc.Stack([dmc.VisuallyHidden("Loading"), *bars], gap="md"), className="state-loading"
    )
