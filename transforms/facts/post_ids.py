"""What a post's id tells: when it was made (R13), and which other ids mean the same post.

Belongs here: reading ids, posts whose publication does not fit theirs, ids that are one post.
Does not belong here: what is done about such a post.
"""

from typing import Final

import polars as pl

TIKTOK_ID: Final = r"^[0-9]{17,19}$"
TIKTOK_SHIFT: Final = 2**32
"""The upper bits of a TikTok id are the second of upload."""

SHORTCODE: Final = r"/(?:p|reel|reels|tv)/([A-Za-z0-9_-]{10,11})"
"""The shortcode writes the id in base 64. Shorter ones are older than ids that tell a time; what
follows the eleventh digit, on posts of private accounts, is no part of the id."""
STORY: Final = r"/stories/[^/]+/([0-9]{17,19})"
"""The address of a story ends in the id itself."""
INSTAGRAM_SHIFT: Final = 2**23
INSTAGRAM_EPOCH_MS: Final = 1_314_220_021_721
"""Verified on four recorded posts."""
SHORTCODE_ITSELF: Final = r"^([A-Za-z0-9_-]*[A-Za-z_-][A-Za-z0-9_-]*)$"
ALIASES: Final = ("platform", "platform_post_id", "same_as", "shortcode", "known_at")
DECODED_DIGITS: Final = 12
"""Base 64 decodes whole groups of four digits."""

TOLERANCE_S: Final = 600
"""An upload takes a while; what was scheduled differs by more, and is a finding, not an error."""


def created_at_of_tiktok_id(platform_post_id: pl.Expr) -> pl.Expr:
    """When a TikTok post was uploaded, to the second; null for a text that is no TikTok id."""
    is_id = platform_post_id.str.contains(TIKTOK_ID)
    number = pl.when(is_id).then(platform_post_id).cast(pl.Int64, strict=False)
    return pl.from_epoch(number // TIKTOK_SHIFT).cast(pl.Datetime("us", "UTC"))


def created_at_of_permalink(permalink: pl.Expr) -> pl.Expr:
    """When an Instagram post was made, to the millisecond; null where the URL has no id."""
    of_story = permalink.str.extract(STORY).cast(pl.Int64, strict=False)
    number = pl.coalesce(_number(permalink.str.extract(SHORTCODE)), of_story)
    since_ms = number // INSTAGRAM_SHIFT
    made_at = pl.from_epoch(since_ms + INSTAGRAM_EPOCH_MS, time_unit="ms")
    return made_at.cast(pl.Datetime("us", "UTC"))


def _number(shortcode: pl.Expr) -> pl.Expr:
    """The id that a shortcode writes; null for one beyond 63 bits."""
    standard = shortcode.str.replace_many(["-", "_"], ["+", "/"])
    nine_bytes = standard.str.pad_start(DECODED_DIGITS, "A").str.decode("base64", strict=False)
    number = nine_bytes.bin.slice(1).bin.reinterpret(dtype=pl.Int64, endianness="big")
    is_id = (nine_bytes.bin.slice(0, 1) == b"\x00") & (number >= 0)
    return pl.when(is_id).then(number)


def created_at_of_id() -> pl.Expr:
    """When a post was made, as its id tells; null where it tells nothing.

    Reads platform, platform_post_id, permalink.
    """
    platform = pl.col("platform")
    return (
        pl.when(platform == "tiktok")
        .then(created_at_of_tiktok_id(pl.col("platform_post_id")))
        .when(platform == "instagram")
        .then(created_at_of_permalink(pl.col("permalink")))
    )


def publication_findings(posts: pl.LazyFrame) -> pl.LazyFrame:
    """Find posts whose publication differs by more than ten minutes from what their id tells.

    Args:
        posts: Reads platform, platform_post_id, permalink, published_at.

    Returns:
        Grain: one row per such post. Gives platform, platform_post_id, published_at,
        created_at_of_id, difference_s (publication less creation; negative where it came first).
    """
    difference = pl.col("published_at") - pl.col("created_at_of_id")
    return (
        posts.select(
            "platform", "platform_post_id", "published_at", created_at_of_id=created_at_of_id()
        )
        .with_columns(difference_s=difference.dt.total_milliseconds() / 1000)
        .filter(pl.col("difference_s").abs() > TOLERANCE_S)
    )


def shortcode_shown() -> pl.Expr:
    """The shortcode by which a capture shows its Instagram post: its id, or within its address.

    Null where neither has one. Reads platform, platform_post_id, permalink.
    """
    post_id = pl.col("platform_post_id")
    own = pl.when(post_id.str.len_chars().is_between(10, 11)).then(
        post_id.str.extract(SHORTCODE_ITSELF, 1)
    )
    code = pl.coalesce(
        pl.when(_number(own).is_not_null()).then(own), pl.col("permalink").str.extract(SHORTCODE)
    )
    return pl.when(pl.col("platform") == "instagram").then(code)


def aliases_of(captures: pl.LazyFrame) -> pl.LazyFrame:
    """Which ids of posts stand behind another, of the same shortcode, that was known first.

    As-of is kept: whatever is known by a moment, the id that stands for a post was known by then,
    and no capture that comes later changes it, unless it tells of an earlier moment.

    Args:
        captures: All captures of the posts in question, under the ids that they gave. Reads
            platform, platform_post_id, permalink, captured_at, known_at.
    Returns:
        Grain: one row per id that another stands for; columns ``ALIASES``.
    """
    of_ids = (
        captures.with_columns(shortcode=shortcode_shown())
        .group_by("platform", "platform_post_id")
        .agg(
            pl.col("shortcode").drop_nulls().min(),
            pl.col("known_at").min(),
            pl.col("captured_at").min(),
        )
        .filter(pl.col("shortcode").is_not_null())
    )
    group = ["platform", "shortcode"]
    first = (
        pl.col("platform_post_id").sort_by("known_at", "captured_at", "platform_post_id").first()
    )
    return (
        of_ids.with_columns(
            same_as=first.over(group), known_first=pl.col("known_at").min().over(group)
        )
        .filter(pl.col("same_as") != pl.col("platform_post_id"))
        .with_columns(known_at=pl.max_horizontal("known_at", "known_first"))
        .select(ALIASES)
    )


def under_one_id(rows: pl.LazyFrame, aliases: pl.LazyFrame) -> pl.LazyFrame:
    """The rows with each post under the id that stands for it.

    Args:
        rows: Reads platform, platform_post_id.
        aliases: Rows of ``PostAliases``.
    """
    post = ["platform", "platform_post_id"]
    return (
        rows.join(aliases.select(*post, "same_as"), on=post, how="left", maintain_order="left")
        .with_columns(platform_post_id=pl.coalesce("same_as", "platform_post_id"))
        .drop("same_as")
    )
