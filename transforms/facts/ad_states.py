"""How ads stand: which readings of an ad told something new.

Belongs here: comparing what was told of one ad, in the order in which it was known.
Does not belong here: reading it (``staging``), what ads show (``ads_shown``).
"""

from datetime import datetime
from typing import Final

import polars as pl

from transforms.contracts.ads import AdState, AdStates

AD: Final = ("ad_platform", "ad_id")
TOLD: Final = tuple(name for name in AdState.column_names() if name not in AD)
"""What is told of an ad, and makes a row of its history where it changes."""


def changes_of_state(told: pl.LazyFrame) -> pl.LazyFrame:
    """The rows that tell something new of their ad.

    Of two rows of an ad that were known at one moment, as when a list moved under a reading, the
    one that is greater in its values stands: the order of arrival must not matter.

    Args:
        told: Rows of ``AdStates``, all of an ad, or the newest one known and those after it.
    Returns:
        Rows of ``AdStates``, unique by its key.
    """
    one = told.sort(*AD, "known_at", *TOLD).unique((*AD, "known_at"), keep="last")
    is_first = pl.col("known_at") == pl.col("known_at").min().over(AD)
    is_news = pl.any_horizontal(
        pl.col(name).ne_missing(pl.col(name).shift(1).over(AD, order_by="known_at"))
        for name in TOLD
    )
    return one.filter(is_first | is_news).select(AdStates.column_names())


def states_at(states: pl.LazyFrame, *, as_of: datetime) -> pl.LazyFrame:
    """How each ad stood as of a moment, one row per ad known by then.

    Args:
        states: Rows of ``AdStates``.
        as_of: The moment.
    """
    known = states.filter(pl.col("known_at") <= as_of)
    return known.sort("known_at").unique(AD, keep="last")
