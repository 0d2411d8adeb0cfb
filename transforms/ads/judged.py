"""The ads that are judged at a moment, each with what is known of it by then.

Belongs here: which ads there are, since when each runs, whose day it counts by.
Does not belong here: what each ad shows (``facts.ads_shown``), what follows (``classification``).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl

from transforms.ads.windows import last_whole_days
from transforms.facts.ad_accounts import accounts_at
from transforms.facts.ad_states import states_at
from transforms.facts.spend import AD
from transforms.facts.verdicts import newest_known

UGC: Final = "ugc"
OF_POSTS: Final = r"/(?:instagram|tiktok):"
OF_CREATIVES: Final = r"/(generated|manual):"


@dataclass(frozen=True, kw_only=True)
class AdHistory:
    """What is known of ads besides their days, and when it was."""

    states: pl.LazyFrame
    """Rows of ``AdStates``."""
    approvals: pl.LazyFrame
    """Rows of ``ContentApprovals``."""
    accounts: pl.LazyFrame
    """Rows of ``AdAccountHistory``."""
    zones: pl.DataFrame
    """Time zones of ad accounts, one row each, null for UTC: time_zone."""


def ads_judged(
    shown: pl.LazyFrame,
    history: AdHistory,
    *,
    first_days: pl.LazyFrame,
    as_of: datetime,
) -> pl.LazyFrame:
    """Every ad that is known by a moment, as ``classify_ads`` reads it.

    Args:
        shown: Rows of ``ads_shown`` at the moment.
        history: What is known of the ads.
        first_days: Rows of ``first_days``: they tell of ads that no platform tells of.
        as_of: The moment.
    Returns:
        One row per ad with a state, a link or a day known by the moment.
    """
    standing = states_at(history.states, as_of=as_of).select(
        *AD, "status", "is_running", "is_deleted", "created_at"
    )
    have_run = history.states.filter((pl.col("known_at") <= as_of) & pl.col("is_running"))
    first = (
        first_days.filter(pl.col("known_at") <= as_of).group_by(AD).agg(pl.col("first_on").min())
    )
    approval = newest_known(history.approvals, "ads_content_id", value="approval", as_of=as_of)
    last_days = last_whole_days(history.zones["time_zone"], as_of=as_of).lazy()
    accounts = accounts_at(history.accounts, as_of=as_of)
    zones = accounts.select("ad_platform", "ad_account_id", "time_zone")
    known = shown.join(first, on=AD, how="full", coalesce=True)
    return (
        known.join(standing, on=AD, how="left")
        .join(have_run.select(*AD, ran=pl.lit(value=True)).unique(), on=AD, how="left")
        .join(approval, on="ads_content_id", how="left")
        .join(zones, on=("ad_platform", "ad_account_id"), how="left")
        .join(last_days, on="time_zone", how="left", nulls_equal=True)
        .with_columns(
            scoring_pool=pool_of_content(),
            is_deleted=pl.col("is_deleted").fill_null(value=False),
            has_run=pl.col("ran").fill_null(value=False) | pl.col("first_on").is_not_null(),
            began_at=pl.coalesce(
                "created_at", pl.col("first_on").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
            ),
        )
        .drop("ran", "created_at", "first_on", "time_zone")
    )


def pool_of_content() -> pl.Expr:
    """The pool of an ads content, which its id tells. Reads ads_content_id."""
    content = pl.col("ads_content_id")
    of_post = pl.when(content.str.contains(OF_POSTS)).then(pl.lit(UGC))
    return pl.coalesce(of_post, content.str.extract(OF_CREATIVES, 1))


def first_days(daily: pl.LazyFrame) -> pl.LazyFrame:
    """Since when it was known of each ad that it was seen, and on which day first.

    Args:
        daily: Rows of ``AdDailyMetrics``.
    Returns:
        One row per ad and moment at which an earlier day came to be known: the ad, known_at,
        first_on.
    """
    seen = daily.filter((pl.col("impressions") > 0) | (pl.col("spend_cents") > 0))
    moments = seen.group_by(*AD, "known_at").agg(pl.col("spent_on").min())
    first = moments.with_columns(
        first_on=pl.col("spent_on").cum_min().over(AD, order_by="known_at")
    )
    before = pl.col("first_on").shift(1).over(AD, order_by="known_at")
    return first.filter(before.is_null() | (pl.col("first_on") < before)).select(
        *AD, "known_at", "first_on"
    )
