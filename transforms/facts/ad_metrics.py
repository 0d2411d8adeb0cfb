"""Reports of ads: raw rows of daily metrics, as typed rows with money in whole cents.

Belongs here: the columns of such a report, and what each becomes.
Does not belong here: file formats, sums of spend, what is done with a row that breaks a rule.
"""

from datetime import date, datetime, timedelta
from typing import Final

import polars as pl

from transforms.contracts.ads import AD_COUNTS, AdDailyMetrics
from transforms.currencies import DECIMALS, USD, minor_units
from transforms.staging.parsing import (
    BREACHES,
    CENTS,
    LINE,
    ParsedColumn,
    read_cents,
    read_count,
    read_day,
    read_instant,
    read_number,
    rule_violations,
    shown_text,
)
from transforms.staging.quarantine import RECEIVED

NAMES: Final = {
    "date": "spent_on",
    "spend": "spend_cents",
    "conversion_value": "conversion_value_cents",
    "total_conversion": "conversions",
}
"""Columns that are called otherwise in reports; the last as Facebook exports it."""
REQUIRED: Final = ("ad_id", "spend")
COUNTS: Final = (*AD_COUNTS, "reach")
OPTIONAL: Final = (
    "date",
    "known_at",
    "ad_platform",
    "currency",
    "total_conversion",
    "conversion_value",
    "frequency",
    *COUNTS,
)
COLUMNS: Final = (*REQUIRED, *OPTIONAL)
AHEAD: Final = timedelta(hours=14)
"""The earliest clocks on earth are so far ahead of UTC; their day may have begun."""


def read_ad_metrics(
    raw: pl.DataFrame,
    *,
    ad_platform: str,
    now: datetime,
    run_id: str,
    spent_on: date | None = None,
    is_history: bool = False,
) -> pl.DataFrame:
    """Read the raw rows of a report of ads, to be split by their contract.

    Args:
        raw: One row per ad and day. Reads line_number, ``REQUIRED`` and any of ``OPTIONAL``, as
            text or as the file's own types. Money is in ``currency``, else in US dollars.
        ad_platform: Where the ads run, unless a row says so itself.
        now: The current instant; when rows were known that do not say so themselves.
        run_id: The run that reads the rows.
        spent_on: The day, for reports that carry no date.
        is_history: Rows that do not say when they were known were known when their day was over.
    Returns:
        One row per raw row, none left out: line_number, the columns of ``AdDailyMetrics``,
        breaches (the rules that a value broke) and received (the raw values).
    """
    given = [name for name in COLUMNS if name in raw.columns]
    rows = raw.select(LINE, **{NAMES.get(name, name): name for name in given})
    day = _day(rows, spent_on)
    known = _known_at(rows, day, now=now, is_history=is_history)
    currency = _currency(rows)
    measures = {
        "spend_cents": _money(rows, "spend_cents", currency),
        "conversion_value_cents": _money(rows, "conversion_value_cents", currency),
        "frequency": _number(rows, "frequency"),
        **{name: _count(rows, name) for name in COUNTS},
    }
    checks = [_id(rows), currency, _in_time("spent_on", day, now + AHEAD)]
    checks.append(_in_time("known_at", known, now))
    readings = [day, known, *measures.values(), *checks]
    received = [pl.col(NAMES.get(name, name)).cast(pl.String).alias(name) for name in given]
    return rows.select(
        pl.col(LINE).cast(pl.Int64),
        ad_platform=_platform(rows, ad_platform),
        ad_id=shown_text("ad_id"),
        spent_on=day.value,
        known_at=known.value,
        currency=currency.value,
        **{name: reading.value for name, reading in measures.items()},
        may_change_until=pl.lit(None, pl.Date),
        run_id=pl.lit(run_id),
        # A row without a day is set aside for that alone, not for its month too.
        spent_in=day.value.dt.to_string("%Y-%m").fill_null(""),
        **{BREACHES: rule_violations(readings), RECEIVED: pl.struct(received)},
    ).select(LINE, *AdDailyMetrics.column_names(), BREACHES, RECEIVED)


def _day(rows: pl.DataFrame, spent_on: date | None) -> ParsedColumn:
    if "spent_on" not in rows.columns:
        return ParsedColumn(value=pl.lit(spent_on, pl.Date), breach=pl.lit(None, pl.String))
    return read_day("spent_on", rows.schema["spent_on"])


def _known_at(
    rows: pl.DataFrame, day: ParsedColumn, *, now: datetime, is_history: bool
) -> ParsedColumn:
    until = pl.lit(now, pl.Datetime("us", "UTC"))
    if is_history:
        over = (day.value.cast(pl.Datetime("us")) + timedelta(days=1)).dt.replace_time_zone("UTC")
        until = pl.min_horizontal(over, until)
    if "known_at" not in rows.columns:
        return ParsedColumn(value=until, breach=pl.lit(None, pl.String))
    given = read_instant("known_at", rows.schema["known_at"], time_zone=None)
    return ParsedColumn(value=pl.coalesce(given.value, until), breach=given.breach)


def _count(rows: pl.DataFrame, name: str) -> ParsedColumn:
    if name in rows.columns:
        return read_count(name, rows.schema[name])
    return ParsedColumn(value=pl.lit(None, pl.Int64), breach=pl.lit(None, pl.String))


def _number(rows: pl.DataFrame, name: str) -> ParsedColumn:
    if name in rows.columns:
        return read_number(name, rows.schema[name])
    return ParsedColumn(value=pl.lit(None, pl.Float64), breach=pl.lit(None, pl.String))


def _money(rows: pl.DataFrame, name: str, currency: ParsedColumn) -> ParsedColumn:
    """An amount in minor units; where the currency breaks a rule, that alone is told."""
    if name not in rows.columns:
        return ParsedColumn(value=pl.lit(None, pl.Int64), breach=pl.lit(None, pl.String))
    named = minor_units(currency.value.fill_null(USD))
    units = pl.when(currency.breach.is_null()).then(named).otherwise(float(CENTS))
    reading = read_cents(name, rows.schema[name], minor_units=units)
    breach = pl.when(currency.breach.is_null()).then(reading.breach)
    return ParsedColumn(value=reading.value, breach=breach)


def _platform(rows: pl.DataFrame, ad_platform: str) -> pl.Expr:
    if "ad_platform" not in rows.columns:
        return pl.lit(ad_platform)
    return pl.coalesce(shown_text("ad_platform").str.to_lowercase(), pl.lit(ad_platform))


def _id(rows: pl.DataFrame) -> ParsedColumn:
    """Ids that a table program has made numbers with decimals are not the ads' any more."""
    is_rounded = pl.lit(value=rows.schema["ad_id"].is_float()) | shown_text("ad_id").str.contains(
        r"^[0-9]+[.,][0-9]*(?:[eE]\+?[0-9]+)?$"
    )
    breach = pl.when(is_rounded).then(pl.lit("ad_id|rounded_id"))
    return ParsedColumn(value=pl.col("ad_id"), breach=breach)


def _currency(rows: pl.DataFrame) -> ParsedColumn:
    if "currency" not in rows.columns:
        return ParsedColumn(value=pl.lit(None, pl.String), breach=pl.lit(None, pl.String))
    shown = shown_text("currency").str.to_uppercase()
    is_unknown = shown.is_not_null() & ~shown.is_in(list(DECIMALS))
    breach = pl.when(is_unknown).then(pl.lit("currency|unknown_currency"))
    return ParsedColumn(value=pl.when(breach.is_null()).then(shown), breach=breach)


def _in_time(column: str, reading: ParsedColumn, until: datetime) -> ParsedColumn:
    moment = reading.value.cast(pl.Datetime("us"))
    is_later = moment > pl.lit(until.replace(tzinfo=None), pl.Datetime("us"))
    breach = pl.when(is_later).then(pl.lit(f"{column}|in_the_future"))
    return ParsedColumn(value=reading.value, breach=breach)
