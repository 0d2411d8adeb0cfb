"""What follows from what landed and from what people decided: every table that ticks read.

Belongs here: the one asset that owns what ``bring_up_to_date`` writes.
Does not belong here: how tables are derived (``layers_pipeline.steps.derive``), scores.
"""

from collections.abc import Iterator

import dagster as dg

from assets.ads_checks import ADS_CHECKS
from assets.asset_specs import spec_of
from assets.contract_checks import NOTHING, announce, check_specs, versions
from assets.sync_checks import SYNC_CHECKS
from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.stores import Stores

IMPORTED = ("stg_import__captures", "stg_import__ad_metrics")
OWN = tuple(
    table
    for table in catalog.TABLES
    if table.group in {"dimensions", "staged", "facts", "content", "ads"}
    and table.name not in IMPORTED
    and not table.per_tick
)

CHECKS = (*SYNC_CHECKS, *ADS_CHECKS)


@dg.multi_asset(
    name="bring_up_to_date",
    specs=[spec_of(table) for table in OWN],
    check_specs=[*check_specs(OWN), *(check.spec() for check in CHECKS)],
    # A table in which nothing changed is not written, and then its asset is not made either,
    # but for the first time.
    can_subset=True,
)
def derived_tables(
    context: dg.AssetExecutionContext, stores: dg.ResourceParam[Stores]
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Carries what landed and what people decided to every table; cheap where nothing is new."""
    since = versions(stores, OWN)
    written = bring_up_to_date(stores)
    # Dagster wants parents before children, which is the catalogue's order.
    in_order = {table.name: written.get(table.name, NOTHING) for table in OWN}
    yield from announce(context, stores, in_order, since=since, always=_never_told_of(context))
    for check in CHECKS:
        if check.key in context.selected_asset_check_keys:
            yield check.result(stores)


def _never_told_of(context: dg.AssetExecutionContext) -> set[str]:
    """Tables that Dagster knows no writing of, such as those in which no row ever was.

    Left so, whoever makes what follows from them is warned that they are missing.
    """
    records = context.instance.get_asset_records([dg.AssetKey(table.name) for table in OWN])
    told_of = {
        record.asset_entry.asset_key.to_user_string()
        for record in records
        if record.asset_entry.last_materialization
    }
    return {table.name for table in OWN} - told_of
