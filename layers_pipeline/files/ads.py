"""Reports of ads: one file in; its sound rows, its broken rows, or a refusal out.

Belongs here: what makes a whole report unusable, and what identifies a report.
Does not belong here: file formats, reading of single values (``transforms``), storage.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Final

import polars as pl

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.ad_sums import whole_days, without_sums, without_thousands
from layers_pipeline.files.capture_ways import mapping_of
from layers_pipeline.files.damage import Damage
from layers_pipeline.files.formats import read_table
from layers_pipeline.files.members import Member, members_of
from layers_pipeline.files.raw_file import RawFile
from layers_pipeline.files.reader import (
    ReadFile,
    Tally,
    fingerprint,
    places,
    read_as,
    read_file,
    refuse,
    report_rows,
    split_rows,
    unusable_types,
)
from layers_pipeline.files.recognition import Own, Recognised, recognise
from layers_pipeline.files.settling import Unsettled, settle_decimal, settle_order
from transforms.contracts.ads import StgImportAdMetrics
from transforms.exports.ads import NUMBERS, PERIOD, AdWay, as_report_rows
from transforms.exports.catalog import ROWS_AT, WORDS
from transforms.exports.headers import header_word
from transforms.exports.ids import lost_digits
from transforms.exports.told import NOTHING, Told
from transforms.facts.ad_metrics import AHEAD, COLUMNS, REQUIRED, read_ad_metrics
from transforms.staging.parsing import LINE

TABLE: Final = "stg_import__ad_metrics"
PAGE: Final = "docs/ad_reports.md"
OWN_REPORT: Final = Own(
    subject="ad-metrics", columns=COLUMNS, required=REQUIRED, page=PAGE, telling="date"
)
AD_ID: Final = r"^\s*[0-9]{15,19}\s*$"
"""An ad's id, on either platform."""
MANGLED_ID: Final = r"^\s*(?:[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+|[0-9]{15,}\.[0-9]+)\s*$"


@dataclass(frozen=True, kw_only=True)
class AdReading:
    """How reports of ads are to be read.

    Args:
        ad_platform: Where the ads run, unless a row or the format says so itself.
        spent_on: The day, for reports that carry no date.
        is_history: Rows that do not say when they were known were known when their day was over.
        told: What the user says of files that do not say it themselves.
        format_name: The format, if the user names it.
    """

    ad_platform: str | None
    spent_on: date | None
    is_history: bool
    read_at: datetime
    run_id: str
    told: Told = NOTHING
    format_name: str | None = None


def read_ad_file(path: Path, reading: AdReading) -> ReadFile:
    """Read a file of one report of ads whole; as ``read_ad_files`` does.

    Raises:
        InputRefusedError: The file as a whole cannot be used; names line, value and remedy.
    """
    (file,) = read_ad_files(path, reading)
    return file


def read_ad_files(path: Path, reading: AdReading) -> list[ReadFile]:
    """Read reports of ads whole, their sound rows of ``StgImportAdMetrics``; nothing is written.

    Args:
        path: A table, or an archive of tables, see docs/ad_reports.md and docs/formats.md.
        reading: How they are to be read.
    Returns:
        What was read of each table; of an archive, those that are no reports are left out.
    Raises:
        InputRefusedError: The file as a whole cannot be used; names line, value and remedy.
    """
    members = members_of(path)
    read, refused = [], []
    for member in members:
        raw = read_table(
            member, columns=_read_columns(), required=REQUIRED, words=WORDS, rows_at=ROWS_AT
        )
        try:
            recognised = recognise(member.path, raw, OWN_REPORT, given=(), name=reading.format_name)
        except InputRefusedError as error:
            if len(members) == 1:
                raise
            refused.append(error)
            continue
        read.append(_read(member, raw, recognised, reading))
    if not read:
        raise refused[0]
    return read


def _read_columns() -> tuple[str, ...]:
    return (*COLUMNS, *(word for words in PERIOD.values() for word in words))


def _read(member: Member, raw: RawFile, recognised: Recognised, reading: AdReading) -> ReadFile:
    path, export = member.path, recognised.export
    platform = (export.platform if export else None) or reading.ad_platform
    if platform is None:
        raise InputRefusedError(f"{path}: does not say where the ads ran. Name it with --platform.")
    _refuse_other_platform(path, platform, reading)
    known = raw if export is None else _from_export(path, raw, recognised, reading)
    rows = whole_days(path, known.rows, reading.spent_on)
    rows = without_thousands(rows) if export is None else rows
    known = RawFile.of(rows, tuple(name for name in rows.columns if name != LINE))
    refuse(path, _faults(known, reading, is_export=export is not None))
    reading = replace(reading, ad_platform=platform)
    summed = without_sums(known.rows, platform, reading.read_at, is_export=export is not None)
    if summed.rows.is_empty():
        raise InputRefusedError(f"{path}: has no rows but totals. Export it with its ads.")
    file_id = _file_id(member, recognised, reading)
    known = RawFile.of(summed.rows, known.columns)
    file = _typed_file(path, raw, known, reading, file_id, recognised)
    return replace(
        file,
        format=recognised.name,
        findings=summed.findings,
        notes=summed.notes,
        mapping=mapping_of(recognised),
    )


def _refuse_other_platform(path: Path, platform: str, reading: AdReading) -> None:
    if reading.ad_platform not in (None, platform):
        raise InputRefusedError(
            f"{path}: --platform {reading.ad_platform}, but it is a report of {platform}. Leave "
            "--platform out."
        )


def _from_export(path: Path, raw: RawFile, recognised: Recognised, reading: AdReading) -> RawFile:
    """The rows of an export as those of a report of ours."""
    export, header, told = recognised.export, recognised.header, reading.told
    if export is None:
        return raw
    refuse(path, _mangled_ids(raw, recognised))
    try:
        decimal = settle_decimal(raw, header, export, told, NUMBERS)
        order = settle_order(raw, header, export, told, ("date", "starts", "ends"))
    except Unsettled as open_question:
        raise InputRefusedError(f"{path}: {open_question}.") from open_question
    way = AdWay(decimal=decimal, order=order)
    rows = as_report_rows(raw.rows, export, header, told, way)
    if rows["currency"].is_null().all():
        raise InputRefusedError(
            f"{path}: does not say in which currency money was spent. Name it with --currency, "
            "for example --currency EUR."
        )
    return RawFile.of(rows, tuple(rows.columns))


def _mangled_ids(raw: RawFile, recognised: Recognised) -> Iterator[str]:
    columns = recognised.export.columns.get("ad_id", ()) if recognised.export else ()
    for found in recognised.header.found(columns):
        if found.column.pattern is not None:
            continue
        ids = raw.rows.select(LINE, value=pl.col(found.name).cast(pl.String))
        bad = ids.filter(pl.col("value").str.contains(MANGLED_ID))
        bad = lost_digits(ids, "value") if bad.is_empty() else bad
        if not bad.is_empty():
            yield (
                f"{places(bad, 'value')}: ids rounded by a spreadsheet. Export the file again with "
                "ids as text; the lost digits cannot be recovered"
            )


def _typed_file(  # noqa: PLR0917 - what a table is, and how it is to be read
    path: Path,
    raw: RawFile,
    known: RawFile,
    reading: AdReading,
    file_id: str,
    recognised: Recognised,
) -> ReadFile:
    typed: list[pl.DataFrame] = []
    for batch, total in known.counted():
        typed.append(_typed(batch, reading))
        report_rows(path, sum(part.height for part in typed), total)
    # All rows at once: an ad's day that stands twice is set aside wherever its rows stand.
    parts = split_rows(
        StgImportAdMetrics,
        _without_words(pl.concat(typed), is_export=recognised.export is not None).with_columns(
            file_id=pl.lit(file_id)
        ),
        table_name=TABLE,
        read_at=reading.read_at,
        run_id=reading.run_id,
    )
    columns: Sequence[str] = [*COLUMNS, *_period_columns(raw)]
    if recognised.export is not None:
        columns = list(mapping_of(recognised))
    tally = Tally()
    tally.add(*parts)
    return read_file(
        path, raw, [parts], tally, file_id=file_id, rows=raw.rows.height, columns=columns
    )


def _without_words(typed: pl.DataFrame, *, is_export: bool) -> pl.DataFrame:
    """The rows, ids that no ad of a platform can have marked as such."""
    if not is_export:
        return typed
    is_odd = pl.col("ad_id").is_not_null() & ~pl.col("ad_id").str.contains(AD_ID)
    breach = pl.when(is_odd).then(pl.lit("ad_id|no_ad_id"))
    return typed.with_columns(breaches=pl.concat_list("breaches", breach).list.drop_nulls())


def _period_columns(raw: RawFile) -> list[str]:
    words = {word for some in PERIOD.values() for word in some}
    return [name for name in raw.columns if header_word(name) in words]


def _faults(raw: RawFile, reading: AdReading, *, is_export: bool) -> Iterator[str]:
    damage = Damage((), COLUMNS)
    damage.look(raw.rows)
    yield from damage.spreadsheet_errors()
    yield from unusable_types(raw.rows.schema, COLUMNS)
    has_day = "date" in raw.columns
    if has_day and reading.spent_on is not None:
        yield f"has a column date, and --day names {reading.spent_on} for all rows. Leave --day out"
    if reading.spent_on is not None and reading.spent_on > (reading.read_at + AHEAD).date():
        yield f"--day {reading.spent_on} has not begun anywhere. Name the day that it tells of"
    if not has_day and reading.spent_on is None:
        remedy = "Export it with the breakdown by day, or name" if is_export else "Name"
        yield f"has no column date. {remedy} the day that it tells of with --day YYYY-MM-DD"


def _typed(batch: pl.DataFrame, reading: AdReading) -> pl.DataFrame:
    return read_ad_metrics(
        batch,
        ad_platform=reading.ad_platform or "",
        now=reading.read_at,
        run_id=reading.run_id,
        spent_on=reading.spent_on,
        is_history=reading.is_history,
    )


def _file_id(member: Member, recognised: Recognised, reading: AdReading) -> str:
    """The same content tells something else if it is read for another platform or day."""
    how: list[object] = [
        reading.ad_platform,
        reading.spent_on or "",
        "history" * reading.is_history,
    ]
    if recognised.export is not None:
        told = reading.told
        how += [recognised.name, told.currency, told.decimal, told.order]
    return read_as(fingerprint(member), *how)
