"""Listings that people tell of, as readings of their accounts: which posts each of them showed.

Belongs here: shaping them as readings, and the captures that lie within each.
Does not belong here: storing them (``operations``), what they prove (``deletions``).

A listing that was read elsewhere is known since it ended, as imported captures are since they were
captured. The posts that it showed are the account's captures from its beginning to its end.
"""

from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.staging import captures
from layers_pipeline.steps.stores import Stores
from transforms.facts.snapshots import ACCOUNT, POST

FOLLOWERS_MARK: Final = "told_followers"
"""Application under which ``platform_account_metrics`` notes the same."""
MARK: Final = "told_listings"
"""Application under which ``post_absences`` notes how many listings it has read."""
REACH: Final = "reaches_back_to"
INSTANT: Final = pl.Datetime("us", "UTC")
TOLD: Final = pl.Schema(
    {
        "sync_id": pl.String,
        "account_id": pl.String,
        "started_at": INSTANT,
        "finished_at": INSTANT,
        "is_complete": pl.Boolean,
        REACH: INSTANT,
    }
)


def told_listings(stores: Stores) -> pl.DataFrame:
    """Every listing that people told of, with its id among readings."""
    rows = [
        (
            f"told:{row.account_id}:{row.started_at:%Y%m%dT%H%M%S}",
            row.account_id,
            row.started_at,
            row.finished_at,
            row.is_complete,
            row.reaches_back_to,
        )
        for row in stores.operations.told_listings.all()
    ]
    return pl.DataFrame(rows, schema=TOLD, orient="row")


def is_told(stores: Stores, account_id: str, listing_id: str) -> bool:
    """Whether people told of a listing of an account."""
    told = told_listings(stores).filter(account_id=account_id, sync_id=listing_id)
    return not told.is_empty()


def posts_told(stores: Stores, told: pl.DataFrame) -> pl.DataFrame:
    """Posts that each of the listings showed: sync_id and the post's key."""
    if told.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(("sync_id", *POST), pl.String))
    parted = pl.col("account_id").str.splitn(":", 2)
    accounts = told.select(
        "sync_id",
        "started_at",
        "finished_at",
        platform=parted.struct.field("field_0"),
        account_key=parted.struct.field("field_1"),
    )
    shown = captures(stores).select(*POST, "account_key", "captured_at")
    met = shown.join(accounts.lazy(), on=ACCOUNT, how="inner").filter(
        pl.col("captured_at").is_between(pl.col("started_at"), pl.col("finished_at"))
    )
    return met.select("sync_id", *POST).unique().collect()


def as_readings(told: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """The listings as rows of ``AccountListings``, and how far back each reached.

    Args:
        told: ``told_listings``.
        listed: ``posts_told`` of them.
    """
    items = listed.group_by("sync_id").agg(items=pl.len().cast(pl.Int64))
    parted = pl.col("account_id").str.splitn(":", 2)
    rows = told.join(items, on="sync_id", how="left").with_columns(
        platform=parted.struct.field("field_0"),
        account_key=parted.struct.field("field_1"),
        depth=pl.lit("full"),
        known_at="finished_at",
        outcome=pl.when("is_complete").then(pl.lit("ok")).otherwise(pl.lit("partial")),
        items=pl.col("items").fill_null(0),
        pages=pl.lit(0),
        calls=pl.lit(0),
        listing_id=pl.lit(None, pl.String),
        listing_began_at=pl.lit(None, INSTANT),
        listing_items=pl.lit(None, pl.Int64),
        run_id=pl.lit(MARK),
        landed_on=pl.col("finished_at").dt.date(),
    )
    columns = catalog.ACCOUNT_LISTINGS.columns
    return catalog.ACCOUNT_LISTINGS.shape(rows).with_columns(rows[REACH]).select(*columns, REACH)


def told_followers(stores: Stores) -> pl.DataFrame:
    """Followers that people told of beside listings, as captures of their accounts."""
    rows = [
        (*row.account_id.split(":", 1), row.finished_at, row.followers)
        for row in stores.operations.told_listings.all()
        if row.followers is not None
    ]
    schema = {"platform": pl.String, "account_key": pl.String, "captured_at": INSTANT}
    told = pl.DataFrame(rows, schema=schema | {"followers": pl.Int64}, orient="row")
    return told.with_columns(source=pl.lit("import"), known_at="captured_at")
