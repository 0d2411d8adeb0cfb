"""Creators and their pay: whose each ad is, days and reports of creators, the ledger.

Belongs here: the one asset that owns these tables.
Does not belong here: how they are made (``layers_pipeline.steps.pay``), checks (``payout_checks``).
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Final

import dagster as dg

from assets.asset_specs import spec_of
from assets.contract_checks import announce, check_specs, log, versions
from assets.derive import OWN as DERIVED
from assets.payout_checks import PAYOUT_CHECKS
from layers_pipeline.steps.pay.creators import MADE, pay_creators
from layers_pipeline.steps.stores import Stores

EVERY: Final = timedelta(hours=6)
"""The cadence at which ads are read, and so pay is accrued."""
FRESHNESS: Final = dg.FreshnessPolicy.time_window(
    warn_window=EVERY + timedelta(hours=1), fail_window=2 * EVERY + timedelta(hours=1)
)


@dg.multi_asset(
    name="creators_and_payouts",
    specs=[spec_of(table, freshness=FRESHNESS) for table in MADE],
    check_specs=[*check_specs(MADE), *(check.spec() for check in PAYOUT_CHECKS)],
    pool="payouts",
)
def creators_and_payouts(
    context: dg.AssetExecutionContext, stores: dg.ResourceParam[Stores]
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Attributes ads, reports creators and accrues their pay, as known now."""
    since = versions(stores, MADE)
    on_written = partial(log, context, stores, since=versions(stores, DERIVED))
    written = pay_creators(stores, on_written=on_written)
    # Dagster wants parents before children, which is the catalogue's order.
    in_order = {table.name: written[table.name] for table in MADE}
    yield from announce(context, stores, in_order, since=since, always=set(since))
    for check in PAYOUT_CHECKS:
        yield check.result(stores)
