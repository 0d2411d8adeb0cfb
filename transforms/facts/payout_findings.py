"""What does not add up in creators' days and in the ledger.

Belongs here: comparing sums of ads with sums of creators, stored lines with computed ones.
Does not belong here: what a finding is for (``assets.payout_checks``).
"""

from datetime import datetime
from typing import Final

import polars as pl

from transforms.currencies import USD
from transforms.facts.attribution import days_known
from transforms.facts.payout_lines import BOOKED
from transforms.facts.spend import AD
from transforms.vocabulary import UNATTRIBUTED

SUMS: Final = ("spend_cents", "conversions")


def unequal_spend(
    daily: pl.LazyFrame, creator_days: pl.LazyFrame, *, as_of: datetime
) -> pl.LazyFrame:
    """Days and currencies whose ads do not add up to creators and the unattributed.

    Args:
        daily: Rows of ``AdDailyMetrics``.
        creator_days: Rows of ``CreatorDaily``.
    """
    of_ads = (
        days_known(daily, as_of=as_of)
        .group_by("currency", day_on="spent_on")
        .agg(pl.col(name).fill_null(0).sum() for name in SUMS)
    )
    of_creators = (
        creator_days.filter(pl.col("spend_cents").is_not_null())
        .group_by("currency", "day_on")
        .agg(pl.col(name).fill_null(0).sum() for name in SUMS)
    )
    both = of_ads.join(
        of_creators, on=["currency", "day_on"], how="full", coalesce=True, suffix="_of_creators"
    )
    differs = [pl.col(name).ne_missing(pl.col(f"{name}_of_creators")) for name in SUMS]
    return both.filter(pl.any_horizontal(differs)).sort("day_on", "currency")


def ads_of_several_currencies(daily: pl.LazyFrame) -> pl.LazyFrame:
    """Ads whose days are in more than one currency.

    Args:
        daily: Rows of ``AdDailyMetrics``.
    """
    named = daily.with_columns(pl.col("currency").fill_null(USD))
    return (
        named.group_by(AD)
        .agg(
            pl.col("currency").unique().sort().str.join(", "), number=pl.col("currency").n_unique()
        )
        .filter(pl.col("number") > 1)
        .select(*AD, "currency", finding=pl.lit("the ad has days in several currencies"))
        .sort(AD)
    )


def spend_outside_of_pay(creator_days: pl.LazyFrame, configs: pl.LazyFrame) -> pl.LazyFrame:
    """Spend on creators, in projects that pay a share of it, in a currency that they do not pay in.

    Args:
        creator_days: Rows of ``CreatorDaily``.
        configs: Rows of ``PayoutConfigs``.
    """
    paying = configs.filter(pl.col("spend_share_bps") > 0).select("project_id", "currency").unique()
    spent = creator_days.filter(pl.col("spend_cents") > 0, pl.col("creator_id") != UNATTRIBUTED)
    return (
        spent.join(paying.select("project_id").unique(), on="project_id", how="semi")
        .join(paying, on=["project_id", "currency"], how="anti")
        .group_by("project_id", "creator_id", "currency")
        .agg(pl.col("spend_cents").sum())
        .with_columns(finding=pl.lit("earns no share: the project pays in another currency"))
        .sort("project_id", "creator_id", "currency")
    )


def unequal_lines(
    stored: pl.LazyFrame, periods: pl.LazyFrame, computed: pl.LazyFrame
) -> pl.LazyFrame:
    """Lines of open periods that are stored and computed differently, or only one of both.

    Args:
        stored: Rows of ``PayoutLedger``.
        periods: Rows of ``PayoutPeriods``.
        computed: Lines computed again. Reads project_id and columns of ``PayoutLedger``.
    """
    key = ["project_id", *BOOKED]
    settled = periods.filter(pl.col("settled_at").is_not_null())
    is_open = stored.join(
        settled,
        left_on=["project_id", "period_starts_on"],
        right_on=["project_id", "starts_on"],
        how="anti",
    )
    both = is_open.select(*key, "amount_cents", "currency").join(
        computed.select(*key, "amount_cents", "currency"),
        on=key,
        how="full",
        coalesce=True,
        suffix="_computed",
    )
    differs = [
        pl.col(name).ne_missing(pl.col(f"{name}_computed")) for name in ("amount_cents", "currency")
    ]
    return both.filter(pl.any_horizontal(differs)).sort(key)
