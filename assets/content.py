"""What people tell of content: creatives, safety reviews, overrides, approvals, ads.

Belongs here: the operational database's view of it, as tables of the lake.
Does not belong here: containers and ads content that follow from it (``assets.posts``).
"""

import dagster as dg

from assets.described import described, outcome
from layers_pipeline.dagster_support.resources import StoresResource
from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.dimensions import copy_operations

GROUP = "dimensions"


@dg.asset(**described(catalog.CREATIVES, group=GROUP))
def creatives(stores: StoresResource) -> dg.MaterializeResult:
    """Generated and manual creatives of each project, from the operational database."""
    opened = stores.open()
    return outcome(opened, catalog.CREATIVES, copy_operations(opened)["creatives"])


@dg.asset(**described(catalog.SAFETY_REVIEWS, group=GROUP))
def safety_reviews(stores: StoresResource) -> dg.MaterializeResult:
    """Every safety review, from the operational database."""
    opened = stores.open()
    return outcome(opened, catalog.SAFETY_REVIEWS, copy_operations(opened)["safety_reviews"])


@dg.asset(**described(catalog.CONTENT_OVERRIDES, group=GROUP))
def content_overrides(stores: StoresResource) -> dg.MaterializeResult:
    """Every change of an override, from the operational database."""
    opened = stores.open()
    return outcome(opened, catalog.CONTENT_OVERRIDES, copy_operations(opened)["content_overrides"])


@dg.asset(**described(catalog.PROJECT_ADS_CONTENT, group=GROUP))
def project_ads_content(stores: StoresResource) -> dg.MaterializeResult:
    """Overrides and approvals as they stand, from the operational database."""
    opened = stores.open()
    return outcome(
        opened, catalog.PROJECT_ADS_CONTENT, copy_operations(opened)["project_ads_content"]
    )


@dg.asset(**described(catalog.AD_CONTENT, group=GROUP))
def ad_content(stores: StoresResource) -> dg.MaterializeResult:
    """What each ad shows and showed, from the operational database."""
    opened = stores.open()
    return outcome(opened, catalog.AD_CONTENT, copy_operations(opened)["ad_content"])
