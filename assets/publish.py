"""What is handed to analysts.

Belongs here: the publication, which makes the marts and the file that holds them.
Does not belong here: how the file is built (``layers_pipeline.serving``).
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import dagster as dg

from assets.asset_specs import OWNERS
from assets.contract_checks import log, versions
from assets.marts import NAMES, announce_marts, mart_check_specs, mart_specs
from layers_pipeline.lake import catalog
from layers_pipeline.serving.generations import Generation
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


FILE = dg.AssetSpec(
    "analytics_file",
    group_name="serving",
    description="The analysts' DuckDB file: the next generation, swapped in whole.",
    owners=list(OWNERS),
    kinds={"duckdb"},
    deps=[*last_of_the_flow(), *NAMES],
)


@dg.multi_asset(
    name="publish",
    specs=[*mart_specs(), FILE],
    check_specs=mart_check_specs(),
    pool="publish",
    # Whatever is selected, the file is made as a whole, lest its tables disagree.
    can_subset=True,
)
def published(
    context: dg.AssetExecutionContext, stores: dg.ResourceParam[Stores]
) -> Iterator[dg.MaterializeResult]:
    """Publishes what the lake holds now, with every mart made of exactly that."""
    since = versions(stores, catalog.TABLES)
    generation = publish(stores, on_written=partial(log, context, stores, since=since))
    yield from announce_marts(context, generation, stores.settings)
    if FILE.key in context.selected_asset_keys:
        yield dg.MaterializeResult(asset_key=FILE.key, metadata=_figures(generation))


def _figures(generation: Generation) -> dict[str, Any]:
    counts = "\n".join(f"| {name} | {rows:,} |" for name, rows in generation.rows.items())
    return {
        "generation": generation.number,
        "path": dg.MetadataValue.path(generation.path),
        "rows": dg.MetadataValue.md(f"| table | rows |\n|---|---:|\n{counts}"),
    }
