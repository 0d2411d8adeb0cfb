"""What ad platforms say of ads, from landed rows to states and totals: one way for every platform.

Belongs here: staging what readings of ad accounts landed, the histories that follow from it.
Does not belong here: reading ad accounts (``ingest``), how a row is read (``transforms``), the
history of figures (``ad_metrics``), layers' ads (``layer_ads``).

A staged row is a function of its landed row alone, so staging may be repeated, and a crash between
the three tables heals with the next run.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table, Written, add_up, differ
from layers_pipeline.steps.ad_platforms import AD_PLATFORMS, AdsPlatform
from layers_pipeline.steps.derive.ad_metrics import make_ad_metrics_again
from layers_pipeline.steps.platforms import LANDED_ON
from layers_pipeline.steps.stores import Stores
from transforms.facts.ad_accounts import ACCOUNT_DAY, account_changes, account_days
from transforms.facts.ad_states import AD, changes_of_state
from transforms.facts.ads_shown import ACCOUNT

STAGED: Final = (catalog.STG_ADS__STATES, catalog.STG_ADS__DAYS, catalog.STG_ADS__ACCOUNT_DAYS)
ACCOUNT_ROW: Final = "account"
"""The entity of a landed row in which an ad account speaks of itself."""
ROWS_AT_ONCE: Final = 50_000
"""So many landed rows are typed at a time: some tens of megabytes."""


def stage_ads(stores: Stores) -> dict[str, Written]:
    """Type the landed rows of every ad platform; what was written, by table name."""
    written = {table.name: Written() for table in STAGED}
    with stores.lake.write_lock():
        for platform in AD_PLATFORMS.values():
            add_up(written, _stage(stores, platform))
    return written


def _stage(stores: Stores, platform: AdsPlatform) -> dict[str, Written]:
    """Type the rows that one of the three tables has not read yet, so many at a time."""
    lake, raw = stores.lake, platform.raw
    at = lake.version(raw)
    since = min(lake.watermark(table, raw.name) for table in STAGED)
    if at == since:
        return {}
    written: dict[str, Written] = {}
    batches = _batches(stores, raw, lake.files_since(raw, since))
    for left, landed in zip(reversed(range(len(batches))), batches, strict=True):
        marks = {} if left else {raw.name: at}
        add_up(written, _write(stores, platform, landed.collect(), marks))
    return written


def stage_ads_again(
    stores: Stores, platform: AdsPlatform, *, start: datetime, end: datetime
) -> tuple[int, dict[str, Written]]:
    """Read what landed in [start, end) again: a staged row that comes out otherwise is put right.

    Returns:
        Landed rows that were read, and what was written, by table name.
    """
    lake, raw = stores.lake, platform.raw
    is_meant = (pl.col("known_at") >= start) & (pl.col("known_at") < end)
    landed = lake.read(raw).filter(is_meant).collect()
    written: dict[str, Written] = {}
    days = platform.trailing_days(stores.settings)
    for some in landed.iter_slices(ROWS_AT_ONCE):
        read = platform.stage(some, days)
        for table, rows in zip(STAGED, (read.states, read.days, read.account_days), strict=True):
            columns = [name for name in table.columns if name not in table.key]
            done = lake.merge(table, rows, update=differ(columns), columns=columns)
            add_up(written, {table.name: done})
    return landed.height, written


def make_ads_again(stores: Stores) -> dict[str, Written]:
    """Make states, figures and totals from everything staged, in place of what there is."""
    lake = stores.lake
    states = changes_of_state(lake.read(STAGED[0]).select(catalog.AD_STATES.columns))
    written = {catalog.AD_STATES.name: lake.replace(catalog.AD_STATES, states.collect(), where={})}
    written |= make_ad_metrics_again(stores)
    ads = lake.read(STAGED[0]).select(*ACCOUNT, "ad_id")
    belongs = pl.concat([ads, lake.read(STAGED[1]).select(*ACCOUNT, "ad_id")]).unique(AD)
    totals = account_days(lake.read(STAGED[2]), lake.read(catalog.AD_DAILY_METRICS), belongs)
    table = catalog.AD_ACCOUNT_DAYS
    return written | {table.name: lake.replace(table, totals.collect(), where={})}


def _write(
    stores: Stores, platform: AdsPlatform, landed: pl.DataFrame, marks: dict[str, int]
) -> dict[str, Written]:
    read = platform.stage(landed, platform.trailing_days(stores.settings))
    frames = (read.states, read.days, read.account_days)
    return {
        table.name: stores.lake.insert_absent(table, rows, marks=marks)
        for table, rows in zip(STAGED, frames, strict=True)
    }


def _batches(stores: Stores, raw: Table, files: Sequence[str]) -> list[pl.LazyFrame]:
    """The rows of landed files, so many at a time; at least one batch.

    Each reading of an account lands a file of its own: small ones are read together, as every
    write costs the same however few its rows.
    """
    found: list[pl.LazyFrame] = []
    together, number = list[str](), 0
    for file in files:
        rows = stores.lake.scan(raw, [file])
        own = rows.select(pl.len()).collect().item()
        if number + own > ROWS_AT_ONCE and together:
            found.append(stores.lake.scan(raw, together))
            together, number = [], 0
        if own > ROWS_AT_ONCE:
            found += [rows.slice(start, ROWS_AT_ONCE) for start in range(0, own, ROWS_AT_ONCE)]
        else:
            together.append(file)
            number += own
    if together:
        found.append(stores.lake.scan(raw, together))
    return [rows.with_columns(LANDED_ON) for rows in found] or [raw.empty().lazy()]


def derive_ad_states(stores: Stores) -> dict[str, Written]:
    """Bring the history of ads' states up to what has been staged; cheap where nothing is new."""
    lake, staged, history = stores.lake, catalog.STG_ADS__STATES, catalog.AD_STATES
    with lake.write_lock():
        at, since = lake.version(staged), lake.watermark(history, staged.name)
        if at == since:
            return {history.name: Written()}
        told = lake.added_since(staged, since).select(history.columns).collect()
        before = lake.read(history).join(told.select(AD).unique().lazy(), on=AD, how="semi")
        changes = changes_of_state(pl.concat([before, told.lazy()]))
        known = lake.read(history).select(history.key)
        new = changes.join(known, on=history.key, how="anti").collect()
        return {history.name: lake.insert_absent(history, new, marks={staged.name: at})}


def derive_account_history(stores: Stores) -> dict[str, Written]:
    """Note what ad accounts said of themselves in readings that landed since."""
    lake, history = stores.lake, catalog.AD_ACCOUNT_HISTORY
    with lake.write_lock():
        marks = {one.raw.name: lake.version(one.raw) for one in AD_PLATFORMS.values()}
        since = {name: lake.watermark(history, name) for name in marks}
        if marks == since:
            return {history.name: Written()}
        told = pl.concat(
            _accounts(lake.added_since(one.raw, since[one.raw.name]), one)
            for one in AD_PLATFORMS.values()
        ).collect()
        known = lake.read(history)
        before = known.join(told.lazy().select(ACCOUNT).unique(), on=ACCOUNT, how="semi")
        changes = account_changes(pl.concat([before, told.lazy()]))
        new = changes.join(known.select(history.key), on=history.key, how="anti").collect()
        return {history.name: lake.insert_absent(history, new, marks=marks)}


def _accounts(landed: pl.LazyFrame, platform: AdsPlatform) -> pl.LazyFrame:
    """Rows of ``AdAccountHistory`` in landed ones: an account's own row says what it is."""
    of_accounts = landed.filter(pl.col("entity") == ACCOUNT_ROW)
    return of_accounts.with_columns(ad_platform=pl.lit(platform.name)).select(
        catalog.AD_ACCOUNT_HISTORY.columns
    )


def derive_account_days(stores: Stores) -> dict[str, Written]:
    """Set the platforms' totals of accounts beside the sums of their ads, for days just read."""
    lake, table = stores.lake, catalog.AD_ACCOUNT_DAYS
    totals, days = catalog.STG_ADS__ACCOUNT_DAYS, catalog.STG_ADS__DAYS
    with lake.write_lock():
        marks = {source.name: lake.version(source) for source in (totals, days)}
        since = {name: lake.watermark(table, name) for name in marks}
        if marks == since:
            return {table.name: Written()}
        touched = pl.concat(
            lake.added_since(source, since[source.name]).select(ACCOUNT_DAY)
            for source in (totals, days)
        )
        wanted = touched.unique().collect()
        span = pl.col("spent_on").is_between(wanted["spent_on"].min(), wanted["spent_on"].max())
        rows = account_days(
            lake.read(totals).filter(span).join(wanted.lazy(), on=ACCOUNT_DAY, how="semi"),
            lake.read(catalog.AD_DAILY_METRICS).filter(span),
            _belongs(stores, since[days.name]),
        )
        columns = [name for name in table.columns if name not in table.key]
        written = lake.merge(
            table, rows.collect(), update="s.known_at >= t.known_at", columns=columns, marks=marks
        )
        return {table.name: written}


def _belongs(stores: Stores, since: int) -> pl.LazyFrame:
    """Whose each ad is: as its newest state says, or the reading that told of its days."""
    lake = stores.lake
    states = lake.read(catalog.AD_STATES).sort("known_at").unique(AD, keep="last")
    told = lake.added_since(catalog.STG_ADS__DAYS, since)
    both = pl.concat([states.select(*ACCOUNT, "ad_id"), told.select(*ACCOUNT, "ad_id")])
    return both.unique(AD, keep="first", maintain_order=True)
