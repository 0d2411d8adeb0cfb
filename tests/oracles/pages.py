"""What pages show of two equal periods, in plain Python, slow and plain.

Belongs here: sums over local days of what looks at posts and reports of ads told.
Does not belong here: SQL, frames; single days (``mart_days``), how things stand (``mart_totals``).
"""

from collections import defaultdict
from datetime import date, timedelta

from tests.oracles.mart_days import (
    COUNTS,
    INTERACTIONS,
    Facts,
    Row,
    known_sum,
    kpis,
    rates,
    share,
    spend,
)

WEIGHTS = {"likes": 1, "comments": 3, "shares": 5, "saves": 6}
MONEY = ("spend_cents", "impressions", "clicks", "conversions", "conversion_value_cents")


def spans(first: date, last: date) -> dict[str, list[date]]:
    """The days of a period, and as many before it."""
    number = (last - first).days + 1
    return {
        "now": [first + timedelta(days=place) for place in range(number)],
        "before": [first - timedelta(days=place) for place in range(number, 0, -1)],
    }


def figures(facts: Facts, latest: dict, project: str, first: date, last: date) -> dict[str, Row]:
    """By period: everything that a project's dashboard says without money."""
    by_day = kpis(facts, latest)
    return {
        period: _whole([by_day[project, day] for day in days if (project, day) in by_day])
        for period, days in spans(first, last).items()
    }


def _whole(days: list[Row]) -> Row:
    summed = (
        "published_posts",
        *(f"{name}_change" for name in COUNTS),
        *(f"published_{name}" for name in COUNTS),
        "impressions",
        "clicks",
        "conversions",
    )
    row = {name: known_sum(day[name] for day in days) for name in summed}
    row["days_looked_at"] = sum(day["posts_looked_at"] is not None for day in days)
    row["published_posts"] = (row["published_posts"] or 0) if days else None
    known = [day for day in days if day["followers"] is not None]
    for name in ("followers", "accounts_with_followers"):
        row[name] = known[-1][name] if known else None
    gained = row["views_change"] if (row["views_change"] or 0) > 0 else None
    changes = {name: row[f"{name}_change"] for name in INTERACTIONS}
    so_far = {name: row[f"published_{name}"] for name in INTERACTIONS}
    return row | {
        "interaction_rate": share(known_sum(changes.values()), gained),
        "engagement_rate": share(weighted(changes), gained),
        "published_interaction_rate": share(known_sum(so_far.values()), row["published_views"]),
        "published_engagement_rate": share(weighted(so_far), row["published_views"]),
        "click_rate": share(row["clicks"], row["impressions"]),
    }


def weighted(counts: Row) -> int | None:
    return known_sum(
        None if number is None else WEIGHTS[name] * number for name, number in counts.items()
    )


def money(facts: Facts, project: str, first: date, last: date) -> dict[str, dict[str, Row]]:
    """By currency and period: what ads did."""
    by_day = spend(facts)
    found: dict[str, dict[str, Row]] = defaultdict(dict)
    for period, days in spans(first, last).items():
        for currency in {place[2] for place in by_day}:
            told = [
                row
                for place, row in by_day.items()
                if place[0] == project and place[1] in days and place[2] == currency
            ]
            if told:
                sums = {name: known_sum(row[name] for row in told) for name in MONEY}
                found[currency][period] = sums | rates(sums)
    return dict(found)


def creator_activity(facts: Facts, project: str, first: date, last: date) -> dict[str, dict]:
    """By creator and period: posts published, and changes from look to look."""
    periods = {day: period for period, days in spans(first, last).items() for day in days}
    found: dict[str, dict[str, Row]] = {}
    for one in facts.accounts:
        if one.project != project or one.is_own:
            continue
        own = [
            key
            for key, post in facts.posts.items()
            if (key[0], post.account) == (one.platform, one.account)
        ]
        told = found.setdefault(one.creator, {"now": {}, "before": {}})
        for key in own:
            day = facts.local(project, facts.posts[key].published_at)
            _add(told, periods.get(day), "posts_synced", 1)
            for at, name, change in _changes(facts, key):
                _add(told, periods.get(facts.local(project, at)), f"{name}_change", change)
    return found


def creator_days(facts: Facts, project: str, creator: str) -> dict[date, int]:
    """By local day: the change of views of a creator's posts."""
    found: dict[date, int] = defaultdict(int)
    accounts = {
        (one.platform, one.account)
        for one in facts.accounts
        if (one.project, one.creator) == (project, creator)
    }
    for key, post in facts.posts.items():
        if (key[0], post.account) in accounts:
            for at, name, change in _changes(facts, key):
                if name == "views":
                    found[facts.local(project, at)] += change
    return dict(found)


def _add(told: dict[str, Row], period: str | None, name: str, number: int) -> None:
    if period is not None:
        told[period][name] = told[period].get(name, 0) + number


def _changes(facts: Facts, key: tuple[str, str]):
    """Moment, count and difference of each look at a post that showed something new."""
    looks = sorted(
        (one for one in facts.looks if (one.platform, one.post) == key), key=lambda one: one.at
    )
    known: Row = {}
    shown_last: Row | None = None
    for look in looks:
        if look.metrics == shown_last:
            continue
        shown_last = look.metrics
        for name in COUNTS:
            value = look.metrics.get(name)
            if value is not None:
                if name in known:
                    yield look.at, name, value - known[name]
                known[name] = value
