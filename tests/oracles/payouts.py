"""Creators' figures and pay, worked out slowly in plain Python, row by row.

Belongs here: a second reading of the rules, which shares nothing with the code.
Does not belong here: stores, frames, assertions.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

RULES = ("base", "organic_views", "attributed_spend", "conversions")
NOBODY = "(unattributed)"


@dataclass
class Telling:
    """What a report told of an ad's day."""

    ad: str
    day: date
    known_at: datetime
    spend: int
    conversions: int | None = None
    currency: str = "USD"


@dataclass
class CreatorWorld:
    """Everything that figures and pay follow from."""

    zones: dict[str, str]
    posts: dict[str, tuple[str, datetime]]
    """By post: account and publication."""
    seen: list[tuple[str, datetime, int]]
    """Post, moment, views; known at once."""
    allowed: list[tuple[str, str, datetime, datetime | None]]
    """Project, account, from, to; the creator is the account's."""
    links: list[tuple[str, datetime, str, str]]
    """Ad, moment, project, post."""
    told: list[Telling]
    configs: dict[str, list[dict]] = field(default_factory=dict)
    """By project, in the order of their first days."""

    def owners(self, as_of):
        """By project and post: the creator."""
        found = {}
        for project, account, since, _ in self.allowed:
            for post, (whose, _) in self.posts.items():
                first = min((at for name, at, _ in self.seen if name == post), default=None)
                if account == whose and since <= as_of and first is not None and first <= as_of:
                    found[project, post] = f"tiktok:{account}"
        return found

    def shown(self, as_of):
        """By ad: project and post, as linked last."""
        found = {}
        for ad, at, project, post in sorted(self.links, key=lambda link: link[1]):
            if at <= as_of:
                found[ad] = (project, post)
        return found

    def newest(self, as_of):
        """The newest telling of each ad and day."""
        found = {}
        for telling in sorted(self.told, key=lambda one: one.known_at):
            if telling.known_at <= as_of:
                found[telling.ad, telling.day] = telling
        return found.values()

    def placed(self, as_of):
        """Every newest telling with its project, creator and post."""
        owners, shown = self.owners(as_of), self.shown(as_of)
        for telling in self.newest(as_of):
            project, post = shown.get(telling.ad, ("(no project)", None))
            yield telling, project, owners.get((project, post), NOBODY), post

    def spend_by_day(self, as_of):
        """By project, creator, day and currency: cents and conversions."""
        sums = defaultdict(lambda: [0, 0])
        for telling, project, creator, _ in self.placed(as_of):
            of = sums[project, creator, telling.day, telling.currency]
            of[0] += telling.spend
            of[1] += telling.conversions or 0
        return {key: tuple(value) for key, value in sums.items()}

    def posts_by_day(self, as_of):
        """By project, creator and day of the project's zone: posts published."""
        found = defaultdict(int)
        for (project, post), creator in self.owners(as_of).items():
            zone = ZoneInfo(self.zones[project])
            found[project, creator, self.posts[post][1].astimezone(zone).date()] += 1
        return dict(found)

    def changes_by_day(self, as_of):
        """By project, creator and day: change of views from one look at a post to the next."""
        found = defaultdict(int)
        for (project, post), creator in self.owners(as_of).items():
            zone = ZoneInfo(self.zones[project])
            looks = sorted((at, views) for name, at, views in self.seen if name == post)
            looks = [look for look in looks if look[0] <= as_of]
            for (_, before), (at, after) in pairwise(looks):
                found[project, creator, at.astimezone(zone).date()] += after - before
        return dict(found)


def first_of(day: date, kind: str) -> date:
    return day.replace(day=1) if kind == "month" else day - timedelta(days=day.weekday())


def after(start: date, kind: str) -> date:
    return first_of(start + timedelta(days=32 if kind == "month" else 7), kind)


def rounded(amount: Fraction) -> int:
    """Python rounds a fraction's halves to the even number."""
    return round(amount)


def bounded(amount: int, cap: int | None) -> int:
    return amount if cap is None else min(amount, cap)


def base_of(config: dict, posts: int | None) -> dict:
    if posts is None or not config.get("base_mode"):
        return {}
    amount, required = config["base_amount_cents"], config["required_posts"]
    if config["base_mode"] == "prorata":
        return {"": rounded(Fraction(amount * min(posts, required), required))}
    return {"": amount if posts >= required else 0}


def views_of(config: dict, views: dict) -> dict:
    if config.get("per_1000_views_cents") is None:
        return {}

    def worth(seen: int) -> int:
        in_all = rounded(Fraction(seen * config["per_1000_views_cents"], 1000))
        return bounded(in_all, config.get("views_cap_per_post_cents"))

    grown = {post: seen for post, seen in views.items() if seen[1] > seen[0]}
    return {post: worth(until) - worth(before) for post, (before, until) in grown.items()}


def conversions_of(config: dict, ads: dict) -> dict:
    if config.get("conversion_cents") is None:
        return {}
    brought = defaultdict(int)
    for (post, _), (_, number) in ads.items():
        brought[post] += number
    return {post: number * config["conversion_cents"] for post, number in brought.items() if number}


def lines_of(config: dict, *, posts: int | None, views: dict, ads: dict) -> dict:
    """Amounts of one creator and period, by rule and post, after caps.

    Args:
        posts: Posts that count; None: no contract in the period.
        views: By post: the most seen before the period and by its end.
        ads: By post and currency: cents and conversions.
    """
    raw = {
        "base": base_of(config, posts),
        "organic_views": views_of(config, views),
        "attributed_spend": {
            post: rounded(Fraction(cents * config["spend_share_bps"], 10_000))
            for (post, currency), (cents, _) in ads.items()
            if config.get("spend_share_bps") is not None
            and (currency == config["currency"] and cents)
        },
        "conversions": conversions_of(config, ads),
    }
    caps = {
        "organic_views": config.get("views_cap_cents"),
        "attributed_spend": config.get("spend_cap_cents"),
        "conversions": config.get("conversions_cap_cents"),
    }
    made, left = {}, config.get("cap_cents")
    for rule in RULES:
        rest = caps.get(rule)
        for post in sorted(raw[rule]):
            amount = bounded(bounded(raw[rule][post], rest), left)
            rest = None if rest is None else rest - min(raw[rule][post], rest)
            left = None if left is None else left - amount
            made[rule, post] = amount
    return made


@dataclass
class OracleLedger:
    """One project's ledger, kept by hand."""

    world: CreatorWorld
    project: str
    settled: dict = field(default_factory=dict)
    """By creator, booked period, kind, rule, earning period and post: amount."""
    closed: dict = field(default_factory=dict)
    """By settled period: its config."""

    def periods(self, as_of):
        configs = self.world.configs[self.project]
        today = as_of.astimezone(ZoneInfo(self.world.zones[self.project])).date()
        start, found = configs[0]["effective_from"], []
        while start <= today:
            held = [one for one in configs if one["effective_from"] <= start][-1]
            found.append((start, self.closed.get(start, held)))
            start = after(start, held["period"])
        return found

    def begins(self, day):
        zone = ZoneInfo(self.world.zones[self.project])
        return datetime.combine(day, time(), zone).astimezone(UTC)

    def earned(self, as_of):
        """By creator, earning period, rule and post: what it comes to now."""
        world, found = self.world, {}
        periods = self.periods(as_of)
        for start, config in periods:
            from_, to = self.begins(start), self.begins(after(start, config["period"]))
            for creator in {f"tiktok:{account}" for _, account, _, _ in world.allowed}:
                lines = lines_of(
                    config,
                    posts=self.counting(creator, from_, to, as_of),
                    views=self.views(creator, from_, to, periods[0][0], as_of),
                    ads=self.ads(creator, start, after(start, config["period"]), as_of),
                )
                found |= {
                    (creator, start, rule, post): amount for (rule, post), amount in lines.items()
                }
        return found

    def entries(self, creator, as_of):
        for project, account, since, until in self.world.allowed:
            if (project, f"tiktok:{account}") == (self.project, creator) and since <= as_of:
                yield since, until

    def is_counting(self, creator, published, as_of):
        return any(
            since <= published and (until is None or published < until)
            for since, until in self.entries(creator, as_of)
        )

    def own_posts(self, creator, as_of):
        for (project, post), whose in self.world.owners(as_of).items():
            published = self.world.posts[post][1]
            if (project, whose) == (self.project, creator) and self.is_counting(
                creator, published, as_of
            ):
                yield post, published

    def counting(self, creator, from_, to, as_of):
        if not any(
            since < to and (until is None or until > from_)
            for since, until in self.entries(creator, as_of)
        ):
            return None
        return sum(from_ <= published < to for _, published in self.own_posts(creator, as_of))

    def views(self, creator, from_, to, first_day, as_of):
        found = {}
        for post, published in self.own_posts(creator, as_of):
            looks = sorted((at, views) for name, at, views in self.world.seen if name == post)
            looks = [look for look in looks if look[0] <= as_of]
            before = [views for at, views in looks if at < from_]
            until = [views for at, views in looks if at < to]
            if not until:
                continue
            begins = max(before, default=None)
            if begins is None:
                begins = 0 if published >= self.begins(first_day) else until[0]
            found[f"tiktok:{post}"] = (begins, max(until))
        return found

    def ads(self, creator, start, end, as_of):
        sums = defaultdict(lambda: [0, 0])
        for telling, project, whose, post in self.world.placed(as_of):
            if (project, whose) == (self.project, creator) and start <= telling.day < end:
                of = sums[f"tiktok:{post}", telling.currency]
                of[0] += telling.spend
                of[1] += telling.conversions or 0
        return {key: tuple(value) for key, value in sums.items()}

    def open_lines(self, as_of):
        """By creator, booked period, kind, rule, earning period and post: amount."""
        earned = self.earned(as_of)
        still_open = [start for start, _ in self.periods(as_of) if start not in self.closed]
        made = {
            (creator, start, "accrual", rule, start, post): amount
            for (creator, start, rule, post), amount in earned.items()
            if start in still_open
        }
        if not still_open:
            return made
        booked, came_to = min(still_open), defaultdict(int)
        for (creator, _, _, rule, start, post), amount in self.settled.items():
            came_to[creator, start, rule, post] += amount
        keys = {*came_to, *(key for key in earned if key[1] in self.closed)}
        moved = {key: earned.get(key, 0) - came_to.get(key, 0) for key in keys}
        moved = {key: difference for key, difference in moved.items() if difference}
        return made | self.corrections(made, moved, booked)

    def corrections(self, made, moved, booked):
        """What moved, booked in the first open period, never below what a creator has there."""
        corrected = {}
        room = defaultdict(int)
        for (creator, period, *_), amount in made.items():
            room[creator] += amount if period == booked else 0
        for (creator, *_), difference in moved.items():
            room[creator] += max(difference, 0)
        for (creator, start, rule, post), difference in sorted(
            moved.items(), key=lambda one: (one[0][1], one[0][2], one[0][3])
        ):
            amount = difference
            if difference < 0:
                amount = -min(-difference, room[creator])
                room[creator] += amount
            corrected[creator, booked, "correction", rule, start, post] = amount
        return corrected

    def settle(self, start, as_of):
        """Close a period with what is known."""
        config = dict(self.periods(as_of))[start]
        lines = self.open_lines(as_of)
        self.settled |= {key: amount for key, amount in lines.items() if key[1] == start}
        self.closed[start] = config

    def lines(self, as_of):
        return self.settled | self.open_lines(as_of)
