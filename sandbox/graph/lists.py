"""Lists of media and stories, page by page.

Belongs here: which items make a page, cursors, and the links to the pages beside it.
Does not belong here: what an item looks like.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal
from urllib.parse import urlencode

from sandbox.graph.call import CallContext, Json
from sandbox.graph.desk import Listing
from sandbox.graph.errors import GraphError, invalid
from sandbox.graph.fault_rows import Place
from sandbox.graph.fields import Wanted, wanted_fields, written
from sandbox.graph.media import media_fields
from sandbox.simulation.accounts import AccountRef
from sandbox.simulation.digests import digest
from sandbox.simulation.items import Item

Edge = Literal["media", "stories", "collaborative_media"]
PAGE_SIZE: Final = 25
PAGE_MAX: Final = 100
"""Of a greater limit no more come, and ``next`` says that there are others."""
CARRIED: Final = ("fields", "since", "until")
BAD_CURSOR: Final = invalid("Invalid cursors values")


@dataclass(frozen=True, kw_only=True)
class PageWanted:
    """Which page of a list, and what of each item."""

    given: Mapping[str, str]
    fields: tuple[Wanted, ...]

    @classmethod
    def of(cls, given: Mapping[str, str], fields: tuple[Wanted, ...] = ()) -> "PageWanted":
        """Read the parameters of a request, or the arguments of a field expansion."""
        if fields:
            return cls(given=dict(given) | {"fields": written(fields)}, fields=fields)
        return cls(given=given, fields=wanted_fields(given.get("fields", "")))

    @property
    def limit(self) -> int:
        """How many items are asked for."""
        text = self.given.get("limit", "") or str(PAGE_SIZE)
        if not text.lstrip("-").isdecimal():
            raise GraphError(invalid("param limit must be an integer."))
        if text.startswith("-"):
            raise GraphError(invalid("param limit must be non-negative."))
        return int(text[:9])


@dataclass(frozen=True, kw_only=True)
class _Window:
    """Places in a listing: the page [start, end) in what is asked for, [low, high)."""

    low: int
    high: int
    start: int
    end: int


def read_page(context: CallContext, account: AccountRef, edge: Edge, wanted: PageWanted) -> Json:
    """One page of an account's media or stories, newest first.

    The end is marked by the absence of ``paging.next`` alone.

    Raises:
        GraphError: A cursor points to nothing, or one item cannot be read.
    """
    bent, listing = "", context.desk.shared(account, at=context.at)
    if edge != "collaborative_media":
        place = "list" if edge == "media" else "stories"
        bent = _struck(context, account, wanted, place)
        listing = context.desk.listing(account, at=context.at, stories=edge == "stories")
    window = _window(listing, wanted)
    if bent == "empty_page_with_next":
        return _empty_page(context, account, edge, wanted, _before(listing, window))
    if bent == "short_page":
        window = _shortened(window)
    shown = listing.items[window.start : window.end]
    if not shown or bent == "empty_data":
        return {"data": []}
    data = [media_fields(context, item, wanted.fields) for item in shown]
    first, last = cursor_of(shown[0].item_id), cursor_of(shown[-1].item_id)
    paging: Json = {"cursors": {"before": first, "after": last}}
    if window.end < window.high:
        paging["next"] = _link(context, account, edge, wanted, after=last)
    if window.start > window.low:
        paging["previous"] = _link(context, account, edge, wanted, before=first)
    return {"data": data, "paging": paging}


def _struck(context: CallContext, account: AccountRef, wanted: PageWanted, place: Place) -> str:
    names = tuple(field.name for field in wanted.fields)
    return context.struck(place, subject=account.account_key, metrics=names, amount=wanted.limit)


def _window(listing: Listing, wanted: PageWanted) -> _Window:
    low, high = _between(listing, wanted.given)
    size = min(wanted.limit, PAGE_MAX)
    after, before = wanted.given.get("after", ""), wanted.given.get("before", "")
    if before and not after:
        end = min(max(_place(listing, before), low), high)
        return _Window(low=low, high=high, start=max(low, end - size), end=end)
    start = min(max(_place(listing, after) + 1, low), high) if after else low
    return _Window(low=low, high=high, start=start, end=min(start + size, high))


def _between(listing: Listing, given: Mapping[str, str]) -> tuple[int, int]:
    """Places of the newest item not after ``until``, and of the first before ``since``."""
    low, high = 0, len(listing.items)
    if given.get("until"):
        low = bisect_left(listing.items, -_seconds(given["until"]), key=_age)
    if given.get("since"):
        # Half a second less: an item of that very second is still in.
        high = bisect_left(listing.items, -_seconds(given["since"]) + 0.5, key=_age)
    return low, max(low, high)


def _age(item: Item) -> float:
    return -item.published_at.timestamp()


def _seconds(text: str) -> float:
    try:
        if text.isdecimal():
            return float(text[:11])
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise GraphError(invalid("param since must be a valid date or timestamp.")) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _shortened(window: _Window) -> _Window:
    end = window.start + max(1, (window.end - window.start) // 2)
    return _Window(low=window.low, high=window.high, start=window.start, end=end)


def _before(listing: Listing, window: _Window) -> str:
    """The cursor after which the page begins."""
    before_it = listing.items[window.start - 1] if window.start else None
    return cursor_of(before_it.item_id if before_it else "")


def _empty_page(
    context: CallContext, account: AccountRef, edge: Edge, wanted: PageWanted, after: str
) -> Json:
    cursors = {"before": after, "after": after}
    link = _link(context, account, edge, wanted, after=after)
    return {"data": [], "paging": {"cursors": cursors, "next": link}}


def cursor_of(item_id: str) -> str:
    """The cursor that points to an item; an empty id points before the first."""
    mark = digest("cursor", item_id).hex()[:24]
    return urlsafe_b64encode(f"AQH{mark}{item_id}".encode()).decode().rstrip("=")


def _place(listing: Listing, cursor: str) -> int:
    """The place of the item that a cursor points to.

    Raises:
        GraphError: It is no cursor, or its item is gone.
    """
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        raise GraphError(BAD_CURSOR) from None
    item_id = text[27:]
    if cursor_of(item_id) != cursor.rstrip("="):
        raise GraphError(BAD_CURSOR)
    if not item_id:
        return -1
    if item_id not in listing.places:
        raise GraphError(BAD_CURSOR)
    return listing.places[item_id]


def _link(
    context: CallContext, account: AccountRef, edge: Edge, wanted: PageWanted, **cursor: str
) -> str:
    given = wanted.given
    query = {"access_token": context.holder.access, "pretty": "0"}
    query |= {name: given[name] for name in CARRIED if given.get(name)}
    query |= {"limit": given.get("limit") or str(PAGE_SIZE)} | cursor
    call = context.call
    where = f"{call.base_url}/{call.version}/{account.account_key}/{edge}"
    return f"{where}?{urlencode(query)}"
