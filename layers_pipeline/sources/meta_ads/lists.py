"""Pages of one list of the Marketing API, to the end that it names.

Belongs here: cursors, pages made smaller where less data is asked for.
Does not belong here: which lists are read (``reader``), cures beyond a smaller page (``insights``).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from layers_pipeline.errors import SourceMalformedError
from layers_pipeline.sources.meta_ads.errors import SOURCE, FaultError
from layers_pipeline.sources.meta_ads.session import AdsSession

PAGE: Final = 500
"""Rows of a page to begin with; 25 is what the platform gives unasked."""
LIMIT_MIN: Final = 25
"""Smaller pages cost more calls than they save: then the request itself is made smaller."""
EMPTY_PAGES_MAX: Final = 20
"""Empty pages in a row that still name a next one; more are a fault of the platform's."""
Row = Mapping[str, Any]


async def pages(
    session: AdsSession,
    path: str,
    params: Mapping[str, str],
    *,
    key: str,
    smaller: Callable[[int], None],
    limit: int = PAGE,
) -> list[Row]:
    """Every row of a list.

    Args:
        session: The conversation.
        path: The list.
        params: What is asked for, without limit and cursor.
        key: What every row has, as text.
        smaller: Told the limit of pages from here on, where less data was asked for.
        limit: Rows of a page.

    Raises:
        FaultError: The list was refused; smaller pages, if they were the cure, did not help.
        SourceError: There was no answer, or it is not what the platform promises.
    """
    rows: list[Row] = []
    after, seen, empty = "", set[str](), 0
    while True:
        cursor = {"after": after} if after else {}
        try:
            page = await session.get(path, {**params, "limit": str(limit), **cursor})
        except FaultError as refused:
            if refused.fault.kind != "too_much" or limit <= LIMIT_MIN:
                raise
            limit = max(LIMIT_MIN, limit // 2)
            smaller(limit)
            continue
        found = rows_of(page, path, key=key)
        rows += found
        empty = 0 if found else empty + 1
        following = _after(page, path)
        if following is None:
            return rows
        if following in seen or empty > EMPTY_PAGES_MAX:
            raise SourceMalformedError(SOURCE, f"{path}: pages without an end")
        seen.add(following)
        after = following


def rows_of(page: Mapping[str, Any], path: str, *, key: str) -> list[Row]:
    """The rows of a page.

    Raises:
        SourceMalformedError: It is no page, or a row lacks its key.
    """
    rows = page.get("data")
    if not isinstance(rows, list) or not all(_has(row, key) for row in rows):
        raise SourceMalformedError(SOURCE, f"{path}: data is no list of objects with {key}")
    return rows


def _has(row: object, key: str) -> bool:
    return isinstance(row, dict) and isinstance(row.get(key), str) and row[key] != ""


def _after(page: Mapping[str, Any], path: str) -> str | None:
    """The cursor of the next page; none where the page names no next one."""
    paging = page.get("paging") or {}
    if not isinstance(paging, dict):
        raise SourceMalformedError(SOURCE, f"{path}: paging is no object")
    if paging.get("next") is None:
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    if not isinstance(after, str) or not after:
        raise SourceMalformedError(SOURCE, f"{path}: a next page and no cursor")
    return after
