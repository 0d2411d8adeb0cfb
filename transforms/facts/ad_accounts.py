"""Ad accounts: what each said of itself and when, and its days beside the sum of its ads.

Belongs here: changes of currency and zone, which of an account's days are compared, the gap.
Does not belong here: reading either (``staging``), what ads show (``ads_shown``).
"""

from datetime import datetime
from typing import Final

import polars as pl

from transforms.contracts.ads import AdAccountDays, AdAccountHistory
from transforms.facts.ad_states import AD
from transforms.facts.ads_shown import ACCOUNT

ACCOUNT_DAY: Final = (*ACCOUNT, "spent_on")
STATED: Final = ("spend_cents", "impressions", "conversions")

SAID: Final = ("currency", "time_zone")
"""What an account says of itself that days and money follow from."""


def account_changes(told: pl.LazyFrame) -> pl.LazyFrame:
    """The rows in which an account said something new of itself.

    Args:
        told: Rows of ``AdAccountHistory``, all of an account, or the newest one known and those
            after it. Of two that were known at one moment the greater one stands.
    Returns:
        Rows of ``AdAccountHistory``, unique by its key.
    """
    one = told.sort(*ACCOUNT, "known_at", *SAID).unique((*ACCOUNT, "known_at"), keep="last")
    is_first = pl.col("known_at") == pl.col("known_at").min().over(ACCOUNT)
    is_news = pl.any_horizontal(
        pl.col(name) != pl.col(name).shift(1).over(ACCOUNT, order_by="known_at") for name in SAID
    )
    return one.filter(is_first | is_news).select(AdAccountHistory.column_names())


def accounts_at(history: pl.LazyFrame, *, as_of: datetime) -> pl.LazyFrame:
    """What each account that was read by a moment said of itself then, one row each.

    Args:
        history: Rows of ``AdAccountHistory``.
    """
    known = history.filter(pl.col("known_at") <= as_of)
    return known.sort("known_at").unique(ACCOUNT, keep="last")


def account_days(totals: pl.LazyFrame, daily: pl.LazyFrame, belongs: pl.LazyFrame) -> pl.LazyFrame:
    """The newest total of each account and day beside the sum of its ads' newest days.

    Only money of the account's own currency is added: a day of an ad that is told in another one
    is counted among the ads and left out of the sum, so that it stays visible as a gap.

    Args:
        totals: Rows of ``StgAdsAccountDays`` of the days that are wanted; currencies are theirs.
        daily: Rows of ``AdDailyMetrics``, of the same days at least.
        belongs: ad_platform, ad_id, ad_account_id: whose each ad is, one row per ad.
    Returns:
        Rows of ``AdAccountDays``.
    """
    stated = totals.sort("known_at", "landing_id").unique(ACCOUNT_DAY, keep="last")
    newest = daily.sort("known_at").unique((*AD, "spent_on"), keep="last")
    of_accounts = newest.join(belongs, on=AD, how="inner")
    both = of_accounts.join(
        stated.select(*ACCOUNT_DAY, of_account="currency"), on=ACCOUNT_DAY, how="inner"
    )
    own = pl.col("currency").fill_null("USD") == pl.col("of_account")
    sums = both.group_by(ACCOUNT_DAY).agg(
        *(pl.col(name).filter(own).sum().alias(f"ads_{name}") for name in STATED),
        ads=pl.len().cast(pl.Int64),
        ads_known_at=pl.col("known_at").max(),
    )
    joined = stated.join(sums, on=ACCOUNT_DAY, how="left")
    spend_of_ads = pl.col("ads_spend_cents").fill_null(0)
    return joined.with_columns(
        ads_spend_cents=spend_of_ads,
        spend_gap_cents=pl.col("spend_cents") - spend_of_ads,
        ads_impressions=pl.col("ads_impressions").fill_null(0),
        ads_conversions=pl.col("ads_conversions").fill_null(0),
        ads=pl.col("ads").fill_null(0),
        known_at=pl.max_horizontal("known_at", "ads_known_at"),
    ).select(AdAccountDays.column_names())


def gaps(days: pl.LazyFrame, *, as_of: datetime, share: float) -> pl.LazyFrame:
    """Accounts whose totals and ads are further apart than a share of what they spent.

    Args:
        days: Rows of ``AdAccountDays``.
        as_of: Later days than this moment's are left out.
        share: Of the account's spend, 0-1.
    Returns:
        One row per account and currency: spend_cents, gap_cents, gap_share.
    """
    counted = days.filter(pl.col("spent_on") <= as_of.date())
    return (
        counted.group_by(*ACCOUNT, "currency")
        .agg(
            spend_cents=pl.col("spend_cents").sum(),
            gap_cents=pl.col("spend_gap_cents").abs().sum(),
        )
        .filter(pl.col("gap_cents") > share * pl.col("spend_cents"))
        .with_columns(gap_share=pl.col("gap_cents") / pl.col("spend_cents"))
    )
