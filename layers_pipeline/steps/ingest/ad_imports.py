"""Importing reports of ads: what ads spent by day, with every restatement of a day.

Belongs here: staging a report's rows once, adding to the history what is new in them.
Does not belong here: reading files (``files.ads``), what a row means and what is news
(``transforms``).

Every row stays in staging, and the history follows from the staged rows alone; so a crash between
the two heals with the next run, and the order in which history comes in does not matter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path

import polars as pl

from layers_pipeline.files.ads import AdReading, read_ad_files
from layers_pipeline.files.options import told_of
from layers_pipeline.files.reader import ReadFile
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Written
from layers_pipeline.progress import report
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.ingest.imports import (
    NO_OPTIONS,
    ImportedFile,
    imported,
    register_file,
)
from layers_pipeline.steps.ingest.outdated import Outdated, outdated_ticks
from layers_pipeline.steps.stores import Stores
from transforms.currencies import USD
from transforms.facts.spend import AD


@dataclass(frozen=True, kw_only=True)
class AdImportReport:
    """What came of one import of reports of ads.

    Args:
        files: What came of each file.
        ads: Distinct ads in the files.
        first_day: Oldest day in the files.
        last_day: Newest day in the files.
        spend_cents: US cents of all sound rows of the files, restatements included.
        spent: Minor units of all sound rows by currency, restatements included.
        outdated: Ticks whose scores are now out of date.
        written: What was derived, by table name.
    """

    files: tuple[ImportedFile, ...]
    ads: int
    first_day: date | None
    last_day: date | None
    spend_cents: int
    spent: Mapping[str, int]
    outdated: Outdated | None
    written: Mapping[str, Written]


def import_ad_metrics(
    stores: Stores,
    paths: Sequence[Path],
    *,
    ad_platform: str | None,
    spent_on: date | None = None,
    is_history: bool = False,
    run_id: str,
    options: Mapping[str, str] = NO_OPTIONS,
) -> AdImportReport:
    """Import reports of ads; the same reports again change nothing (R9, R50).

    Every file is read before anything is written, so a refused file leaves no trace of the
    others. Rows that do not say when they were known are known since the commit (R20).

    Args:
        paths: Files, each known after the one before.
        ad_platform: Where the ads run, ``meta`` or ``tiktok``, unless a row or the format says so
            itself.
        spent_on: The day, for reports that carry no date; None refuses such files.
        is_history: Rows that do not say when they were known were known when their day was over.
        run_id: Run that imports.
        options: What the user says of files that do not say it themselves (``files.options``).

    Raises:
        InputRefusedError: A file cannot be read as a report of ads; nothing was written.
    """
    reading = AdReading(
        ad_platform=ad_platform,
        spent_on=spent_on,
        is_history=is_history,
        read_at=stores.clock.now(),
        run_id=run_id,
        told=told_of(options, time_zone=None, now=stores.clock.now()),
        format_name=options.get("format") or None,
    )
    read = [file for path in paths for file in read_ad_files(path, reading)]
    files = []
    with stores.lake.landing(catalog.STG_IMPORT__AD_METRICS):
        for file in read:
            files.append(_stage(stores, file, reading))
            report("files staged", len(files), len(read))
    written = bring_up_to_date(stores)
    days = pl.concat([file.sound for file in read])
    first_change = _first_change(stores, read, files)
    return AdImportReport(
        files=tuple(files),
        ads=days.select(*AD).n_unique(),
        first_day=_day(days["spent_on"].min()),
        last_day=_day(days["spent_on"].max()),
        spend_cents=int(days["spend_cents"].sum()),
        spent=_spent(days),
        outdated=outdated_ticks(stores, first_change),
        written=written,
    )


def _spent(days: pl.DataFrame) -> dict[str, int]:
    """Minor units by currency; money that names none is in US dollars."""
    named = days.with_columns(pl.col("currency").fill_null(USD))
    return dict(named.group_by("currency").agg(pl.col("spend_cents").sum()).sort("currency").rows())


def _first_change(
    stores: Stores, read: Sequence[ReadFile], files: Sequence[ImportedFile]
) -> datetime | None:
    """When the oldest row that is new to the lake was known."""
    new = [file.file_id for file, done in zip(read, files, strict=True) if not done.already_there]
    staged = stores.lake.read(catalog.STG_IMPORT__AD_METRICS).filter(pl.col("file_id").is_in(new))
    first = staged.select(pl.col("known_at").min()).collect().item() if new else None
    return first if isinstance(first, datetime) else None


def _stage(stores: Stores, file: ReadFile, reading: AdReading) -> ImportedFile:
    """Write a report's rows unless they are there; say what was set aside."""
    lake, staged = stores.lake, catalog.STG_IMPORT__AD_METRICS
    there = not lake.read(staged).filter(file_id=file.file_id).head(1).collect().is_empty()
    lake.insert_absent(catalog.QUARANTINE, file.quarantined)
    if not there:
        lake.append(staged, file.sound, restamp=partial(_known_since_commit, stores, reading))
    under = str(file.sound["ad_platform"][0])
    is_new = register_file(stores, file, under=reading.ad_platform or under, project_id=None)
    return imported(file, already_there=there, is_new_here=is_new)


def _known_since_commit(stores: Stores, reading: AdReading, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows, those stamped as known now that were known only since they were read (R20)."""
    now = pl.lit(stores.clock.now(), pl.Datetime("us", "UTC"))
    is_dated = pl.col("known_at") < reading.read_at
    return rows.with_columns(known_at=pl.when(is_dated).then("known_at").otherwise(now))


def _day(value: object) -> date | None:
    return value if isinstance(value, date) else None
