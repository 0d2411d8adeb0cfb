"""Tables of what is known of posts and accounts.

Belongs here: facts derived from staged rows.
Does not belong here: ads and their figures (``ads``), scores (``scoring``).
"""

from typing import Final

from layers_pipeline.lake.table import Table
from layers_pipeline.lake.tables import kinds
from transforms.contracts import posts

# What is known of posts, accounts and ads.
POST_ALIASES: Final = Table(
    name="post_aliases", schema=posts.PostAliases, deps=kinds.CAPTURES, published="copy"
)
PLATFORM_POST_METRICS: Final = Table(
    name="platform_post_metrics",
    schema=posts.PlatformPostMetrics,
    partition_by=("captured_on",),
    prune_by=("captured_on",),
    deps=kinds.CAPTURES,
    remembers=kinds.CAPTURES,
    published="view",
    parents=(kinds.OF_POST,),
    in_order_of=("platform_post_id",),
)
PLATFORM_POSTS: Final = kinds.in_buckets(
    name="platform_posts",
    schema=posts.PlatformPosts,
    deps=kinds.CAPTURES,
    remembers=kinds.CAPTURES,
    published="copy",
)
PLATFORM_ACCOUNT_METRICS: Final = Table(
    name="platform_account_metrics",
    schema=posts.PlatformAccountMetrics,
    partition_by=("captured_on",),
    prune_by=("captured_on",),
    deps=kinds.CAPTURES,
    remembers=kinds.CAPTURES,
    published="view",
)
PLATFORM_POST_METRICS_LATEST: Final = kinds.in_buckets(
    name="platform_post_metrics_latest",
    schema=posts.PlatformPostMetricsLatest,
    deps=kinds.CAPTURES,
    remembers=kinds.CAPTURES,
    published="copy",
)
PLATFORM_POST_CHECKS: Final = Table(
    name=kinds.CHECKS_OF_POSTS,
    schema=posts.PlatformPostChecks,
    deps=kinds.CAPTURES,
    is_stored=False,
)
POST_ABSENCES: Final = kinds.in_buckets(
    name="post_absences",
    schema=posts.PostAbsences,
    deps=("account_listings", "platform_posts"),
    remembers=("account_listings",),
    published="copy",
)
POST_COLLABORATIONS: Final = Table(
    name="post_collaborations",
    schema=posts.PostCollaborations,
    deps=("raw_instagram__responses",),
    remembers=("raw_instagram__responses",),
    published="copy",
    sets_aside=True,
)
