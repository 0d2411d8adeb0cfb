"""Content of a project as a list: how much, one page of it, all of it as CSV (R61, R63).

Belongs here: asking for the content that a filter keeps, in its order, with its columns.
Does not belong here: the filter (``filters``), one content in full (``detail``), files
(``exports``).

Screen, CSV, exports and the command line ask here, so they cannot differ.
"""

from collections.abc import Generator, Mapping
from contextlib import closing
from typing import Any, Final

import polars as pl

from layers_pipeline.views.csv_text import csv_of
from layers_pipeline.views.filters import ContentFilter
from layers_pipeline.views.opening import Reader, Views
from transforms.sql import sql_of

KEY: Final = "ads_content_id"
"""Unique; the last thing that every order asks."""
KEPT: Final = sql_of("views", "content_kept")


def count(views: Views | Reader, kept: ContentFilter) -> int:
    """How many rows the filter keeps."""
    with views.reading() as reader:
        question = f"select count(*) as kept from ({KEPT})"  # noqa: S608 - our own text
        return int(reader.frame(question, parameters(kept))["kept"][0])


def page(
    views: Views | Reader, kept: ContentFilter, offset: int, limit: int
) -> list[dict[str, Any]]:
    """Some of the rows that the filter keeps, in its order: its columns, and always the key."""
    shown = kept.columns if KEY in kept.columns else (KEY, *kept.columns)
    where = {**parameters(kept), "offset": max(offset, 0), "limit": max(limit, 0)}
    # Only the rows of the page are fetched whole, however deep it lies.
    rows = f"select rowid from ({KEPT}) {_order(kept)} limit $limit offset $offset"  # noqa: S608 - as below
    question = (
        f"select {', '.join(shown)} from content_detail "  # noqa: S608 - columns of a closed list
        f"where rowid in ({rows}) {_order(kept)}"
    )
    with views.reading() as reader:
        return reader.rows(question, where)


def batches(views: Views | Reader, kept: ContentFilter) -> Generator[pl.DataFrame]:
    """All rows that the filter keeps, in its order, with its columns; first a frame without rows.

    All of one generation, whatever is published meanwhile; memory does not grow with the rows.
    """
    question = f"select {', '.join(kept.columns)} from ({KEPT}) {_order(kept)}"  # noqa: S608 - as above
    with views.reading() as reader:
        yield from reader.batches(question, parameters(kept))


def stream_csv(views: Views | Reader, kept: ContentFilter) -> Generator[bytes]:
    """The same as CSV, in pieces: a line of column names, then a line per row."""
    with closing(batches(views, kept)) as frames:
        for place, frame in enumerate(frames):
            yield csv_of(frame, with_names=place == 0)


def parameters(kept: ContentFilter) -> Mapping[str, Any]:
    """What is bound to the question for what a filter keeps; null keeps everything."""
    decided = kept.override if kept.override in ("include", "exclude") else None
    return {
        "project_id": kept.project_id,
        "platforms": list(kept.platforms) or None,
        "media_types": list(kept.media_types) or None,
        "pools": list(kept.pools) or None,
        "accounts": list(kept.accounts) or None,
        "creators": list(kept.creators) or None,
        "published_from": kept.published_from,
        "published_until": kept.published_until,
        "score_min": kept.score_min,
        "score_max": kept.score_max,
        "eligible": kept.eligible,
        "running": kept.running,
        "is_deleted": {"hide": False, "show": None, "only": True}[kept.deleted],
        "override": decided,
        "is_overridden": {"any": True, "none": False}.get(kept.override or ""),
        "search": kept.search.lower() or None,
    }


def _order(kept: ContentFilter) -> str:
    """The order as SQL; its column is one of a closed list, the key makes it complete."""
    column, descending = kept.sort
    return f"order by {column} {'desc' if descending else 'asc'} nulls last, {KEY}"
