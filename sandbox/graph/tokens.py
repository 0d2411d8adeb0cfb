"""Tokens at the Graph API: which one is let in, and how one is exchanged for a newer.

Belongs here: who is asking, and the three exchanges.
Does not belong here: issuing and keeping tokens (``tokens``).
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from sandbox.graph.call import CallContext, Json
from sandbox.graph.errors import (
    NO_TOKEN,
    UNKNOWN_TOKEN,
    GraphError,
    Refusal,
    invalid,
    session_expired,
    token_refused,
)
from sandbox.tokens import Grant

REFRESHABLE_AFTER: Final = timedelta(hours=24)
DEFAULT_SUBCODE: Final = 460
EXPIRED_TEXT: Final = ("expired", "463")
TOO_YOUNG: Final = invalid("The access token must be at least 24 hours old to be refreshed")


def let_in(context: CallContext, token: str) -> Grant:
    """Whose token it is; the call is that account's from here on.

    Raises:
        GraphError: There is none, or it opens nothing.
    """
    if not token:
        raise GraphError(NO_TOKEN)
    grant = context.desk.world.tokens.grant(token)
    if grant is None or grant.account.platform not in ("instagram", "meta_ads"):
        raise GraphError(UNKNOWN_TOKEN)
    context.grant = grant
    state = grant.state(context.at)
    if state == "expired" or grant.revoked in EXPIRED_TEXT:
        raise GraphError(session_expired(min(grant.expires_at, context.at), context.at))
    if state == "revoked":
        raise GraphError(_revoked(grant.revoked))
    return grant


def _revoked(why: str) -> Refusal:
    return token_refused(int(why) if why.isdecimal() else DEFAULT_SUBCODE)


def read_exchange(context: CallContext) -> Json:
    """A newer token for an older one; the older keeps its own end.

    Raises:
        GraphError: The old token is refused, or a parameter is missing.
    """
    params = context.call.params
    kind = params.get("grant_type", "")
    exchange = EXCHANGES.get((context.call.parts[-1], kind))
    if exchange is None:
        raise GraphError(invalid("Invalid parameter: grant_type"))
    old = exchange(context, params)
    context.struck("token", subject=old.account.account_key)
    new = context.desk.world.tokens.issue(old.account)
    return {
        "access_token": new.access,
        "token_type": "bearer",
        "expires_in": int((new.expires_at - context.at).total_seconds()),
    }


def _refreshed(context: CallContext, params: Mapping[str, str]) -> Grant:
    old = let_in(context, params.get("access_token", ""))
    if context.at - old.issued_at < REFRESHABLE_AFTER:
        raise GraphError(TOO_YOUNG)
    return old


def _exchanged_on_facebook(context: CallContext, params: Mapping[str, str]) -> Grant:
    for name in ("client_id", "client_secret", "fb_exchange_token"):
        if not params.get(name):
            raise GraphError(Refusal(message=f"Missing {name} parameter.", code=101))
    return let_in(context, params["fb_exchange_token"])


def _exchanged_on_instagram(context: CallContext, params: Mapping[str, str]) -> Grant:
    if not params.get("client_secret"):
        raise GraphError(Refusal(message="Missing client_secret parameter.", code=101))
    return let_in(context, params.get("access_token", ""))


EXCHANGES: Final[Mapping[tuple[str, str], Callable[[CallContext, Mapping[str, str]], Grant]]] = {
    ("refresh_access_token", "ig_refresh_token"): _refreshed,
    ("access_token", "fb_exchange_token"): _exchanged_on_facebook,
    ("access_token", "ig_exchange_token"): _exchanged_on_instagram,
}
