"""What every platform's client is made from, and what can be asked of it.

Belongs here: the shape that clients share, requests for a reading, new tokens.
Does not belong here: any one platform, HTTP, where accounts and tokens are kept.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import SecretStr

from layers_pipeline.clock import Clock
from layers_pipeline.errors import SourceUnauthorizedError
from layers_pipeline.settings import Settings
from layers_pipeline.sources.account_reading import AccountReading, ListingSoFar
from layers_pipeline.sources.http import RetryPolicy
from layers_pipeline.sources.rate_limits import UsageBudgets
from transforms.vocabulary import Depth


@dataclass(frozen=True, kw_only=True)
class ClientContext:
    """What a platform's client is made from.

    Args:
        settings: Addresses, versions, secrets of our apps.
        budgets: Who has to wait; shared by everybody who calls for our apps.
    """

    settings: Settings
    clock: Clock
    budgets: UsageBudgets
    retries: RetryPolicy


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownPost:
    """What was known of a post before a reading; null: not known."""

    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    saves: int | None = None
    profile_activity: int | None = None
    has_all_parts: bool = False
    """Whether the parts of its profile activity add up to what is known of it in all."""
    media_type: str = ""
    """Empty: not known."""
    is_expected: bool = False
    """Whether a list will show it, as far as is known."""
    is_moving: bool = False
    """Whether its counts moved of late, or its parts do not add up."""


@dataclass(frozen=True, kw_only=True)
class ReadRequest:
    """One reading that is wanted of one account.

    Args:
        refused: Metrics or fields not to ask for: (media type, list or item's id, name).
        unreadable: Ids of posts known to have no insights.
        known: What is known of the account's posts, by id, the newest first: what is expected may
            be asked for before it is listed, and what did not move since need not be read by its
            parts again.
        listing: The listing that this reading begins, or goes on with; none: its listing is
            nobody's to go on with.
        with_account: Whether a full reading asks for the account itself, too, where that is a
            call of its own.
    """

    account_key: str
    token: SecretStr
    depth: Depth
    refused: Collection[tuple[str, str]] = ()
    unreadable: Collection[str] = ()
    listing: ListingSoFar | None = None
    with_account: bool = True
    known: Mapping[str, KnownPost] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TokenPair:
    """What an account's consent gives us; the tokens are shown by no repr."""

    access: SecretStr
    refresh: SecretStr | None = None
    """None where the access token renews itself."""
    expires_at: datetime
    refresh_expires_at: datetime | None = None
    account_key: str = ""
    """The platform's id of the account; empty where it is not told."""


@dataclass(frozen=True, kw_only=True)
class PlatformClient:
    """What can be asked of a platform while its connections are open.

    Args:
        read: Reads an account; an error ends the reading and stands in it, beside the rows that
            were read before.
        renew: A new pair of tokens for a refresh token, or for the access token where there are no
            refresh tokens; none: only a person can bring a new one.
    """

    read: Callable[[ReadRequest], Awaitable[AccountReading]]
    renew: Callable[[SecretStr], Awaitable[TokenPair]] | None = None


class TokenExpiredError(SourceUnauthorizedError):
    """The access token is not accepted: refresh it, then read once more."""
