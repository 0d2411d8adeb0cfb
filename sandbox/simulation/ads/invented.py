"""Inventing ads over the posts that there are.

Belongs here: how many ad accounts, which groups, which ad shows which post and how it ends.
Does not belong here: what ads spend (``numbers``).

Equal posts, plan and seed make equal ads. An ad is made some hours after the post that it shows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from sandbox.simulation.accounts import AdPlatform
from sandbox.simulation.ads.accounts import AdAccount, AdSet, Campaign
from sandbox.simulation.ads.ad import Ad, AdState
from sandbox.simulation.ads.spark import spark_code
from sandbox.simulation.dice import Dice
from sandbox.simulation.items import Item

FATES: Final[Sequence[AdState]] = (
    *("active", "active", "paused", "active", "deleted", "archived"),
    *("active", "ad_set_paused", "disapproved", "deleted", "active", "paused"),
)
"""How the ads of an account end, in turn."""
SHOWS_NOTHING: Final = (4, 10)
"""Of twelve ads these have a video of their own,"""
SHOWS_UNKNOWN: Final = 3
"""this one shows a post of an account that nobody here knows,"""
SHOWS_THE_FIRST: Final = 6
"""this one the same post as the first,"""
SMART: Final = 2
"""and this one is Smart+, on TikTok."""
TURN: Final = len(FATES)
HEAVY_TURN: Final = 300
REVIEWED_IN: Final = timedelta(hours=3)
ZONES: Final = (
    ("USD", 2, "Etc/GMT+8", "America/Los_Angeles"),
    ("JPY", 0, "Asia/Tokyo", "Asia/Tokyo"),
)
"""Of the accounts, in turn; yen have no decimals."""
NAMES: Final = ("Hook A", "Hook B", "UGC testimonial", "Unboxing", "Hook A", "Before / after")
"""Two ads may well have the same name."""
SETS: Final = 4
PAUSED_SET: Final = 4
"""The place of the one ad set that is paused as a whole."""


@dataclass(frozen=True, kw_only=True)
class AdPlan:
    """How many ads to invent."""

    accounts: int = 2
    """Ad accounts of each platform."""
    ads: int = 18
    """Ads of each account, if there are posts."""


def invented_accounts(platform: AdPlatform, seed: int, plan: AdPlan) -> tuple[AdAccount, ...]:
    """The ad accounts of one platform."""
    return tuple(_account(platform, seed, number) for number in range(plan.accounts))


def _account(platform: AdPlatform, seed: int, number: int) -> AdAccount:
    currency, decimals, zone, shown = ZONES[number % len(ZONES)]
    is_meta = platform == "meta_ads"
    serial = (seed % 1_000) * 1_000 + number
    begin = 10_150_000_000_000_000 if is_meta else 7_210_000_000_000_000_000
    return AdAccount(
        platform=platform,
        account_id=str(begin + serial),
        name=f"Brand {number} ({currency})",
        currency=currency,
        decimals=decimals,
        zone_name=zone,
        display_zone=shown,
        business_id=str(begin + 900_000_000 + seed % 1_000),
        created_at=datetime(2023, 3, 1, 9, tzinfo=UTC) + timedelta(days=number),
        opens_all=number == 0,
    )


def invented_ads(
    account: AdAccount, posts: Sequence[Item], *, number: int, seed: int, plan: AdPlan
) -> tuple[Ad, ...]:
    """Every ad that an account ever has, oldest first.

    Args:
        account: Whose ads.
        posts: Posts of the platform that ads may show, oldest first.
        number: The account's place.
        seed: Which world.
        plan: How many.
    """
    maker = _Maker(account, Dice("ads", seed, *account.ref), number)
    shown = posts[number :: max(1, plan.accounts)]
    many = min(plan.ads, len(shown))
    chosen = [shown[place * len(shown) // many] for place in range(many)]
    made = [_while_allowed(maker.ad(place, chosen)) for place in range(many)]
    return tuple(sorted(made, key=lambda ad: (ad.created_at, ad.ad_id)))


def _while_allowed(ad: Ad) -> Ad:
    """The ad, stopped when the creator's leave ends; TikTok's only."""
    if ad.account.platform != "tiktok_ads" or ad.post is None or ad.ends_as == "disapproved":
        return ad
    ends_at = spark_code(ad.post).ends_at
    if ad.stops_at is not None and ad.stops_at <= ends_at:
        return ad
    late = ad.ended_at - ad.stops_at if ad.ended_at and ad.stops_at else None
    if late is not None:
        return replace(ad, stops_at=ends_at, ended_at=ends_at + late)
    return replace(ad, stops_at=ends_at, ends_as="unauthorised")


class _Maker:
    def __init__(self, account: AdAccount, dice: Dice, number: int) -> None:
        self._account, self._dice, self._number = account, dice, number
        self._sets: dict[int, AdSet] = {}
        serial = int(account.account_id[-6:])
        is_meta = account.platform == "meta_ads"
        self._first_id = (120_203_000_000_000_000 if is_meta else 1_820_000_000_000_000_000) + (
            serial * 1_000_000_000
        )

    def ad(self, place: int, posts: Sequence[Item]) -> Ad:
        """The ad of this place among those of the account."""
        dice, turn = self._dice, place % TURN
        post = posts[0] if place == SHOWS_THE_FIRST else posts[place]
        fate = FATES[turn]
        created_at = post.published_at + timedelta(hours=dice.whole(6, 72))
        starts_at = created_at + REVIEWED_IN
        stops_at = None
        if fate not in ("active", "disapproved"):
            stops_at = starts_at + timedelta(hours=dice.whole(40, 200))
        late = timedelta(hours=dice.whole(2, 40)) if fate in ("deleted", "archived") else None
        ad_set = self._ad_set(place, fate, stops_at, first_at=posts[0].published_at)
        name = f"{NAMES[place % len(NAMES)]}"
        return Ad(
            account=self._account,
            ad_set=ad_set,
            ad_id=self._id(5, place),
            creative_id=self._id(7, place),
            name=name,
            created_at=created_at,
            starts_at=starts_at,
            stops_at=self._stops(ad_set, fate, stops_at),
            ends_as=fate,
            ended_at=stops_at + late if stops_at and late else None,
            post=None if turn in (*SHOWS_NOTHING, SHOWS_UNKNOWN) else post,
            shows_id=self._shows(turn, post),
            is_smart=turn == SMART and self._account.platform == "tiktok_ads",
            weight=HEAVY_TURN if turn == 0 else dice.whole(30, 160),
        )

    def _stops(self, ad_set: AdSet, fate: AdState, stops_at: datetime | None) -> datetime | None:
        return ad_set.paused_at if fate == "ad_set_paused" else stops_at

    def _shows(self, turn: int, post: Item) -> str | None:
        if turn in SHOWS_NOTHING:
            return None
        if turn == SHOWS_UNKNOWN:
            return f"9{post.item_id[1:-4]}{self._dice.whole(0, 9_999):04d}"
        return post.item_id

    def _ad_set(
        self, place: int, fate: AdState, stops_at: datetime | None, *, first_at: datetime
    ) -> AdSet:
        where = PAUSED_SET if fate == "ad_set_paused" else place % SETS
        if where not in self._sets:
            campaign = Campaign(
                campaign_id=self._id(1, where // 2),
                name=f"Campaign {where // 2}",
                created_at=first_at,
            )
            self._sets[where] = AdSet(
                ad_set_id=self._id(3, where),
                name=f"Ad set {where}",
                campaign=campaign,
                created_at=first_at,
                paused_at=stops_at if where == PAUSED_SET else None,
                window_days=7 if self._number % 2 else 28,
            )
        return self._sets[where]

    def _id(self, kind: int, place: int) -> str:
        """Eighteen or nineteen digits: more than a number of JavaScript holds exactly."""
        return str(self._first_id + kind * 100_000_000 + place * 10_007 + 37)


def advertised(items: Iterator[Item]) -> list[Item]:
    """Items that ads may show, oldest first."""
    posts = (item for item in items if item.media_type != "story")
    return sorted(posts, key=lambda item: (item.published_at, item.item_id))
