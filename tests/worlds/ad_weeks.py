"""Small data to test with: ads that run, and what their days tell.

Belongs here: rows with every column that a test does not care about filled in.
Does not belong here: what the right answer is (``tests.oracles.ad_classes``).
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import polars as pl

from tests.worlds.data_builders import AS_OF, hours
from transforms.ads.classification import classify_ads
from transforms.ads.rules import ACTIVE, AdRules

LAST = date(2025, 5, 13)
"""The last whole day before ``AS_OF``."""
ADS = {
    "ad_platform": pl.String,
    "ad_id": pl.String,
    "ad_account_id": pl.String,
    "project_id": pl.String,
    "ads_content_id": pl.String,
    "scoring_pool": pl.String,
    "approval": pl.String,
    "status": pl.String,
    "is_running": pl.Boolean,
    "is_deleted": pl.Boolean,
    "has_run": pl.Boolean,
    "began_at": pl.Datetime("us", "UTC"),
    "last_day_on": pl.Date,
}
DAYS = {
    "ad_platform": pl.String,
    "ad_id": pl.String,
    "spent_on": pl.Date,
    "known_at": pl.Datetime("us", "UTC"),
    "currency": pl.String,
    "spend_cents": pl.Int64,
    "impressions": pl.Int64,
    "clicks": pl.Int64,
    "conversions": pl.Int64,
    "reach": pl.Int64,
}


def running(ad_id: str = "ad", **changes) -> dict:
    """One ad that has run for thirty days, of a generated creative."""
    row = dict.fromkeys(ADS) | {"ad_platform": "meta", "ad_id": ad_id, "project_id": "brand"}
    row |= {"ads_content_id": f"brand/generated:{ad_id}", "scoring_pool": "generated"}
    row |= {"status": "ACTIVE", "is_running": True, "is_deleted": False, "has_run": True}
    return row | {"began_at": hours(-30 * 24), "last_day_on": LAST} | changes


def day(number: int, cents: int, ad_id: str = "ad", **changes) -> dict:
    """One day of an ad; 7 is the last whole day, 1 the first of the window."""
    row = dict.fromkeys(DAYS) | {"ad_platform": "meta", "ad_id": ad_id, "spend_cents": cents}
    row |= {"spent_on": LAST - timedelta(days=7 - number), "known_at": hours(-1)}
    return row | {"impressions": 100, "clicks": 10, "conversions": 0} | changes


def week(cents: Sequence[int], ad_id: str = "ad", **changes) -> list[dict]:
    """Seven days; a change that is a list has a value per day."""
    return [
        day(number, spend, ad_id)
        | {
            name: value[number - 1] if isinstance(value, list) else value
            for name, value in changes.items()
        }
        for number, spend in enumerate(cents, start=1)
    ]


def classified(
    ads: Iterable[dict], days: Iterable[dict], *, as_of=AS_OF, rules: AdRules = ACTIVE
) -> pl.DataFrame:
    """The ads' rows, by ad."""
    given = pl.DataFrame(list(ads), schema=ADS).lazy()
    told = pl.DataFrame(list(days), schema=DAYS).lazy()
    rows = classify_ads(given, told, as_of=as_of, rules=rules).collect()
    return rows.sort("ad_platform", "ad_id")


def verdict(ad: dict, days: Iterable[dict], *others: dict) -> dict:
    """What is said of one ad beside others."""
    rows = classified([ad, *others], days)
    return rows.filter(pl.col("ad_id") == ad["ad_id"]).row(0, named=True)
