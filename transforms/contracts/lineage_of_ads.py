"""Which columns those tables are made of that tell of ads beyond their figures, and of creators.

Belongs here: classification of ads, selection of content, creators' reports, payouts.
Does not belong here: states and figures of ads as read (``lineage``).
"""

from collections.abc import Mapping
from typing import Final

from transforms.contracts import ad_classifications, creators, payouts, selection
from transforms.contracts.ads import AD_COUNTS
from transforms.contracts.columns import COUNTS
from transforms.contracts.lineage_columns import KNOWN_COUNTS, SHOWN, Columns, all_from, of

DAYS_SUMMED: Final = {
    "spend_7d_minor": "spend_cents",
    "impressions_7d": "impressions",
    "clicks_7d": "clicks",
    "conversions_7d": "conversions",
    "pool_spend_7d_minor": "spend_cents",
    "pool_conversions_7d": "conversions",
    "spend_minor_day_1": "spend_cents",
    "conversions_day_1": "conversions",
    "spend_minor_day_7": "spend_cents",
    "conversions_day_7": "conversions",
    "impressions_first_days": "impressions",
    "clicks_first_days": "clicks",
    "impressions_last_days": "impressions",
    "clicks_last_days": "clicks",
}
"""Which figure of ads' days each sum of ``ad_classifications`` is of."""
VERDICT: Final = (
    of("ad_states", "status", "is_running", "is_deleted", "created_at")
    + of("ad_daily_metrics", "spend_cents", "impressions", "clicks", "conversions", "reach")
    + of("ad_daily_metrics", "currency")
    + of("ad_account_history", "time_zone")
)
CLASSIFIED: Final[Mapping[str, Columns]] = {
    "ad_classifications": all_from(
        ad_classifications.AdClassifications,
        VERDICT,
        tick=(),
        judged_at=(),
        rules_version=(),
        ad_platform=of("ad_states", "ad_platform"),
        ad_id=of("ad_states", "ad_id"),
        project_id=of("layers", "project_id") + of("ad_accounts", "project_id"),
        ad_account_id=of("ad_states", "ad_account_id"),
        ads_content_id=SHOWN,
        scoring_pool=SHOWN,
        approval=of("content_approvals", "approval"),
        status=of("ad_states", "status"),
        state=VERDICT + SHOWN + of("content_approvals", "approval"),
        age_days=of("ad_states", "created_at") + of("ad_daily_metrics", "spent_on"),
        currency=of("ad_daily_metrics", "currency"),
        cpa_pool_ratio=of("ad_daily_metrics", "spend_cents", "conversions"),
        frequency_7d_max=of("ad_daily_metrics", "impressions", "reach"),
        **{name: of("ad_daily_metrics", figure) for name, figure in DAYS_SUMMED.items()},
    )
}
_GATES: Final = (
    of("ad_eligibility", "is_eligible", "reason", "organic_score")
    + of("content_overrides", "override")
    + of("content_approvals", "approval")
    + of("content_rights", "kind", "subject_id", "starts_at", "ends_at", "is_revoked")
    + of("post_absences", "confirmed_at", "returned_at")
    + of("ad_states", "is_running", "is_deleted", "ad_set_id", "shows_post_id")
    + of("ad_content", "ads_content_id")
)
_SLOTS: Final = (
    of("ad_sets", "capacity", "slots_generated", "slots_ugc", "slots_manual")
    + of("platform_posts", "published_at")
    + of("creatives", "created_at")
)
_JUDGED: Final = {
    name: of("ad_eligibility", name)
    for name in (
        "ads_content_id",
        "scored_at",
        "project_id",
        "scoring_pool",
        "platform",
        "platform_post_id",
        "tick",
    )
}
SELECTED: Final[Mapping[str, Columns]] = {
    "ad_selections": all_from(
        selection.AdSelections,
        _GATES + _SLOTS,
        **_JUDGED,
        layer_id=of("layers", "layer_id"),
        ad_platform=of("layers", "ad_platform"),
        ad_set_id=of("ad_sets", "ad_set_id"),
        organic_score=of("ad_eligibility", "organic_score"),
    ),
    "content_status": all_from(
        selection.ContentStatus,
        of("ad_selections", "blocked_by", "also_blocked_by", "is_picked")
        + of("ad_states", "is_running", "is_deleted", "shows_post_id")
        + of("ad_content", "ads_content_id")
        + of("layers", "ad_platform", "is_ended")
        + of("sync_problems", "fails"),
        **_JUDGED,
        layer_id=of("ad_selections", "layer_id"),
        ad_set_id=of("ad_selections", "ad_set_id"),
        rank=of("ad_selections", "rank"),
        ads=of("ad_states", "is_deleted", "shows_post_id") + of("ad_content", "ads_content_id"),
        ads_running=of("ad_states", "is_running", "shows_post_id")
        + of("ad_content", "ads_content_id"),
    ),
}
_AD_OF: Final = of(("ad_daily_metrics", "ad_states", "ad_content"), "ad_platform", "ad_id")
_SHOWN: Final = (
    of("ad_states", "shows_platform", "shows_post_id", "ad_account_id", "ad_set_id")
    + of(("ad_content", "ads_content"), "ads_content_id")
    + of("ad_accounts", "project_id")
    + of("layers", "project_id", "ad_account_id")
    + of("ad_sets", "ad_set_id", "layer_id")
)
_WHOSE: Final = of("ad_attribution", "project_id", "creator_id") + of(
    "project_allowlist", "project_id", "creator_id"
)
_CHANGES: Final[Columns] = {
    f"{name}_change": of("platform_post_metrics", name, "captured_at") for name in COUNTS
}
_FIGURES: Final = (*AD_COUNTS, "spend_cents", "conversion_value_cents")
_CREATOR_DAYS: Final = (
    "posts_synced",
    "posts_deleted",
    "posts_from_threshold",
    *COUNTS,
    *_CHANGES,
    *_FIGURES,
)
_TERMS: Final = (
    "base_mode",
    "base_amount_cents",
    "required_posts",
    "per_1000_views_cents",
    "views_cap_per_post_cents",
    "views_cap_cents",
    "spend_share_bps",
    "spend_cap_cents",
    "conversion_cents",
    "conversions_cap_cents",
    "cap_cents",
)
_AMOUNT: Final = of("payout_ledger", "amount_cents", "kind", "rule")
OF_CREATORS: Final[Mapping[str, Columns]] = {
    "ad_attribution": all_from(
        creators.AdAttribution,
        _SHOWN,
        **dict.fromkeys(("ad_platform", "ad_id"), _AD_OF),
        **{
            name: _SHOWN + of("platform_posts", name)
            for name in ("platform", "platform_post_id", "account_key")
        },
        creator_id=_SHOWN
        + of("platform_posts", "account_key")
        + of("project_allowlist", "creator_id"),
    ),
    "creator_daily": all_from(
        creators.CreatorDaily,
        of("platform_posts", "published_at") + of("projects", "time_zone"),
        **dict.fromkeys(("project_id", "creator_id"), _WHOSE),
        day_on=of("ad_daily_metrics", "spent_on")
        + of("platform_post_metrics", "captured_at")
        + of("platform_posts", "published_at")
        + of("projects", "time_zone"),
        **dict.fromkeys(("currency", "is_first_currency"), of("ad_daily_metrics", "currency")),
        posts_deleted=of("platform_posts", "deleted_at"),
        posts_from_threshold=of("ads_content", "organic_score"),
        **KNOWN_COUNTS,
        **_CHANGES,
        **{name: of("ad_daily_metrics", name) for name in _FIGURES},
        ads=of("ad_daily_metrics", "ad_id"),
    ),
    "creator_reports": all_from(
        creators.CreatorReports,
        of("creator_daily", "day_on"),
        **{name: of("creator_daily", name) for name in ("project_id", "creator_id")},
        **{name: of("creator_daily", name) for name in _CREATOR_DAYS},
        period=(),
        **dict.fromkeys(
            ("currency", "is_first_currency"), of(("creator_daily", "payout_ledger"), "currency")
        ),
        ad_days=of("creator_daily", "ads"),
        roas=of("creator_daily", "conversion_value_cents", "spend_cents"),
        cpa_cents=of("creator_daily", "spend_cents", "conversions"),
        **dict.fromkeys(("base_cents", "bonus_cents", "corrections_cents"), _AMOUNT),
    ),
    "payout_ledger": all_from(
        payouts.PayoutLedger,
        of("payout_configs", "config_id", "effective_from"),
        project_id=of("payout_configs", "project_id"),
        creator_id=_WHOSE,
        rule=(),
        container_id=of("ad_attribution", "container_id")
        + of("platform_posts", "platform", "platform_post_id"),
        currency=of("payout_configs", "currency"),
        **dict.fromkeys(
            ("amount_cents", "numbers"),
            of("platform_posts", "published_at", "deleted_at")
            + of("platform_post_metrics", "views", "captured_at")
            + of("ad_daily_metrics", "spend_cents", "conversions", "spent_on")
            + of("payout_configs", *_TERMS),
        ),
        accrued_at=(),
    ),
}
