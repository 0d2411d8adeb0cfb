"""Choosing a period, and other choices that live in the address.

Belongs here: links and controls that change the query and nothing else.
Does not belong here: what a period is (``views.periods``), filters of content.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final
from urllib.parse import parse_qsl, urlencode

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from layers_pipeline.dashboard.marks import aria
from layers_pipeline.dashboard.page import Visit
from layers_pipeline.dashboard.routing import URL
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.views.periods import PARAMETERS, Period, last_days

DAYS: Final = (7, 28, 90)
RANGE: Final = "period-range"
SHOWN: Final = "period-shown"
SEARCH: Final = "search-rows"


def changed(query: str, **values: str | None) -> str:
    """A query with some parameters set, or taken out, as ``?…``."""
    kept = [(key, value) for key, value in parse_qsl(query) if key not in values]
    put = [(key, value) for key, value in values.items() if value]
    return f"?{urlencode([*kept, *put])}"


def with_period(query: str, period: Period) -> str:
    """A query that asks for a period, whatever it asked for before."""
    emptied = changed(query, **dict.fromkeys(PARAMETERS)).removeprefix("?")
    return f"?{'&'.join(part for part in (emptied, period.to_query()) if part)}"


def choose_period(path: str, query: str, period: Period, *, today: date) -> Component:
    """The usual periods as links, and any other by its first and last day."""
    usual = {f"{days} days": last_days(days, today=today) for days in DAYS}
    usual["Today"] = Period(first=today, last=today)
    links = [
        _link(name, f"{path}{with_period(query, one)}", is_here=one == period)
        for name, one in usual.items()
    ]
    days = [period.first.isoformat(), period.last.isoformat()]
    picker = dmc.DatePickerInput(
        id=RANGE,
        type="range",
        value=days,
        maxDate=today.isoformat(),
        valueFormat="YYYY-MM-DD",
        allowSingleDateInRange=True,
        size="sm",
        w=250,
        popoverProps={"withinPortal": True},
        **aria(label="First and last day"),
    )
    listed = html.Ul(links, className="choices")
    return html.Div([listed, picker, dcc.Store(id=SHOWN, data=days)], className="choosing")


def _link(text: str, href: str, *, is_here: bool) -> Component:
    said = aria(current="true") if is_here else {}
    name = "choice here" if is_here else "choice"
    return html.Li(dcc.Link(html.Span(text, **said), href=href, className=name))


def choices(title: str, options: Mapping[str, str], *, chosen: str) -> Component:
    """Links of which one is where people are.

    Args:
        options: Addresses by text.
        chosen: The text of the one that is shown.
    """
    links = [_link(text, href, is_here=text == chosen) for text, href in options.items()]
    return html.Nav(html.Ul(links, className="choices"), **aria(label=title))


def page_number(visit: Visit) -> int:
    """Which page of rows the address asks for, from 1 on.

    Raises:
        InputRefusedError: It is no such number.
    """
    text = visit.parameters.get("page", "1")
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise InputRefusedError(f"page: {text[:40]!r}: write a whole number from 1 on.")
    return int(text[:9])


def pages_of_rows(title: str, visit: Visit, path: str, *, pages: int) -> Component:
    """Links to the pages of rows; nothing where there is only one."""
    if pages <= 1:
        return html.Div()
    options = {
        str(number): f"{path}{changed(visit.query, page=str(number))}"
        for number in range(1, pages + 1)
    }
    return choices(title, options, chosen=str(page_number(visit)))


def search_box(label: str, value: str) -> Component:
    """A field whose text the address keeps once Enter is pressed, or the field is left."""
    return dmc.TextInput(id=SEARCH, label=label, value=value, debounce=True, w=320)


def register(app: Dash) -> None:
    """Keep the address up with what is chosen."""

    # Dash calls both also when the controls come into the page, with what is shown already.
    @app.callback(
        Output(URL, "search", allow_duplicate=True),
        Input(RANGE, "value"),
        State(SHOWN, "data"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def choose(value: list[str | None] | None, at: list[str], search: str | None) -> object:
        if not value or None in value or value == at:
            return no_update
        first, last = (date.fromisoformat(str(day)) for day in value)
        return with_period(_bare(search), Period(first=first, last=last))

    @app.callback(
        Output(URL, "search", allow_duplicate=True),
        Input(SEARCH, "value"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def look_for(value: str | None, search: str | None) -> object:
        query = _bare(search)
        if (value or "") == dict(parse_qsl(query)).get("search", ""):
            return no_update
        return changed(query, search=value, page=None)


def _bare(search: str | None) -> str:
    return (search or "").removeprefix("?")
