"""Numbered pages of TikTok's ads API, read so that none of their rows is lost.

Belongs here: what a page must consist of, and when a list is read anew.
Does not belong here: requests, what a row consists of.

Pages have numbers and no cursor: what is added or taken away meanwhile moves every row behind it,
and one would be lost at a border. The total tells, so such a list is read anew.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from layers_pipeline.errors import SourceMalformedError, SourceUnavailableError
from layers_pipeline.sources.tiktok.errors import SOURCE

PAGE_SIZE: Final = 1_000
"""The most that TikTok gives at once."""
PAGES_MAX: Final = 1_000
TRIES: Final = 3
Row = dict[str, Any]
AskPage = Callable[[int], Awaitable[Row]]


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a list."""

    rows: list[Row]
    pages: int
    total: int | None
    """Rows of the whole list, if the page tells."""


def page_of(data: Row) -> Page:
    """The page that an answer's data is."""
    rows, info = data.get("list"), data.get("page_info")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SourceMalformedError(SOURCE, "page whose list is not a list of objects")
    pages = info.get("total_page") if isinstance(info, dict) else None
    if not isinstance(pages, int) or isinstance(pages, bool):
        raise SourceMalformedError(SOURCE, "page whose total_page is no whole number")
    total = info.get("total_number") if isinstance(info, dict) else None
    return Page(rows=rows, pages=pages, total=total if isinstance(total, int) else None)


async def every_row(ask: AskPage, *, what: str) -> list[Row]:
    """The rows of every page, whole or not at all.

    Args:
        ask: Gives the data of the page of a number, from 1 on.
        what: Names the list in errors.

    Raises:
        SourceUnavailableError: It changed each time while it was read.
        SourceError: As ``ask`` raises.
    """
    for _ in range(TRIES):
        rows = await _once(ask, what)
        if rows is not None:
            return rows
    message = f"{what}: changed while it was read, {TRIES} times. It is read again next time."
    raise SourceUnavailableError(SOURCE, message)


async def _once(ask: AskPage, what: str) -> list[Row] | None:
    """The rows; none where the list changed on the way."""
    first = page = page_of(await ask(1))
    rows, number = list(page.rows), 1
    while number < page.pages and page.rows:
        number += 1
        if number > PAGES_MAX:
            raise SourceMalformedError(SOURCE, f"{what}: more than {PAGES_MAX} pages")
        page = page_of(await ask(number))
        if page.total != first.total:
            return None
        rows += page.rows
    return rows if first.total in (None, len(rows)) else None
