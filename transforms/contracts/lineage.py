"""Which columns each derived column is made of, for people who ask where a number is from.

Belongs here: one entry per table that Polars derives, naming tables as the lake does.
Does not belong here: views and macros, whose SQL shows it itself; tables that files, platforms or
the operational database give.

A column without an upstream is a constant of its table, or the tick that was asked for.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import dataframely as dy

from transforms.contracts import (
    ads,
    ads_landed,
    captures,
    drift,
    posts,
    scoring,
)
from transforms.contracts.columns import COUNTS, METRICS
from transforms.contracts.lineage_columns import (
    KNOWN_COUNTS,
    SHOWN,
    Columns,
    Upstream,
    all_from,
    of,
    same,
)
from transforms.contracts.lineage_of_ads import CLASSIFIED, OF_CREATORS, SELECTED

STAGING: Final = (
    "stg_instagram__posts",
    "stg_tiktok__posts",
    "stg_sift__posts",
    "stg_import__captures",
)


def _staged(schema: type[dy.Schema], raw: str, day: str, **others: Upstream) -> Columns:
    """Columns of a document; what was known of the row itself is taken over."""
    kept = {name: of(raw, name) for name in ("landing_id", "known_at", "run_id", day)}
    return all_from(schema, of(raw, "body"), source=(), **kept, **others)


def _of_responses(schema: type[dy.Schema], raw: str) -> Columns:
    """Columns of what a platform answered about an account that was read."""
    return _staged(
        schema,
        raw,
        "landed_on",
        platform=(),
        account_key=of(raw, "account_key"),
        captured_at=of(raw, "received_at"),
    )


def _of_ads_responses(schema: type[dy.Schema], **others: Upstream) -> Columns:
    """Columns of what an ads API answered about an ad account that was read."""
    kept = {
        name: of(RAW_ADS, name)
        for name in ("landing_id", "ad_account_id", "known_at", "run_id", "landed_on")
    }
    return all_from(schema, of(RAW_ADS, "body"), ad_platform=(), **kept, **others)


RAW_ADS: Final = ("raw_meta__ads", "raw_tiktok__ads")
AD_DAYS: Final = ("stg_import__ad_metrics", "stg_ads__days")
OF_POST: Final = of("project_allowlist", "project_id") + of(
    "platform_posts", "platform", "platform_post_id"
)
OF_TICK: Final[Columns] = {
    "scored_at": (),
    "tick": (),
    "scoring_version": (),
    "ads_content_id": OF_POST + of("creatives", "project_id", "container_id"),
    "project_id": of(("project_allowlist", "creatives"), "project_id"),
    "platform": of("platform_posts", "platform"),
    "platform_post_id": of("platform_posts", "platform_post_id"),
    "scoring_pool": of("creatives", "kind"),
}
"""Which tick, version and content a row is of."""
ENGAGEMENTS: Final = of("platform_post_metrics", *COUNTS[1:])
POOL: Final = (
    of("platform_post_metrics", "views")
    + of("post_absences", "confirmed_at", "returned_at")
    + of("project_allowlist", "platform", "account_key", "allowed_from", "allowed_to")
)
"""What decides who is ranked in a pool of posts."""
RANKS: Final[Columns] = {
    "weighted_engagements": ENGAGEMENTS,
    "engagement_rate": ENGAGEMENTS + KNOWN_COUNTS["views"],
    "engagement_rate_rank_pct": ENGAGEMENTS + POOL,
    "views_rank_pct": POOL,
    "baseline_views": POOL,
    "pool_size": POOL,
}
SPEND: Final = of("ad_daily_metrics", "spend_cents", "spent_on") + of(
    "ad_content", "ads_content_id"
)
BORN: Final = of("platform_posts", "published_at") + of("creatives", "created_at")
SAFETY: Final = of("safety_reviews", "safety_failed")
SCORE: Final = ENGAGEMENTS + POOL + BORN + SPEND + SAFETY

_FACTS: Final[Mapping[str, Columns]] = {
    "post_aliases": same(
        posts.PostAliases,
        STAGING,
        same_as=of(STAGING, "platform_post_id", "permalink", "known_at"),
        shortcode=of(STAGING, "platform_post_id", "permalink"),
    ),
    "platform_posts": same(
        posts.PlatformPosts,
        STAGING,
        is_identity_settled=of(STAGING, "account_key", "published_at"),
        is_media_url_permanent=of(STAGING, "source"),
        first_seen_at=of(STAGING, "known_at"),
        content_at=of(STAGING, "captured_at"),
        deleted_at=of("post_absences", "confirmed_at", "returned_at"),
        bucket=of(STAGING, "platform_post_id"),
    ),
    "platform_post_metrics": same(
        posts.PlatformPostMetrics, STAGING, captured_on=of(STAGING, "captured_at")
    ),
    "platform_post_metrics_latest": same(
        posts.PlatformPostMetricsLatest,
        STAGING,
        last_checked_at=of(STAGING, "captured_at"),
        bucket=of(STAGING, "platform_post_id"),
        **{f"{name}_at": of(STAGING, name, "captured_at") for name in METRICS},
    ),
    "platform_account_metrics": same(
        posts.PlatformAccountMetrics, STAGING, captured_on=of(STAGING, "captured_at")
    ),
    "post_absences": same(
        posts.PostAbsences,
        "account_listings",
        platform_post_id=of("platform_posts", "platform_post_id"),
        bucket=of("platform_posts", "bucket"),
        **dict.fromkeys(
            ("missed_at", "confirmed_at", "returned_at"), of("account_listings", "known_at")
        ),
        **dict.fromkeys(
            ("missed_by", "confirmed_by", "held_by"), of("account_listings", "sync_id")
        ),
    ),
    "post_collaborations": all_from(
        posts.PostCollaborations,
        of("raw_instagram__responses", "body"),
        platform=(),
        account_key=of("raw_instagram__responses", "account_key"),
        captured_at=of("raw_instagram__responses", "received_at"),
        first_known_at=of("raw_instagram__responses", "known_at"),
    ),
    "content_containers": all_from(
        posts.ContentContainers,
        of("platform_posts", "platform", "platform_post_id") + of("creatives", "container_id"),
        kind=of("creatives", "kind"),
        platform=of("platform_posts", "platform"),
        platform_post_id=of("platform_posts", "platform_post_id"),
        created_at=of("platform_posts", "first_seen_at") + of("creatives", "known_at"),
    ),
    "ads_content": same(
        scoring.AdsContent,
        "organic_scores",
        ads_content_id=OF_TICK["ads_content_id"],
        project_id=OF_TICK["project_id"],
        scoring_pool=OF_TICK["scoring_pool"],
        container_id=of("platform_posts", "platform", "platform_post_id")
        + of("creatives", "container_id"),
        created_at=of("platform_posts", "first_seen_at")
        + of("project_allowlist", "allowed_from")
        + of("creatives", "known_at"),
        bucket=of("platform_posts", "bucket") + of("creatives", "container_id"),
    ),
}
_ADS: Final[Mapping[str, Columns]] = {
    "stg_ads__states": _of_ads_responses(ads_landed.StgAdsStates),
    "stg_ads__days": _of_ads_responses(
        ads_landed.StgAdsDays,
        reading_id=of(RAW_ADS, "reading_id"),
        currency=of(RAW_ADS, "currency"),
    ),
    "stg_ads__account_days": _of_ads_responses(
        ads_landed.StgAdsAccountDays,
        reading_id=of(RAW_ADS, "reading_id"),
        currency=of(RAW_ADS, "currency"),
    ),
    "ad_states": same(ads.AdStates, "stg_ads__states"),
    "ad_account_history": same(ads.AdAccountHistory, RAW_ADS, ad_platform=()),
    "ad_daily_metrics": same(
        ads.AdDailyMetrics,
        AD_DAYS,
        spent_in=of(AD_DAYS, "spent_on"),
    ),
    "ad_account_days": same(
        ads.AdAccountDays,
        "stg_ads__account_days",
        ads_spend_cents=of("stg_ads__days", "spend_cents"),
        spend_gap_cents=of("stg_ads__account_days", "spend_cents")
        + of("stg_ads__days", "spend_cents"),
        ads_impressions=of("stg_ads__days", "impressions"),
        ads_conversions=of("stg_ads__days", "conversions"),
        ads=of("stg_ads__days", "ad_id"),
    ),
    **{
        name: same(
            schema,
            "ad_states",
            layer_id=of("ad_states", "ad_account_id", "ad_set_id"),
            project_id=of("ad_states", "ad_account_id"),
            ads_content_id=SHOWN,
            content_known_by=SHOWN,
            state_known_at=of("ad_states", "known_at"),
        )
        for name, schema in (
            ("layer_meta_ads", ads.LayerMetaAds),
            ("layer_tiktok_ads", ads.LayerTiktokAds),
        )
    },
}
_SCORING: Final[Mapping[str, Columns]] = {
    "ugc_pool_percentiles": all_from(
        scoring.UgcPoolPercentiles,
        (),
        ads_content_id=OF_POST,
        project_id=of("project_allowlist", "project_id"),
        views=KNOWN_COUNTS["views"],
        **RANKS,
    ),
    "organic_scores": all_from(
        scoring.OrganicScores,
        SCORE,
        **OF_TICK,
        **KNOWN_COUNTS,
        **RANKS,
        unscored_reason=KNOWN_COUNTS["views"] + SAFETY,
        quality_points=RANKS["engagement_rate_rank_pct"],
        reach_points=RANKS["views_rank_pct"],
        outperformance_points=POOL,
        outperformance=POOL,
        freshness_points=of("platform_posts", "published_at"),
        start_points=(),
        decay_points=of("creatives", "created_at"),
        boost_points=SPEND,
        age_days=BORN,
        spend_30d_usd=SPEND,
        missing_metrics=ENGAGEMENTS + of("platform_posts", "published_at"),
    ),
    "ad_eligibility": all_from(
        scoring.AdEligibility,
        of("organic_scores", "organic_score", "unscored_reason")
        + of("content_overrides", "override")
        + SAFETY
        + POOL,
        **{
            **OF_TICK,
            "organic_score": of("organic_scores", "organic_score"),
            "score_of": of("organic_scores", "scored_at"),
            "scoring_version": of("organic_scores", "scoring_version"),
        },
    ),
    "ad_eligibility_current": same(scoring.AdEligibilityCurrent, "ad_eligibility"),
    "score_drift": all_from(
        drift.ScoreDrift,
        of("organic_scores", "organic_score", "unscored_reason", "scoring_version"),
        scored_at=of("organic_scores", "scored_at"),
        project_id=of("organic_scores", "project_id"),
        version_before=of("organic_scores", "scoring_version"),
        version_after=of("organic_scores", "scoring_version"),
    ),
}
LINEAGE: Final[Mapping[str, Columns]] = MappingProxyType(
    {
        "stg_instagram__posts": _of_responses(
            captures.StgInstagramPosts, "raw_instagram__responses"
        ),
        "stg_tiktok__posts": _of_responses(captures.StgTiktokPosts, "raw_tiktok__responses"),
        "stg_sift__posts": _staged(captures.StgSiftPosts, "raw_sift__posts", "scraped_on"),
        **_FACTS,
        **_ADS,
        **_SCORING,
        **CLASSIFIED,
        **SELECTED,
        **OF_CREATORS,
    }
)
"""By table and column: the tables and columns that the column is made of."""
