"""Finding the newest stored score of content without reading all of history.

Belongs here: going back through ticks only as far as needed.
Does not belong here: which scores count (``standing``, ``content``).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

import polars as pl

TICKS_AT_ONCE: Final = 6


def latest_scores(
    scores: pl.LazyFrame,
    ticks: Iterable[datetime],
    wanted: pl.DataFrame,
    *,
    columns: Iterable[str],
) -> pl.DataFrame:
    """The newest score of each wanted content, looked for in the newest ticks first.

    Args:
        scores: Rows of ``OrganicScores`` that count, of one version.
        ticks: Ticks that they may be of.
        wanted: Content by ads_content_id; if it names scored_at too, only scores that are not
            older than that are looked for.
        columns: What is wanted of a score.
    Returns:
        One row per content that was found: ads_content_id and the columns.
    """
    fields = tuple(columns)
    found = [scores.limit(0).select("ads_content_id", *fields).collect()]
    left = wanted
    for oldest, newest in _spans(ticks):
        if "scored_at" in wanted.columns:
            is_older = pl.col("scored_at").is_null() | (pl.col("scored_at") <= newest)
            left = left.filter(is_older)
        if left.is_empty():
            break
        rows = scores.filter(pl.col("scored_at").is_between(oldest, newest))
        some = (
            rows.join(left.lazy().select("ads_content_id"), on="ads_content_id", how="semi")
            .group_by("ads_content_id")
            .agg(pl.col(name).max_by("scored_at") for name in fields)
            .collect(engine="streaming")
        )
        found.append(some)
        left = left.join(some, on="ads_content_id", how="anti")
    return pl.concat(found)


def _spans(ticks: Iterable[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """Oldest and newest of some ticks at a time, the newest first."""
    due = sorted(set(ticks), reverse=True)
    for start in range(0, len(due), TICKS_AT_ONCE):
        some = due[start : start + TICKS_AT_ONCE]
        yield some[-1], some[0]
