"""Tables of what may become an ad, and of what scoring ticks make of it.

Belongs here: content, scores, eligibility.
Does not belong here: ads.
"""

from typing import Final

from layers_pipeline.lake.table import Parent
from layers_pipeline.lake.tables import kinds
from transforms.contracts import drift, posts, scoring

# What may become an ad.
CONTENT_CONTAINERS: Final = kinds.in_buckets(
    name="content_containers",
    schema=posts.ContentContainers,
    group="content",
    deps=("platform_posts", "creatives"),
    remembers=("platform_posts", "creatives"),
    published="copy",
    parents=(kinds.OF_POST,),
)
ADS_CONTENT: Final = kinds.in_buckets(
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
UGC_POOL_PERCENTILES: Final = kinds.of_ticks(
    name="ugc_pool_percentiles",
    schema=scoring.UgcPoolPercentiles,
    deps=("platform_post_metrics", "platform_posts", "post_absences", "project_allowlist"),
)
ORGANIC_SCORES: Final = kinds.of_ticks(
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
AD_ELIGIBILITY: Final = kinds.of_ticks(
    name="ad_eligibility",
    schema=scoring.AdEligibility,
    deps=("organic_scores", "content_overrides"),
    remembers=("organic_scores",),
)
AD_ELIGIBILITY_CURRENT: Final = kinds.whole_copy(
    name="ad_eligibility_current",
    schema=scoring.AdEligibilityCurrent,
    group="scoring",
    deps=("ad_eligibility",),
    remembers=("ad_eligibility",),
)
SCORE_DRIFT: Final = kinds.whole_copy(
    name="score_drift",
    schema=drift.ScoreDrift,
    group="scoring",
    deps=("organic_scores",),
    remembers=("organic_scores",),
)
