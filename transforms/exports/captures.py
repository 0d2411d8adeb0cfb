"""Rows of an export of posts, as rows of a capture file.

Belongs here: what each of our columns becomes, and the moment at which rows were captured.
Does not belong here: which format it is; refusing files; reading rows of a capture file.
"""

import calendar
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from transforms.exports.days import Order, month_and_day, read_written_day
from transforms.exports.headers import Found, Header
from transforms.exports.numbers import Decimal
from transforms.exports.record import Export
from transforms.exports.told import Told
from transforms.exports.values import (
    EAST,
    WALL,
    clocks,
    count_text,
    instant_of,
    is_marked,
    kind_of,
    plain_instants,
    shown_by_all,
    sufficient,
    text_of,
    whole_counts,
    with_plain_counts,
)
from transforms.facts.post_ids import (
    TOLERANCE_S,
    created_at_of_permalink,
    created_at_of_tiktok_id,
)
from transforms.staging.captures import COUNT_COLUMNS
from transforms.staging.parsing import BREACHES, LINE, shown_text
from transforms.staging.quarantine import RECEIVED

TEXTS: Final = ("post_key", "permalink", "caption")
RAW: Final = "raw "
"""Before the name of a column of ours: the value as the file writes it."""
RUN_IN_NAME: Final = re.compile(
    r"(?<![0-9])([0-9]{4}-[0-9]{2}-[0-9]{2})[_T ]([0-9]{2}-[0-9]{2}-[0-9]{2})(?:-([0-9]{3}))?"
)
"""``dataset_tiktok-scraper_2025-08-18_10-15-00-123.json``, in UTC."""
QUARTER_S: Final = 900
"""Zones differ by whole quarters of an hour."""
WIDEST_QUARTERS: Final = 56
"""No zone is further than fourteen hours from UTC; what was scheduled may be."""
FEWEST: Final = 2
MOST_LOOKED_AT: Final = 50_000
"""So many rows of a file tell whether its times are off."""
UTC_TIME: Final = pl.Datetime("us", "UTC")


@dataclass(frozen=True, kw_only=True)
class Way:
    """How the rows of one file are read: what its own values, or the user, settled.

    Args:
        decimal: Sign between whole and part; None: numbers are plain.
        order: Order of day and month.
        captured_at: When all rows were captured; None: each row says it.
        days: Instants of the days that rows name without a year.
    """

    decimal: Decimal | None = None
    order: Order | None = None
    captured_at: datetime | None = None
    days: Mapping[str, datetime] | None = None


def moment_in_name(name: str) -> datetime | None:
    """The time of the run that Apify writes into the name of a file."""
    match = RUN_IN_NAME.search(name)
    if match is None:
        return None
    day, clock, milliseconds = match.groups()
    text = f"{day}T{clock.replace('-', ':')}.{milliseconds or '000'}+00:00"
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def end_of_day(day: date, time_zone: str | None, *, now: datetime) -> datetime:
    """The last moment of a day in a zone, UTC if none is named, and never later than now."""
    zone = ZoneInfo(time_zone or "UTC")
    over = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
    return min(over - timedelta(seconds=1), now)


def dated(
    texts: Sequence[str], newest: datetime | None, *, zone: str | None, now: datetime
) -> Iterator[tuple[str, datetime | None]]:
    """The end of each day that is named without a year: the newest that can be.

    Args:
        texts: Days as ``February 28``, in any language that is known, or with a year.
        newest: When the newest post was made: no export is older.
        zone: IANA zone of the days; None: UTC.
        now: No export is newer.

    Yields:
        Each text and its instant; None where no year fits, or the text is no day.
    """
    rows = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    month, day = month_and_day(pl.col("text").str.to_lowercase())
    whole = read_written_day(pl.col("text"), None)
    for text, number, of_month, full in rows.select("text", m=month, d=day, full=whole).rows():
        found = full if full else _newest_year(number, of_month, zone=zone, now=now)
        if found is None or (
            newest is not None and _starts(found, zone) + timedelta(days=1) < newest
        ):
            yield text, None
        else:
            yield text, end_of_day(found, zone, now=now)


def _starts(day: date, zone: str | None) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone or "UTC")).astimezone(UTC)


def _newest_year(
    month: int | None, day: int | None, *, zone: str | None, now: datetime
) -> date | None:
    today = now.astimezone(ZoneInfo(zone or "UTC")).date()
    for year in range(today.year, today.year - 5, -1):
        if month and day and day <= calendar.monthrange(year, month)[1]:
            found = date(year, month, day)
            if found <= today:
                return found
    return None


def as_capture_rows(
    raw: pl.DataFrame, export: Export, header: Header, told: Told, way: Way
) -> pl.DataFrame:
    """The rows of an export as rows of a capture file.

    Args:
        raw: Line number and the file's columns, all text.
        export: The file's format.
        header: Its columns.
        told: What the user says of all rows.
        way: How its values are written.
    Returns:
        One row per raw row: line number, the columns of a capture file (times as instants),
        breaches (what could not be read of it) and received (its values as the file has them).
    """
    found = {
        ours: sufficient(raw, header.found(columns)) for ours, columns in export.columns.items()
    }
    whole = _whole_counts(raw, export, found, way)
    shown = {
        ours: pl.col(columns[0].name) if ours in whole else _shown(raw, header, columns)
        for ours, columns in found.items()
    }
    rows = raw.select(
        LINE,
        **{RAW + ours: value for ours, value in shown.items()},
        **(_beside(raw, export, header, found, way=way, whole=whole) | whole),
    )
    rows = rows.with_columns(
        **_who(rows, export, told), **{name: _raw(rows, name) for name in TEXTS}
    )
    rows = rows.with_columns(permalink=_permalink(export))
    return _timed(with_plain_counts(rows, COUNT_COLUMNS), export, told, way)


def _shown(raw: pl.DataFrame, header: Header, found: Sequence[Found]) -> pl.Expr:
    """A value as the file writes it."""
    whole = shown_by_all(raw, found[0]) if len(found) == 1 else None
    return text_of(header, found) if whole is None else pl.lit(whole)


def _whole_counts(
    raw: pl.DataFrame, export: Export, found: Mapping[str, Sequence[Found]], way: Way
) -> dict[str, pl.Series]:
    """The counts that need no look at their text."""
    if way.decimal is not None:
        return {}
    plain = [
        name
        for name in COUNT_COLUMNS
        if name not in export.hidden and name not in export.unseen_zeros
    ]
    read = {name: whole_counts(raw, found.get(name, ())) for name in plain}
    return {name: values for name, values in read.items() if values is not None}


def _beside(
    raw: pl.DataFrame,
    export: Export,
    header: Header,
    found: Mapping[str, Sequence[Found]],
    *,
    way: Way,
    whole: Collection[str],
) -> dict[str, pl.Expr]:
    counts = {
        name: count_text(header, found[name], way.decimal)
        for name in COUNT_COLUMNS
        if found.get(name) and name not in whole
    }
    for name, mark in export.hidden.items():
        if name in counts:
            counts[name] = pl.when(~is_marked(header, mark)).then(counts[name])
    for name in export.unseen_zeros:
        if name in counts:
            counts[name] = pl.when(counts[name].str.contains(r"^0(?:\.0*)?$").not_()).then(
                counts[name]
            )
    kind, is_unknown = kind_of(raw, header, export.kinds)
    return {**counts, "media_type": kind, "unknown": is_unknown}


def _raw(rows: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(RAW + name) if RAW + name in rows.columns else pl.lit(None, pl.String)


def _who(rows: pl.DataFrame, export: Export, told: Told) -> dict[str, pl.Expr]:
    account = _raw(rows, "account_key")
    if told.synced:
        by_id = _raw(rows, "account_id")
        account = pl.when(by_id.is_in(list(told.synced))).then(by_id).otherwise(account)
    return {
        "platform": pl.coalesce(
            pl.lit(export.platform, pl.String),
            _raw(rows, "platform"),
            pl.lit(told.platform, pl.String),
        ).str.to_lowercase(),
        "account_key": pl.coalesce(account, pl.lit(told.account, pl.String)),
    }


def _permalink(export: Export) -> pl.Expr:
    if export.built is None:
        return pl.col("permalink")
    parts = re.split(r"\{(\w+)\}", export.built)
    made = [pl.col(part) if at % 2 else pl.lit(part) for at, part in enumerate(parts)]
    # Of an account written as an address no address is made.
    account = pl.col("account_key").str.replace("^@", "")
    made = [
        account if at % 2 and part == "account_key" else one
        for (at, part), one in zip(enumerate(parts), made, strict=True)
    ]
    return pl.coalesce(pl.col("permalink"), pl.concat_str(made))


def made_at(post: str = "post_key") -> pl.Expr:
    """When a post was made, as its key or its address tells.

    Reads platform, permalink and the column of keys.
    """
    key = pl.col(post).str.strip_chars()
    shortcode = pl.when(
        key.str.contains(r"^[A-Za-z0-9_-]{10,11}$") & ~key.str.contains("^[0-9]+$")
    ).then(pl.lit("/p/") + key)
    long_id = pl.when(key.str.contains("^[0-9]{19}$")).then(pl.lit("/stories/x/") + key)
    address = pl.coalesce(pl.col("permalink"), shortcode, long_id, pl.lit(""))
    return (
        pl.when(pl.col("platform").cast(pl.String).str.to_lowercase() == "tiktok")
        .then(created_at_of_tiktok_id(key))
        .otherwise(created_at_of_permalink(address))
    )


def _timed(rows: pl.DataFrame, export: Export, told: Told, way: Way) -> pl.DataFrame:
    rows = _published(rows, export, export.zone or told.time_zone, way)
    if RAW + "captured_at" in rows.columns:
        rows = rows.with_columns(captured_at=RAW + "captured_at")
    captured, odd = _captured(export, told, way)
    unknown = pl.when(pl.col("unknown")).then(pl.lit("media_type|unknown_media_type"))
    received = [
        pl.col(name).alias(name.removeprefix(RAW)) for name in rows.columns if name.startswith(RAW)
    ]
    return rows.with_columns(
        captured_at=captured,
        **{
            BREACHES: pl.concat_list("lost", odd, unknown).list.drop_nulls(),
            RECEIVED: pl.struct(received),
        },
    ).drop([name for name in rows.columns if name.startswith(RAW)], "unknown", "lost")


def _published(rows: pl.DataFrame, export: Export, zone: str | None, way: Way) -> pl.DataFrame:
    """The rows with their publication, and the rule that one broke (``lost``)."""
    name = "published_at"
    if RAW + name not in rows.columns or export.id_tells_publication:
        return rows.with_columns(published_at=made_at(), lost=pl.lit(None, pl.String))
    plain = plain_instants(rows[RAW + name]) if export.clock == "iso" else None
    if plain is not None:
        timed = rows.with_columns(published_at=plain, lost=pl.lit(None, pl.String))
    else:
        shown = rows.with_columns(published_at=RAW + name)
        shown = shown.with_columns(**clocks(name, export.clock, way.order))
        value, lost = instant_of(name, export.clock, zone=zone)
        timed = shown.with_columns(published_at=value, lost=lost).drop(WALL, EAST, strict=False)
    if not timed[name].null_count():
        return timed
    return timed.with_columns(published_at=pl.coalesce(name, made_at()))


def _captured(export: Export, told: Told, way: Way) -> tuple[pl.Expr, pl.Expr]:
    given = pl.lit(way.captured_at, UTC_TIME)
    if way.days is not None:
        text = shown_text("captured_at")
        value = text.replace_strict(
            list(way.days),
            pl.Series(list(way.days.values()), dtype=UTC_TIME),
            default=None,
            return_dtype=UTC_TIME,
        )
        broken = pl.when(text.is_not_null() & value.is_null()).then(
            pl.lit("captured_at|unreadable_time")
        )
        return value, broken
    if export.moment != "column":
        return given, pl.lit(None, pl.String)
    value, broken = instant_of("captured_at", export.moment_clock, zone=told.time_zone)
    return pl.coalesce(value, given), broken


def with_publication_of_ids(typed: pl.DataFrame) -> pl.DataFrame:
    """The rows, a publication that could not be read taken from the post's key or address.

    Args:
        typed: Captures as read, with breaches.
    """
    lost = pl.col(BREACHES).list.eval(pl.element().str.starts_with("published_at|")).list.any()
    is_lost = pl.col("published_at").is_null() & lost.fill_null(value=False)
    from_key = pl.when(is_lost).then(made_at("platform_post_id"))
    return typed.with_columns(published_at=pl.coalesce("published_at", from_key))


def publication_offsets(sound: pl.DataFrame) -> tuple[int, int, int] | None:
    """The distance from publications to what keys and addresses tell that most rows share.

    Args:
        sound: Captures. Reads platform, platform_post_id, permalink, published_at.
    Returns:
        Seconds, the posts that share it, and the posts whose keys tell a time; None: most agree.
    """
    looked_at = sound.gather_every(max(1, sound.height // MOST_LOOKED_AT))
    posts = looked_at.unique(["platform", "platform_post_id", "published_at"])
    difference = pl.col("published_at") - made_at("platform_post_id")
    seconds = posts.select(s=difference.dt.total_seconds()).drop_nulls()
    if seconds.is_empty():
        return None
    quarters = seconds.select(q=(pl.col("s") / QUARTER_S).round().cast(pl.Int64), s="s")
    near = quarters.filter((pl.col("s") - pl.col("q") * QUARTER_S).abs() <= TOLERANCE_S // 2)
    common = near.group_by("q").len().sort(["len", "q"], descending=True)
    if common.is_empty():
        return None
    quarter, count = common.row(0)
    is_zone = quarter and abs(quarter) <= WIDEST_QUARTERS and count >= FEWEST
    if not is_zone or count * 2 <= seconds.height:
        return None
    return quarter * QUARTER_S, count, seconds.height
