"""The history of what ads spent: every restatement of an ad's day, from staged reports.

Belongs here: bringing ``ad_daily_metrics`` up to what has been staged.
Does not belong here: reading and staging reports (``ingest.ad_imports``) and what platforms answer
(``ads``), what is news of a day (``transforms``).
"""

from collections.abc import Mapping
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Written, differ
from layers_pipeline.steps.stores import Stores
from transforms.facts.ad_restatements import AD_DAY, VALUES, restatements

IMPORTED: Final = catalog.STG_IMPORT__AD_METRICS
READ: Final = catalog.STG_ADS__DAYS
HISTORY: Final = catalog.AD_DAILY_METRICS


def derive_ad_metrics(stores: Stores) -> dict[str, Written]:
    """Bring the history up to what has been staged; cheap where nothing is new.

    Reports may tell of any past moment, so the ads and days of which they tell are made again
    from all that was ever reported of them. What platforms answer is known later than everything
    before it, so there the history itself says what it is news to.
    """
    lake = stores.lake
    with lake.write_lock():
        marks = {table.name: lake.version(table) for table in (IMPORTED, READ)}
        since = {name: lake.watermark(HISTORY, name) for name in marks}
        if marks == since:
            return {HISTORY.name: Written()}
        rows = pl.concat([_of_reports(stores, since), _of_readings(stores, since)])
        new = rows.unique(HISTORY.key, keep="first", maintain_order=True)
        written = lake.merge(HISTORY, new, update=differ(VALUES), columns=VALUES, marks=marks)
        return {HISTORY.name: written}


def make_ad_metrics_again(stores: Stores) -> dict[str, Written]:
    """Make the whole history from all that was ever reported and read."""
    told = [stores.lake.read(table).select(HISTORY.columns) for table in (IMPORTED, READ)]
    rows = restatements(pl.concat(told)).collect()
    return {HISTORY.name: stores.lake.replace(HISTORY, rows, where={})}


def _of_reports(stores: Stores, since: Mapping[str, int]) -> pl.DataFrame:
    """The history of days of which new reports tell, from all that was ever told of them."""
    lake = stores.lake
    days = lake.added_since(IMPORTED, since[IMPORTED.name]).select(AD_DAY).unique().collect()
    told = [lake.read(table).select(HISTORY.columns) for table in (IMPORTED, READ)]
    return _history(told, days)


def _of_readings(stores: Stores, since: Mapping[str, int]) -> pl.DataFrame:
    """The same of days that were read again, from their history and the new rows."""
    lake = stores.lake
    read = lake.added_since(READ, since[READ.name]).select(HISTORY.columns)
    days = read.select(AD_DAY).unique().collect()
    return _history([lake.read(HISTORY).select(HISTORY.columns), read], days)


def _history(told: list[pl.LazyFrame], days: pl.DataFrame) -> pl.DataFrame:
    if days.is_empty():
        return HISTORY.empty()
    span = pl.col("spent_on").is_between(days["spent_on"].min(), days["spent_on"].max())
    reported = pl.concat(told).filter(span).join(days.lazy(), on=AD_DAY, how="semi")
    return restatements(reported).collect()
