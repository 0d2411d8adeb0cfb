"""TikTok's answer codes, their messages, and the exception that becomes a refusal.

Belongs here: every code of the vendor's SDK that an organic account can meet.
Does not belong here: when one is answered (``api``), or made to be (``faults``).
"""

from collections.abc import Iterable, Mapping
from typing import Final

OK: Final = 0
PARTIAL: Final = 20001
NO_PERMISSION: Final = 40001
BAD_PARAMETER: Final = 40002
TOO_FREQUENT: Final = 40100
TOKEN_EXPIRED: Final = 40102
REFRESH_EXPIRED: Final = 40103
TOKEN_EMPTY: Final = 40104
TOKEN_INVALID: Final = 40105
REFRESH_INVALID: Final = 40107
BAD_GRANT_TYPE: Final = 40108
BAD_AUTH_CODE: Final = 40110
BAD_VERSION: Final = 40051
BAD_METHOD: Final = 40117
NO_ROUTE: Final = 40400

MESSAGES: Final[Mapping[int, str]] = {
    OK: "OK",
    PARTIAL: "Partial success.",
    40000: "Invalid params.",
    NO_PERMISSION: "No permission to operate this account.",
    BAD_PARAMETER: "Parameter error.",
    40003: "Forbidden.",
    40006: "Unsupported version.",
    40007: "The object does not exist.",
    40016: "Business error.",
    40050: "Duplicated request.",
    BAD_VERSION: "Invalid API version.",
    40053: "Invalid video id.",
    TOO_FREQUENT: "App reaches the QPS limit.",
    TOKEN_EXPIRED: "Access token is expired.",
    REFRESH_EXPIRED: "Refresh token is expired.",
    TOKEN_EMPTY: "Access token is empty.",
    TOKEN_INVALID: "Access token is incorrect or has been revoked.",
    40106: "Invalid core user.",
    REFRESH_INVALID: "Refresh token is invalid.",
    BAD_GRANT_TYPE: "Invalid grant type.",
    BAD_AUTH_CODE: "Auth code is invalid or was used.",
    40113: "The app is forbidden.",
    BAD_METHOD: "Method is forbidden.",
    40118: "The app is not in the allowlist.",
    40120: "TikTok user not logged in.",
    40125: "The developer has no permission.",
    40130: "The scope is not authorized.",
    40131: "TikTok account authorization failed.",
    40132: (
        "Due to too many requests, requests from App sandbox-client are temporarily restricted."
    ),
    40201: "The task is not ready.",
    40309: "Login is required.",
    NO_ROUTE: "Route not found.",
    41000: "Blocked.",
    41001: "The interface is offline.",
    41002: "The fields are offline.",
    50000: "System error.",
    50002: "System timeout.",
    51010: "Internal service timed out.",
    51065: "Something is wrong",
    60001: "Service is under maintenance.",
    61000: "Too many requests.",
}
"""Messages of 40100, 40105, 51065 and 40132 were met in public, the last without its code; the
others say what the SDK's names say."""
LIMIT_MESSAGES: Final[Mapping[str, str]] = {
    "account": "Too many requests: the account reaches the QPM limit of this endpoint.",
    "app": "App reaches the QPM limit.",
    "day": "App reaches the QPD limit.",
}
"""Of code 40100, by whose limit it is or how long it lasts; ours, after the one that was met."""


def unacceptable(number: int, name: str, known: Iterable[str]) -> str:
    """What TikTok's gateway says of a field: the only text of 40002 that was recorded."""
    return (
        f"fields.{number}: one or more value of the param is not acceptable, "
        f"correct is {sorted(known)}, error is {name}"
    )


class TikTokRefusalError(Exception):
    """Ends a request with HTTP 200 and a code that is not zero."""

    def __init__(self, code: int, detail: str = "") -> None:
        self.code = code
        self.message = detail or MESSAGES[code]
        super().__init__(f"{code}: {self.message}")
