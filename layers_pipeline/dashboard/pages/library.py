"""The creative library: generated and manual content of a project, with what made it (R62).

Belongs here: the page; its rows are those of ``views.content``, as are the CSV's.
Does not belong here: posts (``content``), adding creatives (``cli``).
"""

from collections.abc import Mapping
from dataclasses import replace
from math import ceil
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from layers_pipeline.dashboard import cards, choosing, shown, states
from layers_pipeline.dashboard.page import Page, Visit
from layers_pipeline.views.content import count, page
from layers_pipeline.views.filters import ContentFilter
from layers_pipeline.views.projects import project_day

KINDS: Final = ("generated", "manual")
AT_ONCE: Final = 24
COLUMNS: Final = (
    "container_id",
    "scoring_pool",
    "prompt",
    "influencer",
    "media_source",
    "published_at",
    "organic_score",
    "is_eligible",
    "reason",
    "override",
    "approval",
    "is_running",
    "ads",
    "currency",
    "spend_cents",
    "impressions",
    "clicks",
    "conversions",
)
ORDERS: Final = {
    "Newest": "-published_at",
    "Oldest": "published_at",
    "Highest score": "-organic_score",
    "Most ads": "-ads",
}


def draw(visit: Visit) -> Component:
    """The creatives that the address asks for."""
    kept = _kept(visit)
    number = choosing.page_number(visit)
    with visit.deployment.views.reading() as reader:
        zone = project_day(reader, visit.project_id).time_zone
        total = count(reader, kept)
        rows = page(reader, kept, (number - 1) * AT_ONCE, AT_ONCE)
    path = PAGE.address(project_id=visit.project_id)
    csv = f"/project/{visit.project_id}/content.csv?{kept.to_query()}"
    found = f"{total:,} creative{'' if total == 1 else 's'}"
    return dmc.Stack(
        [
            dmc.Title("Creative library", order=1, size="h2"),
            _chooser(visit, kept),
            dmc.Group([dmc.Text(found), html.A("These as CSV", href=csv, download="")]),
            _found(visit, rows, zone) if rows else _nothing(visit),
            choosing.pages_of_rows("Pages of creatives", visit, path, pages=ceil(total / AT_ONCE)),
        ],
        gap="sm",
    )


def _kept(visit: Visit) -> ContentFilter:
    others = ("page",)
    asked = ContentFilter.from_query(visit.query, project_id=visit.project_id, others=others)
    pools = tuple(pool for pool in asked.pools if pool in KINDS) or KINDS
    return replace(asked, pools=pools, columns=COLUMNS)


def _chooser(visit: Visit, kept: ContentFilter) -> Component:
    path = PAGE.address(project_id=visit.project_id)

    def to(**values: str | None) -> str:
        return f"{path}{choosing.changed(visit.query, page=None, **values)}"

    kinds = {"All": to(pool=None)} | {kind.capitalize(): to(pool=kind) for kind in KINDS}
    kind = kept.pools[0].capitalize() if len(kept.pools) == 1 else "All"
    may = {"Any": to(eligible=None), "May run": to(eligible="yes"), "May not": to(eligible="no")}
    chosen = {None: "Any", True: "May run", False: "May not"}[kept.eligible]
    orders = {text: to(sort=word) for text, word in ORDERS.items()}
    word = dict(parse_qsl(visit.query)).get("sort", "-published_at")
    order = next((text for text, one in ORDERS.items() if one == word), "")
    return html.Div(
        [
            choosing.choices("Kind", kinds, chosen=kind),
            choosing.choices("Eligible", may, chosen=chosen),
            choosing.choices("Order", orders, chosen=order),
            choosing.search_box("Search prompts, influencers, ids", kept.search),
        ],
        className="choosing",
    )


def _nothing(visit: Visit) -> Component:
    if visit.query:
        return states.empty("No creative is like that", "Choose less, or search for less.")
    return states.empty("No creative yet", "Add one: layers-pipeline content add --help.")


def _found(visit: Visit, rows: list[dict[str, Any]], zone: str) -> Component:
    return dmc.SimpleGrid(
        [_card(visit, row, zone) for row in rows], cols={"base": 1, "md": 2, "xl": 3}
    )


def _card(visit: Visit, row: Mapping[str, Any], zone: str) -> Component:
    of_row = {"pool": row["scoring_pool"], "content": row["ads_content_id"]}
    target = f"/project/{visit.project_id}/content?{urlencode(of_row)}"
    score = shown.number(row["organic_score"])
    facts = {
        "Influencer": row["influencer"] or shown.NULL,
        "Media from": row["media_source"] or shown.NULL,
        "Made": shown.instant(row["published_at"], zone),
        "Approval": shown.words(row["approval"]),
        "Ads so far": shown.count(row["ads"]),
        "Spend so far": cards.amount(row["spend_cents"], row["currency"]),
        "Impressions": shown.count(row["impressions"]),
        "Conversions": shown.count(row["conversions"]),
    }
    pairs = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts.items()]
    return dmc.Card(
        [
            html.H2(dcc.Link(row["container_id"], href=target), className="card-title"),
            html.Div([_badge(text) for text in _words(row)], className="badges"),
            html.Div(
                [html.Span(score, className="card-value"), html.Span(" of 10 points")],
            ),
            html.P(row["prompt"] or "No prompt was told.", className="prompt strangers"),
            html.Dl(pairs, className="facts"),
        ],
        withBorder=True,
        radius="md",
    )


def _words(row: Mapping[str, Any]) -> list[str]:
    may = "may run" if row["is_eligible"] else "may not run"
    running = ["runs as an ad"] if row["is_running"] else []
    return [row["scoring_pool"], f"{may}: {shown.words(row['reason'])}", *running]


def _badge(text: str) -> Component:
    return html.Span(text, className="badge")


PAGE: Final = Page(
    path="/project/{project_id}/library", title="Creative library", draw=draw, menu="project"
)
