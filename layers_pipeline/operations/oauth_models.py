"""Tables of OAuth syncing: tokens, and what clients and people have said, as models.

Belongs here: columns, keys and constraints, each with its comment. A change needs a migration.
Does not belong here: accounts and their syncs (``models``), encryption (``secrets``).
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from layers_pipeline.operations.model_base import MESSAGE_LENGTH, Base, key_of, one_of, whole_lease
from transforms import vocabulary


class AccountToken(Base):
    """Grain: one row per OAuth account that has given a token."""

    __tablename__ = "account_tokens"
    __table_args__ = (
        CheckConstraint(
            "encrypted_refresh IS NOT NULL OR refresh_expires_at IS NULL", name="refresh"
        ),
        whole_lease(),
        {"comment": "Tokens, encrypted. Grain: one row per OAuth account that gave one."},
    )

    account_id: Mapped[str] = key_of("platform_accounts.account_id", "Whose.", primary_key=True)
    encrypted_access: Mapped[str] = mapped_column(comment="Access token, encrypted (Fernet).")
    encrypted_refresh: Mapped[str | None] = mapped_column(
        comment="Refresh token, encrypted (Fernet); null: the platform gives none."
    )
    expires_at: Mapped[datetime] = mapped_column(comment="When the access token ends (UTC).")
    refresh_expires_at: Mapped[datetime | None] = mapped_column(
        comment="When the refresh token ends (UTC); null: unknown, or there is none."
    )
    updated_at: Mapped[datetime] = mapped_column(
        comment="When the token was stored (UTC); a change of keys leaves it."
    )
    lease_owner: Mapped[str | None] = mapped_column(
        comment="Worker that is refreshing the token; null: none."
    )
    lease_until: Mapped[datetime | None] = mapped_column(
        comment="Until when nobody else may refresh it (UTC); null: no lease."
    )


class ApiPause(Base):
    """Grain: one row per part of a platform's API that we have ever left alone."""

    __tablename__ = "api_pauses"
    __table_args__ = ({"comment": "APIs that get no calls for a while. Grain: one per scope."},)

    scope: Mapped[str] = mapped_column(
        primary_key=True, comment="What is paused, such as instagram_graph:app."
    )
    until: Mapped[datetime] = mapped_column(comment="First instant that is free again (UTC).")
    reason: Mapped[str] = mapped_column(String(MESSAGE_LENGTH), comment="Why, in words, cut.")
    set_at: Mapped[datetime] = mapped_column(comment="When this end was set (UTC).")


class RefusedMetric(Base):
    """Grain: one row per metric that a source refuses for a media type in an API version."""

    __tablename__ = "refused_metrics"
    __table_args__ = (
        {"comment": "Metrics not to ask for. Grain: source, media type, metric, API version."},
    )

    source: Mapped[str] = mapped_column(primary_key=True, comment="Such as instagram_graph.")
    media_type: Mapped[str] = mapped_column(primary_key=True, comment="Such as reel.")
    metric: Mapped[str] = mapped_column(primary_key=True, comment="The platform's name for it.")
    api_version: Mapped[str] = mapped_column(primary_key=True, comment="Such as v26.0.")
    message: Mapped[str] = mapped_column(
        String(MESSAGE_LENGTH), comment="What the source said, cut."
    )
    refused_at: Mapped[datetime] = mapped_column(comment="When it first refused (UTC).")


class UnreadablePost(Base):
    """Grain: one row per post whose metrics the platform does not give."""

    __tablename__ = "unreadable_posts"
    __table_args__ = (
        one_of("platform", vocabulary.PLATFORMS),
        {"comment": "Posts whose metrics are never given. Grain: one row per post."},
    )

    platform: Mapped[vocabulary.Platform] = mapped_column(
        String, primary_key=True, comment="instagram or tiktok."
    )
    platform_post_id: Mapped[str] = mapped_column(
        primary_key=True, comment="The platform's id of the post."
    )
    account_id: Mapped[str] = key_of("platform_accounts.account_id", "Whose post.", index=True)
    reason: Mapped[str] = mapped_column(String(MESSAGE_LENGTH), comment="Why, in words, cut.")
    since: Mapped[datetime] = mapped_column(comment="When it was first met (UTC).")


class DeletionConfirmation(Base):
    """Grain: one row per listing whose deletions a person confirmed."""

    __tablename__ = "deletion_confirmations"
    __table_args__ = (
        UniqueConstraint("account_id", "listing_id"),
        {"comment": "Mass deletions that a person confirmed. Grain: one per listing."},
    )

    deletion_confirmation_id: Mapped[int] = mapped_column(
        primary_key=True, comment="Running number."
    )
    account_id: Mapped[str] = key_of("platform_accounts.account_id", "Whose posts are gone.")
    listing_id: Mapped[str] = mapped_column(comment="The listing that no longer showed them.")
    confirmed_at: Mapped[datetime] = mapped_column(comment="When it was confirmed (UTC).")
    confirmed_by: Mapped[str] = mapped_column(comment="Who confirmed it.")
