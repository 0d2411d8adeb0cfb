"""Days of ads that are restated: which restatements say something new.

Belongs here: comparing rows of one ad and day, in the order in which they were known.
Does not belong here: reading reports (``ad_metrics``), sums of what stands (``spend``).
"""

from typing import Final

import polars as pl

from transforms.contracts.ads import AD_COUNTS, AdDailyMetrics

AD_DAY: Final = ("ad_platform", "ad_id", "spent_on")
VALUES: Final = (
    "spend_cents",
    *AD_COUNTS,
    "currency",
    "conversion_value_cents",
    "reach",
    "frequency",
    "may_change_until",
)
"""What a row states of an ad's day."""


def restatements(reported: pl.LazyFrame) -> pl.LazyFrame:
    """The rows that tell something new of their ad and day, of all that were ever reported (R9).

    A row speaks for its day as a whole, so a value that it lacks is news where one was known.
    Rows that were known at the same moment are one, with the larger of each value: their order
    of arrival must not matter. Of rows in several currencies those of one count, lest cents of
    one be told in another. Such a moment is kept even if it repeats the one before, because one
    of its rows may be stored already and has to give way.

    Args:
        reported: Every row so far of the ads and days that it speaks of. Reads the columns of
            ``AdDailyMetrics``.
    Returns:
        Rows of ``AdDailyMetrics``, unique by its key. At any moment, the newest row known by then
        has the values of the newest of ``reported``.
    """
    in_one_currency = pl.col("currency").eq_missing(pl.col("currency").max())
    moments = reported.group_by(*AD_DAY, "known_at").agg(
        pl.col(*VALUES).filter(in_one_currency).max(),
        pl.col("run_id").min(),
        pl.col("spent_in").first(),
        is_disputed=pl.any_horizontal(pl.col(*VALUES).n_unique() > 1),
    )
    is_first = pl.col("known_at") == pl.col("known_at").min().over(AD_DAY)
    is_news = pl.any_horizontal(
        pl.col(name).ne_missing(pl.col(name).shift(1).over(AD_DAY, order_by="known_at"))
        for name in VALUES
    )
    kept = moments.filter(is_first | is_news | pl.col("is_disputed"))
    return kept.select(AdDailyMetrics.column_names())
