"""Instagram's collaborations: others' posts that accounts of ours have accepted to share.

Belongs here: what the list of collaborations showed of each, the newest reading's row.
Does not belong here: posts of the account itself (``instagram_posts``), pools, scores.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import polars as pl

from transforms.contracts.posts import PostCollaborations
from transforms.staging.documents import (
    number_text,
    parsed_document,
    parsed_text,
    with_documents,
    with_fields,
)
from transforms.staging.instagram_posts import TYPE_KEYS, media_type, published_at
from transforms.staging.odd_values import RECEIVED
from transforms.staging.parsing import BREACHES, rule_violations

ENTITY: Final = "collaboration"
TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {"id": "platform_post_id", "username": "author", "caption": "caption", "permalink": "permalink"}
)
COUNTERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "likes": "like_count",
        "comments": "comments_count",
        "shares": "shares_count",
        "saves": "saved_count",
        "reposts": "reposts_count",
        "total_views": "total_views_count",
        "total_likes": "total_like_count",
        "total_comments": "total_comments_count",
    }
)


def collaborations_of(landed: pl.DataFrame) -> pl.DataFrame:
    """Read the collaborations of readings, to be split by their contract.

    Args:
        landed: Rows of ``RawInstagramResponses``. Reads landing_id, account_key, entity,
            received_at, known_at, body.

    Returns:
        One row per account and post, the newest of those that landed: the columns of
        ``PostCollaborations``, breaches and received. Numbers are text here.
    """
    rows = with_documents(landed.filter(entity=ENTITY))
    shown = with_fields(rows, (*TEXTS, *TYPE_KEYS, "timestamp", *COUNTERS.values()))
    values = {column: parsed_text(key, column) for key, column in TEXTS.items()}
    values |= {"published_at": published_at(), "media_type": media_type()}
    read = shown.select(
        "account_key",
        platform=pl.lit("instagram"),
        captured_at="received_at",
        first_known_at=pl.col("known_at").min().over("account_key", "id"),
        **{column: value.value for column, value in values.items()},
        **{column: number_text(key) for column, key in COUNTERS.items()},
        **{
            BREACHES: rule_violations([parsed_document("body"), *values.values()]),
            RECEIVED: pl.col("body"),
            "landing_id": pl.col("landing_id"),
        },
    )
    newest = read.sort("captured_at", "landing_id").unique(
        ["account_key", "platform_post_id"], keep="last", maintain_order=True
    )
    return newest.select(*PostCollaborations.column_names(), BREACHES, RECEIVED)
