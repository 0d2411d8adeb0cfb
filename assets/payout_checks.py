"""Asset checks of creators and their pay: sums that agree, currencies, the ledger.

Belongs here: findings on attribution and ledger as checks, each with what to do.
Does not belong here: the sums themselves (``transforms``), contracts (``contract_checks``).
"""

from typing import Final

import dagster as dg
import polars as pl

from assets.sync_checks import SyncCheck, nothing_found
from layers_pipeline.lake import catalog
from layers_pipeline.steps.pay.accrual import recomputed
from layers_pipeline.steps.pay.known import read_known
from layers_pipeline.steps.stores import Stores
from transforms.facts.payout_findings import (
    ads_of_several_currencies,
    spend_outside_of_pay,
    unequal_lines,
    unequal_spend,
)

ERROR: Final = dg.AssetCheckSeverity.ERROR


def spend_is_conserved(stores: Stores) -> dg.AssetCheckResult:
    """Days and currencies on which creators and the unattributed do not add up to the ads."""
    lake = stores.lake
    found = unequal_spend(
        lake.read(catalog.AD_DAILY_METRICS),
        lake.read(catalog.CREATOR_DAILY),
        as_of=stores.clock.now(),
    )
    return nothing_found(found, what="days and currencies do not add up", severity=ERROR)


def no_currency_mixed(stores: Stores) -> dg.AssetCheckResult:
    """Ads that changed currency, and spend on creators that pay by share leaves out."""
    lake = stores.lake
    ads = ads_of_several_currencies(lake.read(catalog.AD_DAILY_METRICS))
    left_out = spend_outside_of_pay(
        lake.read(catalog.CREATOR_DAILY), lake.read(catalog.PAYOUT_CONFIGS)
    )
    found = pl.concat([ads, left_out], how="diagonal")
    return nothing_found(found, what="currencies meet; nothing was converted or added")


def ledger_equals_its_recomputation(stores: Stores) -> dg.AssetCheckResult:
    """Lines of open periods that are not what they come to when they are computed again."""
    with stores.lake.write_lock():
        known = read_known(stores)
    found = unequal_lines(
        stores.lake.read(catalog.PAYOUT_LEDGER),
        stores.lake.read(catalog.PAYOUT_PERIODS),
        recomputed(stores, known).lazy(),
    )
    return nothing_found(found, what="lines are not what they come to", severity=ERROR)


def nothing_owed_is_negative(stores: Stores) -> dg.AssetCheckResult:
    """Creators who were paid more than they earned."""
    rows = [
        {
            "project": row.project_id,
            "creator": row.creator_id,
            "currency": row.currency,
            "owed_cents": row.owed_cents,
        }
        for row in stores.operations.payout_payments.balances()
        if row.owed_cents < 0
    ]
    return nothing_found(pl.LazyFrame(rows), what="creators owe us", severity=ERROR)


PAYOUT_CHECKS: Final = (
    SyncCheck(
        "creator_daily",
        "Spend of ads is spend of creators and the unattributed, to the minor unit.",
        spend_is_conserved,
    ),
    SyncCheck(
        "creator_daily",
        "No ad has two currencies, and pay by share leaves out no spend.",
        no_currency_mixed,
    ),
    SyncCheck(
        "payout_ledger",
        "Open lines are what they come to when they are computed again.",
        ledger_equals_its_recomputation,
    ),
    SyncCheck("payout_ledger", "Nobody was paid more than they earned.", nothing_owed_is_negative),
)
