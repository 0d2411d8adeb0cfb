"""What the Graph API says when it refuses: one envelope, and the wordings that were observed.

Belongs here: the error envelope, its header, and how each refusal is worded.
Does not belong here: when something is refused.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

OAUTH: Final = "OAuthException"
PACIFIC: Final = ZoneInfo("America/Los_Angeles")
INSIGHTS_PAGE: Final = (
    "https://developers.facebook.com/docs/instagram-api/reference/ig-media/insights"
)
EXPIRED: Final = 463


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One refusal, before it has a trace id.

    ``statuses`` are taken in turn: Meta's documents leave the HTTP status of some codes open, and
    a client has to go by the code.
    """

    message: str
    code: int | None = None
    subcode: int | None = None
    type: str = OAUTH
    statuses: tuple[int, ...] = (400,)
    transient: bool | None = None
    title: str = ""
    text: str = ""
    data: Mapping[str, Any] | str | None = None
    throttles: Literal["", "app", "account", "page"] = ""
    """Whose allowance the usage headers show as used up."""
    wait_min: int = 0
    is_html: bool = False
    """A page of the load balancer instead of the API's JSON."""

    def envelope(self, trace_id: str) -> dict[str, Any]:
        """The JSON body; a key that does not apply is absent."""
        found: dict[str, Any] = {"message": self.message, "type": self.type}
        optional = {
            "code": self.code,
            "error_data": self.data,
            "error_subcode": self.subcode,
            "is_transient": self.transient,
            "error_user_title": self.title or None,
            "error_user_msg": self.text or None,
        }
        found |= {name: value for name, value in optional.items() if value is not None}
        return {"error": found | {"fbtrace_id": trace_id}}

    @property
    def challenge(self) -> str:
        """The ``WWW-Authenticate`` header."""
        reason = "invalid_token" if self.code in (102, 104, 190) else "invalid_request"
        # Messages repeat what the caller sent; a header takes printable ASCII only.
        shown = "".join(one for one in self.message if " " <= one <= "~" and one not in '"\\')
        return f'OAuth "Facebook Platform" "{reason}" "{shown}"'


class GraphError(Exception):
    """Ends a reading with a refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def invalid(message: str, *, subcode: int | None = None) -> Refusal:
    """Code 100: a parameter is wrong."""
    return Refusal(message=f"(#100) {message}", code=100, subcode=subcode)


def gone(object_id: str, *, method: str = "get") -> Refusal:
    """100/33: not there, not visible to this token, or throttling in disguise."""
    return Refusal(
        message=f"Unsupported {method} request. Object with ID '{object_id}' does not exist, "
        "cannot be loaded due to missing permissions, or does not support this operation. Please "
        "read the Graph API documentation at https://developers.facebook.com/docs/graph-api",
        type="GraphMethodException",
        code=100,
        subcode=33,
    )


def unknown_path(path: str) -> Refusal:
    """2500: there is nothing under this path."""
    return Refusal(message=f"Unknown path components: /{path}", code=2500)


IDS_ENDED: Final = Refusal(
    message="(#100) The ids query parameter is deprecated in v26.0+.", code=100, statuses=(500,)
)
"""What every version answers to a request for several ids since 2026-10-27."""


def unknown_user(username: str) -> Refusal:
    """110/2207013: nobody has that name, or nobody who may be looked up."""
    return Refusal(
        message="Invalid user id",
        code=110,
        subcode=2_207_013,
        transient=False,
        title="Cannot find User",
        text=f"The user with username: {username} cannot be found.",
    )


def unknown_field(name: str, node_type: str) -> Refusal:
    """100: the object has no such field."""
    return invalid(f"Tried accessing nonexisting field ({name}) on node type ({node_type})")


NO_PERMISSION: Final = Refusal(
    message="(#10) Application does not have permission for this action", code=10
)
FEW_VIEWERS: Final = Refusal(
    message="(#10) Not enough viewers for the media to show insights", code=10
)
BEFORE_CONVERSION: Final = Refusal(
    message="Invalid parameter",
    code=100,
    subcode=2_108_006,
    transient=False,
    title="Media posted before business account conversion",
    text="The media was posted before the most recent time that the user's account was converted "
    "to a business account from a personal account.",
    data={"blame_field_specs": [[""]]},
)
BEFORE_CONVERSION_AS_TEXT: Final = replace(
    BEFORE_CONVERSION, data=json.dumps(BEFORE_CONVERSION.data)
)
NOT_CROSSPOSTED: Final = Refusal(
    message="Invalid parameter",
    code=100,
    subcode=2_207_086,
    transient=False,
    title="Media is not crossposted",
    text="The metric is only available for media that was crossposted to Facebook.",
)
UNKNOWN_ERROR: Final = Refusal(
    message="An unknown error has occurred.", code=1, statuses=(500,), transient=False
)

TOKEN_REASONS: Final[Mapping[int, str]] = {
    458: "The user has not authorized application 1784000000000001.",
    459: "You cannot access the app till you log in to www.facebook.com and follow the "
    "instructions given.",
    460: "The session has been invalidated because the user changed their password or Facebook "
    "has changed the session for security reasons.",
    464: "Sessions for the user are not allowed because the user is not a confirmed user.",
    467: "The session has been invalidated because the user logged out.",
    492: "The user does not have a sufficient role on the Page.",
}
NO_TOKEN: Final = Refusal(
    message="An access token is required to request this resource.", code=104, statuses=(401,)
)
UNKNOWN_TOKEN: Final = Refusal(
    message="Invalid OAuth access token - Cannot parse access token", code=190
)
SESSION_INVALID: Final = Refusal(
    message="Session key invalid or no longer valid", code=102, statuses=(400, 401)
)


def token_refused(subcode: int | None) -> Refusal:
    """190: the token opens nothing, for the reason that the subcode gives."""
    reason = TOKEN_REASONS.get(subcode or 0, "The session is invalid.")
    return Refusal(message=f"Error validating access token: {reason}", code=190, subcode=subcode)


def session_expired(expired_at: datetime, now: datetime) -> Refusal:
    """190/463, with both moments as the platform writes them."""
    return Refusal(
        message=f"Error validating access token: Session has expired on {_pacific(expired_at)}. "
        f"The current time is {_pacific(now)}.",
        code=190,
        subcode=EXPIRED,
    )


def _pacific(at: datetime) -> str:
    return at.astimezone(PACIFIC).strftime("%A, %d-%b-%y %H:%M:%S %Z")


def retired_metric(name: str) -> Refusal:
    """100: the name was taken out of every version."""
    if name == "video_views":
        return invalid(
            f"Starting from version 21+, the following metric is no longer supported: {name}. "
            f"Instead, please refer to the documentation at {INSIGHTS_PAGE} for a list of "
            "supported metrics."
        )
    return invalid(
        f"Starting from version 22 and above, the {name} metric is no longer supported for the "
        f"queried media. Please refer to the documentation at {INSIGHTS_PAGE} for a list of "
        "supported metrics."
    )


def unsupported_metric(name: str) -> Refusal:
    """100: the metric exists, but not for this kind of media."""
    return invalid(
        f"The Media Insights API does not support the {name} metric for this media product type."
    )


def incompatible_metric(name: str) -> Refusal:
    """100: the same, as videos from before reels have it worded."""
    return invalid(f"Incompatible metric ({name}) with the media")
