"""Values of ours out of a file's columns, as a record says: text, kinds, numbers, instants.

Belongs here: expressions that any format's columns are read with.
Does not belong here: which columns there are (``headers``); refusals; what a subject's rows are.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import polars as pl

from transforms.exports.days import Order, hours_east, is_open, order_told, wall_clock
from transforms.exports.headers import Found, Header
from transforms.exports.numbers import Decimal, plain_number
from transforms.exports.record import Clock, Column, Kind
from transforms.staging.parsing import read_instant, shown_text

HIDDEN: Final = r"^-1(?:\.0+)?$"
"""How a platform writes a count that it does not show."""
EPOCH: Final = r"^[0-9]{9,16}(?:\.[0-9]+)?$"
PER_SECOND: Final = {"epoch_s": 1, "epoch_ms": 1000}
NONE: Final = pl.lit(None, pl.String)


def text_of(header: Header, found: Sequence[Found]) -> pl.Expr:
    """The first value that any of the columns shows, as the file writes it."""
    return pl.coalesce(*(_value(header, one) for one in found)) if found else NONE


def sufficient(rows: pl.DataFrame, found: Sequence[Found]) -> Sequence[Found]:
    """The sources of a value up to the first that every row shows: later ones never count."""
    for at, one in enumerate(found[:-1], 1):
        if _is_plain(one) and not rows.select(shown_text(one.name).is_null().any()).item():
            return found[:at]
    return found


def _is_plain(found: Found) -> bool:
    """Whether a column's values count as they stand."""
    return found.column.pattern is None and found.column.where is None


def whole_counts(rows: pl.DataFrame, found: Sequence[Found]) -> pl.Series | None:
    """A count as numbers, where its first column holds nothing but plain whole ones."""
    if not found or not _is_plain(found[0]) or rows.schema[found[0].name] != pl.String:
        return None
    read = rows[found[0].name].cast(pl.Int64, strict=False)
    least = read.min()
    is_whole = not read.null_count() and isinstance(least, int) and least >= 0
    return read if is_whole else None


def _value(header: Header, found: Found) -> pl.Expr:
    value = shown_text(found.name)
    if found.column.pattern is not None:
        value = value.str.extract(found.column.pattern, 1)
    if found.column.where is None:
        return value
    beside, pattern = found.column.where
    return pl.when(_matches(header, beside, pattern).fill_null(value=True)).then(value)


def _matches(header: Header, column: Column, pattern: str) -> pl.Expr:
    """Whether a column matches as a whole; null where it shows nothing or is not there."""
    told = [at[0] for word in column.words if (at := header.find(word))]
    shown = pl.coalesce(*(shown_text(name) for name in told)) if told else NONE
    small = shown.str.to_lowercase()
    return small == pattern if pattern.isalnum() else small.str.contains(rf"(?s)^(?:{pattern})$")


def is_marked(header: Header, mark: tuple[Column, str]) -> pl.Expr:
    """Whether a row is marked in a column, such as one whose likes are hidden."""
    return _matches(header, *mark).fill_null(value=False)


def kind_of(header: Header, kinds: Sequence[Kind]) -> tuple[pl.Expr, pl.Expr]:
    """The kind of post, null where none fits; and whether one was told that is not known."""
    value = pl.when(pl.lit(value=False)).then(NONE)
    told: list[str] = []
    for kind in kinds:
        rules = [
            _matches(header, Column(words=(word,)), pattern).fill_null(value=False)
            for word, pattern in kind.where.items()
        ]
        told += [at[0] for word in kind.where if (at := header.find(word))]
        value = value.when(pl.all_horizontal(pl.lit(value=True), *rules)).then(
            pl.lit(kind.media_type)
        )
    found = value.otherwise(NONE)
    if any(not kind.where for kind in kinds):
        return found, pl.lit(value=False)
    is_told = pl.any_horizontal(
        pl.lit(value=False), *(shown_text(name).is_not_null() for name in told)
    )
    return found, is_told & found.is_null()


def count_text(header: Header, found: Sequence[Found], decimal: Decimal | None) -> pl.Expr:
    """A count as plain text; null where the platform hides it."""
    plain = [_plain(one, header, decimal) for one in found]
    shown = [pl.when(~value.str.contains(HIDDEN)).then(value) for value in plain]
    return pl.coalesce(*shown) if shown else NONE


def _plain(found: Found, header: Header, decimal: Decimal | None) -> pl.Expr:
    value = _value(header, found)
    if decimal is None:
        return value
    return pl.when(value.is_not_null()).then(plain_number(found.name, decimal))


def number_text(header: Header, found: Sequence[Found], decimal: Decimal | None) -> pl.Expr:
    """An amount or a ratio as plain text; a dash alone says nothing."""
    plain = [_plain(one, header, decimal) for one in found]
    shown = [pl.when(~value.str.contains(r"^[-–—]+$")).then(value) for value in plain]
    return pl.coalesce(*shown) if shown else NONE


UTC_TEXT: Final = "%Y-%m-%dT%H:%M:%S%.fZ"
MILLISECONDS: Final = "%Y-%m-%dT%H:%M:%S.%3fZ"
"""What Polars reads several times as fast, digit by digit."""
BYTES_OF_MILLISECONDS: Final = 24


def plain_instants(text: pl.Series) -> pl.Series | None:
    """The instants of a column all of whose texts are like ``2025-05-14T08:55:00.000Z``."""
    is_whole = (text.str.len_bytes() == BYTES_OF_MILLISECONDS).all()
    for shape in (MILLISECONDS, UTC_TEXT) if is_whole else (UTC_TEXT,):
        read = text.str.to_datetime(shape, time_unit="us", time_zone="UTC", strict=False)
        if read.null_count() == text.null_count():
            return read
    return None


def with_plain_counts(rows: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """The rows, as numbers those columns of counts that hold nothing but plain whole numbers."""
    texts = [name for name in names if rows.schema.get(name) == pl.String]
    read = {name: rows[name].cast(pl.Int64, strict=False) for name in texts}
    plain = {name: one for name, one in read.items() if one.null_count() == rows[name].null_count()}
    return rows.with_columns(**plain)


WALL: Final = "wall clock"
EAST: Final = "hours east"
"""Columns beside the one that an instant is read from, where people wrote it."""


def clocks(name: str, clock: Clock, order: Order | None) -> dict[str, pl.Expr]:
    """Columns that ``instant_of`` reads besides, where an instant is written by people."""
    if clock not in {"clock", "zone_words"}:
        return {}
    text = shown_text(name)
    east = hours_east(text) if clock == "zone_words" else pl.lit(None, pl.Int64)
    return {WALL: wall_clock(text, order), EAST: east}


def instant_of(name: str, clock: Clock, *, zone: str | None) -> tuple[pl.Expr, pl.Expr]:
    """The instant that a column of text tells, in UTC, and the rule that one breaks.

    Args:
        name: Column of text; beside it those of ``clocks``.
        clock: How it is written.
        zone: IANA zone of times that carry none; None: such times break ``no_time_zone``.
    """
    if clock == "iso":
        reading = read_instant(name, pl.String(), time_zone=zone)
        return reading.value, reading.breach
    text = shown_text(name)
    if clock in PER_SECOND:
        return _since_1970(text, clock), _broken(name, text, _since_1970(text, clock))
    said = (pl.col(WALL) - pl.duration(hours=pl.col(EAST))).dt.replace_time_zone("UTC")
    local = pl.lit(None, pl.Datetime("us", "UTC"))
    if zone is not None:
        local = pl.col(WALL).dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
    value = pl.coalesce(said, local.dt.convert_time_zone("UTC"))
    rule = "no_time_zone" if zone is None else "clock_change"
    is_odd_hour = pl.col(WALL).is_not_null() & value.is_null()
    breach = (
        pl.when(is_odd_hour).then(pl.lit(f"{name}|{rule}")).otherwise(_broken(name, text, value))
    )
    return value, breach


def _since_1970(text: pl.Expr, clock: Clock) -> pl.Expr:
    unit = 1_000_000 // PER_SECOND[clock]
    number = pl.when(text.str.contains(EPOCH)).then(text).cast(pl.Decimal(30, 6), strict=False)
    return (number * unit).cast(pl.Int64).cast(pl.Datetime("us", "UTC"))


def _broken(name: str, text: pl.Expr, value: pl.Expr) -> pl.Expr:
    is_broken = text.is_not_null() & value.is_null()
    return pl.when(is_broken).then(pl.lit(f"{name}|unreadable_time"))


def orders_told(text: pl.Series) -> dict[Order, int]:
    """The orders of day and month that a column is written in, with where a value tells each."""
    frame = pl.DataFrame({"text": text.cast(pl.String)})
    told = frame.select(**order_told(pl.col("text")))
    at = {order: told[order].fill_null(value=False).arg_true() for order in told.columns}
    found: dict[Order, int] = {}
    for order in ("day-first", "month-first"):
        if len(at[order]):
            found[order] = int(at[order][0])
    return found


def first_open(text: pl.Series) -> int | None:
    """The position of a day that could be read in two ways; None: there is none."""
    found = pl.DataFrame({"text": text.cast(pl.String)}).select(is_open(pl.col("text")))
    where = found.to_series().fill_null(value=False).arg_true()
    return int(where[0]) if len(where) else None
