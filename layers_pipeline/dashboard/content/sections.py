"""Sections of the panel: what is known of one content, in the order of the questions asked.

Belongs here: heading, metrics, trends, mix, eligibility, blockers, ads, generation audit.
Does not belong here: the score (``score_section``), what a person can change (``override``).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from layers_pipeline.dashboard import charts, shown
from layers_pipeline.dashboard.marks import aria
from layers_pipeline.dashboard.tables import Cell, heads, table
from layers_pipeline.views.detail import Detail, Row
from transforms.facts.money import shown as money

COUNTS: Final[Mapping[str, str]] = {
    "likes": "likes",
    "comments": "comments",
    "shares": "shares",
    "saves": "saves",
}
MIX_COLORS: Final = ("indigo.7", "teal.9", "orange.9", "grape.8")


def section(title: str, *parts: Component | str | None) -> Component:
    """A titled part of the panel."""
    return html.Section(
        [dmc.Title(title, order=3, size="h5", mb=6), *(part for part in parts if part is not None)]
    )


def _rows(
    title: str,
    names: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    numbers: Sequence[str] = (),
) -> Component:
    """A table below a title that says what its rows are."""
    return table(title, heads(*names, numbers=numbers), rows, is_titled=False)


def heading(found: Detail, zone: str) -> Component:
    """What it is: caption, account, kind, publication, how it stands."""
    content = found.content
    caption = content["caption"] or content["prompt"] or content["container_id"]
    facts = (
        shown.words(content["scoring_pool"]),
        content["account_key"] or content["influencer"],
        shown.words(content["media_type"]) if content["media_type"] else None,
        f"published {shown.instant(content['published_at'], zone)}",
    )
    return html.Section(
        [
            dmc.Title(caption, order=2, size="h4", lineClamp=4, className="strangers"),
            dmc.Text(" \N{MIDDLE DOT} ".join(filter(None, facts)), size="sm", c="dimmed"),
            dmc.Group([*_badges(found), _link(content["permalink"])], gap="xs", mt=6),
        ]
    )


def _badges(found: Detail) -> list[Component]:
    content = found.content
    words = [
        "eligible" if content["is_eligible"] else "not eligible",
        "running as an ad" if content["is_running"] else None,
        "deleted" if content["is_deleted"] else None,
        content["override"] and f"override: {content['override']}",
    ]
    return [dmc.Badge(word, variant="default", tt="none")
            for word in words if word]  # fmt: skip


def _link(address: str | None) -> Component | None:
    """A link to the platform, which is opened by who clicks it and by nothing else."""
    if not address or urlsplit(address).scheme not in ("http", "https"):
        return None
    said = f"On {urlsplit(address).hostname}"
    return html.A(said, href=address, target="_blank", rel="noopener noreferrer")


def metrics(found: Detail, zone: str) -> Component | None:
    """Every metric that was ever known, and since when it stands."""
    if not found.metrics:
        return section("Metrics", dmc.Text("None: it is no post, or was not looked at.", size="sm"))
    rows = [
        (
            shown.words(metric.name),
            _amount(metric.value),
            shown.instant(metric.since, zone),
        )
        for metric in found.metrics
    ]
    looked = f"Last looked at {shown.instant(found.metrics[0].checked_at, zone)}."
    return section(
        "Metrics",
        _rows("Metrics", ("metric", "last known", "so since"), rows, numbers=["last known"]),
        dmc.Text(looked, size="sm", c="dimmed"),
    )


def _amount(value: float) -> str:
    return shown.count(value) if isinstance(value, int) else shown.number(value)


def trends(found: Detail, zone: str) -> Component | None:
    """Counts by day and by age; days without a look are gaps, and falls are shown."""
    if not found.by_day:
        return None
    days, ages = f"By day ({zone})", "By age, days since publication"
    return section(
        "Trends",
        *_curves(found.by_day, x="day_on", axis="day", title=days),
        *(_curves(found.by_age, x="age_day", axis="age", title=ages) if found.by_age else ()),
    )


def _curves(
    rows: Sequence[Row], *, x: str, axis: charts.Axis, title: str
) -> tuple[Component, Component]:
    views = charts.lines(rows, x=x, axis=axis, series={"views": "views"}, says=f"Views. {title}")
    rest = charts.lines(rows, x=x, axis=axis, series=COUNTS, says=f"Interactions. {title}")
    return dmc.Text(title, size="sm", fw=600), dmc.SimpleGrid([views, rest], cols=2)


def mix(found: Detail) -> Component | None:
    """Likes, comments, shares and saves as shares of all of them."""
    row = found.mix
    if row is None:
        return None
    shares = [(name, row[f"{name}_share_ratio"], row[name]) for name in COUNTS]
    bar = dmc.ProgressRoot(
        [
            dmc.ProgressSection(value=100 * ratio, color=color)
            for (_, ratio, _), color in zip(shares, MIX_COLORS, strict=True)
            if ratio is not None
        ],
        size="lg",
        mb=6,
    )
    rows = [(name, shown.share(ratio), shown.count(amount)) for name, ratio, amount in shares]
    rate = (
        f"Interaction rate {shown.share(row['interaction_rate'], 2)}: likes, comments, shares and "
        "saves, each counted once, per view."
    )
    return section(
        "Engagement mix",
        html.Div(bar, **aria(hidden="true")),
        _rows("Engagement mix", ("what", "share", "count"), rows, numbers=["share", "count"]),
        dmc.Text(rate, size="sm", c="dimmed"),
    )


def eligibility(found: Detail, decision: Component, zone: str) -> Component:
    """Whether it may run as an ad, what a person decided, and everything that was ever said."""
    words = [row["words"] for row in found.score if row["section"] == "verdict"]
    said = words[0] if words else shown.words(found.content["reason"])
    rows = [
        (
            shown.instant(row["said_at"], zone),
            row["what"],
            row["says"] or "none",
            row["note"] or shown.NULL,
            row["said_by"],
        )
        for row in found.decisions
    ]
    title = "As published, newest first"
    history = [
        dmc.Text(title, size="sm", fw=600, mt="sm"),
        _rows(title, ("when", "what", "says", "note", "by"), rows),
    ]
    return section("Eligibility", dmc.Text(said, size="sm"), decision, *(history if rows else ()))


def why(found: Detail) -> Component:
    """What keeps it from running as an ad, first the first, each with its remedy."""
    if not any(row["blocker"] for row in found.why):
        return section("Why is it not running?", dmc.Text("It is running.", size="sm"))
    items = [
        html.Li([html.Span(row["words"]), html.Div(row["remedy"], className="remedy")])
        for row in found.why
    ]
    return section("Why is it not running?", html.Ol(items, className="blockers"))


def ads(found: Detail) -> Component | None:
    """Ads that show it or did."""
    if not found.ads:
        return None
    rows = [
        (
            shown.words(row["ad_platform"]),
            row["ad_name"] or row["ad_id"],
            shown.words(row["status"]),
            shown.words(row["classification"]),
            _money(row["spend_cents"], row["currency"]),
            shown.count(row["impressions"]),
            shown.count(row["clicks"]),
            shown.count(row["conversions"]),
        )
        for row in found.ads
    ]
    told = ("spend", "impressions", "clicks", "conversions")
    return section("Ads", _rows("Ads", ("on", "ad", "status", "judged", *told), rows, numbers=told))


def _money(cents: int | None, currency: str | None) -> str:
    return shown.NULL if cents is None or currency is None else money(cents, currency)


def audit(found: Detail, zone: str) -> Component | None:
    """Where a creative comes from; nothing of a post."""
    content = found.content
    if content["platform"] is not None:
        return None
    rows: Iterable[Sequence[str]] = (
        ("made", shown.instant(content["published_at"], zone)),
        ("prompt", content["prompt"] or shown.NULL),
        ("influencer", content["influencer"] or shown.NULL),
        ("media source", content["media_source"] or shown.NULL),
    )
    return section("How it was made", _rows("How it was made", ("what", "says"), rows))
