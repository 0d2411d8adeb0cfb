"""Work that makes no table of its own: keeping the lake small, making tables again.

Belongs here: jobs of operations rather than of assets, reporting the tables that they write.
Does not belong here: when they run (``sensors``), how (``layers_pipeline.steps.maintain``).
"""

from collections.abc import Mapping

import dagster as dg

from assets.asset_specs import figures
from layers_pipeline import moments
from layers_pipeline.dagster_support.run_history import forget_old_runs
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Written
from layers_pipeline.steps.maintain.replay import replay
from layers_pipeline.steps.publish.upkeep import maintain
from layers_pipeline.steps.stores import Stores


def report(context: dg.OpExecutionContext, stores: Stores, written: Mapping[str, Written]) -> None:
    """Report the tables that were written to Dagster."""
    for name, done in written.items():
        if done != Written() and name in catalog.BY_NAME:
            metadata = figures(stores, catalog.BY_NAME[name], done)
            context.log_event(dg.AssetMaterialization(name, metadata=metadata))


@dg.op(pool="publish", description="Compacts the lake, publishes, deletes what nobody needs.")
def maintain_lake(context: dg.OpExecutionContext, stores: dg.ResourceParam[Stores]) -> None:
    """One round of upkeep; see ``steps.publish.upkeep.maintain``."""
    deleted = maintain(stores, on_written=lambda written: report(context, stores, written))
    runs = forget_old_runs(context.instance, stores.settings, now=stores.clock.now())
    context.add_output_metadata(
        {"files_deleted": sum(deleted.values()), "by_table": deleted, "runs_forgotten": runs}
    )


class ReplayConfig(dg.Config):
    """The span of raw rows to read again, ISO 8601 with offset."""

    start: str
    end: str


@dg.op(description="Reads raw rows again and makes every table after them again.")
def replay_raw_rows(
    context: dg.OpExecutionContext, stores: dg.ResourceParam[Stores], config: ReplayConfig
) -> None:
    """One replay; see ``steps.maintain.replay``."""
    start, end = (
        moments.parse(text, what=f"replay: {name}", naive="refused")
        for name, text in (("start", config.start), ("end", config.end))
    )
    done = replay(stores, start=start, end=end)
    report(context, stores, done.written)
    context.add_output_metadata({"rows_read": done.read, "captures_changed": done.changed})
    context.log.info(f"{done.read} landed rows read, {done.changed} captures changed")


@dg.job(name="replay", description="Makes staging and what follows again from the raw tables.")
def replay_job() -> None:
    """See ``layers-pipeline replay``."""
    replay_raw_rows()


@dg.job(description="Keeps the lake quick to read: compact, publish, then vacuum.")
def maintenance() -> None:
    """Daily upkeep of the lake."""
    maintain_lake()
