"""What is derived at a scoring tick, and handed to analysts.

Belongs here: the partitioned scoring tables, the current view of eligibility, the publication.
Does not belong here: formulas, and which ticks are due.
"""

from collections.abc import Iterator
from datetime import UTC, timedelta
from itertools import islice

import dagster as dg

from assets.described import OWNERS, described, outcome
from assets.partitions import SETTINGS, scoring_ticks
from layers_pipeline.dagster_support.resources import StoresResource
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Written
from layers_pipeline.steps.maintain.drift import derive_drift
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.score.scoring import ScoredTick, copy_current_eligibility, score_ticks
from layers_pipeline.steps.score.ticks import tick_key

GROUP = "scoring"
TICKS_SHOWN = 60
LATE_AFTER_MIN = 20
LAST_MINUTE = 59


def soon_after_ticks(tick_cron: str) -> dg.FreshnessPolicy:
    """Fails where nothing was made within 20 minutes of a tick, or by the end of its hour."""
    minute, _, hours = tick_cron.partition(" ")
    tick = int(minute) if minute.isdigit() else 0
    deadline = min(tick + LATE_AFTER_MIN, LAST_MINUTE)
    return dg.FreshnessPolicy.cron(
        deadline_cron=f"{deadline} {hours}",
        lower_bound_delta=timedelta(minutes=max(deadline - tick, 1)),
    )


on_time = soon_after_ticks(SETTINGS.tick_cron)
UPSTREAM = {
    catalog.UGC_POOL_PERCENTILES: [
        "platform_post_metrics",
        "platform_posts",
        "post_absences",
        "project_allowlist",
    ],
    catalog.ORGANIC_SCORES: [
        "platform_post_metrics",
        "ugc_pool_percentiles",
        "creatives",
        "ad_content",
        "ad_daily_metrics",
        "safety_reviews",
    ],
    catalog.AD_ELIGIBILITY: ["organic_scores", "content_overrides"],
}


@dg.multi_asset(
    name="score_ticks",
    specs=[
        dg.AssetSpec(**described(table, group=GROUP, deps=deps), freshness_policy=on_time)
        for table, deps in UPSTREAM.items()
    ],
    partitions_def=scoring_ticks,
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool="scoring",
)
def scored_ticks(
    context: dg.AssetExecutionContext, stores: StoresResource
) -> Iterator[dg.MaterializeResult]:
    """Walks the ticks of the run in order, once through the snapshots, each as of its own time."""
    opened = stores.open()
    start, end = context.partition_time_window
    due = scoring_ticks.get_partition_keys_in_time_window(dg.TimeWindow(start, end))
    instants = [scoring_ticks.start_time_for_partition_key(key).astimezone(UTC) for key in due]
    done = []
    for scored in score_ticks(opened, instants):
        done.append(scored)
        context.log.info(f"{len(done)} of {len(instants)}: {in_words(scored)}")
        tell(context, scored)
    for table in UPSTREAM:
        result = outcome(opened, table, Written(inserted=rows_of(table.name, done)))
        yield result._replace(metadata={**(result.metadata or {}), "ticks": as_table(done)})


def in_words(scored: ScoredTick) -> str:
    """A tick's summary as one line."""
    without = ", ".join(f"{count} {reason}" for reason, count in scored.unscored.items())
    return (
        f"{tick_key(scored.tick)}: {scored.posts} posts, {scored.creatives} creatives, "
        f"{scored.pools} pools of posts, "
        f"{scored.scored} scored, {scored.eligible} eligible; not eligible: {without or 'none'}"
    )


def tell(context: dg.AssetExecutionContext, scored: ScoredTick) -> None:
    """Attach a tick's figures to its own partition of every table."""
    figures = {"posts": scored.posts, "scored": scored.scored, "eligible": scored.eligible}
    for table in UPSTREAM:
        context.add_asset_metadata(
            {**figures, "dagster/partition_row_count": scored.rows[table.name]},
            asset_key=table.name,
            partition_key=tick_key(scored.tick),
        )


def rows_of(name: str, done: list[ScoredTick]) -> int:
    """Rows that a run wrote to a table."""
    return sum(scored.rows[name] for scored in done)


def as_table(done: list[ScoredTick]) -> dg.TableMetadataValue:
    """The run's newest ticks as a table of figures."""
    shown = list(islice(reversed(done), TICKS_SHOWN))
    return dg.MetadataValue.table(
        records=[
            dg.TableRecord(
                {
                    "tick": tick_key(scored.tick),
                    "posts": scored.posts,
                    "creatives": scored.creatives,
                    "pools": scored.pools,
                    "scored": scored.scored,
                    "eligible": scored.eligible,
                }
            )
            for scored in shown
        ]
    )


@dg.asset(
    **described(catalog.AD_ELIGIBILITY_CURRENT, group=GROUP, deps=["ad_eligibility"]),
    freshness_policy=on_time,
)
def ad_eligibility_current(stores: StoresResource) -> dg.MaterializeResult:
    """Eligibility at the newest tick. A backfill does not make it, so it shows a dead scorer."""
    opened = stores.open()
    return outcome(opened, catalog.AD_ELIGIBILITY_CURRENT, copy_current_eligibility(opened))


@dg.asset(**described(catalog.SCORE_DRIFT, group=GROUP, deps=["organic_scores"]))
def score_drift(stores: StoresResource) -> dg.MaterializeResult:
    """What scores become under the versions that run in shadow, at the ticks scored since."""
    opened = stores.open()
    return outcome(opened, catalog.SCORE_DRIFT, derive_drift(opened))


@dg.asset(
    group_name="serving",
    owners=list(OWNERS),
    kinds={"duckdb"},
    pool="publish",
    deps=[
        "ad_content",
        "ad_daily_metrics",
        "ad_eligibility_current",
        "ads_content",
        "content_overrides",
        "score_drift",
        "platform_accounts",
        "platform_post_metrics_latest",
        "post_absences",
        "project_ads_content",
        "projects",
        "safety_reviews",
        "sync_health",
        *(table.name for table in catalog.STAGED),
    ],
)
def analytics_file(stores: StoresResource) -> dg.MaterializeResult:
    """The analysts' DuckDB file: the next generation, swapped in whole."""
    generation = publish(stores.open())
    counts = "\n".join(f"| {name} | {rows:,} |" for name, rows in generation.rows.items())
    return dg.MaterializeResult(
        metadata={
            "generation": generation.number,
            "path": dg.MetadataValue.path(generation.path),
            "rows": dg.MetadataValue.md(f"| table | rows |\n|---|---:|\n{counts}"),
        }
    )
