"""Rows of a report of ads that are no ad's day: sums of others, and whole periods.

Belongs here: taking sums out, once they agree with the rows; the day of a period of one day.
Does not belong here: which formats there are; reading single values.
"""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import polars as pl

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.reader import places
from transforms.exports.ads import IS_SUM, PERIOD, is_sum_row
from transforms.exports.days import read_written_day
from transforms.exports.headers import header_of
from transforms.facts.ad_metrics import read_ad_metrics
from transforms.staging.parsing import LINE, shown_text

THOUSANDS: Final = r"^-?[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]{1,2}$"
"""An amount that nobody can read in two ways: ``1,486.31``."""
MOST_SLACK: Final = 50
"""Minor units by which a total may miss the sum of rows that were rounded one by one."""
MONEY: Final = ("spend", "conversion_value")


def without_thousands(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of a report of ours, amounts such as ``1,486.31`` without their separators."""
    return rows.with_columns(
        pl.when(shown_text(name).str.contains(THOUSANDS))
        .then(shown_text(name).str.replace_all(",", "", literal=True))
        .otherwise(pl.col(name))
        .alias(name)
        for name in MONEY
        if rows.schema.get(name) == pl.String
    )


def whole_days(path: Path, rows: pl.DataFrame, day: date | None) -> pl.DataFrame:
    """The rows, with the day of those that name a period of one day.

    Args:
        path: The file, for messages.
        rows: Rows of a report, perhaps with the first and last day of a period.
        day: The day that the user says the report tells of.

    Raises:
        InputRefusedError: A row tells of a longer period, or of another day than is said.
    """
    header = header_of(rows.columns)
    at = {
        end: found[0]
        for end, words in PERIOD.items()
        if (found := next((header.find(word) for word in words if header.find(word)), None))
    }
    if len(at) < len(PERIOD):
        return rows
    ends = {name: read_written_day(shown_text(column), None) for name, column in at.items()}
    period = rows.with_columns(**{f"{name} on": value for name, value in ends.items()})
    if "date" not in rows.columns:
        _refuse_periods(path, period.filter(~is_sum_row(rows)), day)
        said = pl.coalesce("starts on", "ends on").dt.to_string("%Y-%m-%d")
        if day is None:
            is_day = pl.col("starts on") == pl.col("ends on")
            period = period.with_columns(date=pl.when(is_day).then(said))
    return period.drop("starts on", "ends on", *at.values())


def _refuse_periods(path: Path, rows: pl.DataFrame, day: date | None) -> None:
    longer = rows.filter(pl.col("starts on") != pl.col("ends on"))
    if not longer.is_empty():
        since, until = longer["starts on"].min(), longer["ends on"].max()
        first = longer.head(1).select(LINE, period=pl.lit(f"{since} to {until}"))
        raise InputRefusedError(
            f"{path}: {places(first, 'period')}: a row tells of a period, not of a day. Export it "
            "again with the breakdown by day."
        )
    other = rows.filter(pl.col("starts on") != pl.lit(day, pl.Date))
    if not other.is_empty():
        raise InputRefusedError(
            f"{path}: --day {day}, but {places(other, 'starts on')}. Leave --day out."
        )


@dataclass(frozen=True, kw_only=True)
class Summed:
    """A report without its rows of totals.

    Args:
        rows: Rows of ads and days.
        notes: Totals that the rows add up to, in sentences.
        findings: Totals that they do not add up to, in sentences.
    """

    rows: pl.DataFrame
    notes: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()


def without_sums(rows: pl.DataFrame, platform: str, now: datetime, *, is_export: bool) -> Summed:
    """The rows without those that are sums of the others, each compared with its sum.

    Args:
        rows: Rows of a report.
        platform: Where the ads ran.
        now: The current instant.
        is_export: Whether a row that names no ad and no day can only be a sum; else it is one
            only if it says so, or agrees.
    """
    marked = rows.with_columns(is_sum=is_sum_row(rows))
    sums = marked.filter("is_sum").drop("is_sum")
    others = marked.filter(~pl.col("is_sum")).drop("is_sum")
    if sums.is_empty() or others.is_empty():
        return Summed(rows=others if is_export else rows)
    told = sums.with_columns(difference=_units(sums, platform, now) - _spent(others, platform, now))
    is_right = (
        pl.col("difference").abs() <= min(max(1, others.height // 2), MOST_SLACK)
    ).fill_null(value=False)
    is_worded = shown_text("ad_id").str.contains(IS_SUM).fill_null(value=False)
    taken = told if is_export else told.filter(is_right | is_worded)
    return Summed(
        rows=rows.join(taken, on=LINE, how="anti", maintain_order="left"),
        notes=tuple(
            f"line {line} is a row of totals: {spend}, as the rows add up to"
            for line, spend in taken.filter(is_right).select(LINE, "spend").rows()
        ),
        findings=tuple(
            f"line {line} is a row of totals: {spend}, but the rows differ from it by {units} in "
            "hundredths of the currency: is the file whole?"
            for line, spend, units in taken.filter(~is_right)
            .select(LINE, "spend", pl.col("difference").abs())
            .rows()
        ),
    )


def _units(rows: pl.DataFrame, platform: str, now: datetime) -> pl.Series:
    typed = read_ad_metrics(
        rows,
        ad_platform=platform,
        now=now,
        run_id="",
        spent_on=None if "date" in rows.columns else now.date(),
    )
    return typed["spend_cents"]


def _spent(rows: pl.DataFrame, platform: str, now: datetime) -> int:
    """Minor units of all rows, also of those that break another rule."""
    return int(_units(rows, platform, now).sum() or 0)
