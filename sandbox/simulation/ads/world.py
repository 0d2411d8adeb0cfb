"""Every ad account with its ads, over the posts of one dataset.

Belongs here: finding accounts and ads, rows of an account's days, who may boost whose posts.
Does not belong here: how ads are invented, what one day comes to, HTTP.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final, Literal, NamedTuple

from sandbox.simulation.accounts import NETWORKS, AccountRef, AdPlatform
from sandbox.simulation.ads.accounts import AdAccount
from sandbox.simulation.ads.ad import Ad
from sandbox.simulation.ads.invented import (
    AdPlan,
    advertised,
    invented_accounts,
    invented_ads,
)
from sandbox.simulation.ads.numbers import Numbers, numbers_of
from sandbox.simulation.ads.spark import SparkCode, spark_code
from sandbox.simulation.dataset import Dataset
from sandbox.simulation.dice import Dice
from sandbox.simulation.items import Item

PLATFORMS: Final[tuple[AdPlatform, ...]] = ("meta_ads", "tiktok_ads")
Permission = Literal["APPROVED", "PENDING_APPROVAL", "Approved", "REVOKED"]
PERMISSIONS: Final[tuple[Permission, ...]] = (
    "APPROVED",
    "Approved",
    "PENDING_APPROVAL",
    "APPROVED",
    "REVOKED",
)


class AdDay(NamedTuple):
    """One ad on one day of its account, with what is shown of it."""

    ad: Ad
    day: date
    numbers: Numbers


class AdWorld:
    """Ads over the posts of a dataset; put together when somebody first asks.

    Args:
        dataset: Whose posts.
        plan: How many ads.
        seed: Which of the worlds that could be.
    """

    def __init__(self, dataset: Dataset, *, plan: AdPlan | None = None, seed: int = 0) -> None:
        self.dataset = dataset
        self.plan = plan or AdPlan()
        self.seed = seed

    @cached_property
    def accounts(self) -> tuple[AdAccount, ...]:
        """Every ad account, Meta's first."""
        return tuple(
            account
            for platform in PLATFORMS
            for account in invented_accounts(platform, self.seed, self.plan)
        )

    @cached_property
    def _by_ref(self) -> Mapping[AccountRef, AdAccount]:
        return {account.ref: account for account in self.accounts}

    def account(self, ref: AccountRef) -> AdAccount | None:
        """The ad account of this name."""
        return self._by_ref.get(ref)

    def opened_by(self, ref: AccountRef) -> tuple[AdAccount, ...]:
        """The ad accounts that a token of this one opens: itself, or all of the platform."""
        own = self._by_ref.get(ref)
        if own is None or not own.opens_all:
            return () if own is None else (own,)
        return tuple(one for one in self.accounts if one.platform == own.platform)

    def every_ad(self, ref: AccountRef) -> tuple[Ad, ...]:
        """Every ad that an account ever has, oldest first."""
        return self._ads.get(ref, ())

    def ads(self, ref: AccountRef, *, at: datetime) -> list[Ad]:
        """The ads made by a moment, oldest first, whatever became of them."""
        return [ad for ad in self.every_ad(ref) if ad.exists(at)]

    def ad(self, platform: AdPlatform, ad_id: str) -> Ad | None:
        """The ad of this id."""
        return self._by_id.get((platform, ad_id))

    def days(
        self, ref: AccountRef, since: date, until: date, *, at: datetime, late_fix: bool = False
    ) -> list[AdDay]:
        """Every ad and day of an account, both ends included, of which something is shown.

        Args:
            ref: The ad account.
            since: First day, in the account's zone.
            until: Last day.
            at: The moment at which it is shown.
            late_fix: Whether days are put right once more at forty days.
        """
        return [
            AdDay(ad, day, numbers)
            for ad in self.ads(ref, at=at)
            for day in _days(since, min(until, ad.account.day_of(at)))
            if not (numbers := numbers_of(ad, day, at=at, late_fix=late_fix)).is_empty(
                ad.account.platform
            )
        ]

    @cached_property
    def _ads(self) -> Mapping[AccountRef, tuple[Ad, ...]]:
        return {ref: ads for platform in PLATFORMS for ref, ads in self._made(platform)}

    def _made(self, platform: AdPlatform) -> Iterator[tuple[AccountRef, tuple[Ad, ...]]]:
        accounts = [one for one in self.accounts if one.platform == platform]
        for number, account in enumerate(accounts):
            posts = self._posts[platform]
            yield (
                account.ref,
                invented_ads(account, posts, number=number, seed=self.seed, plan=self.plan),
            )

    @cached_property
    def _posts(self) -> Mapping[AdPlatform, list[Item]]:
        items = [
            item for account in self.dataset.accounts for item in self.dataset.every_item(account)
        ]
        return {
            platform: advertised(
                item for item in items if item.account.network == NETWORKS[platform]
            )
            for platform in PLATFORMS
        }

    @cached_property
    def _by_id(self) -> Mapping[tuple[AdPlatform, str], Ad]:
        return {(ad.account.platform, ad.ad_id): ad for ads in self._ads.values() for ad in ads}

    @cached_property
    def _codes(self) -> Mapping[str, SparkCode]:
        return {code.code: code for code in map(spark_code, self._posts["tiktok_ads"])}

    def code(self, code: str) -> SparkCode | None:
        """What a Spark code lets boost."""
        return self._codes.get(code)

    def spark_codes(self, *, at: datetime) -> list[SparkCode]:
        """Every code given by a moment."""
        return [code for code in self._codes.values() if code.starts_at <= at]

    def permission(self, brand: AccountRef, creator: AccountRef) -> Permission:
        """What a creator on Instagram lets a brand do, in one of the spellings that were met."""
        return Dice("permission", *brand, *creator).pick(PERMISSIONS)


def _days(since: date, until: date) -> Iterator[date]:
    while since <= until:
        yield since
        since += timedelta(days=1)
