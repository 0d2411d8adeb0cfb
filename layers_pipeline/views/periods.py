"""Spans of days that pages compare: one that is asked for, and as many days before it.

Belongs here: periods, reading them from a URL's query, figures of two periods beside each other.
Does not belong here: which figures there are (one module per topic).

Days are those of the project's time zone. Without a wish a period ends yesterday: today is not
over, and half a day beside a whole one would always look like a fall.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from layers_pipeline.errors import InputRefusedError

Number = int | float
ONE_DAY: Final = timedelta(days=1)
USUAL_DAYS: Final = 7
LONGEST_DAYS: Final = 731
"""Two years and a day."""
PARAMETERS: Final = ("days", "from", "until")
"""Parameters of a URL: so many days up to yesterday, or a first and a last day."""


@dataclass(frozen=True, kw_only=True)
class Period:
    """Days from a first to a last one, both included.

    Raises:
        InputRefusedError: The last day lies before the first, or it is too long.
    """

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise InputRefusedError(
                f"period: from {self.first} until {self.last} is no day. Give a first day that is"
                " not after the last."
            )
        if self.days > LONGEST_DAYS:
            raise InputRefusedError(
                f"period: from {self.first} until {self.last} are {self.days:,} days. Give"
                f" {LONGEST_DAYS} at most."
            )

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Period":
        """As many days right before it."""
        return Period(first=self.first - timedelta(days=self.days), last=self.first - ONE_DAY)

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=place) for place in range(self.days))

    def to_query(self) -> str:
        """The period as a URL's query without ``?``."""
        return urlencode({"from": self.first.isoformat(), "until": self.last.isoformat()})

    def bound(self) -> dict[str, date]:
        """Its days as parameters of a question."""
        return {"first_day": self.first, "last_day": self.last}


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number of a period beside that of the period before; None: unknown, which is not 0."""

    now: Number | None
    before: Number | None

    @property
    def change(self) -> Number | None:
        """How much more than before; None where either is unknown."""
        return None if self.now is None or self.before is None else self.now - self.before

    @property
    def change_ratio(self) -> float | None:
        """The change by what was before; None where either is unknown, or nothing was before."""
        return self.change / abs(self.before) if self.change is not None and self.before else None


def figure(now: Mapping[str, Any], before: Mapping[str, Any], name: str) -> Figure:
    """A column's values in the rows of two periods, of which either may be missing."""
    return Figure(now=now.get(name), before=before.get(name))


def today_in(zone: str, as_of: datetime) -> date:
    """The day that a moment lies in, in a time zone."""
    return as_of.astimezone(ZoneInfo(zone)).date()


def last_days(days: int, *, today: date) -> Period:
    """So many whole days, the last of them yesterday."""
    return Period(first=today - timedelta(days=days), last=today - ONE_DAY)


def period_of(query: Mapping[str, str | Sequence[str]], *, today: date) -> Period:
    """The period that a URL's query asks for: seven whole days unless it says otherwise.

    Args:
        query: Values by parameter; those that are no period's are passed over.
        today: The day in the project's time zone, which is the last that can be asked for.

    Raises:
        InputRefusedError: A value is not allowed; names the parameter, the value, what is.
    """
    first, last = _day(query, "from"), _day(query, "until")
    if first is None and last is None:
        return last_days(_days(query), today=today)
    if _text(query, "days"):
        raise InputRefusedError(
            f"period days: {_text(query, 'days')!r}: there are days already. Give days alone, or"
            " from and until."
        )
    if first is None or last is None:
        missing = "from" if first is None else "until"
        raise InputRefusedError(f"period {missing}: it is missing. Give both from and until.")
    if last > today:
        raise InputRefusedError(
            f"period until: {str(last)!r}: it has not begun. Give {today} or a day before it."
        )
    return Period(first=first, last=last)


def _days(query: Mapping[str, str | Sequence[str]]) -> int:
    text = _text(query, "days") or str(USUAL_DAYS)
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:5]) <= LONGEST_DAYS):
        raise InputRefusedError(
            f"period days: {text[:40]!r}: write a whole number from 1 to {LONGEST_DAYS}."
        )
    return int(text)


def _day(query: Mapping[str, str | Sequence[str]], key: str) -> date | None:
    text = _text(query, key)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InputRefusedError(
            f"period {key}: {text[:40]!r}: write a day, such as 2025-05-14."
        ) from error


def _text(query: Mapping[str, str | Sequence[str]], key: str) -> str:
    given = query.get(key, "")
    if isinstance(given, str):
        return given
    if len(given) > 1:
        raise InputRefusedError(f"period {key}: {given[1][:40]!r}: it comes twice. Give one value.")
    return given[0] if given else ""
