"""Pages of rows about ads, with cursors that say nothing.

Belongs here: which rows make a page, and the link to the next.
Does not belong here: rows.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Sequence
from typing import Final, TypeVar
from urllib.parse import urlencode

from sandbox.graph.ads.parameters import whole
from sandbox.graph.call import CallContext, Json
from sandbox.graph.errors import GraphError, invalid

Row = TypeVar("Row")
PAGE_SIZE: Final = 25
PAGE_MAX: Final = 1_000
"""Of a greater limit no more come, and ``next`` says that there are others."""
CURSOR: Final = "QVFIU"
NOT_CARRIED: Final = frozenset({"access_token", "after", "before", "method", "batch"})


def limit_of(context: CallContext) -> int:
    """How many rows a page is to have.

    Raises:
        GraphError: It is no number.
    """
    return max(1, min(whole(context.call.params, "limit", PAGE_SIZE), PAGE_MAX))


def page_of(
    context: CallContext, rows: Sequence[Row], *, bent: str = ""
) -> tuple[Sequence[Row], Json]:
    """The rows of the page that is asked for, and its ``paging``; empty where nothing follows.

    Raises:
        GraphError: The cursor points to nothing.
    """
    start = _place(context.call.params.get("after", ""))
    if start > len(rows) or bent == "empty_data":
        return [], {}
    size = limit_of(context)
    if bent == "empty_page_with_next":
        return [], _paging(context, start, start, is_last=False)
    if bent == "short_page":
        size = max(1, size // 2)
    shown = rows[start : start + size]
    if not shown:
        return [], {}
    end = start + len(shown)
    return shown, _paging(context, start, end, is_last=end >= len(rows))


def listed_json(
    context: CallContext, rows: Sequence, written: Callable[..., Json], bent: str
) -> Json:
    """The page of rows that is asked for, each as it is written."""
    shown, paging = page_of(context, rows, bent=bent)
    return {"data": [written(one) for one in shown]} | ({"paging": paging} if paging else {})


def _paging(context: CallContext, start: int, end: int, *, is_last: bool) -> Json:
    found: Json = {"cursors": {"before": _cursor(start), "after": _cursor(end)}}
    if not is_last:
        call = context.call
        query = {"access_token": context.holder.access} | {
            name: value for name, value in call.params.items() if name not in NOT_CARRIED
        }
        path = "/".join((call.base_url, call.version, *call.parts))
        found["next"] = f"{path}?{urlencode(query | {'after': _cursor(end)})}"
    return found


def _cursor(place: int) -> str:
    return CURSOR + urlsafe_b64encode(f"{place:012d}".encode()).decode()


def _place(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        text = urlsafe_b64decode(cursor.removeprefix(CURSOR)).decode("ascii")
    except (Error, ValueError):
        text = ""
    if not text.isdecimal() or _cursor(int(text)) != cursor:
        raise GraphError(invalid("Invalid cursors values"))
    return int(text)
