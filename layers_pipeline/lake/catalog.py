"""The lake's tables: one record each, from which every list of tables is made.

Belongs here: one ``Table`` per contract, with all that is said of it.
Does not belong here: columns and rules (``transforms.contracts``), reading and writing.

A table stands after those that it is made from, but for scores, which are written back onto the
content that they are of; the lists below keep this order.
"""

import zlib
from functools import partial
from typing import Final

import polars as pl

from layers_pipeline.lake.table import TICK, Parent, Table
from transforms.contracts import captures, creatives, drift, health, posts, scoring

BUCKETS: Final = 16
OF_POST: Final = Parent(table="platform_posts", key=("platform", "platform_post_id"))
CHECKS_OF_POSTS: Final = "platform_post_checks"
CAPTURES: Final = (
    "stg_instagram__posts",
    "stg_tiktok__posts",
    "stg_sift__posts",
    "stg_import__captures",
)
"""Tables whose rows are captures of posts."""

_dimension = partial(Table, group="dimensions", published="copy")
_raw = partial(Table, group="raw", partition_by=("landed_on",), checked=False)
_staged = partial(Table, group="staged", sets_aside=True)
_staged_captures = partial(_staged, shown_in=CHECKS_OF_POSTS)
_in_buckets = partial(Table, partition_by=("bucket",), prune_by=("bucket",))
_of_ticks = partial(Table, group="scoring", partition_by=(TICK,), published="view")
_whole_copy = partial(Table, published="copy", checked=False)

# People's decisions and the state of syncs, copied from the operational database.
PROJECTS: Final = _dimension(name="projects", schema=posts.Projects, checked=False)
PLATFORM_ACCOUNTS: Final = _dimension(
    name="platform_accounts",
    schema=posts.PlatformAccounts,
    deps=("scrape_jobs", "raw_sift__posts", "account_listings"),
    checked=False,
)
SYNC_HEALTH: Final = _dimension(
    name="sync_health", schema=health.SyncHealth, deps=("platform_accounts",), checked=False
)
PROJECT_ALLOWLIST: Final = _dimension(name="project_allowlist", schema=posts.ProjectAllowlist)
CREATIVES: Final = _dimension(name="creatives", schema=creatives.Creatives)
SAFETY_REVIEWS: Final = _dimension(name="safety_reviews", schema=creatives.SafetyReviews)
CONTENT_OVERRIDES: Final = _dimension(name="content_overrides", schema=creatives.ContentOverrides)
PROJECT_ADS_CONTENT: Final = _dimension(
    name="project_ads_content", schema=creatives.ProjectAdsContent
)
AD_CONTENT: Final = _dimension(name="ad_content", schema=creatives.AdContent)

# What platforms and files gave, as received.
RAW_INSTAGRAM__RESPONSES: Final = _raw(
    name="raw_instagram__responses", schema=captures.RawInstagramResponses
)
RAW_TIKTOK__RESPONSES: Final = _raw(
    name="raw_tiktok__responses", schema=captures.RawTiktokResponses
)
RAW_SIFT__POSTS: Final = _raw(
    name="raw_sift__posts",
    schema=captures.RawSiftPosts,
    partition_by=("scraped_on",),
    prune_by=("scraped_on",),
    deps=("scrape_jobs",),
)
ACCOUNT_LISTINGS: Final = _raw(
    name="account_listings", schema=captures.AccountListings, published="view"
)

# The same, typed.
STG_INSTAGRAM__POSTS: Final = _staged_captures(
    name="stg_instagram__posts",
    schema=captures.StgInstagramPosts,
    partition_by=("landed_on",),
    prune_by=("landed_on",),
    deps=("raw_instagram__responses",),
    remembers=("raw_instagram__responses",),
)
STG_TIKTOK__POSTS: Final = _staged_captures(
    name="stg_tiktok__posts",
    schema=captures.StgTiktokPosts,
    partition_by=("landed_on",),
    prune_by=("landed_on",),
    deps=("raw_tiktok__responses",),
    remembers=("raw_tiktok__responses",),
)
STG_SIFT__POSTS: Final = _staged_captures(
    name="stg_sift__posts",
    schema=captures.StgSiftPosts,
    partition_by=("scraped_on",),
    prune_by=("scraped_on",),
    deps=("raw_sift__posts",),
    remembers=("raw_sift__posts",),
)
STG_IMPORT__CAPTURES: Final = _staged_captures(
    name="stg_import__captures", schema=captures.StgImportCaptures, partition_by=("file_id",)
)
STG_IMPORT__AD_METRICS: Final = _staged(
    name="stg_import__ad_metrics",
    schema=creatives.StgImportAdMetrics,
    partition_by=("file_id",),
    prune_by=("file_id",),
)

# What is known of posts, accounts and ads.
PLATFORM_POST_METRICS: Final = Table(
    name="platform_post_metrics",
    schema=posts.PlatformPostMetrics,
    partition_by=("captured_on",),
    prune_by=("captured_on",),
    deps=CAPTURES,
    remembers=CAPTURES,
    published="view",
    parents=(OF_POST,),
)
PLATFORM_POSTS: Final = _in_buckets(
    name="platform_posts",
    schema=posts.PlatformPosts,
    deps=CAPTURES,
    remembers=CAPTURES,
    published="copy",
)
PLATFORM_ACCOUNT_METRICS: Final = Table(
    name="platform_account_metrics",
    schema=posts.PlatformAccountMetrics,
    partition_by=("captured_on",),
    prune_by=("captured_on",),
    deps=CAPTURES,
    remembers=CAPTURES,
    published="view",
)
PLATFORM_POST_METRICS_LATEST: Final = _in_buckets(
    name="platform_post_metrics_latest",
    schema=posts.PlatformPostMetricsLatest,
    deps=CAPTURES,
    remembers=CAPTURES,
    published="view",
)
PLATFORM_POST_CHECKS: Final = Table(
    name=CHECKS_OF_POSTS, schema=posts.PlatformPostChecks, deps=CAPTURES, is_stored=False
)
POST_ABSENCES: Final = _in_buckets(
    name="post_absences",
    schema=posts.PostAbsences,
    deps=("account_listings", "platform_posts"),
    remembers=("account_listings",),
    published="copy",
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

# What may become an ad.
CONTENT_CONTAINERS: Final = _in_buckets(
    name="content_containers",
    schema=posts.ContentContainers,
    group="content",
    deps=("platform_posts", "creatives"),
    remembers=("platform_posts", "creatives"),
    published="copy",
    parents=(OF_POST,),
)
ADS_CONTENT: Final = _in_buckets(
    name="ads_content",
    schema=scoring.AdsContent,
    group="content",
    deps=("content_containers", "project_allowlist", "creatives", "organic_scores"),
    remembers=("platform_posts", "project_allowlist", "creatives", "organic_scores"),
    published="copy",
    parents=(
        Parent(table="content_containers", key=("container_id",)),
        Parent(table="projects", key=("project_id",)),
    ),
)

# What scoring ticks make of it.
UGC_POOL_PERCENTILES: Final = _of_ticks(
    name="ugc_pool_percentiles",
    schema=scoring.UgcPoolPercentiles,
    deps=("platform_post_metrics", "platform_posts", "post_absences", "project_allowlist"),
)
ORGANIC_SCORES: Final = _of_ticks(
    name="organic_scores",
    schema=scoring.OrganicScores,
    deps=(
        "platform_post_metrics",
        "ugc_pool_percentiles",
        "creatives",
        "ad_content",
        "ad_daily_metrics",
        "safety_reviews",
    ),
)
AD_ELIGIBILITY: Final = _of_ticks(
    name="ad_eligibility",
    schema=scoring.AdEligibility,
    deps=("organic_scores", "content_overrides"),
    remembers=("organic_scores",),
)
AD_ELIGIBILITY_CURRENT: Final = _whole_copy(
    name="ad_eligibility_current",
    schema=scoring.AdEligibilityCurrent,
    group="scoring",
    deps=("ad_eligibility",),
    remembers=("ad_eligibility",),
)
SCORE_DRIFT: Final = _whole_copy(
    name="score_drift",
    schema=drift.ScoreDrift,
    group="scoring",
    deps=("organic_scores",),
    remembers=("organic_scores",),
)

# What happened to files and to rows on their way.
QUARANTINE: Final = _whole_copy(name="quarantine", schema=captures.Quarantine, group="audit")
IMPORT_FILES: Final = _whole_copy(name="import_files", schema=captures.ImportFiles, group="audit")

ALL: Final = tuple(one for one in list(globals().values()) if isinstance(one, Table))
"""Every table of this module, in its order."""
TABLES: Final = tuple(table for table in ALL if table.is_stored)
QUERIES: Final = tuple(table for table in ALL if not table.is_stored)
"""Tables that only the analysts' file has, as queries over others."""
STAGED_TABLES: Final = tuple(table for table in TABLES if table.name in CAPTURES)
PUBLISHED: Final = tuple(table for table in TABLES if table.published != "no")
BY_NAME: Final = {table.name: table for table in ALL}


def buckets(keys: pl.Series) -> pl.Series:
    """The bucket of each key, the same on every machine and for ever."""
    found = keys.unique()
    numbers = [zlib.crc32(str(value).encode()) % BUCKETS for value in found]
    if found.is_empty():
        return pl.Series(keys.name, [], dtype=pl.Int64)
    return keys.replace_strict(found, numbers, return_dtype=pl.Int64)
