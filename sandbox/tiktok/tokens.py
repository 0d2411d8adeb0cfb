"""How the simulated TikTok Business API gives, renews, ends and explains tokens.

Belongs here: the bodies of ``tt_user/…``, and which token opens which account.
Does not belong here: how long tokens live (``tokens``), reading routes.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

from sandbox.simulation.accounts import AccountRef
from sandbox.tiktok.codes import (
    BAD_AUTH_CODE,
    BAD_GRANT_TYPE,
    NO_PERMISSION,
    REFRESH_EXPIRED,
    REFRESH_INVALID,
    TOKEN_EMPTY,
    TOKEN_EXPIRED,
    TOKEN_INVALID,
    TikTokRefusalError,
)
from sandbox.tiktok.parameters import refused
from sandbox.tokens import Grant
from sandbox.world import World

CLIENT_ID: Final = "sandbox-client"
CLIENT_SECRET: Final = "sandbox-secret"  # noqa: S105 - opens nothing but the sandbox
AUTH_CODE_PREFIX: Final = "code-"
"""The sandbox's authorization code of an account is this and its open_id, as often as wanted."""
SCOPE: Final = (
    "video.list,video.insights,user.insights,user.info.basic,user.info.username,"
    "user.info.stats,user.account.type,comment.list"
)

Body = Mapping[str, Any]


class OAuthRoute(NamedTuple):
    """A path of tokens, in two halves: between them a fault of the account may strike."""

    account_of: Callable[[World, Body], AccountRef]
    """Whom a request is about; refuses one that may not be carried out."""
    act: Callable[[World, AccountRef, Body], dict[str, Any]]
    """Carries it out."""


def opened_by(
    world: World, access: str, *, platform: Literal["tiktok", "tiktok_ads"] = "tiktok"
) -> AccountRef:
    """The account that an access token opens, or the ad account that it was issued for.

    Raises:
        TikTokRefusalError: 40104, 40102 or 40105, it opens none.
    """
    if not access:
        raise TikTokRefusalError(TOKEN_EMPTY)
    grant = world.tokens.grant(access)
    if grant is None or grant.account.platform != platform or grant.revoked:
        raise TikTokRefusalError(TOKEN_INVALID)
    if grant.state(world.clock.now()) == "expired":
        raise TikTokRefusalError(TOKEN_EXPIRED)
    return grant.account


def text_of(body: Body, name: str) -> str:
    """A text of a body.

    Raises:
        TikTokRefusalError: 40002, it is missing or no text.
    """
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise refused(name, "Missing data for required field.")
    return value


def _checked_client(body: Body) -> None:
    shown = (text_of(body, "client_id"), text_of(body, "client_secret"))
    if shown != (CLIENT_ID, CLIENT_SECRET):
        raise TikTokRefusalError(NO_PERMISSION, "The client id or secret is not correct.")


def _checked_grant_type(body: Body, wanted: str) -> None:
    if text_of(body, "grant_type") != wanted:
        raise TikTokRefusalError(BAD_GRANT_TYPE)


def _account_of_code(world: World, body: Body) -> AccountRef:
    _checked_client(body)
    _checked_grant_type(body, "authorization_code")
    prefix, _, open_id = text_of(body, "auth_code").partition(AUTH_CODE_PREFIX)
    account = AccountRef("tiktok", open_id)
    if prefix or account not in world.dataset.holders:
        raise TikTokRefusalError(BAD_AUTH_CODE)
    return account


def _give(world: World, account: AccountRef, _body: Body) -> dict[str, Any]:
    return _pair(world.tokens.issue(account), world.clock.now())


def _account_of_refresh(world: World, body: Body) -> AccountRef:
    _checked_client(body)
    _checked_grant_type(body, "refresh_token")
    grant = world.tokens.grant_of_refresh(text_of(body, "refresh_token"))
    if grant is None or grant.account.platform != "tiktok" or grant.revoked:
        raise TikTokRefusalError(REFRESH_INVALID)
    if world.clock.now() >= grant.refresh_expires_at:
        raise TikTokRefusalError(REFRESH_EXPIRED)
    return grant.account


def _renew(world: World, _account: AccountRef, body: Body) -> dict[str, Any]:
    grant = world.tokens.refresh(text_of(body, "refresh_token"))
    # Two requests may carry the same token: the first of them used it up.
    if grant is None:
        raise TikTokRefusalError(REFRESH_INVALID)
    return _pair(grant, world.clock.now())


def _pair(grant: Grant, now: datetime) -> dict[str, Any]:
    return {
        "access_token": grant.access,
        "expires_in": int((grant.expires_at - now).total_seconds()),
        "open_id": grant.account.account_key,
        "refresh_token": grant.refresh,
        "refresh_token_expires_in": int((grant.refresh_expires_at - now).total_seconds()),
        "scope": SCOPE,
        "token_type": "Bearer",
    }


def _account_to_revoke(world: World, body: Body) -> AccountRef:
    _checked_client(body)
    return opened_by(world, text_of(body, "access_token"))


def _revoke(world: World, account: AccountRef, _body: Body) -> dict[str, Any]:
    world.tokens.revoke(account)
    return {}


def _account_of_info(world: World, body: Body) -> AccountRef:
    if text_of(body, "app_id") != CLIENT_ID:
        raise TikTokRefusalError(NO_PERMISSION, "The app id is not correct.")
    return opened_by(world, text_of(body, "access_token"))


def _explain(_world: World, account: AccountRef, _body: Body) -> dict[str, Any]:
    return {"app_id": CLIENT_ID, "creator_id": account.account_key, "scope": SCOPE}


OAUTH_ROUTES: Final[Mapping[str, OAuthRoute]] = {
    "tt_user/oauth2/token": OAuthRoute(_account_of_code, _give),
    "tt_user/oauth2/refresh_token": OAuthRoute(_account_of_refresh, _renew),
    "tt_user/oauth2/revoke": OAuthRoute(_account_to_revoke, _revoke),
    "tt_user/token_info/get": OAuthRoute(_account_of_info, _explain),
}
"""What each path does."""
