"""One reading of one TikTok account while it is being made.

Belongs here: which requests follow each other, and what of their answers is kept.
Does not belong here: HTTP, codes, cursors, and how deep a reading goes (``tiktok``).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from layers_pipeline.clock import Clock
from layers_pipeline.errors import SourceError
from layers_pipeline.sources.account_reading import AccountReading, Issue, IssueKind, ResponseRow
from layers_pipeline.sources.json_text import json_text
from layers_pipeline.sources.tiktok.api import Answer, Exchange
from layers_pipeline.sources.tiktok.errors import PARTIAL
from layers_pipeline.sources.tiktok.fields import (
    ACCOUNT_FIELDS,
    VIDEO_FIELDS,
    fields_text,
    refused_fields,
)
from layers_pipeline.sources.tiktok.paging import PAGE_LENGTH, CursorPlace, Page, page_of

VIDEOS: Final = "/business/video/list/"
ACCOUNT: Final = "/business/get/"
REFUSED_TYPE: Final = "tiktok_video"
"""The kind of post that a refused field is remembered under; TikTok refuses for all alike."""


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How far one reading goes; without a number to the end."""

    pages: int | None = None
    posts: int | None = None
    with_account: bool = False


class TikTokReading:
    """Gathers rows, and what else is learnt, until it is asked for its result.

    Args:
        exchange: The requests, with the account's token.
        clock: Tells when rows were received.
        account_key: The account's ``open_id``.
        refused_before: Fields not to ask for.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        clock: Clock,
        account_key: str,
        refused_before: Collection[tuple[str, str]],
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._account_key = account_key
        self._fields = [
            field for field in VIDEO_FIELDS if (REFUSED_TYPE, field) not in refused_before
        ]
        self._videos: list[ResponseRow] = []
        self._account: list[ResponseRow] = []
        self._seen: set[str] = set()
        self._issues: list[Issue] = []
        self._refused: dict[tuple[str, str], str] = {}
        self._pages = 0
        self._is_at_end = False
        self._is_doubtful = False

    def result(self, error: SourceError | None = None) -> AccountReading:
        return AccountReading(
            rows=(*self._videos, *self._account),
            items=len(self._videos),
            pages=self._pages,
            is_complete=self._is_at_end and not self._is_doubtful,
            calls=self._exchange.calls,
            issues=tuple(self._issues),
            refused=self._refused,
            error=error,
        )

    async def list_videos(self, reach: Reach) -> None:
        """List posts, newest first, to the end or as far as the reach goes."""
        place = CursorPlace()
        page = await self._page(place)
        while page.has_more and not self._reaches(reach):
            place.move_on(page)
            if place.is_leap:
                self._doubt("a second fills a page: others of its posts may be missing")
            page = await self._page(place)
        self._is_at_end = not page.has_more
        self._cut(reach)

    async def ask_account(self) -> None:
        """Ask for the account's own numbers."""
        answer = await self._ask(ACCOUNT, {"fields": fields_text(ACCOUNT_FIELDS)})
        self._account.append(self._row("account", "", answer.good()))
        if answer.code == PARTIAL:
            self._issue("not_answered", "", answer.message)

    def _reaches(self, reach: Reach) -> bool:
        listed = len(self._videos)
        return self._pages == reach.pages or (reach.posts is not None and listed >= reach.posts)

    def _cut(self, reach: Reach) -> None:
        """Leave out what lies beyond the reach."""
        if reach.posts is not None and len(self._videos) > reach.posts:
            del self._videos[reach.posts :]
            self._is_at_end = False

    async def _page(self, place: CursorPlace) -> Page:
        params = {} if place.cursor is None else {"cursor": str(place.cursor)}
        page = page_of(await self._listed({"max_count": str(PAGE_LENGTH), **params}))
        self._pages += 1
        self._keep(page)
        return page

    async def _listed(self, params: Mapping[str, str]) -> dict[str, Any]:
        """The listing's data; fields that TikTok refuses by name are given up on the way."""
        while True:
            answer = await self._ask(VIDEOS, {**params, "fields": fields_text(self._fields)})
            refused = refused_fields(answer, self._fields)
            if not refused:
                break
            self._give_up(refused, answer.message)
        if answer.code == PARTIAL:
            self._doubt(answer.message)
        return answer.good()

    def _give_up(self, refused: Collection[str], message: str) -> None:
        self._fields = [field for field in self._fields if field not in refused]
        for field in refused:
            self._refused[REFUSED_TYPE, field] = message
            self._issue("metric_refused", field, message)

    async def _ask(self, path: str, params: Mapping[str, str]) -> Answer:
        asked = {"business_id": self._account_key, **params}
        return await self._exchange.ask("GET", path, params=asked)

    def _keep(self, page: Page) -> None:
        for video in page.videos:
            item_id = video.get("item_id")
            subject = item_id if isinstance(item_id, str) else ""
            if not subject:
                self._doubt("a post without item_id: it cannot be told from others")
            if not subject or subject not in self._seen:
                self._seen.add(subject)
                self._videos.append(self._row("video", subject, video))

    def _row(self, entity: str, subject: str, received: Mapping[str, Any]) -> ResponseRow:
        return ResponseRow(
            entity=entity,
            subject=subject,
            received_at=self._clock.now(),
            body=self._exchange.redacted(json_text(received)),
        )

    def _doubt(self, message: str) -> None:
        """The listing may lack something, so that it proves nothing about what is not in it."""
        self._is_doubtful = True
        self._issue("not_answered", "", message)

    def _issue(self, kind: IssueKind, subject: str, message: str) -> None:
        self._issues.append(Issue(kind=kind, subject=subject, message=message))
