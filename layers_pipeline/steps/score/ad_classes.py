"""How ads are doing at each tick, as of its own time, from what is known of them.

Belongs here: reading histories of ads for ticks, writing what each tick comes to.
Does not belong here: the classification (``transforms.ads``), scores (``scoring``), which ticks
are due (``sensors``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from uuid import uuid4

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.steps.derive.everything import OnWritten, bring_up_to_date, unheard
from layers_pipeline.steps.score.scoring import wait_out_the_grace
from layers_pipeline.steps.stores import Stores
from transforms.ads.classification import classify_ads
from transforms.ads.judged import AdHistory, ads_judged, first_days
from transforms.ads.rules import ACTIVE, AdRules
from transforms.facts.ads_shown import ads_shown
from transforms.scoring.ticks import tick_text

TICKS_PER_COMMIT: Final = 36
BEFORE: Final = timedelta(days=2)
"""An account's last whole day may be so much older than the tick."""
OF_ADS: Final = (catalog.AD_STATES, catalog.AD_DAILY_METRICS, catalog.AD_CONTENT)
"""Where none of these has a row, there is no ad."""


@dataclass(frozen=True, kw_only=True)
class ClassifiedTick:
    """What one tick came to: how many ads, by classification; none stands for no verdict."""

    tick: datetime
    ads: int
    classes: dict[str, int] = field(default_factory=dict)


def classify_ticks(
    stores: Stores,
    ticks: Sequence[datetime],
    *,
    rules: AdRules = ACTIVE,
    on_written: OnWritten = unheard,
) -> Iterator[ClassifiedTick]:
    """Classify the ads of ticks in order, each as of its own time.

    A tick's rows follow from the tick and from what was known by it, and from no other tick:
    ticks may be done again, in any order.

    Args:
        ticks: Instants, any order.
        rules: The numbers.
        on_written: Called with what was derived before, by table name.

    Yields:
        One summary per tick, after its rows were committed.

    Raises:
        InputRefusedError: A tick lies in the future.
    """
    due = sorted(set(ticks))
    if not due:
        return
    wait_out_the_grace(stores, due[-1])
    on_written(bring_up_to_date(stores))
    for begin in range(0, len(due), TICKS_PER_COMMIT):
        yield from _classify(stores, due[begin : begin + TICKS_PER_COMMIT], rules)


def _classify(
    stores: Stores, ticks: Sequence[datetime], rules: AdRules
) -> Iterator[ClassifiedTick]:
    lake, table = stores.lake, catalog.AD_CLASSIFICATIONS
    there = set(lake.partitions(table, "tick"))
    batch = lake.replacement(table, "tick", batch=uuid4().hex)
    known, done = _Known(stores, ticks, rules), list[ClassifiedTick]()
    is_new = False
    for tick in ticks:
        rows = known.at(tick)
        if rows.is_empty() and tick_text(tick) not in there:
            done.append(ClassifiedTick(tick=tick, ads=0))
            continue
        batch.empty(tick_text(tick))
        batch.add(tick_text(tick), rows)
        done.append(_summary(tick, rows))
        is_new = True
    if is_new:
        with lake.scoring():
            batch.commit()
    yield from done


def _summary(tick: datetime, rows: pl.DataFrame) -> ClassifiedTick:
    found = rows["classification"].fill_null("none").value_counts(sort=True)
    return ClassifiedTick(tick=tick, ads=rows.height, classes=dict(found.iter_rows()))


class _Known:
    """What is known of ads around some ticks, read once for all of them."""

    def __init__(self, stores: Stores, ticks: Sequence[datetime], rules: AdRules) -> None:
        self._lake, self._rules = stores.lake, rules
        self._is_empty = not any(self._lake.row_count(table) for table in OF_ADS)
        if self._is_empty:
            return
        accounts = self._rows(catalog.AD_ACCOUNT_HISTORY)
        zones = accounts.select("time_zone").collect()
        nowhere = pl.DataFrame({"time_zone": [None]}, schema=zones.schema)
        self._history = AdHistory(
            states=self._rows(catalog.AD_STATES),
            approvals=self._rows(catalog.CONTENT_APPROVALS),
            accounts=accounts,
            zones=pl.concat([zones, nowhere]).unique(),
        )
        self._first_days = first_days(self._lake.read(catalog.AD_DAILY_METRICS)).collect().lazy()
        self._daily = self._days(ticks[0].date(), ticks[-1].date()).lazy()

    def at(self, tick: datetime) -> pl.DataFrame:
        """Rows of ``AdClassifications`` of a tick."""
        table = catalog.AD_CLASSIFICATIONS
        if self._is_empty:
            return table.empty()
        judged = ads_judged(
            self._shown(tick), self._history, first_days=self._first_days, as_of=tick
        )
        rows = classify_ads(judged, self._daily, as_of=tick, rules=self._rules)
        named = rows.with_columns(tick=pl.lit(tick_text(tick))).select(table.columns)
        return named.sort(table.key).collect().cast(table.empty().schema)

    def _shown(self, tick: datetime) -> pl.LazyFrame:
        return ads_shown(
            self._history.states,
            links=self._rows(catalog.AD_CONTENT),
            accounts=self._rows(catalog.AD_ACCOUNTS),
            layers=self._rows(catalog.LAYERS),
            ad_sets=self._rows(catalog.AD_SETS),
            contents=self._rows(catalog.ADS_CONTENT),
            as_of=tick,
        )

    def _days(self, first: date, last: date) -> pl.DataFrame:
        since = first - timedelta(days=self._rules.window_days) - BEFORE
        until = last + BEFORE
        months = pl.date_range(since.replace(day=1), until, "1mo", eager=True)
        wanted = pl.col("spent_in").is_in(months.dt.to_string("%Y-%m").to_list())
        rows = self._lake.read(catalog.AD_DAILY_METRICS).filter(wanted)
        return rows.filter(pl.col("spent_on").is_between(since, until)).collect()

    def _rows(self, table: Table) -> pl.LazyFrame:
        return self._lake.read(table).collect().lazy()
