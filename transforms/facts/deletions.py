"""Which posts were deleted, judged by what complete listings of their accounts lacked.

Belongs here: the rule of two listings, a listing's reach, too many at once, coming back.
Does not belong here: reading accounts, which readings are new, where absences are stored.

Source: R7. A listing is a witness if it was read to its end, at depth full, and lists anything.
It may have taken several readings; the one that came to its end then stands for all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from transforms.facts.snapshots import ACCOUNT, POST

UTC_INSTANT: Final = pl.Datetime("us", "UTC")


@dataclass(frozen=True, kw_only=True)
class ListingReach:
    """How far back a platform's complete listing reaches; it says nothing of older posts.

    Args:
        window: Posts of such an age at most; none: of any age.
        posts_max: So many posts at most; none: any number.
    """

    window: timedelta | None = None
    posts_max: int | None = None

    def covers(self) -> pl.Expr:
        """Whether a post is within reach of a listing.

        Reads published_at, started_at and items (of the listing), oldest_at (that it shows).
        """
        covered = pl.lit(value=True)
        if self.window is not None:
            covered &= pl.col("published_at") >= pl.col("started_at") - self.window
        if self.posts_max is not None:
            is_newer = pl.col("published_at") >= pl.col("oldest_at")
            covered &= (pl.col("items") < self.posts_max) | is_newer
        return covered


def is_witness() -> pl.Expr:
    """True for a reading whose listing can miss a post."""
    return (pl.col("depth") == "full") & pl.col("is_complete") & (_listed_items() > 0)


def is_empty() -> pl.Expr:
    """True for a reading that found no posts at all, which deletes nothing by itself."""
    return (pl.col("depth") == "full") & pl.col("is_complete") & (_listed_items() == 0)


def _listed_items() -> pl.Expr:
    return pl.coalesce("listing_items", "items")


def listing_began_at() -> pl.Expr:
    """When the listing began that a reading is a part of."""
    return pl.coalesce("listing_began_at", "started_at")


def parts_of(readings: pl.LazyFrame, listings: pl.LazyFrame) -> pl.LazyFrame:
    """The readings whose rows tell what each reading showed.

    A reading that came to the end of a listing shows what all of the listing's parts showed; any
    other shows what it brought itself.

    Args:
        readings: Rows of ``AccountListings``.
        listings: All of them, as far back as listings may have begun.
    Returns:
        sync_id (of the reading), part_id (a reading whose rows belong to it).
    """
    own = readings.select("sync_id", part_id="sync_id")
    whole = readings.filter("is_complete", pl.col("listing_id").is_not_null())
    parts = whole.select("sync_id", "listing_id").join(
        listings.select("listing_id", part_id="sync_id"), on="listing_id", how="inner"
    )
    return pl.concat([own, parts.select("sync_id", "part_id")]).unique()


def next_absences(
    absences: pl.LazyFrame,
    *,
    readings: pl.LazyFrame,
    listed: pl.LazyFrame,
    posts: pl.LazyFrame,
    share_limit: float,
    reaches: Mapping[str, ListingReach],
) -> pl.LazyFrame:
    """What one more reading of each account makes of the absences.

    Args:
        absences: Rows of ``PostAbsences`` that have not ended, of the accounts that were read.
        readings: Rows of ``AccountListings``, one per account, and reaches_back_to: no older post
            was looked for; null: as far as the platform's listings reach.
        listed: sync_id and the post's key of every post that those readings showed.
        posts: Every known post of those accounts: the post's key, account_key, published_at,
            first_seen_at, media_type, bucket.
        share_limit: Share of an account's posts, 0-1, that one listing may confirm as deleted;
            more are held for a person.
        reaches: How far back listings reach, by platform.
    Returns:
        Rows of ``PostAbsences`` that are new or changed.
    """
    known_at = readings.select("sync_id", read_at="known_at")
    shown = listed.join(known_at, on="sync_id", how="inner")
    back = (
        absences.join(shown.select(*POST, "read_at").unique(POST), on=POST, how="inner")
        .with_columns(returned_at="read_at")
        .drop("read_at")
    )
    witnesses = readings.filter(is_witness()).select(
        *ACCOUNT,
        "sync_id",
        listing_id=pl.coalesce("listing_id", "sync_id"),
        started_at=listing_began_at(),
        items=_listed_items(),
        read_at="known_at",
        reaches_back_to="reaches_back_to",
    )
    expected = _expected(posts, witnesses, listed, reaches)
    missing = expected.join(listed.select(POST), on=POST, how="anti")
    begun = missing.join(absences.select(POST), on=POST, how="anti").select(
        *POST,
        missed_at="read_at",
        account_key="account_key",
        missed_by="listing_id",
        confirmed_at=pl.lit(None, UTC_INSTANT),
        confirmed_by=pl.lit(None, pl.String),
        held_by=pl.lit(None, pl.String),
        returned_at=pl.lit(None, UTC_INSTANT),
        bucket="bucket",
    )
    second = _second_miss(absences, missing, expected, share_limit=share_limit)
    columns = absences.collect_schema().names()
    return pl.concat([part.select(columns) for part in (back, begun, second)])


def _expected(
    posts: pl.LazyFrame,
    witnesses: pl.LazyFrame,
    listed: pl.LazyFrame,
    reaches: Mapping[str, ListingReach],
) -> pl.LazyFrame:
    """Posts that a witness had to show, had they lived: seen before, no story, within reach."""
    oldest = (
        listed.join(posts.select(*POST, "published_at"), on=POST, how="inner")
        .group_by("sync_id")
        .agg(oldest_at=pl.col("published_at").min())
    )
    is_reached = pl.any_horizontal(
        (pl.col("platform") == name) & reach.covers() for name, reach in reaches.items()
    )
    is_told = pl.col("reaches_back_to").is_not_null()
    is_within = pl.col("published_at") >= pl.col("reaches_back_to")
    return (
        posts.join(witnesses, on=ACCOUNT, how="inner")
        .join(oldest, on="sync_id", how="left")
        .filter(
            pl.col("media_type").ne_missing("story"),
            pl.col("first_seen_at") <= pl.col("started_at"),
            (is_told & is_within | ~is_told & is_reached).fill_null(value=False),
        )
    )


def _second_miss(
    absences: pl.LazyFrame, missing: pl.LazyFrame, expected: pl.LazyFrame, *, share_limit: float
) -> pl.LazyFrame:
    """Absences that a second witness confirms, or holds where it would confirm too many."""
    gone = absences.filter(pl.col("confirmed_at").is_not_null()).select(POST)
    alive = expected.join(gone, on=POST, how="anti").group_by("sync_id").agg(alive=pl.len())
    doubted = absences.filter(pl.col("confirmed_at").is_null(), pl.col("held_by").is_null())
    twice = (
        doubted.join(
            missing.select(*POST, "sync_id", "listing_id", "read_at"), on=POST, how="inner"
        )
        # A listing that a crash made come to its end twice is still one witness.
        .filter(pl.col("listing_id") != pl.col("missed_by"))
        .join(alive, on="sync_id", how="left")
    )
    is_storm = pl.len().over("sync_id") > share_limit * pl.col("alive")
    return twice.with_columns(
        confirmed_at=pl.when(~is_storm).then("read_at"),
        confirmed_by=pl.when(~is_storm).then("listing_id"),
        held_by=pl.when(is_storm).then("listing_id"),
    )


def confirmed_by_people(absences: pl.LazyFrame, confirmations: pl.LazyFrame) -> pl.LazyFrame:
    """Held absences that a person has confirmed.

    Args:
        absences: Rows of ``PostAbsences``.
        confirmations: platform, account_key, listing_id and said_at of what people said.
    Returns:
        Rows of ``PostAbsences`` that change.
    """
    said = confirmations.select(*ACCOUNT, "listing_id", "said_at")
    held = absences.filter(pl.col("confirmed_at").is_null()).join(
        said, left_on=[*ACCOUNT, "held_by"], right_on=[*ACCOUNT, "listing_id"], how="inner"
    )
    is_absent = pl.col("returned_at").is_null() | (pl.col("returned_at") > pl.col("said_at"))
    return (
        held.filter(is_absent)
        .with_columns(confirmed_at="said_at", confirmed_by="held_by")
        .select(absences.collect_schema().names())
    )


def emptied_by_people(
    absences: pl.LazyFrame,
    confirmations: pl.LazyFrame,
    *,
    readings: pl.LazyFrame,
    posts: pl.LazyFrame,
) -> pl.LazyFrame:
    """Absences of every post of an account whose empty listing a person has confirmed.

    Args:
        absences: Rows of ``PostAbsences``.
        confirmations: As ``confirmed_by_people`` reads them.
        readings: Rows of ``AccountListings``; those that listed nothing count.
        posts: Every known post: as ``next_absences`` reads them, and last_checked_at.
    Returns:
        Rows of ``PostAbsences`` that are new, and those that were only doubted before.
    """
    gone = _gone_by_word(confirmations, readings, posts)
    lasting = absences.filter(pl.col("returned_at").is_null())
    begun = gone.join(lasting, on=POST, how="anti").select(
        *POST,
        "missed_at",
        account_key="account_key",
        missed_by="listing_id",
        confirmed_at="said_at",
        confirmed_by="listing_id",
        held_by="listing_id",
        returned_at=pl.lit(None, UTC_INSTANT),
        bucket="bucket",
    )
    doubted = (
        lasting.filter(pl.col("confirmed_at").is_null())
        .join(gone.select(*POST, "listing_id", "said_at"), on=POST, how="inner")
        .with_columns(
            confirmed_at="said_at",
            confirmed_by="listing_id",
            held_by=pl.coalesce("held_by", "listing_id"),
        )
    )
    columns = absences.collect_schema().names()
    return pl.concat([part.select(columns) for part in (begun, doubted)])


def _gone_by_word(
    confirmations: pl.LazyFrame, readings: pl.LazyFrame, posts: pl.LazyFrame
) -> pl.LazyFrame:
    """Posts, stories aside, last seen before an empty listing that a person has confirmed first."""
    said = confirmations.join(
        readings.filter(is_empty()).select(*ACCOUNT, "sync_id", "started_at", missed_at="known_at"),
        left_on=[*ACCOUNT, "listing_id"],
        right_on=[*ACCOUNT, "sync_id"],
        how="inner",
    )
    return (
        posts.join(said, on=ACCOUNT, how="inner")
        .filter(
            pl.col("media_type").ne_missing("story"),
            pl.col("last_checked_at") <= pl.col("started_at"),
        )
        .sort("said_at", "missed_at")
        .unique(POST, keep="first", maintain_order=True)
    )


def deleted_posts(absences: pl.LazyFrame, *, as_of: datetime | None = None) -> pl.LazyFrame:
    """Posts that counted as deleted at a moment, or now: the post's key and deleted_at."""
    known = absences if as_of is None else absences.filter(pl.col("confirmed_at") <= as_of)
    is_gone = pl.col("returned_at").is_null()
    if as_of is not None:
        is_gone = is_gone | (pl.col("returned_at") > as_of)
    return (
        known.filter(pl.col("confirmed_at").is_not_null(), is_gone)
        .group_by(POST)
        .agg(deleted_at=pl.col("confirmed_at").max())
    )
