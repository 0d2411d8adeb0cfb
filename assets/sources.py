"""Where everything comes from: what is outside of the pipeline, at the left of the graph.

Belongs here: platforms, files and databases that others change, and which tables they feed.
Does not belong here: reading them (``layers_pipeline.steps.ingest``).
"""

from collections.abc import Mapping
from typing import Final

import dagster as dg

from layers_pipeline.steps.ad_platforms import AD_PLATFORMS
from layers_pipeline.steps.platforms import PLATFORMS

GROUP: Final = "sources"
EXTERNAL_SOURCES: Final[Mapping[str, str]] = {
    **{name: platform.gives for name, platform in PLATFORMS.items()},
    **{f"{name}_ads": platform.gives for name, platform in AD_PLATFORMS.items()},
    "sift": "SIFT's API: scrapes of accounts that gave no login.",
    "files": "Files that people hand in: captures gathered elsewhere, reports of ads.",
    "operational_database": "What people decide and how syncs ended: projects, accounts, "
    "allowlists, creatives, reviews, overrides, payouts.",
}
FED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    **{platform.raw.name: (name,) for name, platform in PLATFORMS.items()},
    **{platform.raw.name: (f"{name}_ads",) for name, platform in AD_PLATFORMS.items()},
    "ads_readings": tuple(f"{name}_ads" for name in AD_PLATFORMS),
    "account_listings": tuple(PLATFORMS),
    "scrape_jobs": ("sift",),
    "stg_import__captures": ("files",),
    "stg_import__ad_metrics": ("files",),
    "payout_configs": ("operational_database",),
    "payout_payments": ("operational_database",),
}
"""By asset: the sources that it is read from; each dimension is the operational database's."""


def external_assets() -> list[dg.AssetSpec]:
    """The sources as assets that Dagster shows and never makes."""
    return [
        dg.AssetSpec(name, group_name=GROUP, description=text, owners=["team:data-engineering"])
        for name, text in EXTERNAL_SOURCES.items()
    ]


def sources_of(name: str, group: str = "") -> tuple[str, ...]:
    """The sources that an asset is read from."""
    return ("operational_database",) if group == "dimensions" else FED_BY.get(name, ())
