"""What the simulated TikTok Business API says of an account: its profile and its days.

Belongs here: fields of ``business/get`` under TikTok's names, and the days that they cover.
Does not belong here: videos, tokens, HTTP.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sandbox.simulation.accounts import AccountRef
from sandbox.simulation.growth import Number
from sandbox.simulation.items import Item
from sandbox.simulation.metrics import TIKTOK_LAG
from sandbox.tiktok.fields import AUDIENCE_FOLLOWERS_MIN, INVENTED, shares
from sandbox.tiktok.parameters import day, fields_asked, refused
from sandbox.world import World

DAYS_BACK_MAX: Final = 60
ONE_DAY: Final = timedelta(days=1)

DAILY_FROM_TRUTH: Final[Mapping[str, str]] = {
    "video_views": "views",
    "unique_video_views": "reach",
    "profile_views": "profile_visits",
    "likes": "likes",
    "comments": "comments",
    "shares": "shares",
}
DAILY: Final = frozenset(DAILY_FROM_TRUTH) | {
    "daily_total_followers",
    "daily_new_followers",
    "daily_lost_followers",
    "engaged_audience",
    "bio_link_clicks",
    "phone_number_clicks",
    "lead_submissions",
    "app_download_clicks",
    "email_clicks",
    "address_clicks",
    "audience_activity",
}
"""Said of each day; clicks are known and never shown, as no account is a registered business."""
AUDIENCE: Final[Mapping[str, Callable[[Item], Any]]] = {
    **{
        name: INVENTED[name]
        for name in ("audience_countries", "audience_cities", "audience_genders")
    },
    "audience_ages": shares(
        "age", ("18-24", 30), ("25-34", 22), ("35-44", 9), ("45-54", 4), ("55+", 2)
    ),
}
"""Said of an account with followers enough, after its newest video."""


@dataclass(frozen=True, kw_only=True)
class AccountQuery:
    """What was asked of an account."""

    fields: tuple[str, ...]
    first: date
    last: date
    """Inclusive, in UTC."""


@dataclass(frozen=True, kw_only=True)
class _Profile:
    world: World
    account: AccountRef
    at: datetime

    @property
    def followers(self) -> int:
        return self.world.dataset.followers(self.account, at=self.at)


LIVE: Final[Mapping[str, Callable[[_Profile], Any]]] = {
    "username": lambda profile: profile.account.account_key,
    "display_name": lambda profile: profile.account.account_key.replace("-", " ").title(),
    "profile_image": lambda profile: (
        f"https://p16-sign.tiktokcdn.example/tos-maliva-avt-0068/{profile.account.account_key}"
        f"~c5_168x168.jpeg?x-expires={int((profile.at + 2 * ONE_DAY).timestamp())}"
    ),
    "profile_deep_link": lambda profile: f"https://www.tiktok.com/@{profile.account.account_key}",
    "bio_description": lambda _: "Recipes, mostly.",
    "is_verified": lambda _: False,
    "is_business_account": lambda _: False,
    "followers_count": lambda profile: profile.followers,
    "following_count": lambda _: 42,
    "total_likes": lambda profile: sum(
        int(item.metrics(profile.at).get("likes", 0))
        for item in profile.world.dataset.posts(profile.account, at=profile.at)
    ),
    "videos_count": lambda profile: len(
        profile.world.dataset.posts(profile.account, at=profile.at)
    ),
}
"""Said of the account as it is now."""

ACCOUNT_FIELDS: Final = frozenset(LIVE) | DAILY | frozenset(AUDIENCE)


def account_query(params: Mapping[str, str], today: date) -> AccountQuery:
    """The parameters of a request, checked.

    Raises:
        TikTokRefusalError: 40002, one is wrong, or more than 60 days back.
    """
    first = day(params, "start_date", today - 7 * ONE_DAY)
    last = day(params, "end_date", today - ONE_DAY)
    if first < today - DAYS_BACK_MAX * ONE_DAY:
        raise refused("start_date", f"At most {DAYS_BACK_MAX} days back.")
    if not first <= last <= today:
        raise refused("end_date", "Must be from start_date to today.")
    fields = fields_asked(params.get("fields", ""), ACCOUNT_FIELDS, "display_name", "profile_image")
    return AccountQuery(fields=fields, first=first, last=last)


def account_answer(world: World, account: AccountRef, query: AccountQuery) -> dict[str, Any]:
    """The data of an answer; ``metrics`` is there if a field of days was asked for."""
    profile = _Profile(world=world, account=account, at=world.clock.now())
    answer: dict[str, Any] = {name: LIVE[name](profile) for name in query.fields if name in LIVE}
    has_audience = profile.followers >= AUDIENCE_FOLLOWERS_MIN
    posts = world.dataset.posts(account, at=profile.at)
    if has_audience and posts:
        answer |= {name: AUDIENCE[name](posts[0]) for name in query.fields if name in AUDIENCE}
    if DAILY & set(query.fields):
        answer["metrics"] = list(_days(profile, query, has_audience=has_audience))
    return answer


def _days(
    profile: _Profile, query: AccountQuery, *, has_audience: bool
) -> Iterator[dict[str, Any]]:
    """One row per day whose numbers are out, oldest first."""
    wanted = set(query.fields)
    for number in range((query.last - query.first).days + 1):
        on = query.first + number * ONE_DAY
        ends_at = datetime.combine(on + ONE_DAY, time(), UTC)
        if profile.at < ends_at + TIKTOK_LAG:
            return
        counted = _gained(profile, ends_at) | _followers(profile, ends_at)
        row: dict[str, Any] = {name: count for name, count in counted.items() if name in wanted}
        if "audience_activity" in wanted and has_audience:
            row["audience_activity"] = _activity(counted["video_views"])
        yield {"date": on.isoformat(), **row}


def _gained(profile: _Profile, ends_at: datetime) -> dict[str, int]:
    """What the account's videos gained on the day that ends then; unlikes are not taken off."""
    gained: dict[str, int] = dict.fromkeys((*DAILY_FROM_TRUTH, "engaged_audience"), 0)
    for item in profile.world.dataset.every_item(profile.account):
        if not item.lives(ends_at - timedelta(microseconds=1)):
            continue
        after = item.metrics(ends_at + TIKTOK_LAG)
        before = item.metrics(ends_at - ONE_DAY + TIKTOK_LAG)
        for name, ours in DAILY_FROM_TRUTH.items():
            gained[name] += _risen(before, after, ours)
    gained["engaged_audience"] = gained["likes"] + gained["comments"]
    return gained


def _risen(before: Mapping[str, Number], after: Mapping[str, Number], name: str) -> int:
    return max(0, int(after.get(name, 0)) - int(before.get(name, 0)))


def _followers(profile: _Profile, ends_at: datetime) -> dict[str, int]:
    dataset = profile.world.dataset
    after = dataset.followers(profile.account, at=ends_at)
    change = after - dataset.followers(profile.account, at=ends_at - ONE_DAY)
    return {
        "followers_count": after,
        "daily_total_followers": change,  # "daily net growth", whatever its name says
        "daily_new_followers": max(0, change),
        "daily_lost_followers": max(0, -change),
    }


def _activity(views: int) -> list[dict[str, Any]]:
    return [
        {"hour": str(hour), "count": views * (1 + min(hour, 24 - hour)) // 168}
        for hour in range(24)
    ]
