"""Versions of Instagram's Graph API: which there are, when each ends, which is the best one.

Belongs here: what Meta publishes on versions, and words on a version that ends.
Does not belong here: paths and requests, the setting itself (``settings``).
"""

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

SOURCE: Final = "https://developers.facebook.com/docs/graph-api/changelog"
"""Meta's page of versions, as it stood in November 2026."""
ENDS: Final[Mapping[str, date | None]] = MappingProxyType(
    {
        "v20.0": date(2026, 9, 24),
        "v21.0": date(2027, 1, 21),
        "v22.0": date(2027, 5, 20),
        "v23.0": date(2027, 10, 8),
        "v24.0": date(2028, 2, 18),
        "v25.0": date(2028, 7, 29),
        "v26.0": None,
        "v27.0": None,
    }
)
"""The day on which each version ends, oldest first; none: Meta has not named it yet."""
NEWEST: Final = "v27.0"
"""The setting's default; out since 2026-11-04. It takes from new apps multi-ID requests, method
overrides, aliases of fields, JSONP and asynchronous batches; nothing of that is asked for here."""
WARNED_AHEAD: Final = timedelta(days=90)
REMEDY: Final = f"Set LAYERS_INSTAGRAM_VERSION to {NEWEST} and sync one account to try it."


def notice_of(version: str, *, on: date) -> str:
    """What is to be known of a version on a day, with the remedy; empty where all is well.

    A version that is newer than every one known here may be right, and nothing is said of it.
    """
    if version not in ENDS:
        return _unknown(version)
    end = ENDS[version]
    if end is None or on < end - WARNED_AHEAD:
        return ""
    left = (end - on).days
    when = f"ends on {end}, in {left} day{'s' * (left > 1)}" if left > 0 else f"ended on {end}"
    return f"{version} of Instagram's Graph API {when} ({SOURCE}). {REMEDY}"


def _unknown(version: str) -> str:
    oldest = next(iter(ENDS))
    if _number(version) > _number(oldest):
        is_newer = _number(version) > _number(NEWEST)
        return "" if is_newer else f"{version} is no version of Instagram's Graph API. {REMEDY}"
    return f"{version} of Instagram's Graph API ended before {oldest} did ({SOURCE}). {REMEDY}"


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.removeprefix("v").split("."))
