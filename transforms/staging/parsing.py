"""What shown text says: counts as platforms abbreviate them, instants as people write them.

Belongs here: reading one column's values, and the name of the rule that a value breaks.
Does not belong here: which columns a source has; what is done with a row that breaks a rule.
"""

from dataclasses import dataclass
from datetime import time
from typing import Final

import polars as pl

LINE: Final = "line_number"
"""Column that tells where in its file a raw row stands, counted from 1."""
BREACHES: Final = "breaches"
"""Column in which a reader leaves the rules, ``column|rule``, that a row's values broke."""

COUNT: Final = (
    r"^(?:(?P<whole>[0-9]{1,18}|[0-9]{1,3}(?:,[0-9]{3}){1,5})(?:\.0)?"
    r"|(?P<short>[0-9]{1,6})(?:\.(?P<fraction>[0-9]{1,9}))?(?P<unit>[KMBkmb]))$"
)
"""``1234``, ``1,234``, ``12.0`` (a table program's whole number), or ``541.2K``."""
UNITS: Final = {"K": 10**3, "M": 10**6, "B": 10**9}
BILLIONTHS: Final = 10**9

DATE: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
EPOCH: Final = r"^-?[0-9]{9,19}(?:\.[0-9]+)?$"
ISO_INSTANT: Final = (
    r"^(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?P<minute>[0-9]{2}:[0-9]{2})"
    r"(?P<second>:[0-5][0-9](?:\.[0-9]{1,9})?)?"
    r" ?(?P<offset>[Zz]|(?P<sign>[+-])(?P<hours>0[0-9]|1[0-4])(?::?(?P<minutes>[0-5][0-9]))?)?$"
)
"""ISO 8601, with a space or ``T``, to the minute or finer, with or without an offset."""
DAY: Final = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]00:00:00)?$"
AMOUNT: Final = r"^-?(?:[0-9]{1,13}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})$"
"""``12``, ``12.5``, ``1.429999948``; no currency, no separators of thousands, no exponent."""
CENTS: Final = 100
SINGLE_NOISE: Final = 2.0**-23
"""Share by which single precision may miss an amount: one unit in its last place."""
MOST_NOISE: Final = 0.1
"""Cents. More than that is no noise: up to $32,768 single precision is nearer than that."""
LARGEST_AMOUNT: Final = 1e12


FEW_TEXTS: Final = 4


@dataclass(frozen=True, kw_only=True)
class ParsedColumn:
    """One column as read.

    Args:
        value: The typed value; null where nothing was shown, and where a rule is broken.
        breach: The broken rule, ``column|rule``; null where there is none.
    """

    value: pl.Expr
    breach: pl.Expr


def rule_violations(readings: list[ParsedColumn]) -> pl.Expr:
    """Every rule that a row's readings broke, as a list that is empty for a sound row."""
    return pl.concat_list(reading.breach for reading in readings).list.drop_nulls()


def shown_text(column: str) -> pl.Expr:
    """The column as text without surrounding space; empty text is null."""
    text = pl.col(column).cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text)


def shown_of(rows: pl.DataFrame, column: str) -> pl.Series:
    """The same of all rows at once: cheaper, as most columns hold no empty text."""
    text = rows[column].cast(pl.String).str.strip_chars()
    is_blank = text == ""
    return text.set(is_blank, None) if is_blank.any() else text


def of_few(rows: pl.DataFrame, column: str, read: pl.Expr) -> pl.Expr:
    """What is read of one column of text; where few texts repeat, it is read of each once.

    Args:
        rows: The rows that it will be read of.
        column: The only column that is read.
        read: How.
    """
    if rows.schema[column] != pl.String or rows.is_empty():
        return read
    texts = rows[column].unique()
    if texts.len() > FEW_TEXTS:
        return read
    known = texts.to_frame().select(pl.col(column), read.alias("read"))
    dtype, value = known.schema["read"], pl.lit(None)
    for text, one in known.rows():
        value = pl.when(pl.col(column).eq_missing(text)).then(pl.lit(one, dtype)).otherwise(value)
    return value


def read_count(column: str, dtype: pl.DataType) -> ParsedColumn:
    """Read a cumulative count, exactly.

    Text without any digit (``--``, ``Share``) and NaN mean that no count was shown: null.
    Negative numbers are read and left to the contract.
    """
    if dtype.is_numeric():
        value, is_shown = _number(column, dtype)
    else:
        value = _count_of_text(column)
        is_shown = shown_text(column).str.contains(r"\d")
    is_broken = is_shown & value.is_null()
    return ParsedColumn(
        value=value, breach=pl.when(is_broken).then(_rule(column, "unreadable_count"))
    )


def read_instant(column: str, dtype: pl.DataType, *, time_zone: str | None) -> ParsedColumn:
    """Read an instant to UTC microseconds.

    Times without an offset are those of clocks in ``time_zone``; the hours that such a clock
    skips or shows twice break ``clock_change``, and without a zone all break ``no_time_zone``.
    """
    if isinstance(dtype, pl.Datetime):
        return _native_instant(column, dtype, time_zone)
    if dtype in (pl.String, pl.Null):
        return _instant_of_text(column, time_zone)
    rule = "date_without_time" if dtype == pl.Date else "epoch_number"
    breach = pl.when(pl.col(column).is_not_null()).then(_rule(column, rule))
    return ParsedColumn(value=pl.lit(None, pl.Datetime("us", "UTC")), breach=breach)


def read_day(column: str, dtype: pl.DataType) -> ParsedColumn:
    """Read a calendar day: a date, an instant at midnight, or text like ``2025-05-14``."""
    if isinstance(dtype, pl.Datetime):
        clock = pl.col(column)
        value = pl.when(clock.dt.time() == time()).then(clock.dt.date())
    elif dtype == pl.Date:
        value = pl.col(column)
    else:
        text = shown_text(column).str.extract(DAY, 1)
        value = text.str.to_date("%Y-%m-%d", strict=False)
    is_broken = pl.col(column).is_not_null() & value.is_null()
    return ParsedColumn(
        value=value, breach=pl.when(is_broken).then(_rule(column, "unreadable_date"))
    )


def read_cents(
    column: str, dtype: pl.DataType, *, minor_units: pl.Expr | None = None
) -> ParsedColumn:
    """Read an amount of money to whole minor units of its currency, exactly.

    A number that is not a whole number of cents is read as one if single precision made it so,
    as in 1.429999948; any other is ``part_of_a_cent``, and so is one too large to tell.
    Negative amounts are read and left to the contract.

    Args:
        column: Column of amounts.
        dtype: Its type.
        minor_units: Of each row's currency, how many make one; hundredths if left out. Where it
            is null the currency is not known, and no amount is read.
    """
    amount = _amount(column, dtype)
    units = pl.lit(float(CENTS)) if minor_units is None else minor_units
    hundredths = amount * units
    cents = hundredths.round()
    noise = (hundredths.abs() * SINGLE_NOISE).clip(upper_bound=MOST_NOISE)
    is_whole = ((hundredths - cents).abs() <= noise) & (amount.abs() < LARGEST_AMOUNT)
    breach = (
        pl.when(_is_shown(column, dtype) & ~amount.is_finite().fill_null(value=False))
        .then(_rule(column, "unreadable_money"))
        .when(~is_whole)
        .then(_rule(column, "part_of_a_cent"))
    )
    value = pl.when(is_whole).then(cents).cast(pl.Int64)
    return ParsedColumn(value=value, breach=breach)


def read_number(column: str, dtype: pl.DataType) -> ParsedColumn:
    """Read a plain number with decimals; negative ones are left to the contract."""
    amount = _amount(column, dtype)
    value = pl.when(amount.is_finite()).then(amount)
    is_broken = _is_shown(column, dtype) & value.is_null()
    return ParsedColumn(
        value=value, breach=pl.when(is_broken).then(_rule(column, "unreadable_number"))
    )


def _is_shown(column: str, dtype: pl.DataType) -> pl.Expr:
    shown = pl.col(column) if dtype.is_numeric() else shown_text(column)
    return shown.is_not_null()


def _amount(column: str, dtype: pl.DataType) -> pl.Expr:
    if dtype.is_numeric():
        return pl.col(column).cast(pl.Float64)
    text = shown_text(column)
    return pl.when(text.str.contains(AMOUNT)).then(text).cast(pl.Float64, strict=False)


def _rule(column: str, rule: str) -> pl.Expr:
    return pl.lit(f"{column}|{rule}")


def _number(column: str, dtype: pl.DataType) -> tuple[pl.Expr, pl.Expr]:
    whole = pl.col(column).cast(pl.Int64, strict=False)
    if dtype.is_integer():
        return whole, pl.col(column).is_not_null()
    value = pl.when(pl.col(column) == whole.cast(dtype)).then(whole)
    number = pl.col(column).cast(pl.Float64)
    return value, number.is_not_nan() & number.is_not_null()


def _count_of_text(column: str) -> pl.Expr:
    parts = shown_text(column).str.extract_groups(COUNT)
    whole = parts.struct.field("whole").str.replace_all(",", "", literal=True).cast(pl.Int64)
    unit = parts.struct.field("unit").str.to_uppercase().replace_strict(UNITS, default=None)
    fraction = parts.struct.field("fraction").fill_null("0").str.pad_end(9, "0").cast(pl.Int64)
    part = fraction * unit
    short = parts.struct.field("short").cast(pl.Int64) * unit + part // BILLIONTHS
    return pl.coalesce(whole, pl.when(part % BILLIONTHS == 0).then(short))


def _in_zone(clock: pl.Expr, time_zone: str | None) -> pl.Expr:
    if time_zone is None:
        return pl.lit(None, pl.Datetime("us", "UTC"))
    local = clock.dt.replace_time_zone(time_zone, ambiguous="null", non_existent="null")
    return local.dt.convert_time_zone("UTC")


def _naive_rule(column: str, time_zone: str | None) -> pl.Expr:
    return _rule(column, "no_time_zone" if time_zone is None else "clock_change")


def _native_instant(column: str, dtype: pl.Datetime, time_zone: str | None) -> ParsedColumn:
    clock = pl.col(column).dt.cast_time_unit("us")
    if dtype.time_zone is not None:
        return ParsedColumn(value=clock.dt.convert_time_zone("UTC"), breach=pl.lit(None, pl.String))
    value = _in_zone(clock, time_zone)
    is_broken = clock.is_not_null() & value.is_null()
    return ParsedColumn(value=value, breach=pl.when(is_broken).then(_naive_rule(column, time_zone)))


def _instant_of_text(column: str, time_zone: str | None) -> ParsedColumn:
    text = shown_text(column)
    parts = text.str.extract_groups(ISO_INSTANT)
    minute, second = parts.struct.field("minute"), parts.struct.field("second").fill_null(":00")
    clock = (parts.struct.field("day") + "T" + minute + second).str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False
    )
    has_offset = parts.struct.field("offset").is_not_null()
    utc = clock.dt.replace_time_zone("UTC") - _offset(parts)
    value = pl.when(has_offset).then(utc).otherwise(_in_zone(clock, time_zone))
    breach = (
        pl.when(text.is_null() | value.is_not_null())
        .then(None)
        .when(clock.is_not_null())
        .then(_naive_rule(column, time_zone))
        .when(text.str.contains(DATE))
        .then(_rule(column, "date_without_time"))
        .when(text.str.contains(EPOCH))
        .then(_rule(column, "epoch_number"))
        .otherwise(_rule(column, "unreadable_time"))
    )
    return ParsedColumn(value=value, breach=breach)


def _offset(parts: pl.Expr) -> pl.Expr:
    hours = parts.struct.field("hours").cast(pl.Int64).fill_null(0)
    minutes = parts.struct.field("minutes").cast(pl.Int64).fill_null(0)
    east = pl.duration(hours=hours, minutes=minutes)
    return pl.when(parts.struct.field("sign") == "-").then(-east).otherwise(east)
