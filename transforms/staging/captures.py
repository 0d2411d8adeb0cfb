"""Capture files: raw rows of captures that others collected, as typed captures.

Belongs here: the columns of a capture file, and what each becomes.
Does not belong here: file formats, refusals of whole files, how single values are read.
"""

from datetime import UTC, datetime
from typing import Final

import polars as pl

from transforms.contracts.captures import StgImportCaptures
from transforms.contracts.columns import COUNTS
from transforms.staging.keys import MEDIA_NUMBER, NO_KEY, read_account_keys, read_post_keys
from transforms.staging.parsing import (
    BREACHES,
    LINE,
    ParsedColumn,
    of_few,
    read_count,
    read_instant,
    rule_violations,
    shown_of,
    shown_text,
)
from transforms.staging.quarantine import RECEIVED

IDS: Final = ("post_key", "account_key")
REQUIRED: Final = ("platform", "account_key", "post_key", "captured_at")
COUNT_COLUMNS: Final = (*COUNTS, "followers")
TIME_COLUMNS: Final = ("captured_at", "published_at")
OPTIONAL: Final = ("published_at", "media_type", *COUNT_COLUMNS, "permalink", "caption")
COLUMNS: Final = (*REQUIRED, *OPTIONAL)
MEDIA_WORDS: Final = {
    "ig reel": "reel",
    "ig image": "feed_image",
    "ig carousel": "feed_carousel",
    "ig video": "feed_video",
    "ig story": "story",
    "sidecar": "feed_carousel",
    "graphimage": "feed_image",
    "graphsidecar": "feed_carousel",
}
"""Words of platforms and scrapers that can mean one kind of post only."""
FIRST: Final = datetime(2010, 10, 6, tzinfo=UTC)
"""Instagram's first day; TikTok came later."""
PLAIN_ACCOUNT: Final = r"^[a-z0-9._]{1,30}$"
PLAIN_POST: Final = r"^[A-Za-z0-9_-]{2,20}$"
LONGEST_NO_KEY: Final = len("undefined")
"""Of the words for nothing; such of dashes, the only ones that plain keys can hold, have no end."""
NO_BREACH: Final = pl.lit(None, pl.String)
ENGAGEMENT: Final = ("likes", "comments", "shares", "saves")


def read_captures(
    raw: pl.DataFrame, *, time_zone: str | None, now: datetime, file_id: str, run_id: str
) -> pl.DataFrame:
    """Read the raw rows of a capture file as captures, to be split by their contract.

    The pipeline knew an imported capture when it was captured (R9).

    Args:
        raw: One row per row of the file. Reads line_number and any of ``COLUMNS``, as text or
            as the file's own types; a column that is absent was not collected. Of an export
            also breaches and received, as what was read before left them.
        time_zone: IANA zone of times without an offset; none: such times break a rule.
        now: Captures later than this break ``in_the_future``.
    Returns:
        One row per raw row, none left out: the columns of ``StgImportCaptures``, breaches (the
        rules that a value broke, so that it could not be typed) and received (the raw values).
    """
    given = [column for column in COLUMNS if column in raw.columns]
    counts = {
        column: read_count(column, raw.schema[column]) for column in _among(COUNT_COLUMNS, raw)
    }
    times = {
        column: read_instant(column, raw.schema[column], time_zone=time_zone)
        for column in _among(TIME_COLUMNS, raw)
    }
    counts |= _views_that_were_seen(counts)
    raw, keys = _with_keys(raw)
    times = {column: _of_platforms(column, reading) for column, reading in times.items()}
    readings = [*counts.values(), *times.values(), *keys.values()]
    readings.append(_future(times["captured_at"], now))
    known_at = pl.coalesce(times["captured_at"].value, pl.lit(now, pl.Datetime("us", "UTC")))
    typed = raw.select(
        pl.col(LINE).cast(pl.Int64),
        **_words(raw),
        **{column: reading.value for column, reading in (counts | times | keys).items()},
        source=pl.lit("import"),
        # A row without a capture time is set aside for that alone, not for its copy too.
        known_at=known_at,
        run_id=pl.lit(run_id),
        file_id=pl.lit(file_id),
        **{BREACHES: _breaches(raw, readings), RECEIVED: _received(raw, given)},
    )
    return _shaped(typed)


def _with_keys(raw: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, ParsedColumn]]:
    """The rows with their keys; where all are as they should be, nothing is looked for."""
    plain = raw.select(
        account_key=_are_plain("account_key", PLAIN_ACCOUNT),
        post_key=_are_plain("post_key", PLAIN_POST),
        is_instagram=_is_instagram().any(),
    ).row(0, named=True)
    # Instagram's inner number of a post becomes its shortcode.
    number = pl.col("post_key").cast(pl.String).str.contains(MEDIA_NUMBER) & _is_instagram()
    if plain["post_key"] and plain["is_instagram"]:
        plain["post_key"] = not raw.select(number.any()).item()
    keys = {}
    for name, read in (("account_key", read_account_keys), ("post_key", read_post_keys)):
        ours = "platform_post_id" if name == "post_key" else name
        if plain[name]:
            keys[ours] = ParsedColumn(value=pl.col(name).cast(pl.String), breach=NO_BREACH)
            continue
        value, breach = (f"{name} {part}" for part in ("value", "breach"))
        raw = raw.with_columns(
            read(raw).select(pl.col("value").alias(value), pl.col("breach").alias(breach))
        )
        keys[ours] = ParsedColumn(value=pl.col(value), breach=pl.col(breach))
    return raw, keys


def _are_plain(name: str, shape: str) -> pl.Expr:
    """Whether all keys of a column have a shape, and none is a word for nothing."""
    text = pl.col(name).cast(pl.String)
    is_short = (text.str.len_bytes() <= LONGEST_NO_KEY) | text.str.starts_with("-")
    is_plain = text.str.contains(shape).fill_null(value=False).all()
    return is_plain & ~text.filter(is_short).str.contains(NO_KEY).any()


def _is_instagram() -> pl.Expr:
    return pl.col("platform").cast(pl.String).str.strip_chars().str.to_lowercase() == "instagram"


def _breaches(raw: pl.DataFrame, readings: list[ParsedColumn]) -> pl.Expr:
    found = rule_violations(readings)
    return pl.concat_list(BREACHES, found) if BREACHES in raw.columns else found


def _received(raw: pl.DataFrame, given: list[str]) -> pl.Expr:
    if RECEIVED in raw.columns:
        return pl.col(RECEIVED)
    return pl.struct(pl.col(given).cast(pl.String))


def _among(columns: tuple[str, ...], raw: pl.DataFrame) -> list[str]:
    return [column for column in columns if column in raw.columns]


def _words(raw: pl.DataFrame) -> dict[str, pl.Expr]:
    words = {column: pl.lit(shown_of(raw, column)) for column in _among(("permalink",), raw)}
    for column in _among(("platform", "media_type"), raw):
        word = shown_text(column).str.to_lowercase()
        named = word.replace(MEDIA_WORDS) if column == "media_type" else word
        words[column] = of_few(raw, column, named)
    if "caption" in raw.columns:
        is_shown = shown_of(raw, "caption").is_not_null()
        words["caption"] = pl.when(pl.lit(is_shown)).then("caption")
    return words


def _views_that_were_seen(counts: dict[str, ParsedColumn]) -> dict[str, ParsedColumn]:
    """Views without a zero beside likes or comments: nobody likes what nobody has seen."""
    engaged = [counts[name].value > 0 for name in ENGAGEMENT if name in counts]
    if "views" not in counts or not engaged:
        return {}
    views = counts["views"]
    is_unseen = (views.value == 0) & pl.any_horizontal(engaged)
    return {
        "views": ParsedColumn(
            value=pl.when(~is_unseen.fill_null(value=False)).then(views.value),
            breach=pl.when(is_unseen).then(pl.lit("views|not_shown")).otherwise(views.breach),
        )
    }


def _of_platforms(column: str, instant: ParsedColumn) -> ParsedColumn:
    """The instant, unless there was no platform then, as in the year 0 or by an unset clock."""
    is_early = instant.value < FIRST
    breach = pl.when(is_early).then(pl.lit(f"{column}|before_platforms"))
    return ParsedColumn(
        value=pl.when(~is_early.fill_null(value=False)).then(instant.value),
        breach=pl.coalesce(breach, instant.breach),
    )


def _future(captured_at: ParsedColumn, now: datetime) -> ParsedColumn:
    is_later = captured_at.value > pl.lit(now, pl.Datetime("us", "UTC"))
    breach = pl.when(is_later).then(pl.lit("captured_at|in_the_future"))
    return ParsedColumn(value=captured_at.value, breach=breach)


def _shaped(typed: pl.DataFrame) -> pl.DataFrame:
    absent = {
        name: pl.lit(None, column.dtype)
        for name, column in StgImportCaptures.columns().items()
        if name not in typed.columns
    }
    return typed.with_columns(**absent).select(
        *StgImportCaptures.column_names(), BREACHES, RECEIVED
    )
