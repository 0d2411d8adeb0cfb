"""What a post is, from all captures of it.

Belongs here: identity and content of posts, and the content that they may become.
Does not belong here: snapshots of counts over time, pools, scores.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from transforms.facts.content_ids import ads_content_id, container_of_post
from transforms.facts.snapshots import MOMENT, POST, in_order, is_news, last_shown

IDENTITY: Final = ("account_key", "published_at")
WORDS: Final = ("media_type", "caption", "permalink", "audio_type", "is_ai_generated")
CONTENT: Final = (*WORDS, "media_url", "is_media_url_permanent")
PLACE: Final = r"^[^?#]*"
"""The part of an address that names a file; what follows it is a signature."""


def posts_of(
    captures: pl.LazyFrame, *, before: pl.LazyFrame | None = None, are_distinct: bool = False
) -> pl.LazyFrame:
    """What ``platform_posts`` says of posts, without counts and bucket (R8).

    Identity (account, publication) comes from the earliest capture that names it, content
    from the newest, so that the order of arrival does not matter. SIFT's permanent address of
    the media wins over one that expires, and two that differ only in their signature are one.

    Args:
        captures: All captures of the posts they speak of, or those after ``before``.
        before: The posts as all earlier captures gave them.
        are_distinct: Whether no two captures are of one post, moment and source.
    Returns:
        One row per post: ``IDENTITY``, is_identity_settled (whether all its captures agree on
        that), ``CONTENT``, first_seen_at and content_at.
    """
    given = captures.select(
        *POST, "captured_at", "source", "known_at", *IDENTITY, *WORDS, "media_url"
    )
    if not are_distinct:
        # A moment's captures stand in one order, whoever came first.
        given = given.sort(*IDENTITY, *WORDS, "media_url", nulls_last=False)
    rows = given.with_columns(
        content_at=pl.col("captured_at"),
        is_permanent=pl.col("source") == "sift",
        is_identity_settled=pl.lit(value=True),
    )
    if before is not None:
        rows = pl.concat([_as_captures(before), rows], how="diagonal")
    ordered = in_order(
        rows.with_columns(
            lasting=pl.when("is_permanent").then("media_url"),
            passing=pl.when(~pl.col("is_permanent")).then("media_url"),
        ).with_columns(
            lasting_place=pl.col("lasting").str.extract(PLACE, 0),
            passing_place=pl.col("passing").str.extract(PLACE, 0),
        )
    )
    shown = (*WORDS, "lasting_place", "passing_place")
    ordered = ordered.with_columns(is_news(name).alias(f"{name}_news") for name in shown)
    lasting = pl.col("lasting").filter(pl.col("lasting_place_news")).last()
    passing = pl.col("passing").filter(pl.col("passing_place_news")).last()
    # While a permanent address is known, one that expires is no change.
    has_lasting = pl.col("lasting").is_not_null().cum_sum().over(*POST) > 0
    ordered = ordered.with_columns(passing_place_news=pl.col("passing_place_news") & ~has_lasting)
    is_new = pl.any_horizontal(f"{name}_news" for name in shown)
    return ordered.group_by(*POST).agg(
        **_identity(),
        is_identity_settled=_is_consistent(),
        **dict(zip(WORDS, last_shown(WORDS), strict=True)),
        media_url=pl.coalesce(lasting, passing),
        is_media_url_permanent=lasting.is_not_null(),
        first_seen_at=pl.col("known_at").min(),
        content_at=pl.coalesce(
            pl.col("content_at").filter(is_new).max(), pl.col("content_at").first()
        ),
    )


def _as_captures(posts: pl.LazyFrame) -> pl.LazyFrame:
    """What was known of each post, written as its first capture."""
    return posts.select(
        *POST,
        *IDENTITY,
        "is_identity_settled",
        *WORDS,
        "media_url",
        "content_at",
        captured_at=pl.col("content_at"),
        source=pl.lit(""),
        is_permanent="is_media_url_permanent",
        known_at=pl.col("first_seen_at"),
    )


def identities_of(captures: pl.LazyFrame, *, key: Sequence[str] = POST) -> pl.LazyFrame:
    """Account and publication of each post, as the captures known at a moment name them.

    Args:
        captures: Captures of posts. Reads the key, captured_at, source and ``IDENTITY``.
        key: Columns that identify a post.
    """
    ordered = captures.sort(*key, *MOMENT, *IDENTITY, nulls_last=False)
    return ordered.group_by(*key).agg(**_identity())


def _identity() -> dict[str, pl.Expr]:
    return {
        "account_key": pl.col("account_key").first(),
        "published_at": pl.col("published_at").drop_nulls().first(),
    }


def _is_consistent() -> pl.Expr:
    """Whether all captures name one account, and all one publication or all none."""
    account, published = (pl.col(name) for name in IDENTITY)
    unpublished = published.null_count()
    same_account = (account.min() == account.max()) & (account.null_count() == 0)
    same_publication = (unpublished == pl.len()) | (
        (unpublished == 0) & (published.min() == published.max())
    )
    return pl.col("is_identity_settled").all() & same_account & same_publication


def under_one_name(rows: pl.LazyFrame, names: pl.LazyFrame) -> pl.LazyFrame:
    """The rows with each account under the name that stands for it.

    Args:
        rows: Reads platform, account_key.
        names: platform, account_key and new_key of accounts that were renamed.
    """
    return (
        rows.join(names, on=["platform", "account_key"], how="left", maintain_order="left")
        .with_columns(account_key=pl.coalesce("new_key", "account_key"))
        .drop("new_key")
    )


def account() -> pl.Expr:
    """Platform and account key as one column."""
    return pl.concat_str("platform", pl.lit(":"), "account_key").alias("account")


def containers_of(posts: pl.LazyFrame) -> pl.LazyFrame:
    """Rows of ``content_containers`` for posts (R11): made when the post was first known.

    Args:
        posts: Rows with platform, platform_post_id, first_seen_at and bucket.
    """
    return posts.select(
        container_id=container_of_post(),
        kind=pl.lit("post"),
        platform="platform",
        platform_post_id="platform_post_id",
        created_at="first_seen_at",
        bucket="bucket",
    )


def further_accounts_of(posts: pl.LazyFrame, captures: pl.LazyFrame) -> pl.LazyFrame:
    """Posts once more under each account that captures name beside the first, as collaborations.

    Args:
        posts: Rows with the post's key, account_key, is_identity_settled, first_seen_at, bucket.
        captures: All captures of them.
    Returns:
        Rows as of ``posts``, with the account and when a capture first named it.
    """
    unsettled = posts.filter(~pl.col("is_identity_settled"))
    of_them = captures.join(unsettled.select(POST), on=POST, how="semi")
    named = of_them.group_by(*POST, "account_key").agg(first_seen_at=pl.col("known_at").min())
    others = named.join(unsettled, on=[*POST, "account_key"], how="anti")
    return others.join(unsettled.select(*POST, "bucket"), on=POST, how="inner")


def ads_content_of(posts: pl.LazyFrame, allowlist: pl.LazyFrame) -> pl.LazyFrame:
    """Rows of ``ads_content`` that a project's allowlist makes of posts, not yet scored.

    Args:
        posts: Rows with platform, platform_post_id, account_key, first_seen_at and bucket; of a
            collaboration one for each account.
        allowlist: Rows of ``ProjectAllowlist``, any interval.
    """
    listed = allowlist.group_by("project_id", "platform", "account_key").agg(
        pl.col("allowed_from").min()
    )
    began = pl.max_horizontal("first_seen_at", "allowed_from")
    met = posts.join(listed, on=["platform", "account_key"], how="inner").group_by(
        "project_id", *POST, "bucket"
    )
    return met.agg(began=began.min()).select(
        ads_content_id=ads_content_id(container_of_post()),
        project_id="project_id",
        container_id=container_of_post(),
        scoring_pool=pl.lit("ugc"),
        organic_score=pl.lit(None, pl.Float64),
        scored_at=pl.lit(None, pl.Datetime("us", "UTC")),
        scoring_version=pl.lit(None, pl.String),
        unscored_reason=pl.lit(None, pl.String),
        created_at="began",
        bucket="bucket",
    )
