"""What each creator did and brought, by day, ISO week and month of each project (R52).

Belongs here: putting posts, ads and pay side by side, rates of sums.
Does not belong here: whose an ad is (``attribution``), days (``creator_days``), pay itself.
"""

from typing import Final

import polars as pl

from transforms.contracts.columns import COUNTS
from transforms.contracts.creators import CreatorDaily, CreatorReports
from transforms.facts.attribution import FIGURES
from transforms.facts.creator_days import CHANGES, OF_DAY, known_sum, side_by_side
from transforms.facts.money import NO_CURRENCY
from transforms.vocabulary import REPORT_PERIODS, ReportPeriod

POSTS: Final = ("posts_synced", "posts_deleted", "posts_from_threshold")
LENGTHS: Final = {"day": "1d", "week": "1w", "month": "1mo"}
OF_CREATOR: Final = ("project_id", "creator_id")
OF_PERIOD: Final = (*OF_CREATOR, "period", "starts_on")
PAY: Final = ("base_cents", "bonus_cents", "corrections_cents")


def organic_days(published: pl.LazyFrame, counted: pl.LazyFrame) -> pl.LazyFrame:
    """Days on which a creator's posts were published or looked at, with what was known by then.

    Args:
        published: ``posts_by_day``.
        counted: ``counts_by_day``.
    Returns:
        One row per project, creator and day: ``POSTS``, ``CHANGES``, and the last known counts of
        all posts together.
    """
    days = published.join(counted, on=OF_DAY, how="full", coalesce=True).sort(OF_DAY)
    totals = {
        name: pl.col(f"{name}_gain").fill_null(0).cum_sum().over(OF_CREATOR) for name in COUNTS
    }
    is_known = {
        name: pl.col(f"{name}_gain").is_not_null().cum_max().over(OF_CREATOR) for name in COUNTS
    }
    known = {name: pl.when(is_known[name]).then(totals[name]) for name in COUNTS}
    filled = [pl.col(name).fill_null(0) for name in POSTS]
    return days.with_columns(*filled, **known).select(*OF_DAY, *POSTS, *COUNTS, *CHANGES)


def creator_days(organic: pl.LazyFrame, money: pl.LazyFrame) -> pl.LazyFrame:
    """Rows of ``CreatorDaily``.

    Args:
        organic: ``organic_days``.
        money: ``by_creator``.
    """
    of_ads = money.rename({"spent_on": "day_on"}).with_columns(pl.col("ads").cast(pl.Int64))
    rows = side_by_side(organic, of_ads, key=OF_DAY, no_currency=NO_CURRENCY)
    return rows.select(CreatorDaily.column_names())


def creator_reports(organic: pl.LazyFrame, money: pl.LazyFrame, pay: pl.LazyFrame) -> pl.LazyFrame:
    """Rows of ``CreatorReports``: every day, week and month in which anything happened.

    Args:
        organic: ``organic_days``.
        money: ``by_creator``.
        pay: ``pay_by_period``.
    """
    parts = [_of_period(organic, money, pay, period) for period in REPORT_PERIODS]
    return pl.concat(parts)


def pay_by_period(lines: pl.LazyFrame, configs: pl.LazyFrame) -> pl.LazyFrame:
    """What each creator earned in each period of payouts.

    Args:
        lines: Rows of ``PayoutLedger``.
        configs: Rows of ``PayoutConfigs``.
    Returns:
        One row per project, creator, period, first day and currency: ``PAY``.
    """
    named = lines.join(configs.select("config_id", "period"), on="config_id", how="left")
    amount, accrued = pl.col("amount_cents"), pl.col("kind") == "accrual"
    is_base = pl.col("rule") == "base"
    return (
        named.rename({"period_starts_on": "starts_on"})
        .group_by(*OF_PERIOD, "currency")
        .agg(
            base_cents=amount.filter(accrued & is_base).sum(),
            bonus_cents=amount.filter(accrued & ~is_base).sum(),
            corrections_cents=amount.filter(~accrued).sum(),
        )
    )


def _of_period(
    organic: pl.LazyFrame, money: pl.LazyFrame, pay: pl.LazyFrame, period: ReportPeriod
) -> pl.LazyFrame:
    key = (*OF_CREATOR, "starts_on")
    length = LENGTHS[period]
    posts = (
        organic.sort(OF_DAY)
        .with_columns(starts_on=pl.col("day_on").dt.truncate(length))
        .group_by(key, maintain_order=True)
        .agg(
            *(pl.col(name).sum() for name in POSTS),
            *(pl.col(name).last() for name in COUNTS),
            *(known_sum(name) for name in CHANGES),
        )
    )
    spent = (
        money.with_columns(starts_on=pl.col("spent_on").dt.truncate(length))
        .group_by(*key, "currency")
        .agg(*(known_sum(name) for name in FIGURES), ad_days=pl.col("ads").sum().cast(pl.Int64))
    )
    earned = pay.filter(pl.col("period") == period).select(*key, "currency", *PAY)
    # A creator is paid in one currency a period; ads may have spent in others.
    with_pay = spent.join(earned, on=[*key, "currency"], how="full", coalesce=True)
    rows = side_by_side(posts, with_pay, key=key, no_currency=NO_CURRENCY)
    return rows.with_columns(
        period=pl.lit(period),
        ends_on=pl.col("starts_on").dt.offset_by(length).dt.offset_by("-1d"),
        roas=per("conversion_value_cents", "spend_cents"),
        cpa_cents=per("spend_cents", "conversions"),
    ).select(CreatorReports.column_names())


def per(amount: str, whole: str) -> pl.Expr:
    """A sum per another one; null where that is 0."""
    return pl.col(amount) / pl.when(pl.col(whole) != 0).then(pl.col(whole))
