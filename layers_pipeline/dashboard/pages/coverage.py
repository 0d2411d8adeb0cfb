"""Metrics: which one exists for which platform and kind of post, and since when.

Belongs here: the page.
Does not belong here: what was shown (``views.health``), what each metric means (``dictionary``).
"""

from collections.abc import Mapping
from typing import Final

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from layers_pipeline.dashboard import shown, states
from layers_pipeline.dashboard.page import Page, Visit
from layers_pipeline.dashboard.tables import Cell, Head, table
from layers_pipeline.views.dictionary import meanings
from layers_pipeline.views.health import MetricCovered, metrics_covered


def draw(visit: Visit) -> Component:
    """A row per metric, a column per kind of post."""
    with visit.deployment.views.reading() as reader:
        covered = metrics_covered(reader)
        said = meanings(reader, "platform_post_metrics")
    heading = dmc.Title("Metrics", order=1, size="h2")
    if not covered:
        remedy = "Sync or import: layers-pipeline sync --help."
        return dmc.Stack([heading, states.empty("No post was looked at yet", remedy)])
    return dmc.Stack(
        [
            heading,
            dmc.Text(
                "Which metric any capture ever showed of which kind of post: since when, and in how"
                " many of the captures of the days on which it was shown. A dash: never. Unknown is"
                " not zero: what is not shown is never counted as 0.",
                size="sm",
                c="dimmed",
            ),
            _matrix(covered, said),
        ],
        gap="sm",
    )


def _matrix(covered: list[MetricCovered], said: Mapping[str, str]) -> Component:
    kinds = list(dict.fromkeys((one.platform, one.media_type) for one in covered))
    metrics = sorted({one.metric for one in covered})
    by_place = {(one.metric, one.platform, one.media_type): one for one in covered}
    heads = [Head(text="Metric", is_number=False)]
    heads += [
        Head(text=f"{platform}: {shown.words(kind)}", is_number=False) for platform, kind in kinds
    ]
    rows: list[list[Cell]] = [
        [
            html.Div(
                [html.Strong(metric), html.Div(said.get(metric, ""), className="change words")]
            ),
            *(_cell(by_place.get((metric, *kind))) for kind in kinds),
        ]
        for metric in metrics
    ]
    return table("Metrics by platform and kind of post", heads, rows)


def _cell(one: MetricCovered | None) -> Component:
    if one is None:
        return html.Span(shown.NULL)
    until = [] if one.is_current else [html.Div(f"until {one.last_shown_on}")]
    ratio = html.Div(f"in {shown.share(one.share_ratio, 0)}", className="change")
    return html.Div([html.Div(f"since {one.first_shown_on}", className="day"), *until, ratio])


PAGE: Final = Page(path="/coverage", title="Metrics", draw=draw, menu="everything")
