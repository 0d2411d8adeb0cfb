"""Content of a project as a list: how much, one page of it, all of it as CSV (R61, R63).

Belongs here: asking for the content that a filter keeps, in its order, with its columns.
Does not belong here: the filter (``filters``), one content in full (``detail``), files
(``exports``).

Screen, CSV, exports and the command line ask here, so they cannot differ.
"""

import re
from collections.abc import Generator, Mapping
from contextlib import closing
from functools import cache
from typing import Any, Final

import polars as pl

from layers_pipeline.ahead import ahead
from layers_pipeline.views.csv_text import csv_of
from layers_pipeline.views.filters import ContentFilter
from layers_pipeline.views.opening import Reader, Views
from transforms.sql import sql_of

KEY: Final = "ads_content_id"
"""Unique; the last thing that every order asks."""
OPTIONAL: Final = re.compile(r"\n {4}and \(\s*\$(\w+) is null\b.*?(?=\n {4}and |\n?$)", re.DOTALL)
"""A condition of ``content_kept`` that holds where its filter is null."""


def count(views: Views | Reader, kept: ContentFilter) -> int:
    """How many rows the filter keeps."""
    with views.reading() as reader:
        asked = parameters(kept)
        return int(reader.value(f"select count(*) {kept_by(frozenset(asked))}", asked))


def page(
    views: Views | Reader, kept: ContentFilter, offset: int, limit: int
) -> list[dict[str, Any]]:
    """Some of the rows that the filter keeps, in its order: its columns, and always the key."""
    shown = kept.columns if KEY in kept.columns else (KEY, *kept.columns)
    asked = parameters(kept)
    where = {**asked, "offset": max(offset, 0), "limit": max(limit, 0)}
    order = _order(kept)
    # Only the rows of the page are fetched whole, however deep it lies.
    rows = f"select rowid {kept_by(frozenset(asked))} {order} limit $limit offset $offset"
    question = (
        f"select {', '.join(shown)} from content_detail "  # noqa: S608 - columns of a closed list
        f"where rowid in ({rows}) {order}"
    )
    with views.reading() as reader:
        return reader.rows(question, where)


def batches(views: Views | Reader, kept: ContentFilter) -> Generator[pl.DataFrame]:
    """All rows that the filter keeps, in its order, with its columns; first a frame without rows.

    All of one generation, whatever is published meanwhile; memory does not grow with the rows.
    """
    asked = parameters(kept)
    rows = f"{kept_by(frozenset(asked))} {_order(kept)}"
    question = f"select {', '.join(kept.columns)} {rows}"
    with views.reading() as reader:
        yield from reader.batches(question, asked)


def stream_csv(views: Views | Reader, kept: ContentFilter) -> Generator[bytes]:
    """The same as CSV, in pieces: a line of column names, then a line per row.

    A thread writes a piece while the next rows are asked for.
    """
    with (
        closing(batches(views, kept)) as frames,
        closing(ahead(_piece, enumerate(frames))) as pieces,
    ):
        yield from pieces


def _piece(numbered: tuple[int, pl.DataFrame]) -> bytes:
    place, frame = numbered
    return csv_of(frame, with_names=place == 0)


@cache
def kept_by(filters: frozenset[str]) -> str:
    """What filters keep, from ``from`` on, without the conditions of those that are not among them.

    Conditions that hold of everything, and stars of several levels, cost a short question half of
    its time.
    """
    _, found, rest = sql_of("views", "content_kept").partition("from content_detail")
    asked = OPTIONAL.sub(lambda one: one.group(0) if one.group(1) in filters else "", rest)
    return found + asked


def parameters(kept: ContentFilter) -> Mapping[str, Any]:
    """What is bound to the question for what a filter keeps: the filters that are not null."""
    decided = kept.override if kept.override in ("include", "exclude") else None
    given = {
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
    return {name: value for name, value in given.items() if value is not None}


def _order(kept: ContentFilter) -> str:
    """The order as SQL; its column is one of a closed list, the key makes it complete."""
    column, descending = kept.sort
    return f"order by {column} {'desc' if descending else 'asc'} nulls last, {KEY}"
