"""Ad accounts and the groups that their ads lie in.

Belongs here: what names an ad account, its zone, its currency, campaigns and ad sets.
Does not belong here: ads and numbers.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from sandbox.simulation.accounts import AccountRef, AdPlatform


@dataclass(frozen=True, kw_only=True)
class AdAccount:
    """One account that pays for ads."""

    platform: AdPlatform
    account_id: str
    """Digits; Meta writes ``act_`` before them."""
    name: str
    currency: str
    decimals: int
    """How many decimals the currency has."""
    zone_name: str
    """``Etc/GMT+8`` lies eight hours *behind* UTC."""
    display_zone: str
    business_id: str
    created_at: datetime
    opens_all: bool = False
    """Its token opens every ad account of the platform, as an agency's does."""

    @property
    def ref(self) -> AccountRef:
        """What tokens and faults are kept under."""
        return AccountRef(self.platform, self.account_id)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone of its days."""
        return ZoneInfo(self.zone_name)

    @cached_property
    def offset(self) -> timezone:
        """The same as a distance from UTC, which never changes in the zones used here."""
        return timezone(datetime(2025, 1, 1, tzinfo=self.zone).utcoffset() or timedelta())

    def day_of(self, at: datetime) -> date:
        """The account's day at a moment."""
        return at.astimezone(self.offset).date()

    def day_starts(self, day: date) -> datetime:
        """When a day of the account begins, in UTC."""
        return datetime.combine(day, time(), self.offset).astimezone(UTC)

    def major(self, minor: int) -> Decimal:
        """An amount in whole units of the currency, exact."""
        return Decimal(minor).scaleb(-self.decimals)


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """Some ad sets with one aim."""

    campaign_id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class AdSet:
    """Some ads with one budget; TikTok calls it an ad group."""

    ad_set_id: str
    name: str
    campaign: Campaign
    created_at: datetime
    paused_at: datetime | None = None
    window_days: int = 28
    """Conversions later than so many days after the click are not counted as its own."""
