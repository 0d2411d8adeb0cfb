"""Tables of content: creatives, and histories of what is said of content, as models.

Belongs here: columns, keys and constraints, each with its comment. A change needs a migration.
Does not belong here: posts and what is measured of them (the lake), queries.

Rows are added and never changed, so that what stood at any past moment can be told; only a
period of a version of the rules is given its end.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from layers_pipeline.operations.model_base import (
    NOTE_LENGTH,
    PROMPT_LENGTH,
    Base,
    key_of,
    one_of,
)
from transforms import vocabulary

_KNOWN_AT = "When it was stored (UTC); rises from change to change."
_THING = "project/container."


class Creative(Base):
    """Grain: one row per project and generated or manual creative."""

    __tablename__ = "creatives"
    __table_args__ = (
        one_of("kind", vocabulary.CREATIVE_KINDS),
        {"comment": "Content that is no post. Grain: one row per project and creative."},
    )

    project_id: Mapped[str] = key_of("projects.project_id", "Whose.", primary_key=True)
    container_id: Mapped[str] = mapped_column(
        primary_key=True, index=True, comment="kind:slug; the same in every project."
    )
    kind: Mapped[vocabulary.CreativeKind] = mapped_column(String, comment="generated or manual.")
    created_at: Mapped[datetime] = mapped_column(comment="When it was made (UTC); its age.")
    known_at: Mapped[datetime] = mapped_column(comment="When it was added to the project (UTC).")
    prompt: Mapped[str | None] = mapped_column(
        String(PROMPT_LENGTH), comment="Prompt that it was generated from; null: not told."
    )
    influencer: Mapped[str | None] = mapped_column(comment="Whom it shows; null: not told.")
    media_source: Mapped[str | None] = mapped_column(
        comment="Where its media comes from; null: not told."
    )


class SafetyReview(Base):
    """Grain: one row per container and safety review of it."""

    __tablename__ = "safety_reviews"
    __table_args__ = ({"comment": "Outcomes of safety reviews. Grain: container and review."},)

    container_id: Mapped[str] = mapped_column(
        primary_key=True, comment="The post's or creative's container, in every project."
    )
    known_at: Mapped[datetime] = mapped_column(primary_key=True, comment=_KNOWN_AT)
    safety_failed: Mapped[bool] = mapped_column(comment="True: it scores 0 and never runs.")
    reviewed_by: Mapped[str] = mapped_column(comment="Who reviewed it.")
    note: Mapped[str | None] = mapped_column(String(NOTE_LENGTH), comment="Why; null: not told.")


class ContentOverride(Base):
    """Grain: one row per ads content and change of its override."""

    __tablename__ = "content_overrides"
    __table_args__ = (
        one_of("override", vocabulary.OVERRIDES),
        {"comment": "Changes of overrides. Grain: ads content and change."},
    )

    ads_content_id: Mapped[str] = mapped_column(primary_key=True, comment=_THING)
    known_at: Mapped[datetime] = mapped_column(primary_key=True, comment=_KNOWN_AT)
    override: Mapped[vocabulary.Override | None] = mapped_column(
        String, comment="include or exclude; null: the score decides again."
    )
    note: Mapped[str] = mapped_column(String(NOTE_LENGTH), comment="Why.")
    changed_by: Mapped[str] = mapped_column(comment="Who changed it.")


class ContentApproval(Base):
    """Grain: one row per ads content and change of its approval."""

    __tablename__ = "content_approvals"
    __table_args__ = (
        one_of("approval", vocabulary.APPROVALS),
        {"comment": "Changes of approvals. Grain: ads content and change."},
    )

    ads_content_id: Mapped[str] = mapped_column(primary_key=True, comment=_THING)
    known_at: Mapped[datetime] = mapped_column(primary_key=True, comment=_KNOWN_AT)
    approval: Mapped[vocabulary.Approval] = mapped_column(
        String, comment="not_required, pending, approved or rejected."
    )
    note: Mapped[str | None] = mapped_column(String(NOTE_LENGTH), comment="Why; null: not told.")
    changed_by: Mapped[str] = mapped_column(comment="Who changed it.")


class Ad(Base):
    """Grain: one row per ad and change of what it shows."""

    __tablename__ = "ads"
    __table_args__ = (
        one_of("ad_platform", vocabulary.AD_PLATFORMS),
        {"comment": "What ads show. Grain: ad and change of what it shows."},
    )

    ad_platform: Mapped[vocabulary.AdPlatform] = mapped_column(
        String, primary_key=True, comment="meta or tiktok."
    )
    ad_id: Mapped[str] = mapped_column(primary_key=True, comment="The platform's id of the ad.")
    known_at: Mapped[datetime] = mapped_column(primary_key=True, comment=_KNOWN_AT)
    ads_content_id: Mapped[str] = mapped_column(comment=f"What it shows: {_THING}")


_OPEN = text("until IS NULL")
_OPEN_ACTIVE = text("until IS NULL AND role = 'active'")


class ScoringVersion(Base):
    """Grain: one row per period in which a version of the rules has a role."""

    __tablename__ = "scoring_versions"
    __table_args__ = (
        one_of("role", vocabulary.SCORING_ROLES),
        CheckConstraint("until >= since", name="period"),
        Index(
            "uq_scoring_versions_active",
            "role",
            unique=True,
            sqlite_where=_OPEN_ACTIVE,
            postgresql_where=_OPEN_ACTIVE,
        ),
        Index(
            "uq_scoring_versions_open",
            "version",
            "role",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        {"comment": "Which version of the rules does what. Grain: one row per period."},
    )

    scoring_version_id: Mapped[int] = mapped_column(primary_key=True, comment="Running number.")
    version: Mapped[str] = mapped_column(comment="Version of the rules, such as 2.")
    role: Mapped[vocabulary.ScoringRole] = mapped_column(
        String, comment="active: its scores count; shadow: it is computed beside."
    )
    since: Mapped[datetime] = mapped_column(comment="First instant of the period (UTC).")
    until: Mapped[datetime | None] = mapped_column(
        comment="First instant after the period (UTC); null: it is open."
    )
    changed_by: Mapped[str] = mapped_column(comment="Who began the period.")
