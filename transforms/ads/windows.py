"""What an ad's last days add up to, as known at a moment.

Belongs here: which days count, sums of them, the pool's sums.
Does not belong here: what follows from them (``classification``).
"""

from datetime import datetime, timedelta
from typing import Final

import polars as pl

from transforms.ads.rules import AdRules
from transforms.facts.spend import AD

USD: Final = "USD"
POOL: Final = ("project_id", "scoring_pool", "currency")
"""Ads that are compared: of one project, one pool and one currency."""


def days_known(daily: pl.LazyFrame, *, as_of: datetime) -> pl.LazyFrame:
    """Each day of each ad, as the newest report known by a moment tells it.

    Args:
        daily: Rows of ``AdDailyMetrics``.
    """
    known = daily.filter(pl.col("known_at") <= as_of)
    newest = known.group_by(*AD, "spent_on").agg(pl.col("known_at").max())
    return known.join(newest, on=[*AD, "spent_on", "known_at"], how="semi")


def with_windows(
    ads: pl.LazyFrame, daily: pl.LazyFrame, *, as_of: datetime, rules: AdRules
) -> pl.LazyFrame:
    """Ads with what their last days add up to.

    A value that no day of the window tells is null; days that lack it add nothing to it.

    Args:
        ads: One row per ad. Reads the ad and last_day_on, the last day that counts.
        daily: Rows of ``AdDailyMetrics``.
    Returns:
        The ads in their order, with the columns of ``sums``; where no day counts all are null.
    """
    days = daily.join(ads.select(*AD, "last_day_on"), on=AD)
    back = (pl.col("last_day_on") - pl.col("spent_on")).dt.total_days()
    counted = days.with_columns(day_number=rules.window_days - back).filter(
        back.is_between(0, rules.window_days - 1)
    )
    summed = days_known(counted, as_of=as_of).group_by(AD).agg(**_sums(rules))
    return ads.join(summed, on=AD, how="left", maintain_order="left")


def with_pools(ads: pl.LazyFrame) -> pl.LazyFrame:
    """Ads with what all ads of their pool spent and brought, and how their own cost compares.

    The pool's average cost per conversion is what its ads spent, divided by what they brought:
    the average of conversions, not of ads. An ad counts in its own pool, and so does one that
    runs no more or is too young, once its conversions are known. Ads that show nothing we know
    have no pool and are compared with each other.

    Args:
        ads: Rows with the columns of ``with_windows``.
    """
    is_counted = pl.col("conversions_7d").is_not_null() & ~is_mixed()
    spend = pl.when(is_counted).then(pl.col("spend_7d_minor")).sum().over(POOL)
    conversions = pl.when(is_counted).then(pl.col("conversions_7d")).sum().over(POOL)
    in_pool = ads.with_columns(
        pool_spend_7d_minor=pl.when(is_counted).then(spend),
        pool_conversions_7d=pl.when(is_counted).then(conversions),
    )
    own = pl.col("spend_7d_minor") * pl.col("pool_conversions_7d")
    pools = pl.col("pool_spend_7d_minor") * pl.col("conversions_7d")
    return in_pool.with_columns(cpa_pool_ratio=pl.when(pools > 0).then(own / pools))


def is_mixed() -> pl.Expr:
    """True where an ad's days are told in more than one currency."""
    return pl.col("currencies_7d").fill_null(0) > 1


def _sums(rules: AdRules) -> dict[str, pl.Expr]:
    """What the days of one ad's window come to; a day without a currency is told in dollars."""
    number, week = pl.col("day_number"), rules.window_days
    currency = pl.col("currency").fill_null(USD)
    first, last = number <= rules.ctr_days, number > week - rules.ctr_days
    return {
        "currency": currency.max(),
        "currencies_7d": currency.n_unique(),
        "spend_7d_minor": pl.col("spend_cents").sum(),
        "impressions_7d": _known_sum("impressions"),
        "clicks_7d": _known_sum("clicks"),
        "conversions_7d": _known_sum("conversions"),
        "reach_max_7d": pl.col("reach").max(),
        "reach_impressions_7d": _known_sum("impressions", pl.col("reach").is_not_null()),
        **{
            f"{name}_day_{day}": pl.col(column).filter(number == day).first()
            for name, column in (("spend_minor", "spend_cents"), ("conversions", "conversions"))
            for day in (1, week)
        },
        **{
            f"{name}_{end}_days": _known_sum(name, has_rate() & days)
            for name in ("impressions", "clicks")
            for end, days in (("first", first), ("last", last))
        },
    }


def has_rate() -> pl.Expr:
    """True for days that tell both impressions and clicks."""
    return pl.col("impressions").is_not_null() & pl.col("clicks").is_not_null()


def _known_sum(column: str, where: pl.Expr | None = None) -> pl.Expr:
    """The sum of what is known; null where nothing is."""
    value = pl.col(column) if where is None else pl.col(column).filter(where)
    return pl.when(value.count() > 0).then(value.sum())


def last_whole_days(zones: pl.Series, *, as_of: datetime) -> pl.DataFrame:
    """The last day that was over by a moment, in each time zone; in UTC where there is none.

    Returns:
        One row per zone: time_zone, last_day_on.
    """
    found = zones.unique().sort()
    days = [
        pl.select(pl.lit(as_of).dt.convert_time_zone(zone or "UTC").dt.date()).item()
        - timedelta(days=1)
        for zone in found
    ]
    return pl.DataFrame({"time_zone": found, "last_day_on": days}, schema=_LAST_DAYS)


_LAST_DAYS: Final = {"time_zone": pl.String, "last_day_on": pl.Date}
