"""The account's own row of a reading, which both platforms call alike.

Belongs here: followers, as a reading of an account showed them.
Does not belong here: posts and their metrics.
"""

from typing import Final

import polars as pl

from transforms.staging.documents import DOCUMENT, number_text, with_fields

FOLLOWERS: Final = "followers_count"
UNREADABLE: Final = "unreadable"
"""Stands for a number that cannot be read, so that the contract's cast turns it down."""
COUNT: Final = r"^[0-9]{1,18}$"


def sync_followers(rows: pl.DataFrame) -> pl.DataFrame:
    """Followers as each reading of an account showed them, as text for a contract's cast.

    Grain: one row per reading that read its account. Reads sync_id, landing_id, entity, document;
    gives sync_id, followers.
    """
    accounts = with_fields(rows.filter(entity="account"), [FOLLOWERS])
    shown = pl.when(pl.col(DOCUMENT).is_null()).then(pl.lit(UNREADABLE))
    return (
        accounts.select("sync_id", "landing_id", followers=shown.otherwise(number_text(FOLLOWERS)))
        .sort("landing_id")
        .unique("sync_id", keep="last")
        .drop("landing_id")
    )


def followers_of_post() -> pl.Expr:
    """Followers of a reading, beside each of its posts: an odd number stands by the first alone.

    Reads sync_id, landing_id, followers.
    """
    is_first = pl.col("landing_id") == pl.col("landing_id").min().over("sync_id")
    return pl.when(pl.col("followers").str.contains(COUNT) | is_first).then("followers")
