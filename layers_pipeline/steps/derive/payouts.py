"""The operational database's rows of payouts, copied to the lake.

Belongs here: copying them whole, and not writing what did not change.
Does not belong here: accruing (``pay``), other copies (``dimensions``).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table, Written
from layers_pipeline.operations.store import Operations
from layers_pipeline.steps.stores import Stores

COPIES: Final[Mapping[Table, Callable[[Operations], Iterable[Any]]]] = {
    catalog.PAYOUT_CONFIGS: lambda operations: operations.payout_configs.all(),
    catalog.PAYOUT_PERIODS: lambda operations: operations.payout_ledger.states(),
    catalog.PAYOUT_LEDGER: lambda operations: operations.payout_ledger.lines(),
    catalog.PAYOUT_PAYMENTS: lambda operations: operations.payout_payments.all(),
}


def copy_payouts(stores: Stores) -> dict[str, Written]:
    """Copy every table of payouts; one in which nothing changed is not written again."""
    # Read under the lock: of two copies at once, the one that read less must not write last.
    with stores.lake.write_lock():
        return {
            table.name: write_if_changed(stores, table, _frame(table, rows_of(stores.operations)))
            for table, rows_of in COPIES.items()
        }


def write_if_changed(stores: Stores, table: Table, rows: pl.DataFrame) -> Written:
    """Write a table whole, unless it holds just these rows."""
    shaped = table.shape(rows).sort(table.key)
    if stores.lake.read(table).sort(table.key).collect().equals(shaped):
        return Written()
    return stores.lake.replace(table, shaped, where={})


def _frame(table: Table, rows: Iterable[Any]) -> pl.DataFrame:
    given = list(rows)
    schema = table.empty().schema
    columns = {name: [getattr(row, name) for row in given] for name in schema}
    return pl.DataFrame(columns, schema=schema)
