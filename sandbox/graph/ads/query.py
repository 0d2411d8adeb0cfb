"""What a call for insights of ads asks for: level, days, fields, filters, windows.

Belongs here: reading the parameters, and the time they mean.
Does not belong here: rows.
"""

import calendar
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, get_args

from sandbox.graph.ads.parameters import Filter, fields_asked, filters_asked, listed, object_asked
from sandbox.graph.errors import GraphError, Refusal, invalid
from sandbox.graph.fields import Wanted
from sandbox.simulation.ads.accounts import AdAccount
from sandbox.simulation.ads.ad import Ad

Level = Literal["ad", "adset", "campaign", "account"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
Span = tuple[date, date]
"""First and last day, both included."""
MONTHS_BACK: Final = 37
DEFAULT_FIELDS: Final = "impressions,spend"
PRESETS: Final[Mapping[str, Callable[[date], Span]]] = {
    "today": lambda today: (today, today),
    "yesterday": lambda today: _back(today, 1),
    "last_3d": lambda today: _back(today, 3),
    "last_7d": lambda today: _back(today, 7),
    "last_14d": lambda today: _back(today, 14),
    "last_28d": lambda today: _back(today, 28),
    "last_30d": lambda today: _back(today, 30),
    "last_90d": lambda today: _back(today, 90),
    "this_month": lambda today: (today.replace(day=1), today),
    "maximum": lambda today: (months_before(today), today),
}
"""Those that end with days end yesterday."""
TOO_FAR_BACK: Final = Refusal(
    message="(#3018) The start date of the time range cannot be beyond 37 months from the current "
    "date",
    code=3018,
)
BAD_BREAKDOWNS: Final = Refusal(
    message="Invalid breakdowns: the sandbox has none.", code=2, subcode=1_504_041
)


@dataclass(frozen=True, kw_only=True)
class InsightsQuery:
    """Which rows, and what of each."""

    level: Level
    spans: tuple[Span, ...]
    fields: tuple[Wanted, ...]
    filters: tuple[Filter, ...]
    windows: tuple[str, ...]
    """Attribution windows whose values are wanted beside ``value``."""

    @property
    def days(self) -> int:
        """How many days are asked for."""
        return sum((until - since).days + 1 for since, until in self.spans)

    @property
    def span(self) -> Span:
        """The first and the last day that is asked for."""
        return min(since for since, _ in self.spans), max(until for _, until in self.spans)

    @property
    def names_states(self) -> bool:
        """Whether ads are asked for by their state."""
        return any(one.field == "ad.effective_status" for one in self.filters)


def ids_of(ad: Ad) -> Mapping[Level, str]:
    """The ids under which an ad is counted."""
    return {
        "ad": ad.ad_id,
        "adset": ad.ad_set.ad_set_id,
        "campaign": ad.ad_set.campaign.campaign_id,
        "account": ad.account.account_id,
    }


@dataclass(frozen=True, kw_only=True)
class AdScope:
    """What insights are asked of."""

    account: AdAccount
    level: Level
    """The object's own."""
    object_id: str

    def holds(self, ad: Ad) -> bool:
        """Whether an ad lies in it."""
        return self.level == "account" or self.object_id == ids_of(ad)[self.level]


def query_of(given: Mapping[str, str], *, level: Level, today: date) -> InsightsQuery:
    """Read the parameters of a call.

    Args:
        given: Of the call.
        level: Where none is asked for: that of the object.
        today: The account's day.

    Raises:
        GraphError: One of them is wrong.
    """
    asked = given.get("level", "") or level
    if asked not in LEVELS:
        raise GraphError(invalid(f"level must be one of the following values: {', '.join(LEVELS)}"))
    if listed(given.get("breakdowns", "")):
        raise GraphError(BAD_BREAKDOWNS)
    whole = _ranges(given, today)
    if min(since for since, _ in whole) < months_before(today):
        raise GraphError(TOO_FAR_BACK)
    increment = given.get("time_increment", "") or "all_days"
    return InsightsQuery(
        level=asked,
        spans=tuple(part for span in whole for part in _cut(span, increment)),
        fields=fields_asked(given, DEFAULT_FIELDS),
        filters=filters_asked(given.get("filtering", "")),
        windows=listed(given.get("action_attribution_windows", "")),
    )


def _ranges(given: Mapping[str, str], today: date) -> list[Span]:
    if given.get("time_ranges"):
        return [_range(text) for text in _objects(given["time_ranges"])]
    if given.get("time_range"):
        return [_range(object_asked("time_range", given["time_range"]))]
    preset = given.get("date_preset", "") or "last_30d"
    if preset not in PRESETS:
        raise GraphError(invalid("date_preset must be one of the values that are documented."))
    return [PRESETS[preset](today)]


def _objects(text: str) -> Iterator[Mapping[str, object]]:
    yield from object_asked("time_ranges", f'{{"all": {text}}}')["all"]


def _range(given: Mapping[str, object]) -> Span:
    try:
        span = (date.fromisoformat(str(given["since"])), date.fromisoformat(str(given["until"])))
    except (KeyError, TypeError, ValueError):
        raise GraphError(invalid("time_range needs since and until as YYYY-MM-DD.")) from None
    if span[0] > span[1]:
        raise GraphError(invalid("since must not be after until.", subcode=1_487_749))
    return span


def _cut(span: Span, increment: str) -> Iterator[Span]:
    since, until = span
    if increment == "all_days":
        yield span
        return
    while since <= until:
        end = min(until, _end(since, increment))
        yield since, end
        since = end + timedelta(days=1)


def _end(since: date, increment: str) -> date:
    if increment == "monthly":
        return since.replace(day=calendar.monthrange(since.year, since.month)[1])
    if not increment.isdecimal() or not 1 <= int(increment[:9]) <= 90:  # noqa: PLR2004 - documented
        raise GraphError(invalid("time_increment must be 1 to 90, monthly or all_days."))
    return since + timedelta(days=int(increment) - 1)


def _back(today: date, days: int) -> Span:
    return today - timedelta(days=days), today - timedelta(days=1)


def months_before(today: date) -> date:
    """The day of the month 37 months ago, or the month's last."""
    months = today.year * 12 + today.month - 1 - MONTHS_BACK
    year, month = divmod(months, 12)
    return date(year, month + 1, min(today.day, calendar.monthrange(year, month + 1)[1]))
