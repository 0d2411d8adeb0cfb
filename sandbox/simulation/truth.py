"""What is true of accounts that hold a token: their items, and every metric at every moment.

Belongs here: which items there are, when they live, and what a platform would show of each.
Does not belong here: HTTP, a platform's own field names, tokens, faults.

Every number follows from the seed and the moment alone, so whoever asks twice is told the same
and a test can compute what a pipeline must have stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final, Literal

from layers_pipeline.errors import InputRefusedError
from sandbox.simulation.captions import PLAIN
from sandbox.simulation.dataset import AccountRef
from sandbox.simulation.dice import Dice

ItemType = Literal[
    "reel",
    "feed_image",
    "feed_carousel",
    "feed_video",
    "story",
    "tiktok_video",
    "tiktok_photo",
]
Number = int | float
Oddity = Literal["before_conversion", "few_viewers"]

SHORTCODE_DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
INSTAGRAM_EPOCH_MS: Final = 1_314_220_021_721
STORY_LIFE: Final = timedelta(hours=24)
SETTLED_AFTER: Final = timedelta(days=7)
"""An item gains nothing any more after this, and TikTok then stops showing what it watched."""
INSTAGRAM_STEP: Final = timedelta(hours=1)
"""Instagram's numbers move once in so long."""
TIKTOK_STEP: Final = timedelta(days=1)
TIKTOK_LAG: Final = timedelta(hours=24)
"""TikTok shows the numbers of a day as of its end, and that a day late."""

COUNTED: Final = ("views", "likes", "comments", "shares", "saves")
FEED: Final = (
    *COUNTED,
    "reach",
    "total_interactions",
    "follows",
    "profile_visits",
    "profile_activity",
    "profile_activity_bio_link_clicked",
    "profile_activity_call",
    "profile_activity_direction",
    "profile_activity_email",
    "profile_activity_text",
    "profile_activity_other",
)
METRICS: Final[Mapping[ItemType, tuple[str, ...]]] = {
    "reel": (
        *COUNTED,
        "reach",
        "total_interactions",
        "average_watch_time_ms",
        "total_watch_time_ms",
        "skip_rate_raw",
    ),
    "feed_image": FEED,
    "feed_carousel": FEED,
    "feed_video": ("views", "likes", "comments", "saves", "reach"),
    "story": (
        "views",
        "reach",
        "shares",
        "total_interactions",
        "follows",
        "profile_visits",
        "replies",
        "navigation",
        "navigation_tap_forward",
        "navigation_tap_back",
        "navigation_tap_exit",
        "navigation_swipe_forward",
    ),
    "tiktok_video": (
        *COUNTED,
        "reach",
        "total_watch_time_s",
        "average_watch_time_s",
        "full_watch_rate",
        "follows",
        "profile_visits",
    ),
    "tiktok_photo": (*COUNTED, "reach", "follows", "profile_visits"),
}
"""Metrics in the pipeline's own words that a platform has for each kind of item.

Of ``feed_video`` only views, likes, comments and saves on the item itself, and reach and saves as
insights. A part of ``profile_activity`` or ``navigation`` that is zero is not shown at all.
"""
VANISHING: Final = (
    "reach",
    "total_watch_time_s",
    "average_watch_time_s",
    "full_watch_rate",
    "follows",
    "profile_visits",
)
"""What TikTok leaves out of items that have settled."""


@dataclass(frozen=True, kw_only=True)
class Spell:
    """A time for which an item was deleted; without an end it stays so."""

    begins: datetime
    ends: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Item:
    """One post or story of an account that holds a token."""

    account: AccountRef
    item_id: str
    """Instagram: 17 digits of its own; TikTok: 19 digits that carry the second of upload."""
    media_type: ItemType
    published_at: datetime
    caption: str | None = None
    ig_id: int | None = None
    """Instagram only: carries the millisecond of creation; the shortcode writes it in base 64."""
    oddity: Oddity | None = None
    """Instagram only: why its insights can never be read."""
    deleted: tuple[Spell, ...] = ()
    hidden: frozenset[str] = frozenset()
    """Metrics that the platform never shows of this item."""
    final_views: float = field(default=1_000.0, repr=False)
    half_at_h: float = field(default=20.0, repr=False)
    rates: Mapping[str, float] = field(default_factory=dict, repr=False)

    @property
    def shortcode(self) -> str:
        """Instagram's short name of the item."""
        return shortcode_of(self.ig_id or 0)

    @property
    def permalink(self) -> str:
        """Public address."""
        if self.account.platform == "tiktok":
            kind = self.media_type.removeprefix("tiktok_")
            return f"https://www.tiktok.com/@{self.account.account_key}/{kind}/{self.item_id}"
        if self.media_type == "story":
            return f"https://www.instagram.com/stories/{self.account.account_key}/{self.ig_id}"
        place = "reel" if self.media_type == "reel" else "p"
        return f"https://www.instagram.com/{place}/{self.shortcode}/"

    def lives(self, at: datetime) -> bool:
        """Whether it can be seen at a moment."""
        if at < self.published_at:
            return False
        if self.media_type == "story" and at >= self.published_at + STORY_LIFE:
            return False
        return not any(
            spell.begins <= at and (spell.ends is None or at < spell.ends) for spell in self.deleted
        )

    def metrics(self, at: datetime) -> dict[str, Number]:
        """What the platform shows of it at a moment, in the pipeline's words; lag included.

        A metric that is not shown is absent: never null, and never zero in its stead.
        """
        seen_at = _as_shown(self.account.platform, at)
        truth = {} if seen_at < self.published_at else self._numbers(seen_at)
        if not truth and self.account.platform == "instagram":
            truth = self._numbers(self.published_at)
        settled = at - self.published_at > SETTLED_AFTER + TIKTOK_LAG
        gone = VANISHING if settled and self.account.platform == "tiktok" else ()
        return {
            name: truth[name]
            for name in METRICS[self.media_type]
            if name in truth and name not in gone and name not in self.hidden
        }

    def _numbers(self, at: datetime) -> dict[str, Number]:
        age_h = min(at - self.published_at, SETTLED_AFTER).total_seconds() / 3600
        views = int(self.final_views * age_h / (age_h + self.half_at_h))
        found: dict[str, Number] = {"views": views}
        for name, rate in self.rates.items():
            found[name] = int(views * rate)
        # Unlikes: the platform takes some of them back after the third day.
        if age_h > 72:  # noqa: PLR2004
            found["likes"] = int(found.get("likes", 0) * 0.99)
        parts = ("likes", "comments", "shares", "saves")
        found["total_interactions"] = sum(int(found.get(name, 0)) for name in parts)
        found["reach"] = int(views * 0.81)
        found |= self._watched(views) | self._breakdowns(views)
        return found

    def _watched(self, views: int) -> dict[str, Number]:
        seconds = round(3.0 + self.half_at_h / 7, 3)
        return {
            "average_watch_time_ms": int(seconds * 1000),
            "total_watch_time_ms": int(seconds * 1000) * views,
            "skip_rate_raw": round(20 + self.half_at_h / 2, 2),
            "average_watch_time_s": seconds,
            "total_watch_time_s": round(seconds * views, 3),
            "full_watch_rate": round(min(0.9, 1 / seconds), 4),
        }

    def _breakdowns(self, views: int) -> dict[str, int]:
        activity = {
            "profile_activity_bio_link_clicked": views // 150,
            "profile_activity_call": views // 4_000,
            "profile_activity_direction": views // 5_000,
            "profile_activity_email": views // 2_500,
            "profile_activity_text": views // 9_000,
            "profile_activity_other": views // 700,
        }
        moves = {
            "navigation_tap_forward": views * 3 // 5,
            "navigation_tap_back": views // 9,
            "navigation_tap_exit": views // 20,
            "navigation_swipe_forward": views // 14,
        }
        shown = {name: count for name, count in (activity | moves).items() if count}
        return shown | {
            "profile_activity": sum(activity.values()),
            "navigation": sum(moves.values()),
            "follows": views // 900,
            "profile_visits": views // 60,
            "replies": views // 300,
        }


def _as_shown(platform: str, at: datetime) -> datetime:
    """The moment whose numbers a platform shows at a moment."""
    step, lag = (TIKTOK_STEP, TIKTOK_LAG) if platform == "tiktok" else (INSTAGRAM_STEP, timedelta())
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + ((at - lag - epoch) // step) * step


def shortcode_of(ig_id: int) -> str:
    """Instagram's base 64 of an id."""
    return shortcode_of(ig_id >> 6) + SHORTCODE_DIGITS[ig_id & 63] if ig_id else ""


class Truth:
    """Accounts that hold a token, with everything that they ever publish.

    Args:
        items: In any order.
        followers: Followers of each account at the beginning; an account without posts is
            known by being named here.
    """

    def __init__(
        self, items: Iterable[Item] = (), *, followers: Mapping[AccountRef, int] | None = None
    ) -> None:
        self._items = tuple(sorted(items, key=_recency, reverse=True))
        self._followers = dict(followers or {})

    @cached_property
    def _by_account(self) -> dict[AccountRef, list[Item]]:
        found: dict[AccountRef, list[Item]] = {account: [] for account in self._followers}
        for item in self._items:
            found.setdefault(item.account, []).append(item)
        return found

    @cached_property
    def _by_id(self) -> dict[tuple[str, str], Item]:
        return {(item.account.platform, item.item_id): item for item in self._items}

    @property
    def accounts(self) -> tuple[AccountRef, ...]:
        """Every account, by platform and key."""
        return tuple(sorted(self._by_account))

    def every_item(self, account: AccountRef) -> tuple[Item, ...]:
        """Every item that the account ever has, newest first."""
        return tuple(self._by_account.get(account, ()))

    def item(self, platform: str, item_id: str) -> Item | None:
        """The item of this id, alive or not."""
        return self._by_id.get((platform, item_id))

    def posts(self, account: AccountRef, *, at: datetime) -> list[Item]:
        """Posts that can be seen at a moment, newest first; stories are not among them."""
        return [
            item
            for item in self._by_account.get(account, ())
            if item.media_type != "story" and item.lives(at)
        ]

    def stories(self, account: AccountRef, *, at: datetime) -> list[Item]:
        """Stories that can be seen at a moment, newest first."""
        return [
            item
            for item in self._by_account.get(account, ())
            if item.media_type == "story" and item.lives(at)
        ]

    def followers(self, account: AccountRef, *, at: datetime) -> int:
        """Followers at a moment: some more each day."""
        days = int(at.timestamp()) // 86_400
        return self._followers.get(account, 1_000) + days % 1_000


def _recency(item: Item) -> tuple[datetime, str]:
    return item.published_at, item.item_id


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How many accounts of what size to invent.

    ``posts`` are spread over ``history`` before ``start`` and ``days`` after it.
    """

    instagram: int = 2
    tiktok: int = 2
    posts: int = 20
    stories: int = 2
    deletions: int = 1
    """Posts per account that are deleted at some time after the start; every third comes back."""
    oddities: int = 0
    """Instagram posts per account whose insights can never be read."""
    days: int = 14
    history: timedelta = timedelta(days=30)


def generated_truth(seed: int, *, start: datetime, plan: Plan | None = None) -> Truth:
    """Invent accounts; equal arguments make equal accounts.

    Args:
        seed: Which world.
        start: When watching begins, aware.
        plan: How many accounts of what size.

    Raises:
        InputRefusedError: The start has no time zone.
    """
    if start.tzinfo is None:
        raise InputRefusedError(f"generated truth: start {start} has no time zone: add one")
    wanted = plan or Plan()
    refs = [
        AccountRef("instagram", f"1784{seed % 100:02d}{n:011d}") for n in range(wanted.instagram)
    ]
    refs += [AccountRef("tiktok", f"open-{seed}-{n:04d}") for n in range(wanted.tiktok)]
    items = [
        item
        for n, ref in enumerate(refs)
        for item in _items(ref, Dice(seed, ref, n), start, wanted)
    ]
    return Truth(items, followers={ref: 1_000 + 37 * n for n, ref in enumerate(refs)})


def _items(account: AccountRef, dice: Dice, start: datetime, plan: Plan) -> list[Item]:
    first = start - plan.history
    span_s = int((timedelta(days=plan.days) + plan.history).total_seconds())
    published = sorted(first + timedelta(seconds=dice.whole(0, span_s)) for _ in range(plan.posts))
    posts = [_item(account, at, dice, _post_type(account, dice)) for at in published]
    posts = _with_deletions(posts, dice, start, plan)
    posts = _with_oddities(posts, plan)
    if account.platform == "tiktok":
        return posts
    days_s = int(timedelta(days=plan.days).total_seconds())
    stories = [
        _item(account, start + timedelta(seconds=dice.whole(0, days_s)), dice, "story")
        for _ in range(plan.stories)
    ]
    return posts + stories


def _post_type(account: AccountRef, dice: Dice) -> ItemType:
    if account.platform == "tiktok":
        return "tiktok_photo" if dice.chance(0.1) else "tiktok_video"
    kinds: Sequence[ItemType] = ("reel", "reel", "feed_image", "feed_carousel", "feed_video")
    return dice.pick(kinds)


def _item(account: AccountRef, at: datetime, dice: Dice, media_type: ItemType) -> Item:
    item_id, ig_id = _ids(account, at, dice)
    return Item(
        account=account,
        item_id=item_id,
        ig_id=ig_id,
        media_type=media_type,
        published_at=at.replace(microsecond=0),
        caption=dice.pick(PLAIN) or None,
        final_views=dice.heavy_tailed(4_000.0),
        half_at_h=dice.between(4, 60),
        rates={
            "likes": dice.between(0.015, 0.14),
            "comments": dice.between(0.0005, 0.01),
            "shares": dice.between(0.0005, 0.02),
            "saves": dice.between(0.001, 0.03),
        },
    )


def _ids(account: AccountRef, at: datetime, dice: Dice) -> tuple[str, int | None]:
    seconds = int(at.timestamp())
    if account.platform == "tiktok":
        return str(((seconds - 8) << 32) | dice.whole(0, 2**32 - 1)), None
    made_ms = seconds * 1000 - dice.whole(200, 1500) - INSTAGRAM_EPOCH_MS
    ig_id = (made_ms << 23) | dice.whole(0, 2**23 - 1)
    return f"178{dice.whole(0, 10**14 - 1):014d}", ig_id


def _with_deletions(items: list[Item], dice: Dice, start: datetime, plan: Plan) -> list[Item]:
    kept = list(items)
    old = [n for n, item in enumerate(items) if item.published_at < start]
    for turn in range(min(plan.deletions, len(old))):
        chosen = old[turn * len(old) // max(plan.deletions, 1)]
        begins = start + timedelta(hours=dice.between(6, max(plan.days * 24 - 12, 7)))
        ends = begins + timedelta(hours=8) if turn % 3 == 2 else None  # noqa: PLR2004
        kept[chosen] = replace(items[chosen], deleted=(Spell(begins=begins, ends=ends),))
    return kept


def _with_oddities(items: list[Item], plan: Plan) -> list[Item]:
    kinds: Sequence[Oddity] = ("before_conversion", "few_viewers")
    return [
        replace(item, oddity=kinds[n % len(kinds)])
        if n < plan.oddities and item.account.platform == "instagram"
        else item
        for n, item in enumerate(items)
    ]
