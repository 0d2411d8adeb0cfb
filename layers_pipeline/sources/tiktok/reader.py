"""One reading of one TikTok account while it is being made.

Belongs here: which requests follow each other, and what of their answers is kept.
Does not belong here: HTTP, codes, cursors, and how deep a reading goes (``tiktok``).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from layers_pipeline.clock import Clock
from layers_pipeline.errors import SourceError, SourceMalformedError, SourceThrottledError
from layers_pipeline.json_text import json_text
from layers_pipeline.sources.account_reading import (
    AccountReading,
    Issue,
    IssueKind,
    ListingSoFar,
    ResponseRow,
)
from layers_pipeline.sources.tiktok.api import Answer, Exchange
from layers_pipeline.sources.tiktok.errors import OK, PARTIAL
from layers_pipeline.sources.tiktok.fields import (
    ACCOUNT_FIELDS,
    VIDEO_FIELDS,
    fields_text,
    refused_fields,
)
from layers_pipeline.sources.tiktok.limits import AllowanceUsedError
from layers_pipeline.sources.tiktok.paging import PAGE_LENGTH, CursorPlace, Page, page_of

VIDEOS: Final = "/business/video/list/"
ACCOUNT: Final = "/business/get/"
REFUSED_TYPE: Final = "tiktok_video"
"""The kind of post that a refused field is remembered under; TikTok refuses for all alike."""
REFUSED_OF_ACCOUNT: Final = "account"
"""What a refused field of the account itself is remembered under."""
ASKED: Final[Mapping[str, Sequence[str]]] = {
    REFUSED_TYPE: VIDEO_FIELDS,
    REFUSED_OF_ACCOUNT: ACCOUNT_FIELDS,
}


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
        listing: The listing to begin or to go on with, where it may take several readings.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        clock: Clock,
        account_key: str,
        refused_before: Collection[tuple[str, str]],
        listing: ListingSoFar | None = None,
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._account_key = account_key
        self._fields = {
            kind: [field for field in fields if (kind, field) not in refused_before]
            for kind, fields in ASKED.items()
        }
        self._videos: list[ResponseRow] = []
        self._account: list[ResponseRow] = []
        self._seen: set[str] = set()
        self._issues: list[Issue] = []
        self._refused: dict[tuple[str, str], str] = {}
        self._given: set[tuple[str, str]] = set()
        self._pages = 0
        self._beside = 0
        """Posts that are no part of the listing."""
        self._listing = listing
        self._place = CursorPlace(listing.reached if listing else None)
        self._is_at_end = False
        self._is_doubtful = listing.is_doubtful if listing else False

    def result(self, error: SourceError | None = None) -> AccountReading:
        return AccountReading(
            rows=(*self._videos, *self._account),
            items=len(self._videos),
            pages=self._pages,
            is_complete=self._is_at_end and not self._is_doubtful,
            listing=self._listing_so_far(),
            goes_on=self._goes_on(error),
            calls=self._exchange.calls,
            issues=tuple(self._issues),
            refused=self._refused,
            answered=frozenset(self._given),
            error=error,
        )

    def _listing_so_far(self) -> ListingSoFar | None:
        if self._listing is None:
            return None
        return replace(
            self._listing,
            items=self._listing.items + len(self._videos) - self._beside,
            reached=self._place.reached,
            is_doubtful=self._is_doubtful,
        )

    def _goes_on(self, error: SourceError | None) -> bool:
        """Whether the listing rests here, rather than that the next one begins anew.

        After a failure only one does that has earlier parts to lose, and not at a page that
        cannot be read.
        """
        if self._listing is None or self._is_at_end or self._place.reached is None:
            return False
        if error is None or isinstance(error, SourceThrottledError):
            return True
        is_readable = self._pages > 0 and not isinstance(error, SourceMalformedError)
        return is_readable and self._listing.items > 0

    async def list_videos(self, reach: Reach) -> None:
        """List posts, newest first, to the end or as far as the reach goes.

        A listing that is read on is joined by the newest posts: whoever was read in full was
        read quickly, too. Once the account has made its calls of this minute, the rest is left
        to the next reading.
        """
        page = await self._page()
        self._move_on(page, reach)
        try:
            if self._listing and self._listing.reached is not None:
                await self._newest()
            while page.has_more and not self._reaches(reach):
                page = await self._page()
                self._move_on(page, reach)
        except AllowanceUsedError:
            return
        self._cut(reach)

    async def ask_account(self) -> None:
        """Ask for the account's own numbers."""
        answer = await self._answered(ACCOUNT, REFUSED_OF_ACCOUNT, {})
        self._account.append(self._row("account", "", answer.good()))
        if answer.code == PARTIAL:
            self._issue("not_answered", "", answer.message)

    def _reaches(self, reach: Reach) -> bool:
        listed = len(self._videos)
        return self._pages == reach.pages or (reach.posts is not None and listed >= reach.posts)

    def _move_on(self, page: Page, reach: Reach) -> None:
        """Go on behind a page, where there is more that is wanted."""
        self._is_at_end = not page.has_more
        if page.has_more and not self._reaches(reach):
            self._place.move_on(page)
            if self._place.is_leap:
                self._doubt("a second fills a page: others of its posts may be missing")

    def _cut(self, reach: Reach) -> None:
        """Leave out what lies beyond the reach."""
        if reach.posts is not None and len(self._videos) > reach.posts:
            del self._videos[reach.posts :]
            self._is_at_end = False

    async def _page(self) -> Page:
        cursor = self._place.cursor
        params = {} if cursor is None else {"cursor": str(cursor)}
        page = page_of(await self._listed({"max_count": str(PAGE_LENGTH), **params}))
        self._pages += 1
        self._keep(page)
        return page

    async def _newest(self) -> None:
        """Keep the newest posts beside the listing, which proves nothing by them."""
        answer = await self._answered(VIDEOS, REFUSED_TYPE, {"max_count": str(PAGE_LENGTH)})
        if answer.code == PARTIAL:
            self._issue("not_answered", "", answer.message)
        before = len(self._videos)
        for video in page_of(answer.good()).videos:
            self._keep_video(video)
        self._beside = len(self._videos) - before

    async def _listed(self, params: Mapping[str, str]) -> dict[str, Any]:
        answer = await self._answered(VIDEOS, REFUSED_TYPE, params)
        if answer.code == PARTIAL:
            self._doubt(answer.message)
        return answer.good()

    async def _answered(self, path: str, kind: str, params: Mapping[str, str]) -> Answer:
        """The answer; fields that TikTok refuses by name are given up on the way."""
        while True:
            fields = self._fields[kind]
            answer = await self._ask(path, {**params, "fields": fields_text(fields)})
            refused = refused_fields(answer, fields)
            if not refused:
                if answer.code in (OK, PARTIAL):
                    self._given.update((kind, field) for field in fields)
                return answer
            self._give_up(kind, refused, answer.message)

    def _give_up(self, kind: str, refused: Collection[str], message: str) -> None:
        self._fields[kind] = [field for field in self._fields[kind] if field not in refused]
        for field in refused:
            self._refused[kind, field] = message
            self._issue("metric_refused", field, message)

    async def _ask(self, path: str, params: Mapping[str, str]) -> Answer:
        asked = {"business_id": self._account_key, **params}
        return await self._exchange.ask("GET", path, params=asked)

    def _keep(self, page: Page) -> None:
        for video in page.videos:
            if not self._keep_video(video):
                self._doubt("a post without item_id: it cannot be told from others")

    def _keep_video(self, video: Mapping[str, Any]) -> bool:
        """Keep a post, once; whether it says which one it is."""
        item_id = video.get("item_id")
        subject = item_id if isinstance(item_id, str) else ""
        if not subject or subject not in self._seen:
            self._seen.add(subject)
            self._videos.append(self._row("video", subject, video))
        return bool(subject)

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
