"""What is derived at a scoring tick.

Belongs here: the partitioned scoring tables, selections, the current view of eligibility, drift.
Does not belong here: formulas, which ticks are due, the publication (``publish``).
"""

from collections.abc import Iterator, Sequence
from datetime import UTC
from functools import partial
from itertools import islice
from typing import Final

import dagster as dg
import polars as pl

from assets.asset_specs import outcome, spec_fields, spec_of
from assets.contract_checks import (
    ROWS_AT_ONCE,
    check_specs,
    contract_result,
    log,
    versions,
)
from assets.derive import OWN as DERIVED
from assets.partitions import backfill_policy, scoring_ticks
from layers_pipeline.dagster_support.limits import SCORING_POOL
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.settings import Settings
from layers_pipeline.steps.maintain.drift import derive_drift
from layers_pipeline.steps.score.scoring import copy_current_eligibility, score_ticks
from layers_pipeline.steps.score.selecting import FOLLOWING, Selected
from layers_pipeline.steps.score.settling import Settled, unsettled_ticks
from layers_pipeline.steps.score.tick_commits import ScoredTick
from layers_pipeline.steps.stores import Stores
from transforms.scoring.ticks import tick_from_text, tick_key, tick_text

PER_TICK: Final = tuple(
    table for table in catalog.TABLES if table.per_tick and table.group != "ads"
)
"""What scoring writes; how ads are doing follows from no score (``assets.ad_classes``)."""
SCORED: Final = tuple(table for table in PER_TICK if table not in FOLLOWING)
TICKS_SHOWN: Final = 60
SHOWN: Final = ("posts", "creatives", "pools", "scored", "eligible")
TICKS_LOOKED_AT: Final = 50
TICKS_NAMED: Final = 10
LATER: Final = "later_ticks_changed"
ROWS_LOOKED_AT: Final = 2_000_000
"""Of what a run scored, newest first: every row was held to its contract when it was written."""


def scored_ticks(settings: Settings) -> dg.AssetsDefinition:
    """The tables of ticks, by the ticks that the settings name."""
    ticks = scoring_ticks(settings)

    @dg.multi_asset(
        name="score_ticks",
        specs=[spec_of(table) for table in PER_TICK],
        check_specs=check_specs(PER_TICK),
        partitions_def=ticks,
        backfill_policy=backfill_policy(settings),
        pool=SCORING_POOL,
    )
    def score(
        context: dg.AssetExecutionContext, stores: dg.ResourceParam[Stores]
    ) -> Iterator[dg.MaterializeResult]:
        """Scores the ticks of the run in order, each as of its own time."""
        start, end = context.partition_time_window
        due = ticks.get_partition_keys_in_time_window(dg.TimeWindow(start, end))
        instants = [ticks.start_time_for_partition_key(key).astimezone(UTC) for key in due]
        on_written = partial(log, context, stores, since=versions(stores, DERIVED))
        done: list[ScoredTick] = []
        told = score_ticks(
            stores,
            instants,
            on_written=on_written,
            on_settled=partial(_report_settled, context, own=due),
            on_selected=partial(_report_selected, context, done),
        )
        for scored in told:
            done.append(scored)
            context.log.info(f"{len(done)} of {len(instants)}: {in_words(scored)}")
            _report_tick(context, scored)
        _report_run(context, done)
        for table in PER_TICK:
            yield dg.MaterializeResult(table.name, check_results=[_contract(stores, table, done)])

    return score


def in_words(scored: ScoredTick) -> str:
    """A tick's summary as one line."""
    without = ", ".join(f"{count} {reason}" for reason, count in scored.unscored.items())
    return (
        f"{tick_key(scored.tick)}: {scored.posts} posts, {scored.creatives} creatives, "
        f"{scored.pools} pools of posts, "
        f"{scored.scored} scored, {scored.eligible} eligible; not eligible: {without or 'none'}"
    )


def _report_tick(context: dg.AssetExecutionContext, scored: ScoredTick) -> None:
    """Attach a tick's figures to its own partition of every table."""
    figures = {"posts": scored.posts, "scored": scored.scored, "eligible": scored.eligible}
    for table in SCORED:
        context.add_asset_metadata(
            {**figures, "dagster/partition_row_count": scored.rows[table.name]},
            asset_key=table.name,
            partition_key=tick_key(scored.tick),
        )


def _report_run(context: dg.AssetExecutionContext, done: Sequence[ScoredTick]) -> None:
    """Attach what the run did to its newest tick: Dagster keeps a copy with every event."""
    for table in SCORED:
        context.add_asset_metadata(
            {
                "rows_inserted": sum(scored.rows[table.name] for scored in done),
                "ticks": as_table(done),
            },
            asset_key=table.name,
            partition_key=tick_key(done[-1].tick),
        )


def _report_settled(
    context: dg.AssetExecutionContext, settled: Settled, *, own: Sequence[str]
) -> None:
    """Say which ticks were judged again; those of other runs are materialised by this one."""
    for said in settled.left:
        context.log.warning(said)
    rows = {tick_key(tick): count for tick, count in settled.changed.items()}
    for key, count in rows.items():
        context.log.info(f"{key}: {count} rows of ad_eligibility follow from other scores by now")
    later = [key for key in rows if key not in own]
    for key in later:
        again = dg.AssetMaterialization(
            catalog.AD_ELIGIBILITY.name,
            partition=key,
            description="Judged again: ticks before it were scored after it.",
            metadata={"rows_updated": rows[key]},
        )
        context.log_event(again)
    if later:
        context.add_asset_metadata(
            {LATER: f"{len(later)} ({later[0]} to {later[-1]})"},
            asset_key=catalog.AD_ELIGIBILITY.name,
            partition_key=own[-1],
        )


def _report_selected(
    context: dg.AssetExecutionContext, done: Sequence[ScoredTick], selected: Selected
) -> None:
    """Attach what was picked to each tick; those of other runs are materialised by this one."""
    own = {scored.tick: scored for scored in done}
    for tick, made in selected.ticks.items():
        key, rows = tick_key(tick), made.rows()
        context.log.info(f"{key}: {made.picked} picked of {made.considered} considered")
        for name, count in rows.items():
            figures = {"picked": made.picked, "dagster/partition_row_count": count}
            if tick in own:
                own[tick].rows[name] = count
                context.add_asset_metadata(figures, asset_key=name, partition_key=key)
            else:
                again = dg.AssetMaterialization(name, partition=key, metadata=figures)
                context.log_event(again)


def as_table(done: Sequence[ScoredTick]) -> dg.TableMetadataValue:
    """The run's newest ticks as a table of figures."""
    return dg.MetadataValue.table(
        records=[
            dg.TableRecord(
                {"tick": tick_key(scored.tick), **{name: getattr(scored, name) for name in SHOWN}}
            )
            for scored in islice(reversed(done), TICKS_SHOWN)
        ]
    )


def _contract(stores: Stores, table: Table, done: Sequence[ScoredTick]) -> dg.AssetCheckResult:
    """Whether the newest of the run's ticks hold the table's contract."""
    return contract_result(table, _parts(stores.lake.read(table), table, done))


def _parts(rows: pl.LazyFrame, table: Table, done: Sequence[ScoredTick]) -> Iterator[pl.LazyFrame]:
    """Tick by tick, in parts that fit into memory, all rows of one content in the same."""
    looked_at = 0
    for scored in islice(reversed(done), TICKS_LOOKED_AT):
        if looked_at >= ROWS_LOOKED_AT:
            return
        of_tick = rows.filter(pl.col("tick") == tick_text(scored.tick))
        rows_of_tick = scored.rows.get(table.name, 0)
        looked_at += rows_of_tick
        parts = rows_of_tick // ROWS_AT_ONCE + 1
        for number in range(parts):
            is_in = pl.col("ads_content_id").hash() % parts == number
            yield of_tick.filter(is_in) if parts > 1 else of_tick


@dg.asset(**spec_fields(catalog.AD_ELIGIBILITY_CURRENT))
def ad_eligibility_current(stores: dg.ResourceParam[Stores]) -> dg.MaterializeResult:
    """Eligibility at the newest tick."""
    return outcome(stores, catalog.AD_ELIGIBILITY_CURRENT, copy_current_eligibility(stores))


@dg.asset(**spec_fields(catalog.SCORE_DRIFT))
def score_drift(stores: dg.ResourceParam[Stores]) -> dg.MaterializeResult:
    """What scores become under the versions that run in shadow, at the ticks scored since."""
    return outcome(stores, catalog.SCORE_DRIFT, derive_drift(stores))


def newest_tick_is_scored(settings: Settings) -> dg.AssetChecksDefinition:
    """How fresh scores are: by the newest tick that is due, which no backfill of others hides."""
    ticks = scoring_ticks(settings)

    @dg.asset_check(
        asset="organic_scores",
        name="newest_tick_is_scored",
        description="The newest tick that is due was scored. A backfill of others hides nothing.",
    )
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        due = str(ticks.get_last_partition_key())
        done = context.instance.get_materialized_partitions(dg.AssetKey("organic_scores"))
        newest = max(done, default="")
        newest_words = (
            f"the newest scored tick is {newest}" if newest else "no tick was ever scored"
        )
        return dg.AssetCheckResult(
            passed=due in done,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"Tick {due} is scored."
            if due in done
            else f"Tick {due} is due: {newest_words}.",
            metadata={"tick": due, "newest_scored": newest},
        )

    return check


@dg.asset_check(
    asset=catalog.AD_ELIGIBILITY.name,
    name="follows_earlier_scores",
    description="Whether content that a tick gave no score is judged by the newest score before, "
    "in whatever order ticks were scored. Publishing makes it so first.",
)
def follows_earlier_scores(stores: dg.ResourceParam[Stores]) -> dg.AssetCheckResult:
    """Names the ticks whose eligibility awaits scores of earlier ticks."""
    waiting = [tick_key(tick_from_text(tick)) for tick in unsettled_ticks(stores.lake)]
    shown = ", ".join(waiting[:TICKS_NAMED]) + (" and later" if waiting[TICKS_NAMED:] else "")
    told = f"{len(waiting)} ticks may follow from other scores by now: {shown}. Publish."
    return dg.AssetCheckResult(
        passed=not waiting,
        severity=dg.AssetCheckSeverity.WARN,
        description=told if waiting else "Every tick follows from the scores before it.",
        metadata={"ticks": len(waiting), "first": waiting[0] if waiting else ""},
    )
