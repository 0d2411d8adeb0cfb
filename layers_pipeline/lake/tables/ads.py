"""Tables of ads: which content they show, how they stand, what they spent and brought.

Belongs here: everything that is known of ads.
Does not belong here: which content may become an ad (``scoring``).
"""

from functools import partial
from typing import Final

from layers_pipeline.lake.table import Table
from layers_pipeline.lake.tables import kinds
from transforms.contracts import ads, ads_landed

RAW_ADS: Final = ("raw_meta__ads", "raw_tiktok__ads")
_staged = partial(
    kinds.staged,
    partition_by=("landed_on",),
    prune_by=("landed_on",),
    deps=RAW_ADS,
    remembers=RAW_ADS,
)
_of_ads = partial(Table, group="ads")

# What people, platforms and files state.
AD_CONTENT: Final = kinds.dimension(name="ad_content", schema=ads.AdContent)
AD_ACCOUNTS: Final = kinds.dimension(name="ad_accounts", schema=ads.AdAccounts, checked=False)
RAW_META__ADS: Final = kinds.raw(name="raw_meta__ads", schema=ads_landed.RawMetaAds)
RAW_TIKTOK__ADS: Final = kinds.raw(name="raw_tiktok__ads", schema=ads_landed.RawTiktokAds)
ADS_READINGS: Final = kinds.raw(
    name="ads_readings", schema=ads_landed.AdsReadings, published="view"
)
STG_IMPORT__AD_METRICS: Final = kinds.staged(
    name="stg_import__ad_metrics",
    schema=ads.StgImportAdMetrics,
    partition_by=("file_id",),
    prune_by=("file_id",),
)
STG_ADS__STATES: Final = _staged(name="stg_ads__states", schema=ads_landed.StgAdsStates)
STG_ADS__DAYS: Final = _staged(name="stg_ads__days", schema=ads_landed.StgAdsDays)
STG_ADS__ACCOUNT_DAYS: Final = _staged(
    name="stg_ads__account_days", schema=ads_landed.StgAdsAccountDays
)

# What is known of ads and accounts.
AD_STATES: Final = _of_ads(
    name="ad_states",
    schema=ads.AdStates,
    deps=("stg_ads__states",),
    remembers=("stg_ads__states",),
    published="copy",
)
AD_ACCOUNT_HISTORY: Final = _of_ads(
    name="ad_account_history",
    schema=ads.AdAccountHistory,
    deps=RAW_ADS,
    remembers=RAW_ADS,
    published="copy",
)
AD_DAILY_METRICS: Final = _of_ads(
    name="ad_daily_metrics",
    schema=ads.AdDailyMetrics,
    partition_by=("spent_in",),
    prune_by=("spent_in",),
    deps=("stg_import__ad_metrics", "stg_ads__days"),
    remembers=("stg_import__ad_metrics", "stg_ads__days"),
    published="view",
)
AD_DAILY_METRICS_CURRENT: Final = _of_ads(
    name="ad_daily_metrics_current",
    schema=ads.AdDailyMetricsCurrent,
    deps=("ad_daily_metrics",),
    is_stored=False,
)
AD_ACCOUNT_DAYS: Final = _of_ads(
    name="ad_account_days",
    schema=ads.AdAccountDays,
    deps=("stg_ads__account_days", "stg_ads__days"),
    remembers=("stg_ads__account_days", "stg_ads__days"),
    published="copy",
)
