"""What the operational database takes and gives of content, as frozen rows.

Belongs here: one dataclass per kind of row, with its grain; fields are named as in the lake.
Does not belong here: queries, and anything that holds a session open.
"""

from dataclasses import dataclass
from datetime import datetime

from transforms.vocabulary import (
    AdPlatform,
    Approval,
    CreativeKind,
    Override,
    ScoringRole,
)


@dataclass(frozen=True, kw_only=True)
class NewCreative:
    """A creative to add. Grain: one per project and creative.

    What is left out is as it is known from another project, and else null, or now.
    """

    project_id: str
    container_id: str
    """``kind:slug``, the same in every project."""
    kind: CreativeKind
    created_at: datetime | None = None
    prompt: str | None = None
    influencer: str | None = None
    media_source: str | None = None


@dataclass(frozen=True, kw_only=True)
class CreativeRow:
    """Grain: one row per project and generated or manual creative."""

    project_id: str
    container_id: str
    kind: CreativeKind
    created_at: datetime
    known_at: datetime
    prompt: str | None
    influencer: str | None
    media_source: str | None


@dataclass(frozen=True, kw_only=True)
class SafetyReviewRow:
    """Grain: one row per container and safety review of it. The newest one counts."""

    container_id: str
    known_at: datetime
    safety_failed: bool
    reviewed_by: str
    note: str | None


@dataclass(frozen=True, kw_only=True)
class OverrideRow:
    """Grain: one row per ads content and change of its override. The newest one counts."""

    ads_content_id: str
    known_at: datetime
    override: Override | None
    """Null: the score decides again."""
    note: str
    changed_by: str


@dataclass(frozen=True, kw_only=True)
class ApprovalRow:
    """Grain: one row per ads content and change of its approval. The newest one counts."""

    ads_content_id: str
    known_at: datetime
    approval: Approval
    note: str | None
    changed_by: str


@dataclass(frozen=True, kw_only=True)
class NewAd:
    """What an ad shows, as told. Grain: one per ad."""

    ad_platform: AdPlatform
    ad_id: str
    ads_content_id: str


@dataclass(frozen=True, kw_only=True)
class AdRow(NewAd):
    """Grain: one row per ad and change of what it shows. The newest one counts."""

    known_at: datetime


@dataclass(frozen=True, kw_only=True)
class ScoringRoleRow:
    """Grain: one row per period in which a version of the rules has a role."""

    version: str
    role: ScoringRole
    since: datetime
    until: datetime | None
    """First instant after the period; null while it is open."""
    changed_by: str
