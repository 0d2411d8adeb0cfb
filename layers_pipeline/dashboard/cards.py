"""Figures of a period beside those of the period before, as cards and as cells.

Belongs here: how a figure, its change and its days are drawn.
Does not belong here: which figures there are (``views``), pages.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from layers_pipeline.dashboard import shown
from layers_pipeline.dashboard.marks import aria
from layers_pipeline.dashboard.tables import DOWN, UP, meaning
from layers_pipeline.views.kpis import Kpi, Measure, Says, Unit
from layers_pipeline.views.periods import Figure, Number
from transforms.facts.money import plain

SAID: Final[dict[Says, str]] = {
    "activity": "activity in the period",
    "lifetime": "lifetime so far of posts published in it",
    "standing": "as it stood at the end of the period",
}
BAD_IF_MORE: Final = ("cpa_cents",)
NEITHER: Final = ("spend_cents", "spend_today")
"""Of these more is neither good nor bad."""
Days = Sequence[tuple[date, Number | None]]
TREND_MIN: Final = 2


def amount(minor: Number | None, currency: str | None) -> str:
    """Money in major units with its currency; parts of a minor unit are rounded."""
    if minor is None or currency is None:
        return shown.NULL
    whole, point, rest = plain(round(minor), currency).partition(".")
    sign = shown.MINUS if whole.startswith("-") else ""
    return f"{sign}{int(whole.lstrip('-')):,}{point}{rest} {currency}"


def value_of(value: Number | None, unit: Unit, currency: str | None = None) -> str:
    """A value as people read it."""
    match unit:
        case "count":
            return shown.count(value)
        case "rate":
            return shown.share(value, 2)
        case "money":
            return amount(value, currency)
        case "ratio":
            return shown.number(value)


def change(figure: Figure, measure: Measure, currency: str | None = None) -> Component:
    """How much more or less than before, and what was before, in words and by a mark."""
    if figure.now is None and figure.before is None:
        return html.Span()
    before = value_of(figure.before, measure.unit, currency)
    if figure.change is None:
        return html.Span(f"before: {before}", className="change")
    if figure.change == 0:
        return html.Span(f"unchanged from {before}", className="change")
    is_more = figure.change > 0
    ratio = figure.change_ratio
    size = "" if ratio is None else f" {shown.share(abs(ratio))}"
    mark = html.Span(UP if is_more else DOWN, **aria(hidden="true"))
    word = dmc.VisuallyHidden("up" if is_more else "down")
    return html.Span(
        [mark, word, f"{size} from {before}"],
        className=f"change {_tone(measure, is_more=is_more)}",
    )


def _tone(measure: Measure, *, is_more: bool) -> str:
    if measure.name in NEITHER:
        return "same"
    return "good" if is_more != (measure.name in BAD_IF_MORE) else "bad"


def kpi_card(kpi: Kpi, *, href: str = "") -> Component:
    """A figure with its change, its trend, its meaning, and what it is a figure of.

    Args:
        href: Where its days are shown at large; empty: nowhere.
    """
    measure = kpi.measure
    text = f"{kpi.meaning} {measure.formula and f'= {measure.formula}'}".strip()
    lines = [
        html.Div(
            [
                html.H3(_to(measure.label, href)),
                meaning(measure.label, text),
            ],
            className="card-head",
        ),
        html.Div(value_of(kpi.figure.now, measure.unit, kpi.currency), className="card-value"),
        change(kpi.figure, measure, kpi.currency),
        trend(measure.label, kpi.days),
        html.Div(SAID[measure.says], className="card-says"),
    ]
    if measure.formula:
        lines.append(html.Div(f"= {measure.formula}", className="card-says"))
    return dmc.Card(lines, withBorder=True, padding="sm", radius="md", className="kpi")


def _to(label: str, href: str) -> Component | str:
    return dcc.Link(label, href=href, className="card-link") if href else label


def plain_card(label: str, value: str, *more: Component, text: str = "") -> Component:
    """A figure without days."""
    head = [html.H3(label), *([meaning(label, text)] if text else [])]
    return dmc.Card(
        [html.Div(head, className="card-head"), html.Div(value, className="card-value"), *more],
        withBorder=True,
        padding="sm",
        radius="md",
        className="kpi",
    )


def trend(label: str, days: Days) -> Component:
    """A small line of a figure's days, with gaps where nothing is known."""
    known = [value for _, value in days if value is not None]
    if len(known) < TREND_MIN:
        return html.Div(className="trend")
    said = f"{label} by day: {len(known)} of {len(days)} days are known"
    values: list[Any] = [value for _, value in days]  # None is a gap, which its type leaves out
    return html.Div(
        dmc.Sparkline(
            data=values,
            h=36,
            curveType="linear",
            color="indigo.6",
            fillOpacity=0.15,
            connectNulls=False,
        ),
        className="trend",
        role="img",
        **aria(label=said),
    )


def cards(items: Sequence[Component]) -> Component:
    """Cards side by side, as many as fit."""
    return html.Div(items, className="cards")
