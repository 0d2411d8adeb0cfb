"""Asset checks: what must hold of the stored tables, and what deserves a look.

Belongs here: contracts, relations, set-aside rows and missing ticks as checks.
Does not belong here: the contracts themselves, repairs, what syncs bring (``sync_checks``).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import dagster as dg
import polars as pl

from assets.partitions import scoring_ticks
from assets.sync_checks import SYNC_CHECKS
from layers_pipeline.dagster_support.resources import StoresResource
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.steps.platforms import SOURCES
from layers_pipeline.steps.score.ticks import tick_of

WITH_CONTRACT: Final = (
    catalog.PROJECT_ALLOWLIST,
    catalog.CREATIVES,
    catalog.SAFETY_REVIEWS,
    catalog.CONTENT_OVERRIDES,
    catalog.PROJECT_ADS_CONTENT,
    catalog.AD_CONTENT,
    *(source.staged for source in SOURCES),
    catalog.STG_IMPORT__CAPTURES,
    catalog.STG_IMPORT__AD_METRICS,
    catalog.AD_DAILY_METRICS,
    catalog.PLATFORM_POSTS,
    catalog.PLATFORM_POST_METRICS,
    catalog.PLATFORM_POST_METRICS_LATEST,
    catalog.POST_ABSENCES,
    catalog.CONTENT_CONTAINERS,
    catalog.ADS_CONTENT,
)
PER_TICK: Final = (
    catalog.UGC_POOL_PERCENTILES,
    catalog.ORGANIC_SCORES,
    catalog.AD_ELIGIBILITY,
)
SET_ASIDE: Final = (
    *(source.staged for source in SOURCES),
    catalog.STG_IMPORT__CAPTURES,
    catalog.STG_IMPORT__AD_METRICS,
)
RELATIONS: Final = (
    (catalog.PLATFORM_POST_METRICS, catalog.PLATFORM_POSTS, ("platform", "platform_post_id")),
    (catalog.CONTENT_CONTAINERS, catalog.PLATFORM_POSTS, ("platform", "platform_post_id")),
    (catalog.ADS_CONTENT, catalog.CONTENT_CONTAINERS, ("container_id",)),
    (catalog.ADS_CONTENT, catalog.PROJECTS, ("project_id",)),
)
TICKS_LOOKED_AT: Final = 50
ROWS_LOOKED_AT: Final = 2_000_000
"""Of a table of ticks, newest first and whole ticks: every row was held to its contract already
when it was written."""
ROWS_AT_ONCE: Final = 1_000_000


def breaches(table: Table, rows: pl.DataFrame) -> dict[str, int]:
    """Rules of the table's contract that stored rows break, with the number of rows."""
    _, failures = table.schema.filter(rows, cast=True)
    return dict(failures.counts())


def contract_check(table: Table) -> dg.AssetChecksDefinition:
    """Keys are unique, nothing is null that may not be, values lie in their ranges."""

    @dg.asset_check(
        asset=table.name,
        name="holds_its_contract",
        description="Keys are unique, nothing is null that may not be, values are in range.",
        blocking=True,
    )
    def check(stores: StoresResource) -> dg.AssetCheckResult:
        broken = breaches(table, stores.open().lake.read(table).collect())
        return dg.AssetCheckResult(passed=not broken, metadata={"rows_by_rule": broken})

    return check


def tick_contract_check(table: Table) -> dg.AssetChecksDefinition:
    """The same for a table of ticks, over the newest ticks that the run wrote."""

    @dg.asset_check(
        asset=table.name,
        name="holds_its_contract",
        description="Keys are unique, nothing is null that may not be, values are in range.",
        blocking=True,
    )
    def check(
        context: dg.AssetCheckExecutionContext, stores: StoresResource
    ) -> dg.AssetCheckResult:
        rows = stores.open().lake.read(table)
        broken: Counter[str] = Counter()
        looked_at, done = 0, 0
        ticks = ticks_of(context) or _ticks_there(rows)
        for tick in reversed(ticks[-TICKS_LOOKED_AT:]):
            of_tick = rows.filter(pl.col("scored_at") == tick)
            height = of_tick.select(pl.len()).collect().item()
            for part in _in_parts(of_tick, height):
                broken += Counter(breaches(table, part))
            looked_at, done = looked_at + height, done + 1
            if looked_at >= ROWS_LOOKED_AT:
                break
        return dg.AssetCheckResult(
            passed=not broken,
            metadata={"rows_by_rule": dict(broken), "rows": looked_at, "ticks": done},
        )

    return check


def ticks_of(context: dg.AssetCheckExecutionContext) -> list[datetime]:
    """Ticks of the run, oldest first; empty if the run has no partitions."""
    run = context.run
    keys = [run.tags["dagster/partition"]] if "dagster/partition" in run.tags else []
    start = run.tags.get("dagster/asset_partition_range_start")
    if start:
        end = run.tags["dagster/asset_partition_range_end"]
        keys = scoring_ticks.get_partition_keys_in_range(dg.PartitionKeyRange(start, end))
    return [tick_of(key) for key in keys]


def _ticks_there(rows: pl.LazyFrame) -> list[datetime]:
    found = rows.select(pl.col("scored_at").unique()).collect(engine="streaming")
    return found.to_series().sort().to_list()


def _in_parts(rows: pl.LazyFrame, height: int) -> Iterator[pl.DataFrame]:
    """The rows in parts that fit into memory, all rows of one content in the same."""
    parts = height // ROWS_AT_ONCE + 1
    for number in range(parts):
        is_in = pl.col("ads_content_id").hash() % parts == number
        yield (rows.filter(is_in) if parts > 1 else rows).collect()


def relation_check(child: Table, parent: Table, key: Sequence[str]) -> dg.AssetChecksDefinition:
    """Every row of the child has its parent."""

    @dg.asset_check(
        asset=child.name,
        name=f"has_its_{parent.name}",
        description=f"Every row of {child.name} has its row of {parent.name}.",
        additional_deps=[parent.name],
    )
    def check(stores: StoresResource) -> dg.AssetCheckResult:
        lake = stores.open().lake
        children = lake.read(child).drop_nulls(list(key))
        orphans = children.join(lake.read(parent), on=list(key), how="anti").select(key).unique()
        found = orphans.head(20).collect()
        return dg.AssetCheckResult(
            passed=found.is_empty(), metadata={"orphans": found.write_json()}
        )

    return check


def set_aside_check(table: Table) -> dg.AssetChecksDefinition:
    """Rows set aside for this table within the last day; they warn and never stop a run."""

    @dg.asset_check(
        asset=table.name,
        name="no_rows_set_aside_today",
        description="Rows that broke the contract within the last day; see quarantine.",
    )
    def check(stores: StoresResource) -> dg.AssetCheckResult:
        opened = stores.open()
        since = opened.clock.now() - timedelta(days=1)
        rows = opened.lake.read(catalog.QUARANTINE).filter(
            pl.col("table_name") == table.name, pl.col("quarantined_at") > since
        )
        counted = rows.group_by("broken_rules").agg(pl.len()).sort("broken_rules").collect()
        return dg.AssetCheckResult(
            passed=counted.is_empty(),
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"rows_by_rules": dict(counted.iter_rows())},
        )

    return check


@dg.asset_check(asset="organic_scores", description="The newest tick that is due was scored.")
def newest_tick_is_scored(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Looks at partitions, so a backfill of old ticks cannot hide a dead scorer."""
    newest = scoring_ticks.get_last_partition_key()
    done = context.instance.get_materialized_partitions(dg.AssetKey("organic_scores"))
    return dg.AssetCheckResult(
        passed=newest in done,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"tick": str(newest)},
    )


CHECKS: Final = (
    *(contract_check(table) for table in WITH_CONTRACT),
    *(tick_contract_check(table) for table in PER_TICK),
    *(relation_check(*relation) for relation in RELATIONS),
    *(set_aside_check(table) for table in SET_ASIDE),
    *SYNC_CHECKS,
    newest_tick_is_scored,
)
