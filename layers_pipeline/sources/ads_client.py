"""What can be asked of an ads API, and what one reading of an ad account brings back.

Belongs here: the shape that clients of ads APIs share, days to read, what an account tells of
itself.
Does not belong here: any one platform, what rows mean (``transforms``), storage.
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from layers_pipeline.errors import SourceError, SourceMalformedError
from layers_pipeline.sources.account_reading import Issue, ResponseRow
from transforms.currencies import DECIMALS

ACCOUNT: Final = "account"
AD: Final = "ad"
AD_DAY: Final = "ad_day"
ACCOUNT_DAY: Final = "account_day"
"""What a response row speaks of: its ``entity``."""


@dataclass(frozen=True, kw_only=True)
class AdsRequest:
    """One reading that is wanted of one ad account.

    Args:
        ad_account_id: The platform's number of it.
        trailing_days: Days before the last day read, or before today, that are read again.
        first_days: Days that the first reading goes back.
        read_until: Last day of the last complete reading; none: there was none.
        known_ads: Ads known of it, so that those which a listing hides are read by their ids.
        unseen_ads: Ads that no reading ever saw and of which something is known otherwise; they
            may be of another account, or of none.
    """

    ad_account_id: str
    token: SecretStr
    trailing_days: int
    first_days: int
    read_until: date | None = None
    known_ads: Collection[str] = ()
    unseen_ads: Collection[str] = ()


@dataclass(frozen=True, kw_only=True)
class AdsAccount:
    """What an ad account tells of itself."""

    currency: str
    """ISO 4217 code."""
    time_zone: str
    """IANA zone of its days."""
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class AdsReading:
    """One reading of one ad account. ``error`` ended it early; rows read before it are kept.

    Rows of ads, days and totals are entities ``ad``, ``ad_day`` and ``account_day``; the account
    itself is ``account``.
    """

    rows: tuple[ResponseRow, ...] = ()
    account: AdsAccount | None = None
    since: date | None = None
    until: date | None = None
    ads: int = 0
    days: int = 0
    calls: int = 0
    is_complete: bool = False
    """Whether every ad and every day was read to the end that the platform named."""
    issues: tuple[Issue, ...] = ()
    error: SourceError | None = None


@dataclass(frozen=True, kw_only=True)
class AdsClient:
    """What can be asked of an ads API while its connections are open.

    Args:
        read: Reads an ad account; an error ends the reading and stands in it.
    """

    read: Callable[[AdsRequest], Awaitable[AdsReading]]


def account_of(source: str, *, currency: object, time_zone: object, name: object) -> AdsAccount:
    """What an account says of itself, once it can be used.

    Raises:
        SourceMalformedError: Its currency or zone is none that we know: no amount and no day of
            it could be told.
    """
    code, zone = str(currency or "").upper(), str(time_zone or "")
    if code not in DECIMALS:
        raise SourceMalformedError(source, f"account in currency {code!r}, unknown to ISO 4217")
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise SourceMalformedError(source, f"account in unknown time zone {zone!r}") from error
    return AdsAccount(currency=code, time_zone=zone, name=str(name or ""))


def days_to_read(wanted: AdsRequest, account: AdsAccount, *, now: datetime) -> tuple[date, date]:
    """First and last day to read, in the account's zone.

    After an outage the days go back from the last one that was read, so that no day is left as
    it stood when the platform could still change it.
    """
    today = now.astimezone(ZoneInfo(account.time_zone)).date()
    if wanted.read_until is None:
        return today - timedelta(days=wanted.first_days), today
    return min(today, wanted.read_until) - timedelta(days=wanted.trailing_days), today


def spans(since: date, until: date, *, days: int) -> list[tuple[date, date]]:
    """The days in spans of so many at most, both ends included, without gap or overlap."""
    found = []
    while since <= until:
        last = min(until, since + timedelta(days=days - 1))
        found.append((since, last))
        since = last + timedelta(days=1)
    return found
