"""SIFT posts: the rows that SIFT answered, as typed captures.

Belongs here: SIFT's words, and which JSON type each of them has.
Does not belong here: fetching, paging, landing; what makes a capture good or bad.
"""

from typing import Final

import polars as pl

from transforms.contracts.captures import StgSiftPosts
from transforms.contracts.columns import COUNTS, METRICS
from transforms.staging.parsing import BREACHES, ParsedColumn, read_instant, rule_violations
from transforms.staging.quarantine import RECEIVED

TEXTS: Final = ("platform", "post_id", "account_key", "media_type", "caption")
ADDRESSES: Final = ("permalink", "media_url")
TIMES: Final = ("captured_at", "published_at")
NUMBERS: Final = (*COUNTS, "followers")
DOCUMENT: Final = "document"


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
    fields = landed.select("landing_id", "scraped_on", "known_at", "run_id", "body", **_fields())
    texts = {key: _text(key) for key in (*TEXTS, *ADDRESSES)}
    times = {key: _instant(key) for key in TIMES}
    readings = [_document(), *texts.values(), *times.values()]
    return fields.select(
        "landing_id",
        "scraped_on",
        *NUMBERS,
        **{key: reading.value for key, reading in (texts | times).items()},
        **{name: pl.lit(None) for name in METRICS if name not in COUNTS},
        source=pl.lit("sift"),
        known_at="known_at",
        run_id="run_id",
        **{BREACHES: rule_violations(readings), RECEIVED: pl.col("body")},
    ).rename({"post_id": "platform_post_id"})[[*StgSiftPosts.column_names(), BREACHES, RECEIVED]]


def _fields() -> dict[str, pl.Expr]:
    keys = (*TEXTS, *ADDRESSES, *TIMES)
    shown = {key: pl.col("body").str.json_path_match(f"$.{key}") for key in (*keys, *NUMBERS)}
    # A count in quotes keeps them, so that the contract's cast turns it down.
    numbers = {
        key: pl.when(_is_quoted(key)).then('"' + shown[key] + '"').otherwise(shown[key])
        for key in NUMBERS
    }
    quoted = {f"{key}_is_quoted": _is_quoted(key) for key in (*TEXTS, *ADDRESSES)}
    return shown | numbers | quoted | {DOCUMENT: pl.col("body").str.json_path_match("$")}


def _is_quoted(key: str) -> pl.Expr:
    """Whether the value is JSON text: asked of the document without optional white space."""
    document = pl.col("body").str.json_path_match("$")
    return document.str.contains(f'"{key}":"', literal=True).fill_null(False)


def _document() -> ParsedColumn:
    is_object = pl.col(DOCUMENT).is_not_null() & pl.col("body").str.contains(r"^\s*\{")
    breach = pl.when(~is_object).then(pl.lit("body|not_a_json_object"))
    return ParsedColumn(value=pl.col(DOCUMENT), breach=breach)


def _text(key: str) -> ParsedColumn:
    is_text = pl.col(f"{key}_is_quoted")
    is_broken = pl.col(key).is_not_null() & ~is_text
    return ParsedColumn(
        value=pl.when(is_text).then(key),
        breach=pl.when(is_broken).then(pl.lit(f"{key}|dtype")),
    )


def _instant(key: str) -> ParsedColumn:
    reading = read_instant(key, pl.String(), time_zone=None)
    is_blank = pl.col(key).str.strip_chars() == ""
    breach = pl.when(is_blank).then(pl.lit(f"{key}|unreadable_time")).otherwise(reading.breach)
    return ParsedColumn(value=reading.value, breach=breach)
