"""A reading of an ad account as rows: what it brought, and that it was.

Belongs here: raw rows of a reading, its row among the readings, committing both.
Does not belong here: claims and outcomes (``ads``), what rows mean (``staging``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.operations.ad_account_rows import AdAccount, AdsEnding
from layers_pipeline.sources.ads_client import AdsReading
from layers_pipeline.steps.ingest.raw_rows import INSTANT, known_now
from layers_pipeline.steps.stores import Stores


@dataclass(frozen=True, kw_only=True)
class AdsSync:
    """One ad account, read, and how that ended."""

    reading_id: str
    account: AdAccount
    started_at: datetime
    finished_at: datetime
    reading: AdsReading
    outcome: AdsEnding


def land_reading(stores: Stores, raw: Table, sync: AdsSync, *, run_id: str) -> int:
    """Commit the rows of a reading, then that it was; the number of rows written."""
    written = _append(stores, raw, _raw(raw, sync, run_id))
    readings = catalog.ADS_READINGS
    _append(stores, readings, _frame(readings, [_row(sync, run_id)]))
    return written


def _append(stores: Stores, table: Table, rows: pl.DataFrame) -> int:
    """Commit rows as known since that commit (R20)."""

    def landed_now(some: pl.DataFrame) -> pl.DataFrame:
        return known_now(stores, some).with_columns(landed_on=pl.col("known_at").dt.date())

    return stores.lake.append(table, rows, restamp=landed_now).inserted


def _frame(table: Table, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=dict(table.empty().schema))


def _raw(table: Table, sync: AdsSync, run_id: str) -> pl.DataFrame:
    """The responses of a reading, column by column: there may be many thousand."""
    received, account = sync.reading.rows, sync.reading.account
    place = pl.int_range(pl.len(), dtype=pl.Int64).cast(pl.String).str.zfill(7)
    given = pl.DataFrame(
        {
            "entity": [row.entity for row in received],
            "subject": [row.subject for row in received],
            "received_at": [row.received_at for row in received],
            "body": [row.body for row in received],
        },
        schema={
            "entity": pl.String,
            "subject": pl.String,
            "received_at": INSTANT,
            "body": pl.String,
        },
    ).with_columns(
        landing_id=pl.lit(f"{sync.reading_id}#") + place,
        reading_id=pl.lit(sync.reading_id),
        ad_account_id=pl.lit(sync.account.ad_account_id),
        currency=pl.lit(account.currency if account else ""),
        time_zone=pl.lit(account.time_zone if account else ""),
        known_at="received_at",
        run_id=pl.lit(run_id),
        landed_on=pl.col("received_at").dt.date(),
    )
    return given.select(table.columns)


def _row(sync: AdsSync, run_id: str) -> dict[str, Any]:
    reading = sync.reading
    return {
        "reading_id": sync.reading_id,
        "ad_platform": sync.account.ad_platform,
        "ad_account_id": sync.account.ad_account_id,
        "started_at": sync.started_at,
        "finished_at": sync.finished_at,
        "known_at": sync.finished_at,
        "since": reading.since,
        "until": reading.until,
        "outcome": sync.outcome.outcome,
        "message": sync.outcome.message,
        # A reading that ended otherwise than well is no witness, however far it came.
        "is_complete": reading.is_complete and sync.outcome.outcome == "ok",
        "ads": reading.ads,
        "days": reading.days,
        "calls": reading.calls,
        "run_id": run_id,
        "landed_on": sync.finished_at.date(),
    }
