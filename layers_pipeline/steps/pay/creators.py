"""Creators' tables: whose each ad is, days and reports of creators, copies of their pay.

Belongs here: bringing these tables up to now, each written only if it changed.
Does not belong here: formulas (``transforms.facts``), accruing pay (``accrual``).
"""

from collections.abc import Callable
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table, Written, add_up
from layers_pipeline.steps.derive.everything import OnWritten, bring_up_to_date, unheard
from layers_pipeline.steps.derive.payouts import copy_payouts, write_if_changed
from layers_pipeline.steps.derive.versions import rules_in_force
from layers_pipeline.steps.pay.accrual import accrue_all
from layers_pipeline.steps.pay.known import Known, read_known, spend_of_creators
from layers_pipeline.steps.stores import Stores
from transforms.facts.creator_days import counts_by_day, posts_by_day
from transforms.facts.creator_reports import (
    creator_days,
    creator_reports,
    organic_days,
    pay_by_period,
)

MADE: Final = tuple(table for table in catalog.TABLES if table.group in {"creators", "payouts"})
"""What ``pay_creators`` writes, in the order of the flow."""


def pay_creators(stores: Stores, *, on_written: OnWritten = unheard) -> dict[str, Written]:
    """Bring creators' days, the ledger of pay and creators' reports up to what is known now.

    Args:
        on_written: Called with what was derived before, by table name.
    Returns:
        What was written, by table name.
    """
    with stores.lake.lock("creators"):
        with stores.lake.write_lock():
            on_written(bring_up_to_date(stores))
            known = read_known(stores)
        written: dict[str, Written] = {}
        write = _writer(stores, written)
        write(catalog.AD_ATTRIBUTION, known.attributed)
        organic, money = organic_of(stores, known), spend_of_creators(known).lazy()
        write(catalog.CREATOR_DAILY, creator_days(organic, money).collect())
        accrue_all(stores, known)
        add_up(written, copy_payouts(stores))
        pay = pay_by_period(*_pay(stores))
        write(catalog.CREATOR_REPORTS, creator_reports(organic, money, pay).collect())
        return written


def _writer(stores: Stores, written: dict[str, Written]) -> Callable[[Table, pl.DataFrame], None]:
    def write(table: Table, rows: pl.DataFrame) -> None:
        add_up(written, {table.name: write_if_changed(stores, table, rows)})

    return write


def organic_of(stores: Stores, known: Known) -> pl.LazyFrame:
    """Days of posts (``organic_days``); read once, as days and reports are both made of them."""
    threshold = rules_in_force(stores).active.eligibility_threshold
    published = posts_by_day(
        known.posts, known.owners, known.scores, zones=known.zones, threshold=threshold
    )
    counted = counts_by_day(known.snapshots, known.owners, zones=known.zones)
    return organic_days(published, counted).collect().lazy()


def _pay(stores: Stores) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    lake = stores.lake
    return lake.read(catalog.PAYOUT_LEDGER), lake.read(catalog.PAYOUT_CONFIGS)
