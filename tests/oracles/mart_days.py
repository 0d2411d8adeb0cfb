"""Marts of days in plain Python, slow and plain: what posts, accounts and projects did day by day.

Belongs here: loops over looks at posts, local days by ``zoneinfo``.
Does not belong here: SQL, frames; marts of how things stand (``mart_totals``).
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

COUNTS = ("views", "likes", "comments", "shares", "saves")
INTERACTIONS = COUNTS[1:]
SHOWN = (*COUNTS, "reach")
DAY = timedelta(days=1)
Row = dict


@dataclass(frozen=True, kw_only=True)
class Look:
    """What was shown of one post at one moment; a metric that was not shown is absent."""

    platform: str
    post: str
    at: datetime
    source: str
    metrics: dict


@dataclass(frozen=True, kw_only=True)
class Post:
    account: str
    published_at: datetime | None
    media_type: str | None = None


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An account whose posts a project shows."""

    project: str
    platform: str
    account: str
    creator: str | None = None
    is_own: bool = False


@dataclass(kw_only=True)
class Facts:
    """Everything that the marts of days are made of."""

    zones: dict[str, str]
    accounts: list[Listed]
    posts: dict[tuple[str, str], Post]
    looks: list[Look]
    followers: list[tuple[str, str, datetime, int]] = field(default_factory=list)
    """Platform, account, moment, followers."""
    spend: list[Row] = field(default_factory=list)
    """Rows of ads' days with their project: project_id, day_on, currency and figures."""

    def local(self, project: str, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.zones[project])).date()

    def shown_by(self, project: str, key: tuple[str, str]) -> bool:
        post = self.posts[key]
        return any(
            (one.project, one.platform, one.account) == (project, key[0], post.account)
            for one in self.accounts
        )


def known_sum(values) -> int | None:
    found = [value for value in values if value is not None]
    return sum(found) if found else None


def change(now: Row | None, before: Row | None, name: str) -> int | None:
    if now is None or before is None or now[name] is None or before[name] is None:
        return None
    return now[name] - before[name]


def trends(facts: Facts) -> dict[tuple, Row]:
    """By project, platform, post and day: the day's last values and their changes."""
    found: dict[tuple, Row] = {}
    for project in facts.zones:
        for key, post in facts.posts.items():
            if not facts.shown_by(project, key):
                continue
            for look in sorted(
                (one for one in facts.looks if (one.platform, one.post) == key),
                key=lambda one: (one.at, one.source),
            ):
                place = (project, *key, facts.local(project, look.at))
                row = found.setdefault(
                    place, dict.fromkeys(SHOWN) | {"checks": 0, "account_key": post.account}
                )
                row["checks"] += 1
                row["last_checked_at"] = look.at
                row |= {name: look.metrics[name] for name in SHOWN if name in look.metrics}
                age = None if post.published_at is None else (look.at - post.published_at) / DAY
                row["age_days"] = age
                row["age_day"] = None if age is None else int(age // 1)
    for (*post, day), row in found.items():
        before = found.get((*post, day - DAY))
        row |= {f"{name}_change": change(row, before, name) for name in COUNTS}
        row["interactions_change"] = known_sum(row[f"{name}_change"] for name in INTERACTIONS)
    return found


def trends_by_age(facts: Facts) -> dict[tuple, Row]:
    """By project, platform, post and whole day of age: the last day of that age."""
    found: dict[tuple, Row] = {}
    for (*post, day), row in sorted(trends(facts).items(), key=lambda pair: pair[0][-1]):
        if row["age_day"] is not None:
            place = (*post, row["age_day"])
            held = found.setdefault(place, dict.fromkeys(SHOWN))
            held |= {name: row[name] for name in SHOWN if row[name] is not None} | {"day_on": day}
    for (*post, age), row in found.items():
        before = found.get((*post, age - 1))
        row |= {f"{name}_change": change(row, before, name) for name in COUNTS}
    return found


def account_activity(facts: Facts) -> dict[tuple, Row]:
    """By project, platform, account and day: sums of the posts' changes."""
    grouped: dict[tuple, list[Row]] = defaultdict(list)
    for (project, platform, _, day), row in trends(facts).items():
        grouped[(project, platform, row["account_key"], day)].append(row)
    names = [*(f"{name}_change" for name in COUNTS), "interactions_change"]
    return {
        place: {
            "posts_looked_at": len(rows),
            "posts_with_views_change": sum(row["views_change"] is not None for row in rows),
            **{name: known_sum(row[name] for row in rows) for name in names},
        }
        for place, rows in grouped.items()
    }


def published(facts: Facts, latest: dict[tuple[str, str], Row]) -> dict[tuple, Row]:
    """By project and day of publication: posts, and their last known counts."""
    grouped: dict[tuple, list[Row]] = defaultdict(list)
    for project in facts.zones:
        for key, post in facts.posts.items():
            if post.published_at is not None and facts.shown_by(project, key):
                place = (project, facts.local(project, post.published_at))
                grouped[place].append(latest.get(key, dict.fromkeys(COUNTS)))
    return {
        place: {
            "published_posts": len(rows),
            **{f"published_{name}": known_sum(row[name] for row in rows) for name in COUNTS},
        }
        for place, rows in grouped.items()
    }


def followers(facts: Facts) -> dict[tuple, Row]:
    """By project and day: followers of its own accounts, as they last showed by then."""
    found: dict[tuple, Row] = {}
    days = {(project, day) for project, _, _, day in account_activity(facts)}
    for project in facts.zones:
        own = {
            (one.platform, one.account)
            for one in facts.accounts
            if one.project == project and one.is_own
        }
        shown = [
            (facts.local(project, at), at, (platform, account), number)
            for platform, account, at, number in facts.followers
            if (platform, account) in own
        ]
        wanted = {day for of, day in days if of == project} | {day for day, *_ in shown}
        for day in wanted:
            known = sorted(one for one in shown if one[0] <= day)
            newest = {account: number for _, _, account, number in known}
            if newest:
                found[(project, day)] = {
                    "followers": sum(newest.values()),
                    "accounts_with_followers": len(newest),
                }
    return found


def spend(facts: Facts) -> dict[tuple, Row]:
    """By project, day and currency: sums of what ads did."""
    grouped: dict[tuple, list[Row]] = defaultdict(list)
    for row in facts.spend:
        grouped[(row["project_id"], row["day_on"], row["currency"] or "USD")].append(row)
    names = ("spend_cents", "impressions", "clicks", "conversions", "conversion_value_cents")
    found = {}
    for place, rows in grouped.items():
        sums = {name: known_sum(row[name] for row in rows) for name in names}
        found[place] = {"ads": len(rows), **sums, **rates(sums)}
    return found


def share(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else part / whole


def rates(sums: Row) -> Row:
    return {
        "click_rate": share(sums["clicks"], sums["impressions"]),
        "cpa_cents": share(sums["spend_cents"], sums["conversions"]),
        "roas_ratio": share(sums["conversion_value_cents"], sums["spend_cents"]),
    }


def kpis(facts: Facts, latest: dict[tuple[str, str], Row]) -> dict[tuple, Row]:
    """By project and day: everything that its dashboard shows."""
    activity, posts, fans = account_activity(facts), published(facts, latest), followers(facts)
    paid = spend(facts)
    days = {(place[0], place[-1]) for place in activity} | {*posts, *fans}
    days |= {(project, day) for project, day, _ in paid}
    return {place: _day(place, activity, posts, fans, paid) for place in days}


def _day(place: tuple, activity: dict, posts: dict, fans: dict, paid: dict) -> Row:
    here = [row for (project, _, _, day), row in activity.items() if (project, day) == place]
    names = ("posts_looked_at", "posts_with_views_change", *(f"{name}_change" for name in COUNTS))
    row = {name: known_sum(one[name] for one in here) for name in (*names, "interactions_change")}
    gained = row["views_change"] if (row["views_change"] or 0) > 0 else None
    row["interaction_rate"] = share(row["interactions_change"], gained)
    row |= posts.get(
        place, dict.fromkeys(["published_posts", *(f"published_{name}" for name in COUNTS)])
    )
    row |= fans.get(place, dict.fromkeys(["followers", "accounts_with_followers"]))
    money = {one[2]: sums for one, sums in paid.items() if one[:2] == place}
    sums = {
        name: known_sum(one[name] for one in money.values())
        for name in ("impressions", "clicks", "conversions")
    }
    only = next(iter(money.items())) if len(money) == 1 else (None, {})
    sums |= {name: only[1].get(name) for name in ("spend_cents", "conversion_value_cents")}
    return row | sums | rates(sums) | {"currencies": len(money), "currency": only[0]}
