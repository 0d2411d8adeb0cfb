"""The first tick that has anything to tell.

Belongs here: where a lake's ticks begin.
Does not belong here: what is no tick (``ticks``), the setting that bounds all of them.
"""

from layers_pipeline.lake import catalog
from layers_pipeline.lake.store import Lake
from transforms.scoring.ticks import tick_from_text, tick_key


def first_tick(lake: Lake) -> str | None:
    """The key from which on ticks have data: the day of the oldest snapshot, or an older score."""
    days = lake.partitions(catalog.PLATFORM_POST_METRICS, "captured_on")
    scored = lake.partitions(catalog.ORGANIC_SCORES, "tick")
    keys = [f"{day}-00:00" for day in days]
    return min([*keys, *(tick_key(tick_from_text(text)) for text in scored)], default=None)
