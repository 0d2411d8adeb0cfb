"""Ads that a reading asks for by their ids, because lists may hide them.

Belongs here: which ads of which account; from what is known of them in the lake.
Does not belong here: asking (``sources``).
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.steps.ad_platforms import AD_PLATFORMS
from layers_pipeline.steps.stores import Stores
from transforms.facts.ad_states import AD

UNSEEN_MAX: Final = 100
"""So many are asked for in one reading, those that spent most."""
_ACCOUNT: Final = pl.concat_str("ad_platform", pl.lit(":"), "ad_account_id")


def known_ads(stores: Stores) -> Mapping[str, Sequence[str]]:
    """Ads whose figures may still move, by ad account: lists hide deleted ones."""
    now = stores.clock.now()
    newest = stores.lake.read(catalog.AD_STATES).sort("known_at").unique(AD, keep="last")
    moving = newest.filter(~pl.col("is_deleted") | (pl.col("known_at") >= now - _longest(stores)))
    found = moving.group_by(account_id=_ACCOUNT).agg("ad_id").collect()
    return dict(found.iter_rows())


def unseen_ads(stores: Stores) -> Mapping[str, Sequence[str]]:
    """Ads with spend that no reading ever saw, by the ad accounts that they may be of.

    Files of reports name ads that platforms do not list any more. Where an account states more
    spend than its ads have, such an ad may be of it: it is asked for by its id, until it is seen
    or the gap is closed.
    """
    lake, since = stores.lake, (stores.clock.now() - _longest(stores)).date()
    gaps = lake.read(catalog.AD_ACCOUNT_DAYS).filter(
        pl.col("spent_on") >= since, pl.col("spend_gap_cents") > 0
    )
    accounts = gaps.select("ad_platform", account_id=_ACCOUNT).unique().collect()
    if accounts.is_empty():
        return {}
    seen = lake.read(catalog.AD_STATES).select(AD)
    of_window = lake.read(catalog.AD_DAILY_METRICS).filter(
        pl.col("spent_in") >= f"{since:%Y-%m}", pl.col("spent_on") >= since
    )
    spent = of_window.join(seen, on=AD, how="anti").group_by(AD).agg(pl.col("spend_cents").max())
    most = spent.filter(pl.col("spend_cents") > 0).sort(
        "spend_cents", "ad_id", descending=[True, False]
    )
    asked = most.group_by("ad_platform", maintain_order=True).agg(pl.col("ad_id").head(UNSEEN_MAX))
    found = accounts.lazy().join(asked, on="ad_platform").select("account_id", "ad_id").collect()
    return dict(found.iter_rows())


def _longest(stores: Stores) -> timedelta:
    """For how long any platform may restate a day."""
    days = (platform.trailing_days(stores.settings) for platform in AD_PLATFORMS.values())
    return timedelta(days=max(days))
