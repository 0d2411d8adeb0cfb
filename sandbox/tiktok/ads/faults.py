"""What can be made to go wrong for an advertiser at the simulated TikTok Business API.

Belongs here: every kind, where it strikes, and what it does to an answer.
Does not belong here: which account has which (``sandbox.faults``), how a sound answer is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Final, Literal, get_args

from sandbox.tiktok.codes import LIMIT_MESSAGES, MESSAGES, TOO_FREQUENT

AdPlace = Literal["account", "ads", "report", "create", "check", "download", "spark", "assets"]
PLACES: Final[tuple[AdPlace, ...]] = get_args(AdPlace)
BLOCKED_FOR: Final = timedelta(minutes=5)
"""Whoever reaches the limit of a minute is refused for so long."""
TOO_LARGE: Final = 40067
CODES: Final = (
    *(40000, 40001, 40002, 40016, 40100, 40102, 40104, 40105, 40110, 40132, 40200, 40201, 40202),
    *(40700, 41001, 41002, 50000, 50002, 51010, 60001, 61000),
)
ADS_MESSAGES: Final[Mapping[int, str]] = {
    40067: "The request is too large. Shorten the date range.",
    40200: "Task error.",
    40202: "Resource conflict.",
    40700: "Internal service validation error.",
}
"""Codes that only reading ads meets."""


@dataclass(frozen=True, kw_only=True)
class TikTokAdFault:
    """One kind of fault."""

    effect: str
    places: tuple[AdPlace, ...] = PLACES
    code: int | None = None
    message: str = ""
    above_days: int = 0
    """Strikes only what asks for more days than so many."""


def message_of(code: int) -> str:
    """What a code always says."""
    return MESSAGES.get(code) or ADS_MESSAGES[code]


def _code(code: int) -> TikTokAdFault:
    return TikTokAdFault(effect=f"HTTP 200, code {code}: {message_of(code)}", code=code)


TIKTOK_AD_FAULTS: Final[Mapping[str, TikTokAdFault]] = {
    **{f"code_{code}": _code(code) for code in CODES},
    **{
        f"too_large_{days}": TikTokAdFault(
            effect=f"code {TOO_LARGE} for more than {days} days at once",
            places=("report", "create"),
            code=TOO_LARGE,
            message=ADS_MESSAGES[TOO_LARGE],
            above_days=days,
        )
        for days in (1, 7)
    },
    "limit_minute": TikTokAdFault(
        effect=f"code {TOO_FREQUENT}, and for five minutes more to every request of the account",
        code=TOO_FREQUENT,
        message=LIMIT_MESSAGES["app"],
    ),
    "limit_day": TikTokAdFault(
        effect=f"code {TOO_FREQUENT}: {LIMIT_MESSAGES['day']}",
        code=TOO_FREQUENT,
        message=LIMIT_MESSAGES["day"],
    ),
    "http_500": TikTokAdFault(effect="HTTP 500 with a line of text"),
    "http_429": TikTokAdFault(effect="HTTP 429 with a line of text and Retry-After"),
    "truncated_json": TikTokAdFault(effect="HTTP 200 with half of the JSON"),
    "html_body": TikTokAdFault(effect="HTTP 200 with a page of HTML"),
    "slow": TikTokAdFault(effect="the right answer, one real second late"),
    "empty_page": TikTokAdFault(
        effect="no rows, though page_info says that there are", places=("ads", "report")
    ),
    "total_moves": TikTokAdFault(
        effect="page_info counts one more than on the page before", places=("ads", "report")
    ),
    "dashes": TikTokAdFault(effect='every metric but spend is "-"', places=("report",)),
    "less_than_five": TikTokAdFault(effect='conversions are told as "<5"', places=("report",)),
    "cut_20000": TikTokAdFault(
        effect="half of the ads are left out; only the header X-Tt-Ads-Throttle tells",
        places=("report",),
    ),
    "task_failed": TikTokAdFault(effect="the task ends as FAILED", places=("check",)),
    "task_canceled": TikTokAdFault(effect="the task ends as CANCELED", places=("check",)),
    "task_endless": TikTokAdFault(effect="the task stays at PROCESSING", places=("check",)),
    "link_expired": TikTokAdFault(
        effect="the link to the file has expired: HTTP 403", places=("download",)
    ),
    "titles_translated": TikTokAdFault(
        effect="the file has titles for people, though they were not asked for",
        places=("download",),
    ),
    "spark_expired": TikTokAdFault(
        effect="the creator's leave is told as EXPIRED", places=("spark",)
    ),
    # Switches: they bend every answer, beside any other fault.
    "late_fix": TikTokAdFault(
        effect="days are put right once more when they are forty days old", places=()
    ),
}
TIKTOK_AD_FAULT_KINDS: Final = frozenset(TIKTOK_AD_FAULTS)


@lru_cache
def kinds_at(place: AdPlace, days: int) -> tuple[str, ...]:
    """Kinds that can strike at a place, and for so many days."""
    return tuple(
        kind
        for kind, fault in TIKTOK_AD_FAULTS.items()
        if place in fault.places and days > fault.above_days
    )
