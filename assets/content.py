"""What people tell of content: creatives, safety reviews, overrides, approvals, ads.

Belongs here: the operational database's view of it, as tables of the lake.
Does not belong here: containers and ads content that follow from it (``assets.posts``).
"""

import dagster as dg

from assets.described import described, outcome
from layers_pipeline import tables
from layers_pipeline.resources import StoresResource
from layers_pipeline.steps import told

GROUP = "dimensions"


@dg.asset(**described(tables.CREATIVES, group=GROUP))
def creatives(stores: StoresResource) -> dg.MaterializeResult:
    """Generated and manual creatives of each project, from the operational database."""
    opened = stores.open()
    return outcome(opened, tables.CREATIVES, told.copy_creatives(opened))


@dg.asset(**described(tables.SAFETY_REVIEWS, group=GROUP))
def safety_reviews(stores: StoresResource) -> dg.MaterializeResult:
    """Every safety review, from the operational database."""
    opened = stores.open()
    return outcome(opened, tables.SAFETY_REVIEWS, told.copy_safety_reviews(opened))


@dg.asset(**described(tables.CONTENT_OVERRIDES, group=GROUP))
def content_overrides(stores: StoresResource) -> dg.MaterializeResult:
    """Every change of an override, from the operational database."""
    opened = stores.open()
    return outcome(opened, tables.CONTENT_OVERRIDES, told.copy_overrides(opened))


@dg.asset(**described(tables.PROJECT_ADS_CONTENT, group=GROUP))
def project_ads_content(stores: StoresResource) -> dg.MaterializeResult:
    """Overrides and approvals as they stand, from the operational database."""
    opened = stores.open()
    return outcome(opened, tables.PROJECT_ADS_CONTENT, told.copy_project_ads_content(opened))


@dg.asset(**described(tables.AD_CONTENT, group=GROUP))
def ad_content(stores: StoresResource) -> dg.MaterializeResult:
    """What each ad shows and showed, from the operational database."""
    opened = stores.open()
    return outcome(opened, tables.AD_CONTENT, told.copy_ads(opened))
