"""How ads that run are doing, at each tick.

Belongs here: the partitioned table of classifications.
Does not belong here: the classification, scores (``score``).
"""

from collections.abc import Iterator
from datetime import UTC
from functools import partial
from typing import Final

import dagster as dg
import polars as pl

from assets.asset_specs import spec_of
from assets.contract_checks import check_specs, contract_result, log, versions
from assets.derive import OWN as DERIVED
from assets.partitions import backfill_policy, scoring_ticks
from layers_pipeline.dagster_support.limits import SCORING_POOL
from layers_pipeline.lake import catalog
from layers_pipeline.settings import Settings
from layers_pipeline.steps.score.ad_classes import ClassifiedTick, classify_ticks
from layers_pipeline.steps.stores import Stores
from transforms.scoring.ticks import tick_key, tick_text

TABLE: Final = catalog.AD_CLASSIFICATIONS
TICKS_LOOKED_AT: Final = 50


def classified_ticks(settings: Settings) -> dg.AssetsDefinition:
    """How ads are doing, by the ticks that the settings name."""
    ticks = scoring_ticks(settings)

    @dg.multi_asset(
        name="classify_ads",
        specs=[spec_of(TABLE)],
        check_specs=check_specs([TABLE]),
        partitions_def=ticks,
        backfill_policy=backfill_policy(settings),
        pool=SCORING_POOL,
    )
    def classify(
        context: dg.AssetExecutionContext, stores: dg.ResourceParam[Stores]
    ) -> Iterator[dg.MaterializeResult]:
        """Classifies the ads of the run's ticks in order, each as of its own time."""
        start, end = context.partition_time_window
        due = ticks.get_partition_keys_in_time_window(dg.TimeWindow(start, end))
        instants = [ticks.start_time_for_partition_key(key).astimezone(UTC) for key in due]
        on_written = partial(log, context, stores, since=versions(stores, DERIVED))
        done = list(classify_ticks(stores, instants, on_written=on_written))
        for one in done:
            _report(context, one)
        yield dg.MaterializeResult(TABLE.name, check_results=[_contract(stores, done)])

    return classify


def _report(context: dg.AssetExecutionContext, one: ClassifiedTick) -> None:
    """Attach a tick's figures to its own partition."""
    context.add_asset_metadata(
        {"dagster/partition_row_count": one.ads, **one.classes},
        asset_key=TABLE.name,
        partition_key=tick_key(one.tick),
    )


def _contract(stores: Stores, done: list[ClassifiedTick]) -> dg.AssetCheckResult:
    """Whether the newest of the run's ticks hold the table's contract."""
    rows = stores.lake.read(TABLE)
    newest = [one for one in done if one.ads][-TICKS_LOOKED_AT:]
    parts = (rows.filter(pl.col("tick") == tick_text(one.tick)) for one in newest)
    return contract_result(TABLE, parts)
