"""Scheduled exports: saved views as files, each held to its query.

Belongs here: the asset, its check, what Dagster shows of a round.
Does not belong here: writing files (``layers_pipeline.views``), when (``sensors.schedules``).
"""

import dagster as dg

from assets.asset_specs import OWNERS
from layers_pipeline.steps.stores import Stores
from layers_pipeline.views.opening import open_views
from layers_pipeline.views.saved import Round, export_all


@dg.asset(
    name="scheduled_exports",
    group_name="exports",
    deps=["analytics_file"],
    owners=list(OWNERS),
    kinds={"csv", "parquet"},
    pool="exports",
    check_specs=[
        dg.AssetCheckSpec(
            "files_equal_queries",
            asset="scheduled_exports",
            description="Every export holds what its view gives when it is asked again.",
        )
    ],
)
def scheduled_exports(stores: dg.ResourceParam[Stores]) -> dg.MaterializeResult:
    """Grain: one file per saved view that asks for it, and a manifest beside each.

    All of a round are of one generation; older files of a view go as the settings say.
    """
    views = open_views(stores.settings, clock=stores.clock)
    done = export_all(
        views,
        stores.operations.saved_views.all(),
        stores.settings.exports_location,
        kept=stores.settings.exports_kept,
        now=stores.clock.now(),
    )
    views.close()
    return dg.MaterializeResult(metadata=_figures(stores, done), check_results=[_check(done)])


def _check(done: Round) -> dg.AssetCheckResult:
    listed = "\n".join(f"- {problem}" for problem in done.problems)
    return dg.AssetCheckResult(
        check_name="files_equal_queries",
        passed=not done.problems,
        description=f"{len(done.exports)} files, {len(done.problems)} problems.",
        metadata={"problems": dg.MetadataValue.md(listed)} if done.problems else {},
    )


def _figures(stores: Stores, done: Round) -> dict[str, dg.MetadataValue]:
    rows = "\n".join(
        f"| {one.project_id} | {one.name} | {one.rows:,} | {one.bytes:,} | {one.as_of} |"
        for one in done.exports
    )
    head = "| project | view | rows | bytes | as of |\n|---|---|---:|---:|---|\n"
    return {
        "files": dg.MetadataValue.md(head + rows),
        "dagster/row_count": dg.MetadataValue.int(sum(one.rows for one in done.exports)),
        "pruned": dg.MetadataValue.int(len(done.pruned)),
        "folder": dg.MetadataValue.path(stores.settings.exports_location),
    }
