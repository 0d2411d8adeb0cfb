"""The history of what ads spent: every restatement of an ad's day, from staged reports.

Belongs here: bringing ``ad_daily_metrics`` up to what has been staged.
Does not belong here: reading and staging reports (``ingest.ad_imports``), what is news of a day
(``transforms``).
"""

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Written, differ
from layers_pipeline.steps.stores import Stores
from transforms.facts.ad_restatements import AD_DAY, VALUES, restatements


def derive_ad_metrics(stores: Stores) -> dict[str, Written]:
    """Bring the history up to what has been staged; cheap where nothing is new.

    The ads and days that new rows report are made again from all that was ever reported of them.
    """
    lake, staged, history = stores.lake, catalog.STG_IMPORT__AD_METRICS, catalog.AD_DAILY_METRICS
    with lake.write_lock():
        at = lake.version(staged)
        since = lake.watermark(history, staged.name)
        if at == since:
            return {history.name: Written()}
        days = lake.added_since(staged, since).select(AD_DAY).unique().collect()
        reported = (
            lake.read(staged)
            .filter(pl.col("spent_on").is_between(days["spent_on"].min(), days["spent_on"].max()))
            .join(days.lazy(), on=AD_DAY, how="semi")
        )
        written = lake.merge(
            history,
            restatements(reported).collect(),
            update=differ(VALUES),
            columns=VALUES,
            marks={staged.name: at},
        )
        return {history.name: written}
