"""TikTok's error codes: what each of them asks of us.

Belongs here: which code is tried again, and which of our errors it becomes when that is no help.
Does not belong here: HTTP, waiting, what is read.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from typing import Final, Literal

from layers_pipeline.errors import (
    SourceError,
    SourceForbiddenError,
    SourceRejectedError,
    SourceThrottledError,
    SourceUnauthorizedError,
    SourceUnavailableError,
)
from layers_pipeline.sources.client import TokenExpiredError

SOURCE: Final = "tiktok"
OK: Final = 0
PARTIAL: Final = 20001
FIELD_CODES: Final = frozenset({40002, 41002})
"""Codes whose message may name fields that the platform does not give (any more)."""

THROTTLED_FOR_S: Final = 300.0
"""What TikTok asks to wait once calls of a minute are used up (portal 1740029171730433); our
choice for the limits that state no time."""
SECOND: Final = re.compile(r"\bQPS\b|per second", re.IGNORECASE)
DAY: Final = re.compile(r"\bQPD\b|per day|daily|a day\b", re.IGNORECASE)
RESTRICTED: Final = re.compile(r"\bApp\b.*restricted")

Meaning = Literal["throttled", "unavailable", "expired", "unauthorized", "forbidden", "rejected"]

MEANINGS: Final[Mapping[int, Meaning]] = MappingProxyType(
    {
        40000: "rejected",  # invalid parameters
        40001: "unauthorized",  # permission
        40002: "rejected",  # parameter error
        40003: "forbidden",  # forbidden
        40006: "rejected",  # version
        40007: "rejected",  # does not exist
        40016: "rejected",  # business error
        40050: "unavailable",  # duplicated request: nothing to mend, later it is a new one
        40051: "rejected",  # invalid API version
        40053: "rejected",  # invalid video id
        40100: "throttled",  # request too frequent
        40102: "expired",  # access token expired
        40103: "unauthorized",  # refresh token expired
        40104: "expired",  # empty access token
        40105: "expired",  # invalid access token
        40106: "unauthorized",  # invalid core user: whose consent it was is no user any more
        40107: "unauthorized",  # invalid refresh token
        40108: "rejected",  # invalid grant type
        40110: "unauthorized",  # auth code error
        40113: "forbidden",  # app forbidden
        40117: "forbidden",  # method forbidden
        40118: "forbidden",  # not in whitelist
        40120: "unauthorized",  # TikTok user not logged in
        40125: "forbidden",  # developer has no permission
        40130: "unauthorized",  # scope not authorized
        40131: "unauthorized",  # oauth of tt_user failed
        40132: "throttled",  # request frequency limited
        40201: "unavailable",  # task not ready
        40309: "unauthorized",  # login required
        40400: "rejected",  # route not found
        41000: "forbidden",  # blocked
        41001: "unavailable",  # interface offline
        41002: "unavailable",  # fields offline
        50000: "unavailable",  # system error
        50002: "unavailable",  # system timeout
        51010: "unavailable",  # internal timeout
        51065: "unavailable",  # service error
        60001: "unavailable",  # maintenance
        61000: "throttled",  # too many requests
    }
)
"""The vendor's SDK, ``tiktok_code.py``: every code that can be met while reading."""

TOO_FREQUENT: Final = 40100
MAINTENANCE: Final = 60001
BUSY_CODES: Final = frozenset({40200, 40202, 40700})
"""A report's task is in the way of another, or its service is busy; singer-io tries again."""
SYSTEM_CODES: Final = range(50_000, 60_000)
REQUEST_CODES: Final = range(40_000, 41_000)
"""Where codes that find fault with the request lie; other unknown ones are taken for passing."""

REMEDIES: Final[Mapping[Meaning, str]] = MappingProxyType(
    {
        "throttled": "Wait",
        "unavailable": "Try again later.",
        "expired": "Refresh the access token, then try once more.",
        "unauthorized": "Ask the account's owner for consent anew.",
        "forbidden": "Have TikTok permit the app, or take the account out.",
        "rejected": "Mend the request, or the account's id.",
    }
)
REMEDIES_OF: Final[Mapping[int, str]] = MappingProxyType(
    {
        40106: "Ask the account's owner to log in and to give consent anew.",
        40120: "Ask the account's owner to log in and to give consent anew.",
        40309: "Ask the account's owner to log in and to give consent anew.",
        41000: "Ask TikTok's support what it blocked, the app or the account.",
    }
)
"""By code, where there is more to say than of its kind."""


def is_tried_again(code: int, message: str) -> bool:
    """Whether the same request may succeed in a moment.

    Of the limits that is only the one by the second: trying on lengthens the others.
    """
    if MEANINGS.get(code) == "throttled":
        is_by_the_minute = code == TOO_FREQUENT and not SECOND.search(message)
        return not (is_by_the_minute or DAY.search(message) or RESTRICTED.search(message))
    return code in SYSTEM_CODES or code in BUSY_CODES or code == MAINTENANCE


def error_of(code: int, message: str, *, now: datetime) -> SourceError:
    """The error that a code other than ``OK`` and ``PARTIAL`` stands for, remedy named.

    Args:
        now: When it was answered; the limit by the day ends with the day in UTC.
    """
    meaning = MEANINGS.get(code) or _meaning_of_unknown(code)
    known = "" if code in MEANINGS else "unknown "
    remedy = REMEDIES_OF.get(code) or REMEDIES[meaning]
    said = f"{known}code {code}: {message.rstrip('.')}. {remedy}"
    match meaning:
        case "throttled":
            return _throttled(said, message, now)
        case "unavailable":
            return SourceUnavailableError(SOURCE, said)
        case "expired":
            return TokenExpiredError(SOURCE, said)
        case "unauthorized":
            return SourceUnauthorizedError(SOURCE, said)
        case "forbidden":
            return SourceForbiddenError(SOURCE, said)
        case "rejected":
            return SourceRejectedError(SOURCE, said)


def _meaning_of_unknown(code: int) -> Meaning:
    return "rejected" if code in REQUEST_CODES and code not in BUSY_CODES else "unavailable"


def _throttled(said: str, message: str, now: datetime) -> SourceThrottledError:
    """Whose limit it is most texts do not say: the account's, until others meet it too."""
    wait_s = _until_midnight_s(now) if DAY.search(message) else THROTTLED_FOR_S
    is_app = RESTRICTED.search(message) is not None
    return SourceThrottledError(
        SOURCE, said, retry_after_s=wait_s, scope="app" if is_app else "account"
    )


def _until_midnight_s(now: datetime) -> float:
    today = datetime.combine(now.astimezone(UTC), time(), UTC)
    return (today + timedelta(days=1) - now).total_seconds()
