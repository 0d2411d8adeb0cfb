"""One creator's report: what the posts did, what ads on them brought, what is owed (R52, R53).

Belongs here: the page.
Does not belong here: figures (``views.creators``), statements of pay (``statement``).
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from layers_pipeline.dashboard import cards, choosing, shown, states
from layers_pipeline.dashboard.page import Page, Visit
from layers_pipeline.dashboard.tables import Cell, Head, table
from layers_pipeline.views.creators import CreatorReport, creator_report
from layers_pipeline.views.dictionary import meanings
from layers_pipeline.views.kpis import Kpi, Measure, Unit
from layers_pipeline.views.periods import Figure, period_of
from layers_pipeline.views.projects import project_day

LABELS: Final = {
    "posts_synced": "Posts published",
    "views_change": "Views",
    "likes_change": "Likes",
    "comments_change": "Comments",
    "shares_change": "Shares",
    "saves_change": "Saves",
    "posts_from_threshold": "Posts from 4.0 on",
}
OF_ADS: Final[dict[str, tuple[str, Unit]]] = {
    "spend_cents": ("Spend", "money"),
    "impressions": ("Impressions", "count"),
    "clicks": ("Clicks", "count"),
    "conversions": ("Conversions", "count"),
    "cpa_cents": ("CPA", "money"),
    "conversion_value_cents": ("Conversion value", "money"),
    "roas": ("ROAS", "ratio"),
}


def draw(visit: Visit) -> Component:
    """The report of the period that the address asks for."""
    creator_id = visit.values["creator_id"]
    with visit.deployment.views.reading() as reader:
        project = project_day(reader, visit.project_id)
        period = period_of(visit.parameters, today=project.today)
        told = creator_report(reader, visit.project_id, creator_id, period)
        said = meanings(reader, "creator_reports")
        said_of_pay = meanings(reader, "payout_balances")
        said_of_all = meanings(reader, "creator_leaderboard")
    path = PAGE.address(project_id=visit.project_id, creator_id=creator_id)
    before = period.before
    return dmc.Stack(
        [
            dmc.Title(creator_id, order=1, size="h2"),
            _ways(visit, creator_id),
            choosing.choose_period(path, visit.query, period, today=project.today),
            dmc.Text(
                f"{period.first} until {period.last}, days of {project.time_zone}, against"
                f" {before.first} until {before.last}. Changes are from one look at a post to the"
                " next.",
                size="sm",
                c="dimmed",
            ),
            html.H2("Posts: activity in the period"),
            _activity(told, said),
            html.H2("Ads on the posts: activity in the period"),
            _ads(told, said),
            html.H2("As it stands, lifetime so far"),
            _standing(told, said_of_all),
            html.H2("Pay"),
            *_pay(visit, told, said_of_pay),
        ],
        gap="sm",
    )


def _ways(visit: Visit, creator_id: str) -> Component:
    posts = f"/project/{visit.project_id}/content?{urlencode({'creator': creator_id})}"
    back = f"/project/{visit.project_id}/creators"
    return dmc.Group(
        [dcc.Link("Posts of this creator", href=posts), dcc.Link("All creators", href=back)]
    )


def _activity(told: CreatorReport, said: Mapping[str, str]) -> Component:
    kpis = [
        Kpi(
            measure=Measure(name=name, label=label, says="activity", unit="count"),
            figure=told.creator.activity[name],
            meaning=said[name],
            days=told.days.get(name, ()),
            days_before=(),
        )
        for name, label in LABELS.items()
    ]
    return cards.cards([cards.kpi_card(kpi) for kpi in kpis])


def _ads(told: CreatorReport, said: Mapping[str, str]) -> Component:
    made = [
        cards.plain_card(
            f"{label}, {currency}",
            cards.value_of(figures[name].now, unit, currency),
            cards.change(figures[name], _measure(name, unit), currency),
            text=said[name],
        )
        for currency, figures in told.creator.ads.items()
        if _is_known(figures)
        for name, (label, unit) in OF_ADS.items()
    ]
    remedy = "Say what ads show: layers-pipeline content ad; or wait for the next reading of ads."
    return cards.cards(made) if made else states.empty("No ads on these posts then", remedy)


def _is_known(figures: Mapping[str, Figure]) -> bool:
    return any(one.now is not None or one.before is not None for one in figures.values())


def _measure(name: str, unit: Unit) -> Measure:
    return Measure(name=name, label="", says="activity", unit=unit)


def _standing(told: CreatorReport, said: Mapping[str, str]) -> Component:
    standing = told.creator.standing
    if not standing:
        return states.empty("No allowlist has this creator", "layers-pipeline creator allow.")
    counts = {
        "posts": "Posts",
        "eligible_posts": "May run as ads",
        "running_posts": "Run as ads",
        "views": "Views",
    }
    made = [
        cards.plain_card(label, shown.count(standing[name]), text=said[name])
        for name, label in counts.items()
    ]
    made += [
        cards.plain_card(label, shown.number(standing[name]), text=said[name])
        for name, label in (("best_score", "Best score"), ("mean_score", "Mean score"))
    ]
    newest = shown.instant(standing["newest_published_at"], told.project.time_zone)
    listed = "is listed" if standing["is_listed"] else "is not listed any more"
    said_last = dmc.Text(f"Newest post: {newest}. The creator {listed}.", size="sm", c="dimmed")
    return html.Div([cards.cards(made), said_last])


def _pay(visit: Visit, told: CreatorReport, said: Mapping[str, str]) -> list[Component]:
    if not told.owed:
        remedy = "Say what is paid: layers-pipeline payout config set --help; then payout accrue."
        return [states.empty("Nothing was earned or paid yet", remedy)]
    names = {
        "accrued_cents": "Accrued",
        "corrections_cents": "Corrections",
        "paid_cents": "Paid",
        "owed_cents": "Owed",
    }
    heads = [Head(text="Currency", is_number=False)]
    heads += [Head(text=text, meaning=said[name]) for name, text in names.items()]
    rows = [
        [row.currency, *(cards.amount(getattr(row, name), row.currency) for name in names)]
        for row in told.owed
    ]
    return [table("Balance, each currency for itself", heads, rows), _periods(visit, told)]


def _periods(visit: Visit, told: CreatorReport) -> Component:
    at = STATEMENT.format(visit.project_id, quote(told.creator.creator_id, safe=""))
    rows: list[list[Cell]] = [
        [
            dcc.Link(f"{row.starts_on} until {row.ends_on}", href=f"{at}?period={row.starts_on}"),
            "open; amounts may change"
            if row.settled_at is None
            else f"settled {shown.instant(row.settled_at)} by {row.settled_by}",
            cards.amount(row.earned_cents, row.currency),
        ]
        for row in told.earned
    ]
    heads = [
        Head(text="Period, to its statement", is_number=False),
        Head(text="State", is_number=False),
        Head(text="Earned, corrections included"),
    ]
    return table("Earned by period of payouts", heads, rows)


STATEMENT: Final = "/project/{}/creator/{}/statement"
PAGE: Final = Page(path="/project/{project_id}/creator/{creator_id}", title="Creator", draw=draw)
