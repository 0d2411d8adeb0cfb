"""Which ads there are, whose project each is, and what it shows, as known now.

Belongs here: one row per ad, from layers, from people's links and from figures.
Does not belong here: what follows for creators (``attribution``).
"""

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from transforms.facts.spend import AD
from transforms.facts.verdicts import newest_known


def every_ad(
    daily: pl.LazyFrame,
    states: pl.LazyFrame,
    links: pl.LazyFrame,
    *,
    layers: Mapping[str, pl.LazyFrame],
) -> pl.LazyFrame:
    """Every ad that anything is known of, with the project of its layer.

    Args:
        daily: Rows of ``AdDailyMetrics``.
        states: Rows of ``AdStates``.
        links: Rows of ``AdContent``.
        layers: Rows of ``LayerAds`` by ad platform.
    Returns:
        One row per ad: ad_platform, ad_id, project_id (null: in no layer).
    """
    ads = pl.concat([rows.select(AD) for rows in (daily, states, links)]).unique()
    of_layers = in_layers(layers).select(*AD, "project_id")
    return ads.join(of_layers, on=AD, how="full", coalesce=True)


def shown_now(
    links: pl.LazyFrame, *, layers: Mapping[str, pl.LazyFrame], as_of: datetime
) -> pl.LazyFrame:
    """What each ad shows: what its layer's ads say, else what people linked it to last.

    Args:
        links: Rows of ``AdContent``.
        layers: Rows of ``LayerAds`` by ad platform.
        as_of: The moment of the report.
    Returns:
        One row per ad that shows content we know: ad_platform, ad_id, project_id, ads_content_id.
    """
    told = in_layers(layers).filter(pl.col("ads_content_id").is_not_null())
    linked = newest_known(links, *AD, value="ads_content_id", as_of=as_of)
    both = linked.join(
        told.select(*AD, told="ads_content_id"), on=AD, how="full", coalesce=True
    ).select(*AD, ads_content_id=pl.coalesce("told", "ads_content_id"))
    return both.with_columns(
        project_id=pl.col("ads_content_id").str.split_exact("/", 1).struct.field("field_0")
    )


def in_layers(layers: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """One row per ad in a layer; of several layers of one account one alone, lest it count twice.

    Where layers of two projects share an ad account, the ad is the project's whose content it
    shows, and else the first one's by name.
    """
    parts = [
        rows.select(
            "ad_id", "project_id", "layer_id", "ads_content_id", ad_platform=pl.lit(platform)
        )
        for platform, rows in layers.items()
    ]
    shows_nothing = pl.col("ads_content_id").is_null()
    ordered = pl.concat(parts).sort(shows_nothing, "project_id", "layer_id")
    return ordered.unique(AD, keep="first", maintain_order=True)
