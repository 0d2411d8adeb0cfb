"""What is handed to analysts.

Belongs here: the publication.
Does not belong here: how the file is built (``layers_pipeline.serving``).
"""

from functools import partial

import dagster as dg

from assets.asset_specs import OWNERS
from assets.contract_checks import log, versions
from layers_pipeline.lake import catalog
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.stores import Stores


def last_of_the_flow() -> list[dg.AssetDep]:
    """Published tables of which no other published one is made: all others come before them.

    Of ticks the newest counts, lest Dagster look for every one of them.
    """
    published = [table for table in catalog.PUBLISHED if table.group != "audit"]
    newest = dg.LastPartitionMapping()
    made_of = {name for table in published for name in table.deps}
    return [
        dg.AssetDep(table.name, partition_mapping=newest if table.per_tick else None)
        for table in published
        if table.name not in made_of
    ]


@dg.asset(
    group_name="serving",
    owners=list(OWNERS),
    kinds={"duckdb"},
    pool="publish",
    deps=last_of_the_flow(),
)
def analytics_file(
    context: dg.AssetExecutionContext, stores: dg.ResourceParam[Stores]
) -> dg.MaterializeResult:
    """The analysts' DuckDB file: the next generation, swapped in whole."""
    since = versions(stores, catalog.TABLES)
    generation = publish(stores, on_written=partial(log, context, stores, since=since))
    counts = "\n".join(f"| {name} | {rows:,} |" for name, rows in generation.rows.items())
    return dg.MaterializeResult(
        metadata={
            "generation": generation.number,
            "path": dg.MetadataValue.path(generation.path),
            "rows": dg.MetadataValue.md(f"| table | rows |\n|---|---:|\n{counts}"),
        }
    )
