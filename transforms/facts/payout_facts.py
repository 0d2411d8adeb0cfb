"""What pay follows from, period by period: whose contract runs, posts that count, their views, ads.

Belongs here: facts of one project's creators by period of its payouts.
Does not belong here: amounts (``payout_lines``), whose an ad is (``attribution``).

A post counts where its account was on the project's allowlist when it was published.
"""

from collections.abc import Iterable
from typing import Final

import polars as pl

from transforms.facts.content_ids import container_of_post
from transforms.facts.snapshots import POST

SPANS: Final = {
    "starts_on": pl.Date,
    "starts_at": pl.Datetime("us", "UTC"),
    "ends_at": pl.Datetime("us", "UTC"),
}
"""Periods as instants: from the first one of the first day, to before that of the day after."""
COUNTING: Final = ("creator_id", "container_id", "published_at", "is_deleted")


def counting_posts(posts: pl.LazyFrame, allowlist: pl.LazyFrame) -> pl.LazyFrame:
    """Posts that creators are paid for: published while the project allowed their account.

    Args:
        posts: Rows of ``PlatformPosts``. One of which no publication is known counts for nothing.
        allowlist: Rows of ``ProjectAllowlist`` of one project.
    Returns:
        One row per post: ``COUNTING`` and ``POST``.
    """
    at, until = pl.col("published_at"), pl.col("allowed_to")
    pairs = posts.join(allowlist, on=["platform", "account_key"], how="inner")
    held = pairs.filter(at >= pl.col("allowed_from"), until.is_null() | (at < until))
    return held.group_by(POST).agg(
        pl.col("creator_id").min(),
        pl.col("published_at").first(),
        container_id=container_of_post().first(),
        is_deleted=pl.col("deleted_at").is_not_null().first(),
    )


def members_by_period(
    spans: pl.LazyFrame, allowlist: pl.LazyFrame, counting: pl.LazyFrame
) -> pl.LazyFrame:
    """Creators whose entry on the allowlist held in a period, with the posts that count there.

    Args:
        spans: Columns of ``SPANS``.
        allowlist: Rows of ``ProjectAllowlist`` of one project.
        counting: ``counting_posts``. Deleted ones do not count.
    Returns:
        One row per creator and period: creator_id, starts_on, posts.
    """
    until = pl.col("allowed_to")
    overlap = allowlist.join(spans, how="cross").filter(
        pl.col("allowed_from") < pl.col("ends_at"),
        until.is_null() | (until > pl.col("starts_at")),
    )
    there = overlap.select("creator_id", "starts_on").unique()
    living = in_periods(counting.filter(~pl.col("is_deleted")), spans, "published_at")
    posts = living.group_by("creator_id", "starts_on").agg(posts=pl.len().cast(pl.Int64))
    return there.join(posts, on=["creator_id", "starts_on"], how="left").with_columns(
        pl.col("posts").fill_null(0)
    )


def views_by_period(
    spans: pl.LazyFrame, counting: pl.LazyFrame, snapshots: pl.LazyFrame
) -> pl.LazyFrame:
    """The most views that were ever seen of each post, by the start and by the end of each period.

    Views that a platform takes back were seen, and stay. Of a post that is older than the first
    period, what was seen first counts as there before.

    Args:
        spans: Columns of ``SPANS``.
        counting: ``counting_posts``.
        snapshots: Rows of ``PlatformPostMetrics`` that were known at the moment of the accrual.
    Returns:
        One row per post and period in which it was seen: creator_id, container_id, starts_on,
        views_before, views_after.
    """
    seen = snapshots.filter(pl.col("views").is_not_null()).select(*POST, "captured_at", "views")
    of_posts = seen.join(counting, on=POST, how="inner")
    placed = in_periods(of_posts, spans, "captured_at", before_the_first=True)
    by_period = placed.group_by("creator_id", "container_id", "starts_on").agg(
        pl.col("published_at").first(),
        most=pl.col("views").max(),
        seen_first=pl.col("views").sort_by("captured_at", "views").first(),
    )
    ordered = by_period.sort("container_id", "starts_on", nulls_last=False)
    until = pl.col("most").cum_max().over("container_id")
    first_start = spans.select(first_at=pl.col("starts_at").min())
    is_new = pl.col("published_at") >= pl.col("first_at")
    begins = pl.when(is_new).then(0).otherwise("seen_first")
    return (
        ordered.join(first_start, how="cross", maintain_order="left")
        .with_columns(views_after=until)
        .with_columns(
            views_before=pl.col("views_after").shift(1).over("container_id").fill_null(begins)
        )
        .filter(pl.col("starts_on").is_not_null())
        .select("creator_id", "container_id", "starts_on", "views_before", "views_after")
    )


def ads_by_period(spent: pl.LazyFrame, starts: Iterable[object]) -> pl.LazyFrame:
    """Spend and conversions of each post by period: an ad's day is the project's of that date.

    Args:
        spent: ``by_content`` of one project, creators' posts only.
        starts: First day of every period; a period ends where the next one starts.
    Returns:
        One row per creator, post, period and currency: creator_id, container_id, starts_on,
        currency, spend_cents, conversions.
    """
    days = pl.LazyFrame({"starts_on": list(starts)}, schema={"starts_on": pl.Date})
    placed = spent.sort("spent_on").join_asof(
        days.sort("starts_on"), left_on="spent_on", right_on="starts_on"
    )
    known = placed.filter(pl.col("starts_on").is_not_null())
    return known.group_by("creator_id", "container_id", "starts_on", "currency").agg(
        pl.col("spend_cents").sum(), pl.col("conversions").fill_null(0).sum()
    )


def in_periods(
    rows: pl.LazyFrame, spans: pl.LazyFrame, instant: str, *, before_the_first: bool = False
) -> pl.LazyFrame:
    """Rows with the first day of the period in which an instant lies; later ones are left out.

    Args:
        before_the_first: Whether rows before the first period are kept, with null.
    """
    starts = spans.select("starts_on", "starts_at", "ends_at").sort("starts_at")
    placed = rows.sort(instant).join_asof(starts, left_on=instant, right_on="starts_at")
    is_in = pl.col(instant) < pl.col("ends_at")
    if before_the_first:
        is_in |= pl.col("starts_on").is_null()
    return placed.filter(is_in).drop("starts_at", "ends_at")
