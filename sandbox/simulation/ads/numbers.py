"""What an ad spent and brought on one day of its account, as its platform shows it at a moment.

Belongs here: spend, impressions, clicks, reach; how a day is restated; sums over ads and days.
Does not belong here: a platform's fields, texts and defaults.

Every number follows from the ad, the day and the moment alone. A day grows while it lasts; then
spend, impressions and clicks move by at most one part in a hundred until it is three days old.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, Self

from sandbox.simulation.accounts import AdPlatform
from sandbox.simulation.ads.ad import Ad
from sandbox.simulation.ads.purchases import DAY, Purchase, purchases_of
from sandbox.simulation.dice import Dice

SETTLED_AFTER: Final = timedelta(days=3)
META_STEP: Final = timedelta(hours=6)
"""How often Meta restates a day that has not settled."""
TIKTOK_FIX_H: Final = 12
"""TikTok restates at this hour, UTC."""
LATE_FIX_AFTER: Final = timedelta(days=40)
"""When a day is put right once more, where that is switched on."""
EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
IDLE: Final = 0.06
"""The share of days on which an ad that runs is shown to nobody."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What an ad's day comes to in the end."""

    spend: int
    impressions: int
    clicks: int


NOTHING: Final = Delivery(spend=0, impressions=0, clicks=0)


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """What is shown of some ads on some days; money in minor units of the account's currency."""

    spend: int = 0
    impressions: int = 0
    clicks: int = 0
    reach: int = 0
    purchases_of_day: tuple[Purchase, ...] = ()
    """Counted on the day of the ad."""
    purchases_made: tuple[Purchase, ...] = ()
    """Counted on the day on which they were made."""

    def is_empty(self, platform: AdPlatform) -> bool:
        """Whether a platform has nothing to show."""
        bought = self.purchases_meta if platform == "meta_ads" else self.purchases_made
        return not (self.spend or self.impressions or self.purchases_of_day or bought)

    @property
    def purchases_meta(self) -> tuple[Purchase, ...]:
        """As Meta counts: those on Meta on the ad's day, others on the day they were made."""
        return tuple(one for one in self.purchases_of_day if one.on_platform) + tuple(
            one for one in self.purchases_made if not one.on_platform
        )

    @classmethod
    def summed(cls, parts: Iterable[Self]) -> Self:
        """Several together; people who saw several of them are counted once in ``reach``."""
        every = list(parts)
        reached = [one.reach for one in every]
        return cls(
            spend=sum(one.spend for one in every),
            impressions=sum(one.impressions for one in every),
            clicks=sum(one.clicks for one in every),
            reach=max(max(reached, default=0), -(-sum(reached) * 7 // 10)),
            purchases_of_day=tuple(p for one in every for p in one.purchases_of_day),
            purchases_made=tuple(p for one in every for p in one.purchases_made),
        )


def numbers_of(ad: Ad, day: date, *, at: datetime, late_fix: bool = False) -> Numbers:
    """What is shown of an ad's day at a moment.

    Args:
        ad: The ad.
        day: A day of its account's zone.
        at: The moment.
        late_fix: Whether days are put right once more when they are forty days old.
    """
    found = _shown(ad, day, at, late_fix=late_fix)
    of_day = tuple(one for one in _purchases(ad, day) if one.told_at <= at)
    made = tuple(one for one in _made_on(ad, day) if one.told_at <= at)
    return Numbers(
        spend=found.spend,
        impressions=found.impressions,
        clicks=found.clicks,
        reach=-(-found.impressions * 4 // 5),
        purchases_of_day=of_day,
        purchases_made=made,
    )


def _shown(ad: Ad, day: date, at: datetime, *, late_fix: bool) -> Delivery:
    final, starts = _final(ad, day), ad.account.day_starts(day)
    if final is NOTHING or at <= starts:
        return NOTHING
    ends = starts + DAY
    if at < ends:
        passed, lasts = _overlap(ad, starts, at), _overlap(ad, starts, ends)
        return Delivery(
            spend=final.spend * passed // lasts,
            impressions=final.impressions * passed // lasts,
            clicks=final.clicks * passed // lasts,
        )
    moved = _moved(ad, day, ends, at) if at < ends + SETTLED_AFTER else 0
    if late_fix and at >= ends + LATE_FIX_AFTER:
        moved = 200
    return Delivery(
        spend=_by(final.spend, moved),
        impressions=_by(final.impressions, moved),
        clicks=_by(final.clicks, moved),
    )


def _by(value: int, parts: int) -> int:
    """A value moved by so many ten-thousandths, towards itself where that is no whole number."""
    return value + int(value * parts / 10_000)


def _moved(ad: Ad, day: date, ends: datetime, at: datetime) -> int:
    """How far a day is off its end, in ten-thousandths, -100 to 100."""
    if ad.account.platform == "tiktok_ads":
        step = (at - EPOCH - timedelta(hours=TIKTOK_FIX_H)) // DAY
    else:
        step = (at - ends) // META_STEP
    return _draw(ad.ad_id, day, step)


@lru_cache(maxsize=20_000)
def _draw(ad_id: str, day: date, step: int) -> int:
    return Dice("moved", ad_id, day, step).whole(-100, 100)


def _overlap(ad: Ad, starts: datetime, ends: datetime) -> int:
    """For how many seconds of a time an ad runs."""
    begins = max(starts, ad.starts_at)
    stops = ends if ad.stops_at is None else min(ends, ad.stops_at)
    return max(0, int((stops - begins).total_seconds()))


@lru_cache(maxsize=20_000)
def _final(ad: Ad, day: date) -> Delivery:
    starts = ad.account.day_starts(day)
    lasts = _overlap(ad, starts, starts + DAY)
    dice = Dice("day", ad.ad_id, day)
    if ad.ends_as == "disapproved" or lasts <= 0 or dice.chance(IDLE):
        return NOTHING
    spend = dice.whole(700, 6_000) * ad.weight * lasts // (100 * 86_400)
    impressions = spend * dice.whole(90, 180) // 100
    return Delivery(
        spend=max(spend, 1),
        impressions=max(impressions, 1),
        clicks=impressions * dice.whole(5, 30) // 1_000,
    )


@lru_cache(maxsize=20_000)
def _purchases(ad: Ad, day: date) -> tuple[Purchase, ...]:
    """Of an ad's day, whenever they were made."""
    if _final(ad, day) is NOTHING:
        return ()
    made = purchases_of(
        Dice("purchases", ad.ad_id, day),
        day_starts=ad.account.day_starts(day),
        most=3,
        usual=4_000,
    )
    # A click is made while the ad runs.
    return tuple(
        one
        for one in made
        if one.clicked_at >= ad.starts_at and (ad.stops_at is None or one.clicked_at < ad.stops_at)
    )


@lru_cache(maxsize=20_000)
def _made_on(ad: Ad, day: date) -> tuple[Purchase, ...]:
    """Made on a day, whichever day of the ad they follow from."""
    days = (day - timedelta(days=back) for back in range(29))
    return tuple(
        one
        for before in days
        for one in _purchases(ad, before)
        if ad.account.day_of(one.happened_at) == day
    )
