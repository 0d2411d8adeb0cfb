"""What ad platforms say of ads, from landed rows to states and days: one way for every platform.

Belongs here: staging what readings of ad accounts landed, the histories that follow from it.
Does not belong here: reading ad accounts (``ingest``), how a row is read (``transforms``).
"""

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Written
from layers_pipeline.steps.stores import Stores


def stage_ads(stores: Stores) -> dict[str, Written]:
    """Type the landed rows of every ad platform; what was written, by table name."""
    del stores
    tables = (catalog.STG_ADS__STATES, catalog.STG_ADS__DAYS, catalog.STG_ADS__ACCOUNT_DAYS)
    return {table.name: Written() for table in tables}


def derive_ads(stores: Stores) -> dict[str, Written]:
    """Bring what is known of ads and their accounts up to what has been staged."""
    del stores
    tables = (
        catalog.AD_STATES,
        catalog.AD_ACCOUNT_DAYS,
        catalog.LAYER_META_ADS,
        catalog.LAYER_TIKTOK_ADS,
    )
    return {table.name: Written() for table in tables}
