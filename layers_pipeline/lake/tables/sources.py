"""Tables of what people decided, what sources gave, and the same typed.

Belongs here: copies of the operational database, raw landings, staged rows.
Does not belong here: what is derived from them.
"""

from typing import Final

from layers_pipeline.lake.tables import kinds
from transforms.contracts import captures, creatives, health, posts

# People's decisions and the state of syncs, copied from the operational database.
PROJECTS: Final = kinds.dimension(name="projects", schema=posts.Projects, checked=False)
PLATFORM_ACCOUNTS: Final = kinds.dimension(
    name="platform_accounts",
    schema=posts.PlatformAccounts,
    deps=("scrape_jobs", "raw_sift__posts", "account_listings"),
    checked=False,
)
SYNC_HEALTH: Final = kinds.dimension(
    name="sync_health", schema=health.SyncHealth, deps=("platform_accounts",), checked=False
)
SYNC_PROBLEMS: Final = kinds.dimension(
    name="sync_problems", schema=health.SyncProblems, deps=("sync_health",)
)
PROJECT_ALLOWLIST: Final = kinds.dimension(name="project_allowlist", schema=posts.ProjectAllowlist)
CREATIVES: Final = kinds.dimension(name="creatives", schema=creatives.Creatives)
SAFETY_REVIEWS: Final = kinds.dimension(name="safety_reviews", schema=creatives.SafetyReviews)
CONTENT_OVERRIDES: Final = kinds.dimension(
    name="content_overrides", schema=creatives.ContentOverrides
)
PROJECT_ADS_CONTENT: Final = kinds.dimension(
    name="project_ads_content", schema=creatives.ProjectAdsContent
)

# What platforms and files gave, as received.
RAW_INSTAGRAM__RESPONSES: Final = kinds.raw(
    name="raw_instagram__responses", schema=captures.RawInstagramResponses
)
RAW_TIKTOK__RESPONSES: Final = kinds.raw(
    name="raw_tiktok__responses", schema=captures.RawTiktokResponses
)
RAW_SIFT__POSTS: Final = kinds.raw(
    name="raw_sift__posts",
    schema=captures.RawSiftPosts,
    partition_by=("scraped_on",),
    prune_by=("scraped_on",),
    deps=("scrape_jobs",),
)
ACCOUNT_LISTINGS: Final = kinds.raw(
    name="account_listings", schema=captures.AccountListings, published="view"
)

# The same, typed.
STG_INSTAGRAM__POSTS: Final = kinds.staged_captures(
    name="stg_instagram__posts",
    schema=captures.StgInstagramPosts,
    partition_by=("landed_on",),
    prune_by=("landed_on",),
    deps=("raw_instagram__responses",),
    remembers=("raw_instagram__responses",),
)
STG_TIKTOK__POSTS: Final = kinds.staged_captures(
    name="stg_tiktok__posts",
    schema=captures.StgTiktokPosts,
    partition_by=("landed_on",),
    prune_by=("landed_on",),
    deps=("raw_tiktok__responses",),
    remembers=("raw_tiktok__responses",),
)
STG_SIFT__POSTS: Final = kinds.staged_captures(
    name="stg_sift__posts",
    schema=captures.StgSiftPosts,
    partition_by=("scraped_on",),
    prune_by=("scraped_on",),
    deps=("raw_sift__posts",),
    remembers=("raw_sift__posts",),
)
STG_IMPORT__CAPTURES: Final = kinds.staged_captures(
    name="stg_import__captures", schema=captures.StgImportCaptures, partition_by=("file_id",)
)
