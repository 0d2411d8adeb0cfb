"""Replay: staging and everything after it, made again from what was landed (R12).

Belongs here: reading a span of raw rows again, and making the tables after them from the beginning.
Does not belong here: how rows are read (``transforms``), scoring again (the caller's).

A parsing fault that was mended is put right in place: the platform had said it, so what is known
of the past changes with it. Replaying what was read rightly changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.lake.table import Written, add_up
from layers_pipeline.progress import report
from layers_pipeline.steps.ad_platforms import AD_PLATFORMS
from layers_pipeline.steps.derive.ads import make_ads_again, stage_ads_again
from layers_pipeline.steps.derive.collaborations import derive_collaborations
from layers_pipeline.steps.derive.deletions import derive_absences
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.derive.remaking import make_facts_again
from layers_pipeline.steps.derive.staging import stage_again
from layers_pipeline.steps.maintain.raw_retention import require_whole
from layers_pipeline.steps.platforms import STAGED_SOURCES, Source
from layers_pipeline.steps.stores import Stores

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What a replay did: landed rows read again, captures put right, and rows written by table."""

    read: int
    changed: int
    written: Mapping[str, Written]


def require_span(start: datetime, end: datetime) -> None:
    """Refuse a span in which nothing can lie.

    Raises:
        InputRefusedError: It is empty or runs backwards.
    """
    if start >= end:
        raise InputRefusedError(f"replay: nothing lies from {start} to {end}. Give a later end.")


def replay(stores: Stores, *, start: datetime, end: datetime) -> Replayed:
    """Read what was landed in [start, end) again, and make every table after it again.

    Where nothing was landed there is nothing to make again, and nothing else is read.

    Args:
        start: First moment of landing.
        end: The moment up to which rows that landed are read.

    Raises:
        InputRefusedError: Nothing lies in the span, or rows that landed in it are not kept.
    """
    require_span(start, end)
    require_whole(stores, start)
    read, written = 0, {source.staged.name: Written() for source in STAGED_SOURCES}
    with stores.lake.write_lock():
        days = [
            (source, day) for source in STAGED_SOURCES for day in _days(stores, source, start, end)
        ]
        for done, (source, day) in enumerate(days, start=1):
            landed = _landed(stores, source, max(start, day), min(end, day + DAY))
            read += landed.height
            written[source.staged.name] += stage_again(stores, source, landed)
            report("days of raw rows read", done, len(days))
        of_ads = _stage_ads_again(stores, start, end, written)
        read += of_ads
        changed = sum(staged.inserted + staged.updated for staged in written.values())
        if of_ads:
            add_up(written, make_ads_again(stores))
        if read:
            add_up(written, _make_again(stores))
        add_up(written, bring_up_to_date(stores))
    return Replayed(read=read, changed=changed, written=written)


def _stage_ads_again(
    stores: Stores, start: datetime, end: datetime, written: dict[str, Written]
) -> int:
    """Read landed rows of ads again; how many were read."""
    read = 0
    for platform in AD_PLATFORMS.values():
        some, staged = stage_ads_again(stores, platform, start=start, end=end)
        read += some
        add_up(written, staged)
    return read


def _days(stores: Stores, source: Source, start: datetime, end: datetime) -> list[datetime]:
    """Days on which anything was landed within the span."""
    known = stores.lake.read(source.raw).filter(
        pl.col("known_at") >= start, pl.col("known_at") < end
    )
    days = known.select(pl.col("known_at").dt.truncate("1d")).unique().collect()
    return sorted(days["known_at"].to_list())


def _landed(stores: Stores, source: Source, start: datetime, end: datetime) -> pl.DataFrame:
    rows = stores.lake.read(source.raw)
    return rows.filter(pl.col("known_at") >= start, pl.col("known_at") < end).collect()


def _make_again(stores: Stores) -> dict[str, Written]:
    """Make what follows from captures and listings from all of them, in place of what there is."""
    written = make_facts_again(stores)
    add_up(written, derive_absences(stores, from_scratch=True))
    add_up(written, derive_collaborations(stores, from_scratch=True))
    return written
