"""Ads as they come in: ad accounts read through the platforms' APIs.

Belongs here: the asset that reads ad accounts and lands what they give.
Does not belong here: what follows from landed rows (``derive``), checks (``ads_checks``).
"""

from collections.abc import Iterator
from typing import Final

import dagster as dg

from assets.asset_specs import spec_of
from assets.ingest import MISSED, SyncConfig, refuse_to_look_fresh, sync_figures
from layers_pipeline.lake import catalog
from layers_pipeline.steps.ingest.ads import EVERY, sync_ads
from layers_pipeline.steps.ingest.spark_rights import read_spark_rights
from layers_pipeline.steps.stores import Stores

LANDED: Final = (catalog.RAW_META__ADS, catalog.RAW_TIKTOK__ADS, catalog.ADS_READINGS)
FRESHNESS: Final = dg.FreshnessPolicy.time_window(
    warn_window=EVERY * MISSED[0], fail_window=EVERY * MISSED[1]
)
"""Warns when one reading was missed, and fails when two were."""


@dg.multi_asset(
    name="read_ad_accounts",
    specs=[spec_of(table, freshness=FRESHNESS) for table in LANDED],
    pool="ads_sync",
)
def read_ad_accounts(
    context: dg.AssetExecutionContext, stores: dg.ResourceParam[Stores], config: SyncConfig
) -> Iterator[dg.MaterializeResult]:
    """Reads the ad accounts that are due, and lands what is answered."""
    summary = sync_ads(stores, worker=context.run.run_id, accounts=config.accounts)
    refuse_to_look_fresh(context, summary)
    _refresh_rights(context, stores)
    for table in LANDED:
        version = {"table_version": stores.lake.version(table)}
        yield dg.MaterializeResult(table.name, metadata={**version, **sync_figures(summary)})


def _refresh_rights(context: dg.AssetExecutionContext, stores: Stores) -> None:
    """Note what TikTok says of stored Spark codes; a code that fails is named in the log."""
    done = read_spark_rights(stores)
    for right, why in done.failed.items():
        context.log.warning(f"right {right}: {why}")
