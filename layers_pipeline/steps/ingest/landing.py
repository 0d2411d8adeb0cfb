"""Landing: what sources answered, committed as received; that commit is when it is known.

Belongs here: rows of the landing tables, and the stamp of knowledge.
Does not belong here: fetching, and what the rows mean (``staging``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.sources.account_reading import AccountReading
from layers_pipeline.steps.stores import Stores
from transforms.vocabulary import Depth, Outcome, Platform

RESPONSES: Final = {
    "instagram": catalog.RAW_INSTAGRAM__RESPONSES,
    "tiktok": catalog.RAW_TIKTOK__RESPONSES,
}


@dataclass(frozen=True, kw_only=True)
class LandedReading:
    """One reading of one account, ready to be landed."""

    sync_id: str
    platform: Platform
    account_key: str
    depth: Depth
    started_at: datetime
    finished_at: datetime
    outcome: Outcome
    reading: AccountReading


def known_now(stores: Stores, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows, stamped as known at this moment: called by the lake as it commits (R20)."""
    return rows.with_columns(known_at=pl.lit(stores.clock.now(), pl.Datetime("us", "UTC")))


def land_readings(stores: Stores, readings: Sequence[LandedReading], *, run_id: str) -> int:
    """Commit what readings brought: the rows first, then that the readings took place.

    Args:
        stores: Open stores.
        readings: One per account that was read.
        run_id: Run that read them.

    Returns:
        Response rows that were landed.
    """
    landed = 0
    with stores.lake.write_lock():
        for platform, table in RESPONSES.items():
            rows = [
                row
                for reading in readings
                if reading.platform == platform
                for row in _rows(reading, run_id=run_id)
            ]
            frame = pl.DataFrame(rows, schema=dict(table.empty().schema))
            landed += stores.lake.append(
                table, frame, restamp=lambda some: _landed_now(stores, some)
            ).inserted
        listings = pl.DataFrame(
            [_listing(reading, run_id=run_id) for reading in readings],
            schema=dict(catalog.ACCOUNT_LISTINGS.empty().schema),
        )
        stores.lake.append(
            catalog.ACCOUNT_LISTINGS, listings, restamp=lambda some: _landed_now(stores, some)
        )
    return landed


def _landed_now(stores: Stores, rows: pl.DataFrame) -> pl.DataFrame:
    return known_now(stores, rows).with_columns(landed_on=pl.col("known_at").dt.date())


def _rows(reading: LandedReading, *, run_id: str) -> list[dict[str, Any]]:
    return [
        {
            "landing_id": f"{reading.sync_id}#{position:06d}",
            "sync_id": reading.sync_id,
            "account_key": reading.account_key,
            "depth": reading.depth,
            "entity": row.entity,
            "subject": row.subject,
            "received_at": row.received_at,
            "known_at": row.received_at,
            "run_id": run_id,
            "body": row.body,
            "landed_on": row.received_at.date(),
        }
        for position, row in enumerate(reading.reading.rows)
    ]


def _listing(reading: LandedReading, *, run_id: str) -> dict[str, Any]:
    told = reading.reading
    return {
        "sync_id": reading.sync_id,
        "platform": reading.platform,
        "account_key": reading.account_key,
        "depth": reading.depth,
        "started_at": reading.started_at,
        "finished_at": reading.finished_at,
        "known_at": reading.finished_at,
        "outcome": reading.outcome,
        "items": told.items,
        "pages": told.pages,
        "calls": told.calls,
        # A sync that ended otherwise than well is no witness, however far its listing came (R7).
        "is_complete": told.is_complete and reading.outcome == "ok",
        "run_id": run_id,
        "landed_on": reading.finished_at.date(),
    }
