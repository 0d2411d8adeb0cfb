"""Health of syncs: every account's last sync and its result, and how fresh everything is.

Belongs here: the page, of all accounts or of those that one project shows.
Does not belong here: what is healthy (``views.health``), which metrics exist (``coverage``).
"""

from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from layers_pipeline.dashboard import choosing, shown, states
from layers_pipeline.dashboard.page import Page, Visit
from layers_pipeline.dashboard.tables import Cell, Head, table
from layers_pipeline.views.dictionary import meanings
from layers_pipeline.views.health import AccountShown, Fresh, Standing, accounts_shown, freshness
from layers_pipeline.views.projects import project_day

SHOWN_MAX: Final = 500
"""Accounts of one page; those in need come first."""
STANDINGS: Final[tuple[Standing, ...]] = ("needs somebody", "waiting", "well", "paused")


def draw(visit: Visit) -> Component:
    """Accounts, what is wrong first, and freshness."""
    project_id = visit.values.get("project_id")
    with visit.deployment.views.reading() as reader:
        project = project_day(reader, project_id) if project_id else None
        accounts = accounts_shown(reader, project_id)
        fresh = freshness(reader)
        said = meanings(reader, "account_and_sync_health")
        said_of_age = meanings(reader, "freshness")
    path = PAGE.address() if project is None else OF_PROJECT.address(project_id=project.project_id)
    zone = "UTC" if project is None else project.time_zone
    whose = "every account" if project is None else f"the accounts that {project.name} shows"
    return dmc.Stack(
        [
            dmc.Title("Health of syncs" if project is None else "Accounts", order=1, size="h2"),
            dmc.Text(f"How syncs stand of {whose}. Times are {zone}.", size="sm", c="dimmed"),
            _accounts(path, visit, accounts, said, zone),
            _fresh(fresh, said_of_age, zone),
        ],
        gap="sm",
    )


def _accounts(
    path: str, visit: Visit, accounts: list[AccountShown], said: Mapping[str, str], zone: str
) -> Component:
    if not accounts:
        remedy = (
            "Connect one (layers-pipeline account connect), or allow a creator (creator allow)."
        )
        return states.empty("No account yet", remedy)
    numbers = {word: sum(one.standing == word for one in accounts) for word in STANDINGS}
    options = {f"all {len(accounts):,}": path}
    options |= {
        f"{word} {number:,}": f"{path}{choosing.changed('', standing=word)}"
        for word, number in numbers.items()
    }
    wanted = visit.parameters.get("standing", "")
    kept = [one for one in accounts if wanted in ("", one.standing)]
    chosen = next((text for text in options if text.startswith(wanted or "all")), "")
    rest = len(kept) - SHOWN_MAX
    more = [dmc.Text(f"And {rest:,} more: layers-pipeline account list.")] if rest > 0 else []
    rows = [_row(one, zone) for one in kept[:SHOWN_MAX]]
    listed = table("Accounts, what is wrong first", _heads(said), rows)
    nothing = states.empty("No account stands like that", "Choose another standing above.")
    return dmc.Stack(
        [
            choosing.choices("Standing", options, chosen=chosen),
            listed if rows else nothing,
            *more,
        ],
        gap="sm",
    )


def _heads(said: Mapping[str, str]) -> list[Head]:
    return [
        Head(text="Account", is_number=False),
        Head(text="Stands", is_number=False, meaning="Whether anything keeps it from being read."),
        Head(text="What is wrong, and what to do", is_number=False),
        Head(text="Last result", is_number=False, meaning=said["last_outcome"]),
        Head(text="Last success", is_number=False, meaning=said["last_success_at"]),
        Head(text="Quick, posts, full", is_number=False, meaning="Newest success of each depth."),
        Head(text="Looked at", is_number=False, meaning=said["last_checked_at"]),
        Head(text="Posts", meaning=said["posts"]),
        Head(text="Deleted", meaning=said["deleted_posts"]),
        Head(text="Followers", meaning=said["followers"]),
    ]


def _row(one: AccountShown, zone: str) -> list[Cell]:
    depths = (one.quick_succeeded_at, one.posts_succeeded_at, one.full_succeeded_at)
    name = [html.Div(one.name, className="change")] if one.name else []
    wrong = [html.Div(text) for text in (one.problem, one.remedy) if text]
    if one.retry_at is not None:
        wrong.append(html.Div(f"Tried again at {_at(one.retry_at, zone)}."))
    return [
        html.Div([one.account_id, *name]),
        html.Span(one.standing, className=f"badge {one.standing.replace(' ', '-')}"),
        html.Div(wrong or shown.NULL, className="wrong"),
        html.Div([shown.words(one.last_outcome), *_said(one)]),
        html.Div([_at(one.last_success_at, zone), *_age(one.success_age_hours)], className="day"),
        html.Div([html.Div(_at(at, zone), className="day") for at in depths]),
        html.Div([_at(one.last_checked_at, zone), *_age(one.checked_age_hours)], className="day"),
        shown.count(one.posts),
        shown.count(one.deleted_posts),
        shown.count(one.followers),
    ]


def _said(one: AccountShown) -> list[Component]:
    return [html.Div(one.last_message, className="change")] if one.last_message else []


def _age(hours: float | None) -> list[Component]:
    return [] if hours is None else [html.Div(f"{hours:,.1f} hours old", className="change")]


def _at(value, zone: str) -> str:  # noqa: ANN001 - an instant or None
    """A moment without its zone, which the page names once."""
    return shown.NULL if value is None else f"{value.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def _fresh(fresh: list[Fresh], said: Mapping[str, str], zone: str) -> Component:
    heads = [
        Head(text="What", is_number=False),
        Head(text="Of", is_number=False, meaning=said["part"]),
        Head(text="Newest", is_number=False, meaning=said["newest_at"]),
        Head(text="Hours old", meaning=said["age_hours"]),
    ]
    rows: list[list[Cell]] = [
        [row.subject, row.part, _at(row.newest_at, zone), shown.number(row.age_hours, 1)]
        for row in fresh
    ]
    if not rows:
        return states.empty("Nothing was read yet", "Sync: layers-pipeline sync --help.")
    return table("How fresh everything is", heads, rows)


PAGE: Final = Page(path="/syncs", title="Health of syncs", draw=draw, menu="everything")
OF_PROJECT: Final = Page(
    path="/project/{project_id}/syncs", title="Accounts", draw=draw, menu="project"
)
