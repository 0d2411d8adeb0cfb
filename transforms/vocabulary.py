"""The closed vocabularies of the product: each word that a column may hold, once.

Belongs here: every enumeration, as a type and as the tuple of its words. Contracts, CHECK
constraints, options of commands and clients read it.
Does not belong here: what a word makes the system do (the modules that use it).
"""

from typing import Final, Literal, get_args

Platform = Literal["instagram", "tiktok"]
PLATFORMS: Final[tuple[Platform, ...]] = get_args(Platform)

Source = Literal["instagram_graph", "tiktok_business", "sift", "import"]
"""Where values of a post come from."""
SOURCES: Final[tuple[Source, ...]] = get_args(Source)

MediaType = Literal[
    "reel",
    "feed_image",
    "feed_carousel",
    "feed_video",
    "story",
    "tiktok_video",
    "tiktok_photo",
]
MEDIA_TYPES: Final[tuple[MediaType, ...]] = get_args(MediaType)

Connection = Literal["oauth", "external"]
"""oauth: we hold a token; external: SIFT reads the account."""
CONNECTIONS: Final[tuple[Connection, ...]] = get_args(Connection)

AccountStatus = Literal["active", "paused", "reauth_required"]
ACCOUNT_STATUSES: Final[tuple[AccountStatus, ...]] = get_args(AccountStatus)

PauseCause = Literal["person", "import"]
"""Why an account is paused: a person paused it, or an import brought it and nobody allowed it."""
PAUSE_CAUSES: Final[tuple[PauseCause, ...]] = get_args(PauseCause)

Depth = Literal["quick", "posts", "full"]
DEPTHS: Final[tuple[Depth, ...]] = get_args(Depth)

Outcome = Literal[
    "ok",
    "partial",
    "rate_limited",
    "reauth_required",
    "forbidden",
    "unavailable",
    "malformed",
]
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
REACHED_OUTCOMES: Final[tuple[Outcome, ...]] = ("ok", "partial")
"""The platform answered and rows were kept; every other outcome is a failure."""

JobStatus = Literal["submitted", "succeeded", "collected", "failed", "expired"]
JOB_STATUSES: Final[tuple[JobStatus, ...]] = get_args(JobStatus)
OPEN_JOB_STATUSES: Final[tuple[JobStatus, ...]] = ("submitted", "succeeded")
"""A scrape job in one of these still has something to collect."""

CreativeKind = Literal["generated", "manual"]
"""Kinds of content that is no post; each is a pool of its own, scored by age and spend."""
CREATIVE_KINDS: Final[tuple[CreativeKind, ...]] = get_args(CreativeKind)

ContainerKind = Literal["post", "generated", "manual"]
CONTAINER_KINDS: Final[tuple[ContainerKind, ...]] = get_args(ContainerKind)

Pool = Literal["generated", "ugc", "manual"]
POOLS: Final[tuple[Pool, ...]] = get_args(Pool)

Override = Literal["include", "exclude"]
OVERRIDES: Final[tuple[Override, ...]] = get_args(Override)

Approval = Literal["not_required", "pending", "approved", "rejected"]
APPROVALS: Final[tuple[Approval, ...]] = get_args(Approval)

AdPlatform = Literal["meta", "tiktok"]
AD_PLATFORMS: Final[tuple[AdPlatform, ...]] = get_args(AdPlatform)

KnownBy = Literal["creative", "link"]
"""How it is known what an ad shows: the platform names the post, or people said so."""
KNOWN_BY: Final[tuple[KnownBy, ...]] = get_args(KnownBy)

ScoringRole = Literal["active", "shadow"]
SCORING_ROLES: Final[tuple[ScoringRole, ...]] = get_args(ScoringRole)

UnscoredReason = Literal["safety_failed", "below_min_views", "views_unknown"]
"""Why a score is 0 by rule."""
UNSCORED_REASONS: Final[tuple[UnscoredReason, ...]] = get_args(UnscoredReason)

EligibilityReason = Literal[
    "safety_failed",
    "excluded",
    "included",
    "score",
    "below_threshold",
    "below_min_views",
    "views_unknown",
    "pool_too_small",
    "never_scored",
]
"""Why content may or may not run as an ad."""
ELIGIBILITY_REASONS: Final[tuple[EligibilityReason, ...]] = get_args(EligibilityReason)

PayoutBase = Literal["prorata", "all_or_nothing"]
"""How base pay follows from required posts: by the share that is there, or only if all are."""
PAYOUT_BASES: Final[tuple[PayoutBase, ...]] = get_args(PayoutBase)

PayoutRule = Literal["base", "organic_views", "attributed_spend", "conversions"]
"""What a creator is paid for; caps of all together are used up in this order."""
PAYOUT_RULES: Final[tuple[PayoutRule, ...]] = get_args(PayoutRule)

PayoutKind = Literal["accrual", "correction"]
"""accrual: earned in the period; correction: what a settled period has come to since."""
PAYOUT_KINDS: Final[tuple[PayoutKind, ...]] = get_args(PayoutKind)

PayoutPeriod = Literal["week", "month"]
"""What is settled at once: an ISO week or a calendar month, in the project's time zone."""
PAYOUT_PERIODS: Final[tuple[PayoutPeriod, ...]] = get_args(PayoutPeriod)

ReportPeriod = Literal["day", "week", "month"]
REPORT_PERIODS: Final[tuple[ReportPeriod, ...]] = get_args(ReportPeriod)

UNATTRIBUTED: Final = "(unattributed)"
"""In place of a creator: spend that reaches none. No creator may be called so."""
NO_PROJECT: Final = "(no project)"
"""In place of a project: ads of which nothing tells whose they are."""

ExportFormat = Literal["csv", "parquet"]
EXPORT_FORMATS: Final[tuple[ExportFormat, ...]] = get_args(ExportFormat)

SkipRateUnit = Literal["percent", "fraction"]
"""What Instagram's skip rate is given in."""

CreativeState = Literal[
    "draft", "generated", "approved", "live", "fatigued", "disabled", "archived"
]
"""Where the creative behind an ad stands in its life, in this order."""
CREATIVE_STATES: Final[tuple[CreativeState, ...]] = get_args(CreativeState)

AdClass = Literal[
    "too_young", "top_performer", "healthy", "underperforming", "fatigued", "critical"
]
"""How an ad that runs is doing."""
AD_CLASSES: Final[tuple[AdClass, ...]] = get_args(AdClass)

LayerMode = Literal["agency", "byo"]
"""agency: ads run through our Business Center; byo: through the brand's own ad account."""
LAYER_MODES: Final[tuple[LayerMode, ...]] = get_args(LayerMode)

RightKind = Literal[
    "branded_content",
    "spark_code",
    "account_authorisation",
    "agency_assignment",
    "byo_grant",
]
"""What lets a creator's post run as an ad (R43)."""
RIGHT_KINDS: Final[tuple[RightKind, ...]] = get_args(RightKind)

RightSubject = Literal["post", "creator", "account"]
"""What a right is for: one post, every post of a creator, every post of one account."""
RIGHT_SUBJECTS: Final[tuple[RightSubject, ...]] = get_args(RightSubject)

RightSource = Literal["person", "tiktok", "meta", "import"]
"""Who told of a right."""
RIGHT_SOURCES: Final[tuple[RightSource, ...]] = get_args(RightSource)

Blocker = Literal[
    "account_sync",
    "views_unknown",
    "below_min_views",
    "pool_too_small",
    "never_scored",
    "below_threshold",
    "excluded",
    "safety_failed",
    "approval_pending",
    "approval_rejected",
    "right_missing",
    "right_not_begun",
    "right_expired",
    "right_revoked",
    "deleted",
    "already_running",
    "no_layer",
    "no_ad_set",
    "slots_full",
    "capacity_full",
    "platform_full",
    "not_launched",
    "ad_not_running",
]
"""What keeps content from running as an ad, in the order in which it is asked (R44, R45)."""
BLOCKERS: Final[tuple[Blocker, ...]] = get_args(Blocker)

ContentStatus = Literal["running", "picked", "blocked"]
CONTENT_STATUSES: Final[tuple[ContentStatus, ...]] = get_args(ContentStatus)
