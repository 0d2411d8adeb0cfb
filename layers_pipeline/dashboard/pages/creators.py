"""UGC and creators of a project: how UGC stands, and every creator over two periods.

Belongs here: the page, its two tables.
Does not belong here: figures (``views.creators``), one creator (``creator``).
"""

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any, Final
from urllib.parse import quote, urlencode

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from layers_pipeline.dashboard import cards, choosing, shown, states
from layers_pipeline.dashboard.page import Page, Visit
from layers_pipeline.dashboard.tables import Cell, Head, Order, table
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.views.creators import CreatorShown, UgcKind, creators_of, ugc_kinds
from layers_pipeline.views.dictionary import meanings
from layers_pipeline.views.kpis import Measure
from layers_pipeline.views.periods import Figure, Period, period_of
from layers_pipeline.views.projects import project_day

AT_ONCE: Final = 50
"""Creators of one page."""
UNKNOWN: Final = float("-inf")
Sorter = Callable[[CreatorShown], Any]


def _gained(name: str) -> Sorter:
    return lambda one: _or_last(one.activity[name].now)


def _standing(name: str) -> Sorter:
    return lambda one: _or_last(one.standing.get(name))


def _or_last(value: float | None) -> float:
    return UNKNOWN if value is None else value


SORTS: Final[Mapping[str, Sorter]] = {
    "creator": lambda one: one.creator_id,
    "published": _gained("posts_synced"),
    "views": _gained("views_change"),
    "growth": lambda one: _or_last(one.activity["views_change"].change_ratio),
    "likes": _gained("likes_change"),
    "comments": _gained("comments_change"),
    "posts": _standing("posts"),
    "eligible": _standing("eligible_posts"),
    "running": _standing("running_posts"),
    "score": _standing("mean_score"),
}
"""By the word of the address; money has none, as currencies cannot be compared."""
USUAL: Final = "-views"


def draw(visit: Visit) -> Component:
    """Both tables, of the period that the address asks for."""
    with visit.deployment.views.reading() as reader:
        project = project_day(reader, visit.project_id)
        period = period_of(visit.parameters, today=project.today)
        kinds = ugc_kinds(reader, visit.project_id)
        creators = creators_of(reader, visit.project_id, period)
        said = meanings(reader, "ugc_overview", "creator_leaderboard")
    path = PAGE.address(project_id=visit.project_id)
    search = visit.parameters.get("search", "")
    kept = [one for one in creators if search.lower() in one.creator_id.lower()]
    return dmc.Stack(
        [
            dmc.Title("UGC and creators", order=1, size="h2"),
            _ugc(visit.project_id, kinds, said),
            html.H2("Creators over two periods"),
            choosing.choose_period(path, visit.query, period, today=project.today),
            choosing.search_box("Search creators", search),
            _creators(visit, kept, period, said) if kept else _nobody(search),
        ],
        gap="sm",
    )


def _nobody(search: str) -> Component:
    if search:
        return states.empty("No creator has that in its name", "Search for something else.")
    return states.empty("No creator yet", "Allow some: layers-pipeline creator allow.")


def _ugc(project_id: str, kinds: list[UgcKind], said: Mapping[str, str]) -> Component:
    if not kinds:
        remedy = "Allow creators and sync: layers-pipeline creator allow, layers-pipeline sync."
        return states.empty("No UGC posts yet", remedy)
    names = {
        "posts": "Posts",
        "deleted_posts": "Deleted",
        "eligible_posts": "May run as ads",
        "running_posts": "Run as ads",
        "posts_below_min_views": "Too few views",
        "posts_views_unknown": "Views unknown",
        "posts_never_scored": "Not scored",
        "views": "Views",
        "median_views": "Median views",
        "likes": "Likes",
        "comments": "Comments",
        "shares": "Shares",
        "saves": "Saves",
    }
    heads = [Head(text="Kind", is_number=False)]
    heads += [Head(text=text, meaning=said[name]) for name, text in names.items()]
    heads.append(Head(text="Mean score", meaning=said["mean_score"]))
    rows: list[list[Cell]] = [
        [
            _link_to_posts(project_id, kind),
            *(shown.count(getattr(kind, name)) for name in names),
            shown.number(kind.mean_score),
        ]
        for kind in kinds
    ]
    return table("UGC posts by platform and kind, lifetime so far", heads, rows)


def _link_to_posts(project_id: str, kind: UgcKind) -> Component:
    text = f"{kind.platform}: {shown.words(kind.media_type)}"
    if kind.media_type == "unknown":
        return html.Span(text)
    wanted = {"pool": "ugc", "platform": kind.platform, "media_type": kind.media_type}
    return dcc.Link(text, href=f"/project/{project_id}/content?{urlencode(wanted)}")


def _creators(
    visit: Visit, kept: list[CreatorShown], period: Period, said: Mapping[str, str]
) -> Component:
    order = _order(visit)
    ordered = sorted(kept, key=lambda one: one.creator_id)
    ordered.sort(key=SORTS[order.by], reverse=order.descending)
    ordered.sort(key=lambda one: one.is_nobody)
    pages = ceil(len(ordered) / AT_ONCE)
    page = min(choosing.page_number(visit), pages)
    here = ordered[(page - 1) * AT_ONCE : page * AT_ONCE]
    before = period.before
    title = (
        f"Creators: {period.first} until {period.last}, against {before.first} until {before.last}"
    )
    rows = [_row(visit, one) for one in here]
    path = PAGE.address(project_id=visit.project_id)
    more = choosing.pages_of_rows("Pages of creators", visit, path, pages=pages)
    return html.Div([table(title, _heads(said), rows, order=order), more])


def _order(visit: Visit) -> Order:
    asked = visit.parameters.get("sort", USUAL)
    by, descending = asked.removeprefix("-"), asked.startswith("-")
    if by not in SORTS:
        raise InputRefusedError(
            f"sort: {by[:40]!r}: there is no such order. Use {', '.join(SORTS)}."
        )
    path = PAGE.address(project_id=visit.project_id)

    def address(word: str) -> str:
        return f"{path}{choosing.changed(visit.query, sort=word, page=None)}"

    return Order(by=by, descending=descending, address=address)


def _heads(said: Mapping[str, str]) -> list[Head]:
    gained = "gained in the period, from one look at a post to the next; may be negative."
    published = "Posts published in the period, deleted ones too."
    return [
        Head(text="Creator", is_number=False, sort="creator"),
        Head(text="Published", meaning=published, sort="published"),
        Head(text="Views", meaning=f"Views {gained}", sort="views"),
        Head(text="Growth", meaning="Change of that against the period before.", sort="growth"),
        Head(text="Likes", meaning=f"Likes {gained}", sort="likes"),
        Head(text="Comments", meaning=f"Comments {gained}", sort="comments"),
        Head(text="Spend", meaning="Spend of ads on the creator's content, by currency."),
        Head(text="Conversions", meaning="Conversions of those ads."),
        Head(text="Posts", meaning=f"{said['posts']} Lifetime so far.", sort="posts"),
        Head(text="May run", meaning=said["eligible_posts"], sort="eligible"),
        Head(text="Run", meaning=said["running_posts"], sort="running"),
        Head(text="Mean score", meaning=said["mean_score"], sort="score"),
    ]


def _row(visit: Visit, one: CreatorShown) -> list[Cell]:
    standing = one.standing
    return [
        _name(visit, one),
        _both(one.activity["posts_synced"], "posts_synced"),
        _both(one.activity["views_change"], "views_change"),
        shown.share(one.activity["views_change"].change_ratio),
        _both(one.activity["likes_change"], "likes_change"),
        _both(one.activity["comments_change"], "comments_change"),
        _spend(one),
        _both(one.conversions, "conversions"),
        shown.count(standing.get("posts")),
        shown.count(standing.get("eligible_posts")),
        shown.count(standing.get("running_posts")),
        shown.number(standing.get("mean_score")),
    ]


def _name(visit: Visit, one: CreatorShown) -> Component:
    if one.is_nobody:
        return html.Span("no creator is known for it")
    query = choosing.changed(visit.query, sort=None, page=None, search=None)
    at = f"/project/{visit.project_id}/creator/{quote(one.creator_id, safe='')}"
    left = [] if one.standing.get("is_listed", True) else [html.Div("left", className="change")]
    return html.Div([dcc.Link(one.creator_id, href=f"{at}{query}"), *left])


def _both(figure: Figure, name: str) -> Component:
    measure = Measure(name=name, label="", says="activity", unit="count")
    return html.Div([html.Div(shown.count(figure.now)), cards.change(figure, measure)])


def _spend(one: CreatorShown) -> Component:
    """Spend of ads, a line per currency."""
    measure = Measure(name="spend_cents", label="", says="activity", unit="money")
    lines: list[Component] = []
    for currency, figures in one.ads.items():
        figure = figures["spend_cents"]
        if figure.now is not None or figure.before is not None:
            now = html.Div(cards.amount(figure.now, currency))
            lines += [now, html.Div(cards.change(figure, measure, currency))]
    return html.Div(lines or shown.NULL)


PAGE: Final = Page(
    path="/project/{project_id}/creators", title="UGC and creators", draw=draw, menu="project"
)
