"""Lines over time or age: linear, numeric axes, gaps where nothing is known.

Belongs here: charts as all pages draw them.
Does not belong here: what is drawn (pages), functions that run in the browser (``assets``).
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final, Literal

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from layers_pipeline.dashboard import shown
from layers_pipeline.dashboard.marks import aria

Axis = Literal["day", "instant", "age"]
COLORS: Final = ("indigo.6", "teal.7", "orange.7", "grape.6", "red.7", "cyan.7")
FORMATS: Final[Mapping[Axis, str]] = {
    "day": "chartDay",
    "instant": "chartInstant",
    "age": "chartAge",
}
DOTS_MAX: Final = 60
"""More points than these are drawn as a line alone."""


def lines(
    rows: Iterable[Mapping[str, Any]],
    *,
    x: str,
    axis: Axis,
    series: Mapping[str, str],
    says: str,
    form: str = "chartCount",
    height: int = 180,
) -> Component:
    """A chart of some columns; a row whose value is null breaks its line.

    Args:
        x: Column of the horizontal axis: days, instants, or numbers.
        series: Names that people read, by column.
        says: What it shows, for people who do not see it.
        form: Function of the browser that writes a value.
    """
    data: list[dict[str | float | int, Any]] = [
        {"x": _place(row[x]), **{name: row[name] for name in series}}
        for row in rows
        if row[x] is not None
    ]
    if all(point[name] is None for point in data for name in series):
        nothing = f"{says}: nothing is known."
        return dmc.Text(nothing, size="sm", c="dimmed", className="chart")
    chart = dmc.LineChart(
        data=data,
        dataKey="x",
        series=_series(series),
        h=height,
        curveType="linear",
        connectNulls=False,
        withDots=len(data) <= DOTS_MAX,
        withLegend=True,
        legendProps={"verticalAlign": "bottom"},
        lineProps={"isAnimationActive": False},
        valueFormatter={"function": form},
        xAxisProps=_across(axis),
        yAxisProps={"width": 64, "domain": ["auto", "auto"]},
        tooltipProps={"labelFormatter": {"function": FORMATS[axis]}},
    )
    return html.Div(
        chart, role="img", className="chart", **aria(label=f"{says}, {len(data)} points")
    )


def _across(axis: Axis) -> Any:  # noqa: ANN401 - options of the browser's library
    """The horizontal axis: places as far apart as their moments or ages are."""
    return {
        "type": "number",
        "scale": "linear" if axis == "age" else "time",
        "domain": ["dataMin", "dataMax"],
        "tickFormatter": {"function": FORMATS[axis]},
        "minTickGap": 24,
    }


def _series(series: Mapping[str, str]) -> list[Any]:
    return [
        {"name": name, "label": label, "color": COLORS[place % len(COLORS)]}
        for place, (name, label) in enumerate(series.items())
    ]


def _place(value: Any) -> float:  # noqa: ANN401 - a day, an instant or a number
    return shown.epoch_ms(value) if isinstance(value, date | datetime) else value
