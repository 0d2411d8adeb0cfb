"""What ads spent on content in the days before a moment, as known then.

Belongs here: which days count, which restatement stands, sums in cents, cents as dollars.
Does not belong here: reading reports of ads (``transforms.facts.ad_metrics``), points for spend.
"""

from datetime import datetime, timedelta
from typing import Final

import polars as pl

from transforms.currencies import is_usd
from transforms.facts.verdicts import newest_known

AD: Final = ("ad_platform", "ad_id")
CENTS_PER_DOLLAR: Final = 100


def dollars(cents: str) -> pl.Expr:
    """Whole cents as dollars: the float nearest to the exact amount.

    Divided by a column of hundreds: by a constant, Polars would multiply by the reciprocal
    instead, and 35 cents would be 0.35000000000000003.
    """
    hundreds = pl.col(cents) * 0 + CENTS_PER_DOLLAR
    return pl.col(cents) / hundreds


def is_trailing(*, as_of: datetime, days: int) -> pl.Expr:
    """True for a day that began at most so many days before a moment, and not after it.

    Days are those of UTC. At midnight they are the whole days before it; later, the days that
    lie wholly within the span and the one that is running. So no cent counts that is older.
    """
    began_at = pl.col("spent_on").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return began_at.is_between(as_of - timedelta(days=days), as_of)


def spend_by_ad(daily: pl.LazyFrame, *, as_of: datetime, days: int) -> pl.LazyFrame:
    """US cents that each ad spent in the days before a moment, each day as last reported by then.

    Days whose newest report is in another currency count nothing: rates are nobody's here.

    Args:
        daily: Rows of ``AdDailyMetrics``.
    Returns:
        One row per ad with a day in the span: ad_platform, ad_id, spend_cents.
    """
    in_dollars = pl.when(is_usd()).then("spend_cents")
    counted = daily.filter(is_trailing(as_of=as_of, days=days)).with_columns(spend_cents=in_dollars)
    days_known = newest_known(counted, *AD, "spent_on", value="spend_cents", as_of=as_of)
    return days_known.group_by(AD).agg(pl.col("spend_cents").sum())


def trailing_spend(
    daily: pl.LazyFrame, ads: pl.LazyFrame, *, as_of: datetime, days: int
) -> pl.LazyFrame:
    """What each content's ads spent in the days before a moment, as known then.

    Args:
        daily: Rows of ``AdDailyMetrics``.
        ads: Rows of ``AdContent``; an ad counts for the content that it was last known to show.
        days: How many days before it (``GeneratedRules.boost_days``).
    Returns:
        One row per ads content with a day in the span: ads_content_id, spend_30d_cents,
        spend_30d_usd.
    Source: organic-scoring, "capped at $100 of spend in the trailing 30 days"; R20, R22.
    """
    shown = newest_known(ads, *AD, value="ads_content_id", as_of=as_of)
    return (
        spend_by_ad(daily, as_of=as_of, days=days)
        .join(shown, on=AD, how="inner")
        .group_by("ads_content_id")
        .agg(spend_30d_cents=pl.col("spend_cents").sum())
        .with_columns(spend_30d_usd=dollars("spend_30d_cents"))
    )
