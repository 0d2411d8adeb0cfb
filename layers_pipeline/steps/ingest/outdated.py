"""Ticks whose scores an import has put out of date: what they read has grown.

Belongs here: finding them, for the person who imports.
Does not belong here: scoring them again, which is that person's choice.
"""

from dataclasses import dataclass
from datetime import datetime

from layers_pipeline.lake import catalog
from layers_pipeline.steps.stores import Stores
from transforms.scoring.ticks import tick_from_text, tick_key


@dataclass(frozen=True, kw_only=True)
class Outdated:
    """Scored ticks that read what is new; a tick reads all that was known by then (R20).

    Args:
        ticks: How many.
        first: The oldest, as ``score --from`` takes it.
        last: The newest.
    """

    ticks: int
    first: str
    last: str


def outdated_ticks(stores: Stores, known_since: datetime | None) -> Outdated | None:
    """The scored ticks at or after a moment since which something new is known; None: none."""
    if known_since is None:
        return None
    # A tick whose pools were too small has no scores, but judged its content.
    scored = {
        tick_from_text(text)
        for table in (catalog.ORGANIC_SCORES, catalog.AD_ELIGIBILITY)
        for text in stores.lake.partitions(table, "tick")
    }
    ticks = sorted(tick for tick in scored if tick >= known_since)
    if not ticks:
        return None
    return Outdated(ticks=len(ticks), first=tick_key(ticks[0]), last=tick_key(ticks[-1]))
