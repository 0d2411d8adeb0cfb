"""What OAuth syncing stores and asks for, as frozen rows; secrets are shown by none of them.

Belongs here: one dataclass per kind of row, with its grain.
Does not belong here: accounts and syncs (``rows``), queries, encryption (``secrets``).
"""

from dataclasses import dataclass, field
from datetime import datetime

from pydantic import SecretStr

from transforms.vocabulary import Platform


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """What a platform gave for one account. Grain: one access token, with its refresh token."""

    access: SecretStr = field(repr=False)
    refresh: SecretStr | None = field(default=None, repr=False)
    """Null where the platform gives none: Instagram renews the access token itself."""
    expires_at: datetime
    refresh_expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class TokenRow(NewToken):
    """Grain: one row per OAuth account that has given a token."""

    account_id: str
    updated_at: datetime
    """When the token was stored; Instagram renews none that is younger than a day."""


@dataclass(frozen=True, kw_only=True)
class PauseRow:
    """Grain: one row per part of an API that gets no calls for a while."""

    scope: str
    until: datetime
    """First instant at which it may be called again."""
    reason: str
    set_at: datetime


@dataclass(frozen=True, kw_only=True)
class RefusedMetricRow:
    """Grain: one row per metric that a source refuses for a media type in an API version."""

    source: str
    media_type: str
    metric: str
    api_version: str
    message: str
    refused_at: datetime


@dataclass(frozen=True, kw_only=True)
class UnreadablePostRow:
    """Grain: one row per post whose metrics the platform never gives."""

    platform: Platform
    platform_post_id: str
    account_id: str
    reason: str
    since: datetime


@dataclass(frozen=True, kw_only=True)
class DeletionConfirmationRow:
    """Grain: one row per listing whose deletions a person confirmed."""

    deletion_confirmation_id: int
    account_id: str
    listing_id: str
    confirmed_at: datetime
    confirmed_by: str
