"""SIFT posts: the rows that SIFT answered, as typed captures.

Belongs here: SIFT's words, and which JSON type each of them has.
Does not belong here: fetching, paging, landing; what makes a capture good or bad.
"""

from typing import Final

import polars as pl

from transforms.contracts.captures import StgSiftPosts
from transforms.contracts.columns import COUNTS, METRICS
from transforms.staging.documents import (
    DOCUMENT,
    number_text,
    parsed_document,
    parsed_instant,
    parsed_text,
    with_documents,
)
from transforms.staging.parsing import BREACHES, rule_violations
from transforms.staging.quarantine import RECEIVED

TEXTS: Final = (
    "platform",
    "post_id",
    "account_key",
    "media_type",
    "caption",
    "permalink",
    "media_url",
)
TIMES: Final = ("captured_at", "published_at")
NUMBERS: Final = (*COUNTS, "followers")


def stage_sift_posts(landed: pl.DataFrame) -> pl.DataFrame:
    """Read SIFT's rows as captures, to be split by their contract.

    A metric that SIFT did not show is absent from its row and stays null; zero stays zero.

    Args:
        landed: Rows of ``RawSiftPosts``. Reads landing_id, body, known_at, run_id, scraped_on.
    Returns:
        One row per landed row, none left out: the columns of ``StgSiftPosts``, breaches (the
        rules that a value broke, so that it could not be typed) and received (the body). Counts
        are text here, and the contract's cast turns down those that are no whole numbers.
    """
    keys = (*TEXTS, *TIMES, *NUMBERS)
    document = pl.col(DOCUMENT)
    rows = with_documents(landed).with_columns(
        **{key: document.str.json_path_match(f"$.{key}") for key in keys}
    )
    values = {key: parsed_text(key, key) for key in TEXTS}
    values |= {key: parsed_instant(key, key) for key in TIMES}
    return rows.select(
        "landing_id",
        "scraped_on",
        "known_at",
        "run_id",
        **{key: number_text(key) for key in NUMBERS},
        **{key: parsed.value for key, parsed in values.items()},
        audio_type=pl.lit(None),
        is_ai_generated=pl.lit(None),
        **{name: pl.lit(None) for name in METRICS if name not in COUNTS},
        source=pl.lit("sift"),
        **{
            BREACHES: rule_violations([parsed_document("body"), *values.values()]),
            RECEIVED: pl.col("body"),
        },
    ).rename({"post_id": "platform_post_id"})[[*StgSiftPosts.column_names(), BREACHES, RECEIVED]]
