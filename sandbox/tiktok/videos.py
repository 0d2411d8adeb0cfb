"""Pages of an account's videos as the simulated TikTok Business API cuts them.

Belongs here: parameters of the list of videos, and which videos make a page.
Does not belong here: what is said of one video (``fields``), tokens, HTTP.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sandbox.simulation.accounts import AccountRef
from sandbox.simulation.items import Item
from sandbox.tiktok.fields import VIDEO_FIELDS, Reading, create_s, video
from sandbox.tiktok.parameters import fields_asked, filters_asked, whole_number
from sandbox.world import World

COUNT_DEFAULT: Final = 10
COUNT_MAX: Final = 20
CURSOR_MAX: Final = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class VideoQuery:
    """What was asked of an account's videos."""

    fields: tuple[str, ...]
    video_ids: tuple[str, ...] | None
    ads_only: bool
    cursor_ms: int
    """Only videos that appeared before; 0: from the newest on."""
    count: int


@dataclass(frozen=True, kw_only=True)
class VideoPage:
    """Videos that are shown together."""

    items: Sequence[Item]
    cursor_ms: int
    has_more: bool


def video_query(params: Mapping[str, str]) -> VideoQuery:
    """The parameters of a request, checked.

    Raises:
        TikTokRefusalError: 40002, one of them is not what it should be.
    """
    video_ids, ads_only = filters_asked(params.get("filters", ""))
    return VideoQuery(
        fields=fields_asked(params.get("fields", ""), VIDEO_FIELDS, "item_id"),
        video_ids=video_ids,
        ads_only=ads_only,
        cursor_ms=whole_number(params, "cursor", 0, least=0, most=CURSOR_MAX),
        count=whole_number(params, "max_count", COUNT_DEFAULT, least=1, most=COUNT_MAX),
    )


def videos_answer(
    world: World, account: AccountRef, query: VideoQuery, *, kind: str, read_number: int
) -> dict[str, Any]:
    """The data of an answer, spoilt by a kind of fault if one is named."""
    now = world.clock.now()
    page = _spoilt(_page(world, account, query, now), world, account, query, kind)
    reading = Reading(
        at=now, signature=read_number, followers=world.dataset.followers(account, at=now)
    )
    shown = page.items[::2] if kind == "code_20001" else page.items
    return {
        "has_more": page.has_more,
        "cursor": page.cursor_ms,
        "videos": [video(item, query.fields, reading) for item in shown],
    }


def _page(world: World, account: AccountRef, query: VideoQuery, now: datetime) -> VideoPage:
    if query.ads_only:
        return VideoPage(items=(), cursor_ms=0, has_more=False)
    if query.video_ids is not None:
        found = (world.dataset.item("tiktok", video_id) for video_id in query.video_ids)
        owned = [item for item in found if item and item.account == account and item.lives(now)]
        return VideoPage(items=owned, cursor_ms=0, has_more=False)
    return page_of(world.dataset.every_item(account), query, now)


def page_of(items: Sequence[Item], query: VideoQuery, now: datetime) -> VideoPage:
    """The newest videos that appeared before the cursor.

    A cursor names a second, and the next page begins with the second before. So a page never
    parts videos of one second: it ends earlier, with fewer than were asked for and ``has_more``,
    or, where one second alone has more than were asked for, it is longer. Nothing is lost or
    shown twice.
    """
    alive = _alive(items, query.cursor_ms, now)
    found = list(islice(alive, query.count + 1))
    if len(found) <= query.count:
        return _cut(found, has_more=False)
    second = create_s(found[-1])
    if whole := [item for item in found if create_s(item) > second]:
        return _cut(whole, has_more=True)
    rest = list(alive)
    same = [item for item in rest if create_s(item) == second]
    return _cut(found + same, has_more=len(rest) > len(same))


def _cut(items: Sequence[Item], *, has_more: bool) -> VideoPage:
    cursor_ms = create_s(items[-1]) * 1000 if items else 0
    return VideoPage(items=items, cursor_ms=cursor_ms, has_more=has_more)


def _alive(items: Sequence[Item], cursor_ms: int, now: datetime) -> Iterator[Item]:
    """Videos that live, newest first, from the cursor on."""
    # Seconds fall along the list, so the first one before the cursor is found by halving.
    before_s = -((cursor_ms or CURSOR_MAX) // -1000)
    begin = bisect_left(items, 1 - before_s, key=lambda item: -create_s(item))
    return (item for item in islice(items, begin, None) if item.lives(now))


def _spoilt(
    page: VideoPage, world: World, account: AccountRef, query: VideoQuery, kind: str
) -> VideoPage:
    now = world.clock.now()
    if kind == "empty_page_with_more":
        asked_ms = query.cursor_ms or int(now.timestamp() * 1000)
        return VideoPage(items=(), cursor_ms=asked_ms, has_more=True)
    if kind == "short_page" and len(page.items) > 1:
        return _page(world, account, replace(query, count=len(page.items) // 2), now)
    return page
