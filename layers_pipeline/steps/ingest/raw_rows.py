"""Raw rows: what sources answered, committed as received; that commit is when it is known.

Belongs here: rows of the raw tables, and the stamp of knowledge.
Does not belong here: fetching, and what the rows mean (``staging``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.operations.sync_outcomes import SyncEnding
from layers_pipeline.sources.account_reading import AccountReading
from layers_pipeline.steps.platforms import PLATFORMS
from layers_pipeline.steps.stores import Stores
from transforms.vocabulary import Depth, Platform

INSTANT: Final = pl.Datetime("us", "UTC")


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

    @property
    def characters(self) -> int:
        """The length of its rows' bodies, which is most of what it takes in memory."""
        return sum(len(row.body) for row in self.reading.rows)


def known_now(stores: Stores, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows, stamped as known at this moment: called by the lake as it commits (R20)."""
    return rows.with_columns(known_at=pl.lit(stores.clock.now(), INSTANT))


def write_raw(stores: Stores, syncs: Sequence[AccountSync], *, run_id: str) -> int:
    """Commit what syncs of accounts brought: the rows first, then that they took place.

    Args:
        syncs: One per account that was read.
        run_id: Run that read them.

    Returns:
        Response rows that were written.
    """
    written = 0
    # In the order of their keys, rows that keep their contract need not be looked at one by one.
    ordered = sorted(syncs, key=lambda sync: sync.sync_id)
    with stores.lake.landing():
        for platform in PLATFORMS.values():
            of_platform = [sync for sync in ordered if sync.platform == platform.name]
            rows = _rows(platform.raw, of_platform, run_id=run_id)
            written += _append(stores, platform.raw, rows)
        listings = [_listing(sync, run_id=run_id) for sync in ordered]
        table = catalog.ACCOUNT_LISTINGS
        _append(stores, table, pl.DataFrame(listings, schema=dict(table.empty().schema)))
    return written


def _append(stores: Stores, table: Table, rows: pl.DataFrame) -> int:
    def known_on_commit(some: pl.DataFrame) -> pl.DataFrame:
        return known_now(stores, some).with_columns(landed_on=pl.col("known_at").dt.date())

    return stores.lake.append(table, rows, restamp=known_on_commit).inserted


def _rows(table: Table, syncs: Sequence[AccountSync], *, run_id: str) -> pl.DataFrame:
    """The responses of some readings, column by column: there may be many thousand."""
    received = [row for sync in syncs for row in sync.reading.rows]
    positions = [at for sync in syncs for at in range(len(sync.reading.rows))]
    of_reading = [n for n, sync in enumerate(syncs) for _ in sync.reading.rows]
    readings = pl.DataFrame(
        [(sync.sync_id, sync.account_key, sync.depth) for sync in syncs],
        schema={"sync_id": pl.String, "account_key": pl.String, "depth": pl.String},
        orient="row",
    )[of_reading]
    place = pl.Series(positions, dtype=pl.Int64).cast(pl.String).str.zfill(6)
    given = readings.with_columns(
        landing_id=pl.col("sync_id") + "#" + place,
        entity=pl.Series([row.entity for row in received], dtype=pl.String),
        subject=pl.Series([row.subject for row in received], dtype=pl.String),
        received_at=pl.Series([row.received_at for row in received], dtype=INSTANT),
        run_id=pl.lit(run_id),
        body=pl.Series([row.body for row in received], dtype=pl.String),
    )
    stamped = given.with_columns(known_at="received_at", landed_on=pl.col("received_at").dt.date())
    return stamped.select(table.columns)


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
