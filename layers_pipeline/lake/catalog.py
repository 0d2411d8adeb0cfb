"""The lake's tables: which contract lies where, and how its files are divided.

Belongs here: one ``Table`` per contract, and the order in which analysts meet them.
Does not belong here: columns and rules (``transforms.contracts``), reading and writing.
"""

import zlib
from typing import Final

import polars as pl

from layers_pipeline.lake.table import Table
from transforms.contracts import captures, creatives, drift, health, posts, scoring

BUCKETS: Final = 16

QUARANTINE = Table(name="quarantine", schema=captures.Quarantine)
IMPORT_FILES = Table(name="import_files", schema=captures.ImportFiles)
RAW_SIFT__POSTS = Table(
    name="raw_sift__posts",
    schema=captures.RawSiftPosts,
    partition_by=("scraped_on",),
    prune_by=("scraped_on",),
)
RAW_INSTAGRAM__RESPONSES = Table(
    name="raw_instagram__responses",
    schema=captures.RawInstagramResponses,
    partition_by=("landed_on",),
)
RAW_TIKTOK__RESPONSES = Table(
    name="raw_tiktok__responses",
    schema=captures.RawTiktokResponses,
    partition_by=("landed_on",),
)
ACCOUNT_LISTINGS = Table(
    name="account_listings",
    schema=captures.AccountListings,
    partition_by=("landed_on",),
)
STG_INSTAGRAM__POSTS = Table(
    name="stg_instagram__posts",
    schema=captures.StgInstagramPosts,
    partition_by=("landed_on",),
    prune_by=("landed_on",),
)
STG_TIKTOK__POSTS = Table(
    name="stg_tiktok__posts",
    schema=captures.StgTiktokPosts,
    partition_by=("landed_on",),
    prune_by=("landed_on",),
)
STG_SIFT__POSTS = Table(
    name="stg_sift__posts",
    schema=captures.StgSiftPosts,
    partition_by=("scraped_on",),
    prune_by=("scraped_on",),
)
STG_IMPORT__CAPTURES = Table(
    name="stg_import__captures",
    schema=captures.StgImportCaptures,
    partition_by=("file_id",),
)
STG_IMPORT__AD_METRICS = Table(
    name="stg_import__ad_metrics",
    schema=creatives.StgImportAdMetrics,
    partition_by=("file_id",),
    prune_by=("file_id",),
)
AD_DAILY_METRICS = Table(
    name="ad_daily_metrics",
    schema=creatives.AdDailyMetrics,
    partition_by=("spent_in",),
    prune_by=("spent_in",),
)
AD_DAILY_METRICS_CURRENT = Table(
    name="ad_daily_metrics_current", schema=creatives.AdDailyMetricsCurrent
)
"""Shown to analysts as a view over the history; the lake itself does not hold it."""
PROJECTS = Table(name="projects", schema=posts.Projects)
PLATFORM_ACCOUNTS = Table(name="platform_accounts", schema=posts.PlatformAccounts)
SYNC_HEALTH = Table(name="sync_health", schema=health.SyncHealth)
PROJECT_ALLOWLIST = Table(name="project_allowlist", schema=posts.ProjectAllowlist)
CREATIVES = Table(name="creatives", schema=creatives.Creatives)
SAFETY_REVIEWS = Table(name="safety_reviews", schema=creatives.SafetyReviews)
CONTENT_OVERRIDES = Table(name="content_overrides", schema=creatives.ContentOverrides)
PROJECT_ADS_CONTENT = Table(name="project_ads_content", schema=creatives.ProjectAdsContent)
AD_CONTENT = Table(name="ad_content", schema=creatives.AdContent)
PLATFORM_POSTS = Table(
    name="platform_posts",
    schema=posts.PlatformPosts,
    partition_by=("bucket",),
    prune_by=("bucket",),
)
PLATFORM_POST_METRICS = Table(
    name="platform_post_metrics",
    schema=posts.PlatformPostMetrics,
    partition_by=("captured_on",),
    prune_by=("captured_on",),
)
PLATFORM_ACCOUNT_METRICS = Table(
    name="platform_account_metrics",
    schema=posts.PlatformAccountMetrics,
    partition_by=("captured_on",),
    prune_by=("captured_on",),
)
PLATFORM_POST_METRICS_LATEST = Table(
    name="platform_post_metrics_latest",
    schema=posts.PlatformPostMetricsLatest,
    partition_by=("bucket",),
    prune_by=("bucket",),
)
PLATFORM_POST_CHECKS = Table(name="platform_post_checks", schema=posts.PlatformPostChecks)
"""Shown to analysts over the staging tables' files; the lake itself does not hold it."""
POST_ABSENCES = Table(
    name="post_absences",
    schema=posts.PostAbsences,
    partition_by=("bucket",),
    prune_by=("bucket",),
)
CONTENT_CONTAINERS = Table(
    name="content_containers",
    schema=posts.ContentContainers,
    partition_by=("bucket",),
    prune_by=("bucket",),
)
ADS_CONTENT = Table(
    name="ads_content",
    schema=scoring.AdsContent,
    partition_by=("bucket",),
    prune_by=("bucket",),
)
UGC_POOL_PERCENTILES = Table(
    name="ugc_pool_percentiles", schema=scoring.UgcPoolPercentiles, partition_by=("tick",)
)
ORGANIC_SCORES = Table(name="organic_scores", schema=scoring.OrganicScores, partition_by=("tick",))
AD_ELIGIBILITY = Table(name="ad_eligibility", schema=scoring.AdEligibility, partition_by=("tick",))

AD_ELIGIBILITY_CURRENT = Table(name="ad_eligibility_current", schema=scoring.AdEligibilityCurrent)

SCORE_DRIFT = Table(name="score_drift", schema=drift.ScoreDrift)

TABLES: Final = (
    PROJECTS,
    PLATFORM_ACCOUNTS,
    SYNC_HEALTH,
    PROJECT_ALLOWLIST,
    CREATIVES,
    SAFETY_REVIEWS,
    CONTENT_OVERRIDES,
    PROJECT_ADS_CONTENT,
    AD_CONTENT,
    PLATFORM_POSTS,
    PLATFORM_POST_METRICS,
    PLATFORM_POST_METRICS_LATEST,
    PLATFORM_ACCOUNT_METRICS,
    POST_ABSENCES,
    CONTENT_CONTAINERS,
    ADS_CONTENT,
    AD_DAILY_METRICS,
    UGC_POOL_PERCENTILES,
    ORGANIC_SCORES,
    AD_ELIGIBILITY,
    AD_ELIGIBILITY_CURRENT,
    SCORE_DRIFT,
    QUARANTINE,
    IMPORT_FILES,
    ACCOUNT_LISTINGS,
    RAW_INSTAGRAM__RESPONSES,
    RAW_TIKTOK__RESPONSES,
    RAW_SIFT__POSTS,
    STG_INSTAGRAM__POSTS,
    STG_TIKTOK__POSTS,
    STG_SIFT__POSTS,
    STG_IMPORT__CAPTURES,
    STG_IMPORT__AD_METRICS,
)


def buckets(keys: pl.Series) -> pl.Series:
    """The bucket of each key, the same on every machine and for ever."""
    found = keys.unique()
    numbers = [zlib.crc32(str(value).encode()) % BUCKETS for value in found]
    if found.is_empty():
        return pl.Series(keys.name, [], dtype=pl.Int64)
    return keys.replace_strict(found, numbers, return_dtype=pl.Int64)
