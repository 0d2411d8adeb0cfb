"""TikTok's listing of posts, page after page, so that none is lost at a border.

Belongs here: what a page must consist of, and with which cursor the next one is asked for.
Does not belong here: requests, what a post consists of.

A cursor is the second of a page's last post, in milliseconds, and brings older posts than itself.
Were it sent back as it came, a post of that same second that the page had no room for would never
be listed. So the next page is asked for from a second later: it begins with what is known already.

A cursor is a time and no place in a list, so a listing may rest anywhere and go on later: posts
that are published meanwhile lie above it, and deleted ones move no other.
"""

from dataclasses import dataclass
from typing import Any, Final

from layers_pipeline.errors import SourceMalformedError
from layers_pipeline.sources.tiktok.errors import SOURCE

PAGE_LENGTH: Final = 20
"""The most that TikTok gives at once."""
OVERLAP_MS: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of the listing."""

    videos: list[dict[str, Any]]
    has_more: bool
    cursor: int


def page_of(data: dict[str, Any]) -> Page:
    """The page that an answer's data is."""
    videos, has_more, cursor = (data.get(key) for key in ("videos", "has_more", "cursor"))
    if not isinstance(videos, list) or not all(isinstance(video, dict) for video in videos):
        raise SourceMalformedError(SOURCE, "page whose videos are not a list of objects")
    if not isinstance(has_more, bool):
        raise SourceMalformedError(SOURCE, "page whose has_more is neither true nor false")
    if has_more and (not isinstance(cursor, int) or isinstance(cursor, bool)):
        raise SourceMalformedError(SOURCE, "page with has_more whose cursor is no whole number")
    return Page(videos=videos, has_more=has_more, cursor=cursor if isinstance(cursor, int) else 0)


class CursorPlace:
    """Which cursor the next page is asked for with.

    Args:
        reached: The second, in milliseconds, down to which posts were listed before; none: none
            were.
    """

    def __init__(self, reached: int | None = None) -> None:
        self.reached = reached
        self.cursor = None if reached is None else reached + OVERLAP_MS
        """None asks for the newest posts."""
        self.is_leap = False
        """Whether the cursor leaves a second that may hold posts that were not listed."""

    def move_on(self, page: Page) -> None:
        """Go on behind a page that is not the last one.

        Raises:
            SourceMalformedError: The page leads nowhere, so asking on would never end.
        """
        if self.reached is None or page.cursor < self.reached:
            self.reached, self.is_leap = page.cursor, False
            self.cursor = page.cursor + OVERLAP_MS
            return
        if self.is_leap or not page.videos:
            message = f"page with has_more whose cursor {page.cursor} does not move on"
            raise SourceMalformedError(SOURCE, message)
        self.cursor, self.is_leap = self.reached, True
