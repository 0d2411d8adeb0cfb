"""Creators' reports of any days, as of any moment: what was known then, and nothing later.

Belongs here: reading what was known, putting the report's parts together.
Does not belong here: formulas (``transforms.facts.creator_spans``), stored reports (``creators``).
"""

from datetime import date, datetime

import polars as pl

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.pay.accrual import ledger_at
from layers_pipeline.steps.pay.creators import organic_of
from layers_pipeline.steps.pay.known import read_known, spend_of_creators
from layers_pipeline.steps.stores import Stores
from transforms.facts.creator_spans import creator_span


def creator_report(
    stores: Stores, first: date, last: date, *, at: datetime | None = None
) -> pl.DataFrame:
    """What each creator did, brought and earned in some days, as known at a moment.

    Args:
        first: First day.
        last: Last day, included.
        at: The moment; none: now. Pay is that of the ledger once what was known then is accrued:
            restatements, links, payments' terms and settlements that came later do not exist.
    Returns:
        One row per project, creator and currency: ``transforms.facts.creator_spans.OF_SPAN``.

    Raises:
        InputRefusedError: The days end before they begin, or the moment lies ahead.
    """
    if last < first:
        raise InputRefusedError(f"a report from {first} to {last}: give the earlier day first.")
    now = stores.clock.now()
    if at is not None and at > now:
        raise InputRefusedError(f"as of {at.isoformat()}: that lies ahead. It is {now:%F %R} UTC.")
    with stores.lake.write_lock():
        bring_up_to_date(stores)
        known = read_known(stores, at=at)
    organic, money = organic_of(stores, known), spend_of_creators(known).lazy()
    lines = ledger_at(stores, known).lazy()
    return creator_span(organic, money, lines, first=first, last=last).collect()
