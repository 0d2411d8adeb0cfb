"""From creatives to their containers and their ads content.

Belongs here: which creatives are new, and writing what they call for.
Does not belong here: copying them from the operational database (``told``), posts (``posts``).

Both tables are made from the lake's copy of the creatives, so that what is published together
agrees. What is there is never written again, so a crash heals with the next run.
"""

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Written
from layers_pipeline.steps.stores import Stores
from transforms.facts.creatives import ads_content_of_creatives, containers_of_creatives


def derive_containers_of_creatives(stores: Stores) -> Written:
    """Make a container for every creative that has none (R11)."""
    lake, containers, copied = stores.lake, catalog.CONTENT_CONTAINERS, catalog.CREATIVES
    with lake.write_lock():
        at = lake.version(copied)
        if at == lake.watermark(containers, copied.name):
            return Written()
        known = lake.read(containers).select("container_id")
        wanted = containers_of_creatives(_in_buckets(stores))
        missing = wanted.join(known, on="container_id", how="anti").collect()
        return lake.insert_absent(containers, missing, marks={copied.name: at})


def derive_content_of_creatives(stores: Stores) -> Written:
    """Make the ads content that creatives lack in their projects, and before it its containers.

    Returns:
        What was written to ``ads_content``.
    """
    lake, content = stores.lake, catalog.ADS_CONTENT
    with lake.write_lock():
        if lake.row_count(catalog.CREATIVES) == 0:
            return Written()
        derive_containers_of_creatives(stores)
        known = lake.read(content).select("ads_content_id")
        wanted = ads_content_of_creatives(_in_buckets(stores))
        missing = wanted.join(known, on="ads_content_id", how="anti").collect()
        return lake.insert_absent(content, missing)


def _in_buckets(stores: Stores) -> pl.LazyFrame:
    rows = stores.lake.read(catalog.CREATIVES).collect()
    return rows.with_columns(bucket=catalog.buckets(rows["container_id"])).lazy()
