"""TikTok posts: the videos that the Business API showed, as typed captures.

Belongs here: TikTok's words, and which JSON type each of them has.
Does not belong here: fetching, paging, landing; what makes a capture good or bad.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import polars as pl

from transforms.contracts.captures import StgTiktokPosts
from transforms.contracts.columns import METRICS
from transforms.staging.account_rows import followers_of_post, sync_followers
from transforms.staging.documents import (
    number_text,
    parsed_document,
    parsed_text,
    with_documents,
    with_fields,
)
from transforms.staging.parsing import BREACHES, ParsedColumn, rule_violations
from transforms.staging.quarantine import RECEIVED

TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "item_id": "platform_post_id",
        "caption": "caption",
        "share_url": "permalink",
        "thumbnail_url": "media_url",
    }
)
NUMBERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "video_views": "views",
        "likes": "likes",
        "comments": "comments",
        "shares": "shares",
        "favorites": "saves",
        "reach": "reach",
        "new_followers": "follows",
        "profile_views": "profile_visits",
        "average_time_watched": "average_watch_time_s",
        "total_time_watched": "total_watch_time_s",
        "full_video_watched_rate": "full_watch_rate",
    }
)
MEDIA_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {"VIDEO": "tiktok_video", "PHOTO": "tiktok_photo"}
)
EPOCH: Final = r"^[0-9]{9,10}$"
"""Seconds since 1970, from 1973 to 2286: no milliseconds by mistake."""


def stage_tiktok_posts(landed: pl.DataFrame) -> pl.DataFrame:
    """Read the videos of readings as captures, to be split by their contract.

    A metric that TikTok did not show is absent from its row and stays null; zero stays zero.

    Args:
        landed: Rows of ``RawTiktokResponses``, of whole readings. Reads landing_id, sync_id,
            account_key, entity, received_at, known_at, run_id, body, landed_on.

    Returns:
        One row per landed video, none left out: the columns of ``StgTiktokPosts``, breaches (the
        rules that a value broke, so that it could not be typed) and received (the body). Numbers
        are text here, and the contract's cast turns down those that are none.
    """
    rows = with_documents(landed)
    videos = with_fields(
        rows.filter(entity="video"), [*TEXTS, *NUMBERS, "media_type", "create_time"]
    ).join(sync_followers(rows), on="sync_id", how="left", maintain_order="left")
    texts = {column: parsed_text(key, column) for key, column in TEXTS.items()}
    readings = texts | {"published_at": _published_at(), "media_type": _media_type()}
    return videos.select(
        "landing_id",
        "landed_on",
        "account_key",
        "known_at",
        "run_id",
        followers=followers_of_post(),
        platform=pl.lit("tiktok"),
        captured_at="received_at",
        source=pl.lit("tiktok_business"),
        **{column: reading.value for column, reading in readings.items()},
        **{column: number_text(key) for key, column in NUMBERS.items()},
        audio_type=pl.lit(None),
        is_ai_generated=pl.lit(None),
        **{name: pl.lit(None) for name in METRICS if name not in NUMBERS.values()},
        **{
            BREACHES: rule_violations([parsed_document("body"), *readings.values()]),
            RECEIVED: pl.col("body"),
        },
    ).select(*StgTiktokPosts.column_names(), BREACHES, RECEIVED)


def _published_at() -> ParsedColumn:
    """TikTok shows seconds, in quotes or not."""
    shown = pl.col("create_time").cast(pl.String)
    seconds = pl.when(shown.str.contains(EPOCH)).then(shown).cast(pl.Int64)
    is_broken = shown.is_not_null() & seconds.is_null()
    return ParsedColumn(
        value=pl.from_epoch(seconds).cast(pl.Datetime("us", "UTC")),
        breach=pl.when(is_broken).then(pl.lit("published_at|unreadable_time")),
    )


def _media_type() -> ParsedColumn:
    ours = pl.col("media_type").replace_strict(MEDIA_TYPES, default=None)
    is_broken = pl.col("media_type").is_not_null() & ours.is_null()
    # Older answers do not name the type: there were only videos then.
    absent = pl.when(pl.col("media_type").is_null()).then(pl.lit("tiktok_video"))
    return ParsedColumn(
        value=pl.coalesce(ours, absent),
        breach=pl.when(is_broken).then(pl.lit("media_type|unknown_media_type")),
    )
