"""Values as people read them.

Belongs here: text of numbers, shares, instants, days, durations; null as a dash.
Does not belong here: components, money (``transforms.facts.money``).
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

NULL: Final = "\N{EN DASH}"
"""What stands where a value is unknown; zero is written as zero."""
MINUS: Final = "\N{MINUS SIGN}"


def count(value: float | None) -> str:
    """A whole number with its thousands parted."""
    return NULL if value is None else f"{value:,.0f}".replace("-", MINUS)


def change(value: float | None) -> str:
    """A difference, with its sign."""
    return NULL if value is None else f"{value:+,.0f}".replace("-", MINUS)


def number(value: float | None, digits: int = 2) -> str:
    """A number with so many decimals."""
    return NULL if value is None else f"{value:,.{digits}f}".replace("-", MINUS)


def share(value: float | None, digits: int = 1) -> str:
    """A rate of 0 to 1 as per cent."""
    return NULL if value is None else f"{value * 100:,.{digits}f}\N{NARROW NO-BREAK SPACE}%"


def instant(value: datetime | None, zone: str = "UTC") -> str:
    """A moment in a time zone, which is named."""
    if value is None:
        return NULL
    here = value.astimezone(ZoneInfo(zone))
    name = "UTC" if here.utcoffset() == timedelta(0) and zone == "UTC" else zone
    return f"{here:%Y-%m-%d %H:%M} {name}"


def day(value: date | None) -> str:
    """A day."""
    return NULL if value is None else f"{value:%Y-%m-%d}"


def truth(value: bool | None) -> str:
    """Yes or no."""
    return NULL if value is None else "yes" if value else "no"


def words(value: str | None) -> str:
    """A word of ours, as people read it: ``below_threshold`` is "below threshold"."""
    return NULL if value is None else value.replace("_", " ")


def span(value: timedelta) -> str:
    """About how long, in the largest unit of which there are two or more."""
    for name, seconds in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if value.total_seconds() >= 2 * seconds:
            return f"{value.total_seconds() // seconds:,.0f} {name}"
    return "a minute"


def epoch_ms(value: datetime | date) -> int:
    """A moment, or a day's midnight in UTC, as charts take it."""
    moment = (
        value
        if isinstance(value, datetime)
        else datetime(value.year, value.month, value.day, tzinfo=UTC)
    )
    return round(moment.timestamp() * 1000)
