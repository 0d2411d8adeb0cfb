"""What a post is, from all captures of it.

Belongs here: identity and content of posts, and which project's pool they belong to.
Does not belong here: snapshots of counts over time, scores.
"""

from datetime import datetime
from typing import Final

import polars as pl

from transforms.contracts.columns import COUNTS
from transforms.snapshots import POST

IDENTITY: Final = ("account_key", "published_at")
CONTENT: Final = ("media_type", "caption", "permalink", "media_url")


def posts_of(captures: pl.LazyFrame) -> pl.LazyFrame:
    """Rows of ``platform_posts`` (without bucket) that all captures of some posts give (R8).

    Identity (account, publication) comes from the earliest capture that names it, content
    from the newest, so that the order of arrival does not matter.

    Args:
        captures: All captures of the posts they speak of.
    """
    order = ("captured_at", "source", *IDENTITY, *CONTENT)
    ordered = captures.sort(*POST, *order, nulls_last=False)
    newest = (pl.col("captured_at") == pl.col("captured_at").last()) & (
        pl.col("source") == pl.col("source").last()
    )
    return ordered.group_by(*POST).agg(
        **_identity(),
        media_type=_newest("media_type"),
        caption=_newest("caption"),
        permalink=_newest("permalink"),
        media_url=pl.coalesce(
            pl.col("media_url").filter(pl.col("source") == "sift").drop_nulls().last(),
            _newest("media_url"),
        ),
        **{count: pl.col(count).filter(newest).max() for count in COUNTS},
        first_seen_at=pl.col("known_at").min(),
        content_at=pl.col("captured_at").last(),
        deleted_at=pl.lit(None, pl.Datetime("us", "UTC")),
    )


def identities_of(captures: pl.LazyFrame) -> pl.LazyFrame:
    """Account and publication of each post, as the captures known at a moment name them.

    Args:
        captures: Captures of posts. Reads the post's key, captured_at, source and ``IDENTITY``.
    """
    ordered = captures.sort(*POST, "captured_at", "source", *IDENTITY, nulls_last=False)
    return ordered.group_by(*POST).agg(**_identity())


def _identity() -> dict[str, pl.Expr]:
    return {
        "account_key": pl.col("account_key").first(),
        "published_at": pl.col("published_at").drop_nulls().first(),
    }


def _newest(column: str) -> pl.Expr:
    return pl.col(column).drop_nulls().last()


def account() -> pl.Expr:
    """Platform and account key as one column."""
    return pl.concat_str("platform", pl.lit(":"), "account_key").alias("account")


def container_id() -> pl.Expr:
    """The id of a post's container: the same for ever, whoever makes it."""
    return pl.concat_str("platform", pl.lit(":"), "platform_post_id")


def ads_content_id() -> pl.Expr:
    """The id of what is scored: a container in one project's pool."""
    return pl.concat_str("project_id", pl.lit("/"), container_id())


def containers_of(posts: pl.LazyFrame, *, created_at: datetime) -> pl.LazyFrame:
    """Rows of ``content_containers`` for posts (R11).

    Args:
        posts: Rows with platform, platform_post_id and bucket.
        created_at: When the containers are made.
    """
    return posts.select(
        container_id=container_id(),
        kind=pl.lit("post"),
        platform="platform",
        platform_post_id="platform_post_id",
        created_at=pl.lit(created_at),
        bucket="bucket",
    )


def ads_content_of(
    posts: pl.LazyFrame, allowlist: pl.LazyFrame, *, created_at: datetime
) -> pl.LazyFrame:
    """Rows of ``ads_content`` that a project's allowlist makes of posts, not yet scored.

    Args:
        posts: Rows with platform, platform_post_id, account_key and bucket.
        allowlist: Rows of ``ProjectAllowlist``, any spell.
        created_at: When the rows are made.
    """
    listed = allowlist.select("project_id", "platform", "account_key").unique()
    return posts.join(listed, on=["platform", "account_key"], how="inner").select(
        ads_content_id=ads_content_id(),
        project_id="project_id",
        container_id=container_id(),
        scoring_pool=pl.lit("ugc"),
        organic_score=pl.lit(None, pl.Float64),
        scored_at=pl.lit(None, pl.Datetime("us", "UTC")),
        scoring_version=pl.lit(None, pl.String),
        unscored_reason=pl.lit(None, pl.String),
        created_at=pl.lit(created_at),
        bucket="bucket",
    )


def pool_members(
    latest: pl.LazyFrame, posts: pl.LazyFrame, allowlist: pl.LazyFrame, *, as_of: datetime
) -> pl.LazyFrame:
    """Posts of each project's UGC pool as of a moment.

    Args:
        latest: What was known of each post at ``as_of`` (``latest_metrics``).
        posts: Rows of ``PlatformPosts``; those published after ``as_of`` are left out.
        allowlist: Rows of ``ProjectAllowlist``; spells that hold at ``as_of`` count.
        as_of: The moment.
    Returns:
        Rows of ``PoolMembers``.
    """
    listed = allowlist.filter(
        pl.col("allowed_from") <= as_of,
        pl.col("allowed_to").is_null() | (pl.col("allowed_to") > as_of),
    )
    listed = listed.select("project_id", account()).unique()
    published = posts.filter(pl.col("published_at").is_null() | (pl.col("published_at") <= as_of))
    # One key, made of both columns: joined on the platform by itself, every post would meet
    # every account, and Polars is free to reorder joins that share a column.
    things = published.select(*POST, account(), "published_at", "deleted_at")
    return (
        latest.join(things, on=POST, how="inner")
        .join(listed, on="account", how="inner")
        .select(
            "project_id",
            ads_content_id().alias("ads_content_id"),
            *POST,
            "published_at",
            *COUNTS,
            is_deleted=(pl.col("deleted_at") <= as_of).fill_null(value=False),
        )
    )
