"""Rows of an export of ads, as rows of a report of ads.

Belongs here: what each of our columns becomes, and which rows are sums of others.
Does not belong here: which format it is; refusing files; reading rows of a report.
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

from transforms.exports.days import Order, read_written_day
from transforms.exports.headers import Header
from transforms.exports.numbers import Decimal
from transforms.exports.record import Export
from transforms.exports.told import Told
from transforms.exports.values import number_text, text_of
from transforms.staging.parsing import LINE, shown_text

NUMBERS: Final = (
    "spend", "impressions", "clicks", "conversions", "conversion_value", "reach", "frequency",
)  # fmt: skip
MONEY_AND_COUNTS: Final = tuple(name for name in NUMBERS if name != "frequency")
IS_SUM: Final = (
    r"(?i)^(?:[-–—]+|(?:totals?|totales|totais|gesamt|summe|insgesamt|somme|tổng|합계|итого)\b.*)$"
)
"""What stands in place of an ad's id in a row of totals."""
PERIOD: Final = {
    "starts": ("starts", "reporting starts", "date_start"),
    "ends": ("ends", "reporting ends", "date_stop"),
}


@dataclass(frozen=True, kw_only=True)
class AdWay:
    """How the rows of one file are read: what its own values, or the user, settled."""

    decimal: Decimal | None = None
    order: Order | None = None


def as_report_rows(
    raw: pl.DataFrame, export: Export, header: Header, told: Told, way: AdWay
) -> pl.DataFrame:
    """The rows of an export as rows of a report of ads.

    Args:
        raw: Line number and the file's columns, all text.
        export: The file's format.
        header: Its columns.
        told: What the user says of all rows.
        way: How its values are written.
    Returns:
        One row per raw row: line number, the columns of a report as text, and of rows that name
        a period its first and last day (``starts``, ``ends``).
    """
    found = {ours: header.found(columns) for ours, columns in export.columns.items()}
    numbers = {
        name: number_text(header, found[name], way.decimal) for name in NUMBERS if found.get(name)
    }
    in_header = next((one.currency for one in found.get("spend", ()) if one.currency), None)
    days = {
        name: _day(text_of(header, found[name]), way.order)
        for name in ("date", "starts", "ends")
        if found.get(name)
    }
    return raw.select(
        LINE,
        ad_id=text_of(header, found.get("ad_id", ())),
        **days,
        **numbers,
        currency=pl.coalesce(
            text_of(header, found.get("currency", ())).str.extract(r"^\s*([A-Za-z]{3})\s*$", 1),
            pl.lit(in_header, pl.String),
            pl.lit(told.currency, pl.String),
        ),
    )


def _day(text: pl.Expr, order: Order | None) -> pl.Expr:
    """The day as ISO 8601; text that is none stays as it is, but for a dash alone."""
    shown = pl.when(~text.str.contains(r"^[-–—]+$")).then(text)
    return pl.coalesce(read_written_day(shown, order).dt.to_string("%Y-%m-%d"), shown)


def is_sum_row(rows: pl.DataFrame) -> pl.Expr:
    """Whether a row is the sum of others: it names no ad and no day, but money.

    Args:
        rows: Rows of a report. Reads ad_id, spend and, where it is there, date.
    """
    id_text = shown_text("ad_id")
    has_words = id_text.str.contains(IS_SUM)
    day = shown_text("date") if "date" in rows.columns else pl.lit(None, pl.String)
    names_no_day = day.is_null() | day.str.contains(r"^[-–—]+$")
    shows_money = shown_text("spend").is_not_null()
    names_nothing = id_text.is_null() & names_no_day
    return (shows_money & (names_nothing | has_words.fill_null(value=False))).fill_null(value=False)
