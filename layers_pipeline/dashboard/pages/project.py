"""A project's dashboard (R60): what was done and what it brought, against the period before.

Belongs here: the page, its sections, one figure at large.
Does not belong here: figures (``views.kpis``), cards (``cards``).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import dash_mantine_components as dmc
from dash import Dash, html
from dash.development.base_component import Component

from layers_pipeline.dashboard import cards, charts, choosing, shown, states
from layers_pipeline.dashboard.deployment import Deployment
from layers_pipeline.dashboard.page import Page, Visit
from layers_pipeline.dashboard.tables import Head, table
from layers_pipeline.views.kpis import Kpi, ProjectKpis, Unit, project_kpis
from layers_pipeline.views.periods import Number, Period, period_of
from layers_pipeline.views.projects import project_day
from transforms.facts.money import plain

FIRST_SHOWN: Final = "views_change"
FORMS: Final[Mapping[Unit, str]] = {
    "count": "chartCount",
    "rate": "chartShare",
    "money": "chartScore",
    "ratio": "chartScore",
}
"""Functions of the browser that write values, by unit."""


def draw(visit: Visit) -> Component:
    """Every figure of the period that the address asks for."""
    with visit.deployment.views.reading() as reader:
        project = project_day(reader, visit.project_id)
        period = period_of(visit.parameters, today=project.today)
        told = project_kpis(reader, visit.project_id, period)
    path = PAGE.address(project_id=visit.project_id)
    head = [
        dmc.Title(project.name, order=1, size="h2"),
        choosing.choose_period(path, visit.query, period, today=project.today),
        dmc.Text(_which_days(told), size="sm", c="dimmed"),
    ]
    head += [
        _title("Today", f"{project.today} in {project.time_zone}; the day is not over."),
        cards.cards([_today(told, currency) for currency in _currencies(told)]),
    ]
    if not _is_anything_known(told):
        remedy = "Choose another period, or see Syncs for what keeps its accounts from being read."
        return dmc.Stack([*head, states.empty("Nothing is known of these days", remedy)], gap="sm")
    return dmc.Stack([*head, *_sections(visit, told)], gap="sm")


def _which_days(told: ProjectKpis) -> str:
    period, before = told.period, told.period.before
    runs_on = " Today is not over." if period.last == told.project.today else ""
    looked = told.days_looked_at
    return (
        f"{_span(period)}, days of {told.project.time_zone}, against {_span(before)}.{runs_on}"
        f" Posts were looked at on {looked.now} of {period.days} days; before, on {looked.before}."
    )


def _span(period: Period) -> str:
    return f"{period.first}" if period.days == 1 else f"{period.first} until {period.last}"


def _is_anything_known(told: ProjectKpis) -> bool:
    kpis = [*told.organic, *told.published, told.followers, *told.all_ads]
    return any(kpi.figure.now is not None or kpi.figure.before is not None for kpi in kpis)


def _sections(visit: Visit, told: ProjectKpis) -> list[Component]:
    """The figure at large, then all of them by what they say."""
    path = PAGE.address(project_id=visit.project_id)

    def drawn(kpis: Iterable[Kpi]) -> Component:
        return cards.cards(
            [
                cards.kpi_card(
                    kpi, href=f"{path}{choosing.changed(visit.query, figure=_named(kpi))}"
                )
                for kpi in kpis
            ]
        )

    every = [*told.organic, told.followers, *told.published, *_of_ads(told)]
    chosen = _chosen(every, visit.parameters.get("figure", FIRST_SHOWN))
    return [
        _at_large(chosen),
        _title("Organic: activity in the period", "What posts of any age gained, as far as known."),
        drawn([*told.organic, told.followers]),
        _title(
            "Organic: posts published in the period",
            "Their lifetime so far, wherever it fell. Reach is never summed, so it is not here.",
        ),
        drawn(told.published),
        *_ads(told, drawn),
        _by_day(every, told),
    ]


def _ads(told: ProjectKpis, drawn: Callable[[Iterable[Kpi]], Component]) -> list[Component]:
    parts = [
        _title("Ads: activity in the period", "Days are those that the ad platforms report."),
    ]
    for currency, kpis in told.ads.items():
        parts += [html.H3(f"Paid in {currency}", className="part"), drawn(kpis)]
    if len(told.ads) > 1:
        said = "All currencies together, so without money"
        parts += [html.H3(said, className="part"), drawn(told.all_ads)]
    if not told.ads:
        remedy = "Connect an ad account, or import reports: layers-pipeline ads --help."
        parts.append(states.empty("No figures of ads in these days", remedy))
    return parts


def _currencies(told: ProjectKpis) -> list[str | None]:
    return [*dict.fromkeys([*told.spend_today, *told.ads])] or [None]


def _today(told: ProjectKpis, currency: str | None) -> Component:
    text = f"Spend of {told.project.today}, which is not over, beside the whole day before it."
    figure = told.spend_today.get(currency or "")
    if figure is None:
        said = html.Span("no figures of it yet", className="change")
        return cards.plain_card("Spend today", shown.NULL, said, text=text)
    value = cards.amount(figure.now, currency)
    before = cards.amount(figure.before, currency)
    said = html.Span(f"the day before: {before}", className="change")
    return cards.plain_card("Spend today", value, said, text=text)


def _of_ads(told: ProjectKpis) -> list[Kpi]:
    money = [kpi for kpis in told.ads.values() for kpi in kpis]
    return [*money, *(told.all_ads if len(told.ads) > 1 else ())]


def _named(kpi: Kpi, sep: str = ".") -> str:
    """A figure's name in the address."""
    return f"{kpi.measure.name}{sep}{kpi.currency}" if kpi.currency else kpi.measure.name


def _chosen(kpis: Sequence[Kpi], name: str) -> Kpi:
    return next((kpi for kpi in kpis if _named(kpi) == name), kpis[1])


def _title(text: str, more: str) -> Component:
    return html.Div(
        [html.H2(text), dmc.Text(more, size="sm", c="dimmed")], className="section-title"
    )


def _at_large(kpi: Kpi) -> Component:
    """One figure's days, beside those of the period before."""
    measure = kpi.measure
    rows = [
        {"day": day, "now": _drawn(value, kpi), "before": _drawn(before, kpi)}
        for (day, value), (_, before) in zip(kpi.days, kpi.days_before, strict=True)
    ]
    title = f"{measure.label} by day{f', {kpi.currency}' if kpi.currency else ''}"
    chart = charts.lines(
        rows,
        x="day",
        axis="day",
        series={"now": measure.label, "before": "the period before, day by day"},
        says=f"{title}; its numbers stand in the table at the end of the page",
        form=FORMS[measure.unit],
        height=240,
    )
    return dmc.Card(
        [
            html.H2(title, className="card-title"),
            dmc.Text(cards.SAID[measure.says], size="sm", c="dimmed", mb="xs"),
            chart,
        ],
        withBorder=True,
        radius="md",
    )


def _drawn(value: Number | None, kpi: Kpi) -> Number | None:
    """A value as a chart takes it: money in major units."""
    if value is None or kpi.currency is None:
        return value
    return float(plain(round(value), kpi.currency))


def _by_day(kpis: Sequence[Kpi], told: ProjectKpis) -> Component:
    """The same numbers as a table, for who would rather read them."""
    heads = [Head(text="Day", is_number=False)]
    heads += [Head(text=_column(kpi), meaning=cards.SAID[kpi.measure.says]) for kpi in kpis]
    rows = [
        [
            shown.day(day),
            *(cards.value_of(kpi.days[place][1], kpi.measure.unit, kpi.currency) for kpi in kpis),
        ]
        for place, day in enumerate(told.period)
    ]
    return html.Details(
        [html.Summary("Every figure by day"), table("Every figure by day", heads, rows)],
        className="by-day",
    )


def _column(kpi: Kpi) -> str:
    of_posts = " (posts of the day)" if kpi.measure.says == "lifetime" else ""
    return f"{kpi.measure.label}{of_posts}{f', {kpi.currency}' if kpi.currency else ''}"


def register(app: Dash, _deployment: Deployment) -> None:
    """Follow the period that is chosen."""
    choosing.register(app)


PAGE: Final = Page(
    path="/project/{project_id}", title="Dashboard", draw=draw, menu="project", register=register
)
