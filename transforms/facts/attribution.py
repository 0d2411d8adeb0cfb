"""From ad to creator: whose post an ad shows, and what is spent on whom, day by day.

Belongs here: ad -> ads content -> post -> account -> creator as known at a moment, sums by it.
Does not belong here: what an ad shows (``ads_shown``), what follows for pay (``payout_lines``).

What reaches no creator is a row of its own, so that sums over creators are the sums over ads.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import polars as pl

from transforms.contracts.ads import AD_COUNTS
from transforms.currencies import USD
from transforms.facts.allowlist import known_by
from transforms.facts.content_ids import container_of_post
from transforms.facts.spend import AD
from transforms.vocabulary import NO_PROJECT, UNATTRIBUTED

DAY: Final = (*AD, "spent_on")
MONEY: Final = ("spend_cents", "conversion_value_cents")
FIGURES: Final = ("spend_cents", *AD_COUNTS, "conversion_value_cents")
"""What is summed of an ad's day; reach and frequency cannot be."""
OF_CREATOR: Final = ("project_id", "creator_id", "spent_on", "currency")


def creators_of_posts(
    posts: pl.LazyFrame, allowlist: pl.LazyFrame, *, as_of: datetime
) -> pl.LazyFrame:
    """Whose each post is in each project that ever allowed its account, as known at a moment.

    Args:
        posts: Rows of ``PlatformPosts``; those first seen later do not exist.
        allowlist: Rows of ``ProjectAllowlist``, ended entries included: what ended was the right
            to scrape, not whose the posts are.
    Returns:
        One row per project and post: project_id, container_id, creator_id, account_key, platform,
        platform_post_id.
    """
    whose = known_by(allowlist, as_of=as_of).group_by("project_id", "platform", "account_key")
    owners = whose.agg(pl.col("creator_id").min())
    seen = posts.filter(pl.col("first_seen_at") <= as_of)
    return seen.join(owners, on=["platform", "account_key"], how="inner").select(
        "project_id",
        container_id=container_of_post(),
        creator_id="creator_id",
        account_key="account_key",
        platform="platform",
        platform_post_id="platform_post_id",
    )


def attributed_ads(ads: pl.LazyFrame, shown: pl.LazyFrame, owners: pl.LazyFrame) -> pl.LazyFrame:
    """Whose content each ad shows; every ad has its row, whatever is known of it.

    Args:
        ads: Ads of which there are figures, perhaps many rows of one. Reads ad_platform, ad_id.
        shown: ``ads_shown``.
        owners: ``creators_of_posts``.
    Returns:
        One row per ad: ad_platform, ad_id, project_id, ads_content_id, container_id, platform,
        platform_post_id, account_key, creator_id. Unknown ones are null, but for project and
        creator, which have words of their own.
    """
    content = shown.select(*AD, "project_id", "ads_content_id")
    every = ads.select(AD).unique().join(content, on=AD, how="full", coalesce=True)
    placed = every.with_columns(
        pl.col("project_id").fill_null(NO_PROJECT),
        container_id=pl.col("ads_content_id").str.slice(pl.col("project_id").str.len_chars() + 1),
    )
    whose = placed.join(owners, on=["project_id", "container_id"], how="left")
    return whose.select(
        *AD,
        "project_id",
        "ads_content_id",
        "container_id",
        "platform",
        "platform_post_id",
        "account_key",
        creator_id=pl.col("creator_id").fill_null(UNATTRIBUTED),
    )


def days_known(daily: pl.LazyFrame, *, as_of: datetime) -> pl.LazyFrame:
    """The newest row known by a moment of each ad and day, as a whole (R50).

    Args:
        daily: Rows of ``AdDailyMetrics``.
    Returns:
        One row per ad and day: the key, ``FIGURES`` and currency.
    """
    known = daily.filter(pl.col("known_at") <= as_of)
    is_newest = pl.col("known_at") == pl.col("known_at").max().over(DAY)
    return known.filter(is_newest).select(
        *DAY, *FIGURES, currency=pl.col("currency").fill_null(USD)
    )


def by_content(days: pl.LazyFrame, attributed: pl.LazyFrame) -> pl.LazyFrame:
    """What each day brought and cost, by creator, content and currency.

    Args:
        days: ``days_known``.
        attributed: ``attributed_ads``. An ad that it lacks is in no project and of no creator.
    Returns:
        One row per project, creator, container, day and currency: ``FIGURES`` and ads. A figure
        that no ad reported is null.
    """
    return _summed(_placed(days, attributed), (*OF_CREATOR, "container_id"))


def by_creator(days: pl.LazyFrame, attributed: pl.LazyFrame) -> pl.LazyFrame:
    """The same by creator and currency, whatever the content.

    Returns:
        One row per project, creator, day and currency: ``FIGURES`` and ads.
    """
    return _summed(_placed(days, attributed), OF_CREATOR)


def _placed(days: pl.LazyFrame, attributed: pl.LazyFrame) -> pl.LazyFrame:
    whose = attributed.select(*AD, "project_id", "creator_id", "container_id")
    return days.join(whose, on=AD, how="left").with_columns(
        pl.col("project_id").fill_null(NO_PROJECT),
        pl.col("creator_id").fill_null(UNATTRIBUTED),
    )


def _summed(placed: pl.LazyFrame, key: Sequence[str]) -> pl.LazyFrame:
    totals = [
        pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum()).alias(name)
        for name in FIGURES
    ]
    return placed.group_by(key).agg(*totals, ads=pl.len())
