"""Metrics of TikTok's ads, all of them texts.

Belongs here: what each metric says of some ads on some days, and what is "-".
Does not belong here: which ads and days make a row.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from sandbox.simulation.ads.ad import Ad
from sandbox.simulation.ads.numbers import Numbers
from sandbox.simulation.ads.purchases import Purchase

NONE: Final = "-"
"""What is said of something that is not known, or that there is not."""
REACH_AFTER: Final = timedelta(hours=16)
BILLED_AFTER: Final = timedelta(hours=11)
CENT: Final = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Told:
    """Some ads and days of which metrics are told."""

    ads: tuple[Ad, ...]
    numbers: Numbers
    ended_at: datetime
    """When the last of the days ended, or ends."""
    at: datetime
    is_one_ad: bool
    """Whether names of an ad can be told."""

    def money(self, minor: int) -> str:
        """An amount, with the decimals of the currency."""
        account = self.ads[0].account
        return f"{account.major(minor):.{account.decimals}f}"

    @property
    def spend(self) -> Decimal:
        """Spend in whole units."""
        return self.ads[0].account.major(self.numbers.spend)

    @property
    def of_day(self) -> Sequence[Purchase]:
        """Purchases on the day of the ad, within the window of its group."""
        return self._within(self.numbers.purchases_of_day)

    @property
    def made(self) -> Sequence[Purchase]:
        """Purchases on the day on which they were made."""
        return self._within(self.numbers.purchases_made)

    def _within(self, purchases: tuple[Purchase, ...]) -> Sequence[Purchase]:
        days = max(ad.ad_set.window_days for ad in self.ads)
        return [one for one in purchases if one.is_within(days)]


def _share(part: Decimal | int, whole: Decimal | int) -> str:
    return f"{(Decimal(part) / Decimal(whole)).quantize(CENT)}" if whole else "0.00"


def _web(told: Told) -> Sequence[Purchase]:
    return [one for one in told.of_day if not one.on_platform]


def _shop(told: Told) -> Sequence[Purchase]:
    return [one for one in told.of_day if one.on_platform]


def _worth(told: Told, some: Sequence[Purchase]) -> str:
    return told.money(sum(one.value for one in some))


def _later(told: Told, wait: timedelta, text: Callable[[], str]) -> str:
    return text() if told.at >= told.ended_at + wait else NONE


METRICS: Final[Mapping[str, Callable[[Told], str]]] = {
    "spend": lambda t: t.money(t.numbers.spend),
    "billed_cost": lambda t: _later(t, BILLED_AFTER, lambda: t.money(t.numbers.spend)),
    "impressions": lambda t: str(t.numbers.impressions),
    "clicks": lambda t: str(t.numbers.clicks),
    "ctr": lambda t: _share(t.numbers.clicks * 100, t.numbers.impressions),
    "cpc": lambda t: _share(t.spend, t.numbers.clicks),
    "cpm": lambda t: _share(t.spend * 1000, t.numbers.impressions),
    "reach": lambda t: _later(t, REACH_AFTER, lambda: str(t.numbers.reach)),
    "frequency": lambda t: _later(
        t, REACH_AFTER, lambda: _share(t.numbers.impressions, t.numbers.reach)
    ),
    "conversion": lambda t: str(len(t.of_day)),
    "cost_per_conversion": lambda t: _share(t.spend, len(t.of_day)),
    "conversion_rate": lambda t: _share(len(t.of_day) * 100, t.numbers.clicks),
    "real_time_conversion": lambda t: str(len(t.made)),
    "result": lambda t: str(len(t.of_day)),
    "complete_payment": lambda t: str(len(_web(t))),
    "total_complete_payment_rate": lambda t: _worth(t, _web(t)),
    "value_per_complete_payment": lambda t: _share(
        t.ads[0].account.major(sum(one.value for one in _web(t))), len(_web(t))
    ),
    "complete_payment_roas": lambda t: _share(
        t.ads[0].account.major(sum(one.value for one in _web(t))), t.spend
    ),
    "onsite_shopping": lambda t: str(len(_shop(t))),
    "total_onsite_shopping_value": lambda t: _worth(t, _shop(t)),
    "total_purchase": lambda _t: NONE,
    "total_purchase_value": lambda _t: NONE,
    "video_play_actions": lambda t: str(t.numbers.impressions * 9 // 10),
    "currency": lambda t: t.ads[0].account.currency,
    "ad_name": lambda t: t.ads[0].name if t.is_one_ad else NONE,
    "adgroup_id": lambda t: t.ads[0].ad_set.ad_set_id if t.is_one_ad else NONE,
    "adgroup_name": lambda t: t.ads[0].ad_set.name if t.is_one_ad else NONE,
    "campaign_id": lambda t: t.ads[0].ad_set.campaign.campaign_id if t.is_one_ad else NONE,
    "campaign_name": lambda t: t.ads[0].ad_set.campaign.name if t.is_one_ad else NONE,
    "tiktok_item_id": lambda t: (t.ads[0].shows_id or NONE) if t.is_one_ad else NONE,
}
"""``total_complete_payment_rate`` is money, despite its name."""
ADDED: Final = frozenset(
    {
        *("spend", "billed_cost", "impressions", "clicks", "conversion", "real_time_conversion"),
        *("result", "complete_payment", "total_complete_payment_rate", "onsite_shopping"),
        *("total_onsite_shopping_value", "video_play_actions"),
    }
)
"""Metrics whose total over all rows is told."""
CONVERSIONS: Final = frozenset({"conversion", "real_time_conversion", "result", "complete_payment"})
TITLES: Final[Mapping[str, str]] = {
    "ad_id": "Ad ID",
    "adgroup_id": "Ad Group ID",
    "campaign_id": "Campaign ID",
    "advertiser_id": "Account ID",
    "stat_time_day": "By Day",
    "spend": "Cost",
    "impressions": "Impression",
    "clicks": "Click",
    "ad_name": "Ad name",
    "complete_payment": "Complete payment",
    "conversion": "Conversions",
}
"""Titles for people; others are written with spaces and a capital."""


def title_of(name: str) -> str:
    """What a column is called where titles are translated."""
    return TITLES.get(name) or name.replace("_", " ").capitalize()
