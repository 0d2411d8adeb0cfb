"""Instagram posts and stories: what the Graph API showed of each, as typed captures.

Belongs here: Instagram's words for posts, and how rows of one reading make one capture.
Does not belong here: fetching, landing, the shape of insights (``instagram_insights``).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import polars as pl

from transforms.contracts.captures import StgInstagramPosts
from transforms.contracts.columns import METRICS
from transforms.staging.account_rows import followers_of_post, sync_followers
from transforms.staging.documents import (
    number_text,
    parsed_document,
    parsed_instant,
    parsed_text,
    parsed_truth,
    with_documents,
    with_fields,
)
from transforms.staging.instagram_insights import INSIGHT_METRICS, OF_ITEM, insights_of_items
from transforms.staging.parsing import BREACHES, ParsedColumn, rule_violations
from transforms.staging.quarantine import RECEIVED
from transforms.vocabulary import SkipRateUnit

POSTS: Final = ("media", "story")
TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "id": "platform_post_id",
        "caption": "caption",
        "permalink": "permalink",
        "media_url": "media_url",
        "media_audio_type": "audio_type",
    }
)
IS_AI: Final = "is_ai_generated"
TYPE_KEYS: Final = ("media_type", "media_product_type")
COUNTERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "likes": ("like_count",),
        "comments": ("comments_count",),
        "shares": ("shares_count",),
        "saves": ("saved_count",),
        "total_views": ("total_views_count", "view_count"),
        "total_likes": ("total_like_count",),
        "total_comments": ("total_comments_count",),
        "reposts": ("reposts_count",),
    }
)
"""Our words, and the post's own fields that tell the same as its insights, the best one first.

Views of ads and of Facebook are in both fields of views, so neither is ever ``views``.
"""
FIELDS: Final = tuple(field for fields in COUNTERS.values() for field in fields)
FEED_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {"IMAGE": "feed_image", "CAROUSEL_ALBUM": "feed_carousel"}
)
SKIP_RATE_PER_RAW: Final[Mapping[SkipRateUnit, float]] = MappingProxyType(
    {"percent": 100.0, "fraction": 1.0}
)


def stage_instagram_posts(landed: pl.DataFrame, *, skip_rate_unit: SkipRateUnit) -> pl.DataFrame:
    """Read the posts and stories of readings as captures, to be split by their contract.

    A metric that Instagram did not show is absent and stays null, zero stays zero, and a part of
    a metric that is left out is null too. Insights win over the post's own counters; ``views`` is
    theirs alone, since the post's own counters of views include paid ones.

    Args:
        landed: Rows of ``RawInstagramResponses``, of whole readings. Reads landing_id, sync_id,
            account_key, entity, subject, received_at, known_at, run_id, body, landed_on.
        skip_rate_unit: What the platform's number of reels_skip_rate counts.

    Returns:
        One row per landed post or story, none left out: the columns of ``StgInstagramPosts``,
        breaches (the rules that a value broke, so that it could not be typed) and received (the
        bodies that it is made of). Numbers are text here, and the contract's cast turns down
        those that are none. Insights without their post give no row.
    """
    rows = with_documents(landed)
    keys = (*TEXTS, *TYPE_KEYS, IS_AI, "timestamp", *FIELDS)
    posts = (
        with_fields(rows.filter(pl.col("entity").is_in(POSTS)), keys)
        .join(insights_of_items(rows), on=OF_ITEM, how="left", maintain_order="left")
        .join(sync_followers(rows), on="sync_id", how="left", maintain_order="left")
    )
    readings = _readings()
    return posts.select(
        "landing_id",
        "landed_on",
        "account_key",
        "known_at",
        "run_id",
        followers=followers_of_post(),
        platform=pl.lit("instagram"),
        captured_at=pl.max_horizontal("received_at", "insights_received_at"),
        source=pl.lit("instagram_graph"),
        **{column: reading.value for column, reading in readings.items()},
        **_metrics(skip_rate_unit),
        **{BREACHES: _all_breaches(readings), RECEIVED: pl.struct("body", "insights")},
    ).select(*StgInstagramPosts.column_names(), BREACHES, RECEIVED)


def _readings() -> dict[str, ParsedColumn]:
    texts = {column: parsed_text(key, column) for key, column in TEXTS.items()}
    kinds = {"media_type": media_type(), IS_AI: parsed_truth(IS_AI, IS_AI)}
    return texts | kinds | {"published_at": published_at()}


def _all_breaches(readings: Mapping[str, ParsedColumn]) -> pl.Expr:
    own = rule_violations([parsed_document("body"), *readings.values()])
    none = pl.lit([], pl.List(pl.String))
    return own.list.concat(pl.col("insights_breaches").fill_null(none)).list.unique()


def published_at() -> ParsedColumn:
    """When a row of a list was published. Reads timestamp, document."""
    text = parsed_text("timestamp", "published_at")
    instant = parsed_instant("timestamp", "published_at")
    return ParsedColumn(value=instant.value, breach=pl.coalesce(text.breach, instant.breach))


def media_type() -> ParsedColumn:
    """Our word for the kind of a list's row. Reads ``TYPE_KEYS``, entity.

    Some logins are not told the product; a video of theirs is a reel.
    """
    kind, product = (pl.col(key) for key in TYPE_KEYS)
    is_shown = kind.is_not_null() | product.is_not_null()
    is_feed = (product == "FEED") | product.is_null()
    value = (
        pl.when((pl.col("entity") == "story") | (product == "STORY"))
        .then(pl.lit("story"))
        .when((product == "REELS") | ((kind == "VIDEO") & product.is_null()))
        .then(pl.lit("reel"))
        .when((kind == "VIDEO") & (product == "FEED"))
        .then(pl.lit("feed_video"))
        .when(is_feed)
        .then(kind.replace_strict(FEED_TYPES, default=None))
    )
    is_broken = is_shown & value.is_null()
    return ParsedColumn(
        value=value, breach=pl.when(is_broken).then(pl.lit("media_type|unknown_media_type"))
    )


def _metrics(skip_rate_unit: SkipRateUnit) -> dict[str, pl.Expr]:
    insights = {name: pl.col(name) for name in INSIGHT_METRICS}
    counted = {
        name: pl.coalesce(name, *(number_text(field) for field in fields))
        for name, fields in COUNTERS.items()
    }
    skipped = pl.col("skip_rate_raw").cast(pl.Float64, strict=False)
    # A raw number below zero is odd by itself: of one such number one value is set aside.
    skip_rate = pl.when(skipped >= 0).then(skipped / SKIP_RATE_PER_RAW[skip_rate_unit])
    shown = insights | counted | {"skip_rate": skip_rate}
    return {name: shown.get(name, pl.lit(None)) for name in METRICS}
