"""Tables of ads: which content they show, what they spent and brought.

Belongs here: everything that is known of ads.
Does not belong here: which content may become an ad (``scoring``).
"""

from typing import Final

from layers_pipeline.lake.table import Table
from layers_pipeline.lake.tables import kinds
from transforms.contracts import creatives

AD_CONTENT: Final = kinds.dimension(name="ad_content", schema=creatives.AdContent)
STG_IMPORT__AD_METRICS: Final = kinds.staged(
    name="stg_import__ad_metrics",
    schema=creatives.StgImportAdMetrics,
    partition_by=("file_id",),
    prune_by=("file_id",),
)
AD_DAILY_METRICS: Final = Table(
    name="ad_daily_metrics",
    schema=creatives.AdDailyMetrics,
    partition_by=("spent_in",),
    prune_by=("spent_in",),
    deps=("stg_import__ad_metrics",),
    remembers=("stg_import__ad_metrics",),
    published="view",
)
AD_DAILY_METRICS_CURRENT: Final = Table(
    name="ad_daily_metrics_current",
    schema=creatives.AdDailyMetricsCurrent,
    deps=("ad_daily_metrics",),
    is_stored=False,
)
