"""Raw rows: what sources answered, committed as received; that commit is when it is known.

Belongs here: rows of the raw tables, and the stamp of knowledge.
Does not belong here: fetching, and what the rows mean (``staging``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.operations.sync_outcomes import SyncEnding
from layers_pipeline.sources.account_reading import AccountReading
from layers_pipeline.steps.platforms import PLATFORMS
from layers_pipeline.steps.stores import Stores
from transforms.vocabulary import Depth, Platform


@dataclass(frozen=True, kw_only=True)
class AccountSync:
    """One account, read at one depth, and how that ended."""

    sync_id: str
    platform: Platform
    account_key: str
    depth: Depth
    started_at: datetime
    finished_at: datetime
    reading: AccountReading
    outcome: SyncEnding


def known_now(stores: Stores, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows, stamped as known at this moment: called by the lake as it commits (R20)."""
    return rows.with_columns(known_at=pl.lit(stores.clock.now(), pl.Datetime("us", "UTC")))


def write_raw(stores: Stores, syncs: Sequence[AccountSync], *, run_id: str) -> int:
    """Commit what syncs of accounts brought: the rows first, then that they took place.

    Args:
        syncs: One per account that was read.
        run_id: Run that read them.

    Returns:
        Response rows that were written.
    """
    written = 0
    with stores.lake.write_lock():
        for platform in PLATFORMS.values():
            of_platform = [sync for sync in syncs if sync.platform == platform.name]
            rows = [row for sync in of_platform for row in _rows(sync, run_id=run_id)]
            written += _append(stores, platform.raw, rows)
        listings = [_listing(sync, run_id=run_id) for sync in syncs]
        _append(stores, catalog.ACCOUNT_LISTINGS, listings)
    return written


def _append(stores: Stores, table: Table, rows: list[dict[str, Any]]) -> int:
    def known_on_commit(some: pl.DataFrame) -> pl.DataFrame:
        return known_now(stores, some).with_columns(landed_on=pl.col("known_at").dt.date())

    frame = pl.DataFrame(rows, schema=dict(table.empty().schema))
    return stores.lake.append(table, frame, restamp=known_on_commit).inserted


def _rows(sync: AccountSync, *, run_id: str) -> list[dict[str, Any]]:
    return [
        {
            "landing_id": f"{sync.sync_id}#{position:06d}",
            "sync_id": sync.sync_id,
            "account_key": sync.account_key,
            "depth": sync.depth,
            "entity": row.entity,
            "subject": row.subject,
            "received_at": row.received_at,
            "known_at": row.received_at,
            "run_id": run_id,
            "body": row.body,
            "landed_on": row.received_at.date(),
        }
        for position, row in enumerate(sync.reading.rows)
    ]


def _listing(sync: AccountSync, *, run_id: str) -> dict[str, Any]:
    reading, listing = sync.reading, sync.reading.listing
    return {
        "sync_id": sync.sync_id,
        "platform": sync.platform,
        "account_key": sync.account_key,
        "depth": sync.depth,
        "started_at": sync.started_at,
        "finished_at": sync.finished_at,
        "known_at": sync.finished_at,
        "outcome": sync.outcome.outcome,
        "items": reading.items,
        "pages": reading.pages,
        "calls": reading.calls,
        # A sync that ended otherwise than well is no witness, however far its listing came (R7).
        "is_complete": reading.is_complete and sync.outcome.outcome == "ok",
        "listing_id": listing.listing_id if listing else None,
        "listing_began_at": listing.began_at if listing else None,
        "listing_items": listing.items if listing else None,
        "run_id": run_id,
        "landed_on": sync.finished_at.date(),
    }
