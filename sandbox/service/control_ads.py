"""The sandbox's controls over ad accounts: which there are, and what is true of their ads.

Belongs here: routes under ``/sandbox/ads``, from this machine only.
Does not belong here: tokens and faults of ad accounts, which are as those of others
(``control_oauth``).
"""

from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from typing_extensions import TypedDict

from sandbox.problems import ProblemError, problem_responses
from sandbox.service.control import from_this_machine
from sandbox.simulation.accounts import AccountRef, AdPlatform
from sandbox.simulation.ads.accounts import AdAccount
from sandbox.simulation.ads.ad import Ad, AdState
from sandbox.simulation.ads.world import AdDay
from sandbox.tokens import TokenState
from sandbox.world import CONTROL_PREFIX, AnsweringWorld, World


class AdAccountSummary(TypedDict):
    """One ad account."""

    platform: AdPlatform
    account_id: Annotated[str, "Digits; Meta writes act_ before them."]
    name: str
    currency: str
    decimals: int
    zone: str
    ads: Annotated[int, "Made by now, whatever became of them."]
    token: TokenState | None


class AdAccounts(TypedDict):
    """Every ad account."""

    accounts: list[AdAccountSummary]


class TrueAd(TypedDict):
    """What is true of one ad now."""

    ad_id: str
    name: str
    ad_set_id: str
    campaign_id: str
    state: AdState
    created_at: datetime
    changed_at: datetime
    shows_id: str | None
    shows_permalink: str | None


class TrueAdDay(TypedDict):
    """What is shown now of one ad on one day of its account; money in minor units."""

    ad_id: str
    day: date
    spend: int
    impressions: int
    clicks: int
    reach: int
    purchases_meta: int
    purchases_meta_value: int
    purchases_tiktok: int
    purchases_tiktok_value: int


class AdTruth(TypedDict):
    """What is true of an ad account now."""

    at: datetime
    ads: list[TrueAd]
    days: list[TrueAdDay]


router = APIRouter(
    prefix=f"{CONTROL_PREFIX}/ads",
    tags=["Sandbox control: ads"],
    dependencies=[Depends(from_this_machine)],
    responses=problem_responses(403, 404, 422),
)


@router.get("/accounts", summary="Which ad accounts there are")
async def list_ad_accounts(world: AnsweringWorld) -> AdAccounts:
    """Two of each platform; tokens and faults under `/sandbox/oauth/accounts/PLATFORM/ID`."""
    return {"accounts": [_summary(world, account) for account in world.ads.accounts]}


def _summary(world: World, account: AdAccount) -> AdAccountSummary:
    now, newest = world.clock.now(), world.tokens.newest(account.ref)
    return {
        "platform": account.platform,
        "account_id": account.account_id,
        "name": account.name,
        "currency": account.currency,
        "decimals": account.decimals,
        "zone": account.zone_name,
        "ads": len(world.ads.ads(account.ref, at=now)),
        "token": newest.state(now) if newest else None,
    }


@router.get("/accounts/{platform}/{account_id}/truth", summary="What is true of an ad account now")
async def read_ad_truth(
    world: AnsweringWorld,
    platform: AdPlatform,
    account_id: Annotated[str, Path(description="As `GET /sandbox/ads/accounts` lists it.")],
    since: Annotated[date | None, Query(description="First day; absent: 30 days ago.")] = None,
    until: Annotated[date | None, Query(description="Last day; absent: today.")] = None,
) -> AdTruth:
    """Every ad that was made by now, and what each of its days comes to as far as it is shown."""
    account = world.ads.account(AccountRef(platform, account_id))
    if account is None:
        raise ProblemError(404, f"no such ad account: {platform}/{account_id}")
    now = world.clock.now()
    last = until or account.day_of(now)
    first = since or last - timedelta(days=30)
    return {
        "at": now,
        "ads": [_ad(ad, now) for ad in world.ads.ads(account.ref, at=now)],
        "days": [_day(row) for row in world.ads.days(account.ref, first, last, at=now)],
    }


def _ad(ad: Ad, now: datetime) -> TrueAd:
    return {
        "ad_id": ad.ad_id,
        "name": ad.name,
        "ad_set_id": ad.ad_set.ad_set_id,
        "campaign_id": ad.ad_set.campaign.campaign_id,
        "state": ad.state(now),
        "created_at": ad.created_at,
        "changed_at": ad.changed_at(now),
        "shows_id": ad.shows_id,
        "shows_permalink": ad.post.permalink if ad.post else None,
    }


def _day(row: AdDay) -> TrueAdDay:
    numbers = row.numbers
    meta, tiktok = numbers.purchases_meta, numbers.purchases_of_day
    return {
        "ad_id": row.ad.ad_id,
        "day": row.day,
        "spend": numbers.spend,
        "impressions": numbers.impressions,
        "clicks": numbers.clicks,
        "reach": numbers.reach,
        "purchases_meta": len(meta),
        "purchases_meta_value": sum(one.value for one in meta),
        "purchases_tiktok": len(tiktok),
        "purchases_tiktok_value": sum(one.value for one in tiktok),
    }
