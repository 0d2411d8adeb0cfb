"""What can be made to go wrong in the simulated TikTok Business API, as one table.

Belongs here: every kind, where it strikes, and what it does to an answer.
Does not belong here: which account has which (``sandbox.faults``), how a sound answer is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from starlette.responses import PlainTextResponse, Response

from sandbox.faults import Fault
from sandbox.tiktok.codes import LIMIT_MESSAGES, MESSAGES, OK, PARTIAL, TOO_FREQUENT

Place = Literal["read", "videos", "oauth"]
"""``read``: both reading routes; ``videos``: the list of videos; ``oauth``: getting tokens."""

SLOW_S: Final = 1.0
OAUTH_CODES: Final = (40103, 40107, 40108, 40110, 40131)


@dataclass(frozen=True, kw_only=True)
class TikTokFault:
    """One kind of fault."""

    place: Place
    effect: str
    code: int | None = None
    """The code that is answered instead of the data, where it is one."""
    message: str = ""
    """What is said with it; empty: what the code always says."""


def _code_fault(code: int) -> TikTokFault:
    place: Place = "oauth" if code in OAUTH_CODES else "read"
    return TikTokFault(place=place, effect=f"HTTP 200, code {code}: {MESSAGES[code]}", code=code)


TIKTOK_FAULTS: Final[Mapping[str, TikTokFault]] = {
    **{f"code_{code}": _code_fault(code) for code in MESSAGES if code not in (OK, PARTIAL)},
    **{
        f"limit_{whose}": TikTokFault(
            place="read",
            effect=f"HTTP 200, code {TOO_FREQUENT}: {message}",
            code=TOO_FREQUENT,
            message=message,
        )
        for whose, message in LIMIT_MESSAGES.items()
    },
    "code_20001": TikTokFault(
        place="videos",
        effect="HTTP 200, code 20001: every second video of the page is left out, though it "
        "exists; cursor and has_more are those of the whole page",
    ),
    "http_500": TikTokFault(place="read", effect="HTTP 500 with a line of text"),
    "http_429": TikTokFault(
        place="read",
        effect="HTTP 429 with a line of text; Retry-After says wait_min, unless that is 0",
    ),
    "truncated_json": TikTokFault(place="read", effect="HTTP 200 with half of the JSON"),
    "html_body": TikTokFault(place="read", effect="HTTP 200 with a page of HTML"),
    "slow": TikTokFault(place="read", effect="the right answer, one real second late"),
    "short_page": TikTokFault(
        place="videos", effect="half as many videos as would fit, though there are more"
    ),
    "empty_page_with_more": TikTokFault(
        place="videos", effect="no video, has_more true, and the cursor that was asked with"
    ),
    "oauth_http_500": TikTokFault(
        place="oauth", effect="HTTP 500 with a line of text; nothing was done"
    ),
    "oauth_truncated_json": TikTokFault(
        place="oauth", effect="HTTP 200 with half of the JSON, though the token was refreshed"
    ),
}
"""Every kind that ``Fault.kind`` may name for a TikTok account."""

KINDS: Final[Mapping[Place, tuple[str, ...]]] = {
    "read": tuple(kind for kind, fault in TIKTOK_FAULTS.items() if fault.place == "read"),
    "videos": tuple(kind for kind, fault in TIKTOK_FAULTS.items() if fault.place != "oauth"),
    "oauth": tuple(kind for kind, fault in TIKTOK_FAULTS.items() if fault.place == "oauth"),
}
"""Kinds that can strike at a place."""


def disguised(fault: Fault) -> Response | None:
    """The answer of a fault that never reaches TikTok's own code; none for the others."""
    match fault.kind:
        case "http_500" | "oauth_http_500":
            return PlainTextResponse("Internal Server Error", 500)
        case "http_429":
            headers = {"Retry-After": str(fault.wait_min * 60)} if fault.wait_min else {}
            return PlainTextResponse("Too Many Requests", 429, headers)
        case "html_body":
            return Response(
                "<!DOCTYPE html><html><body>Just a moment...</body></html>",
                200,
                media_type="text/html",
            )
        case _:
            return None
