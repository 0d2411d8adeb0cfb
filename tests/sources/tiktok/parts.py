"""An account of TikTok whose posts come and go while it is listed in parts.

Belongs here: the account as a service, reading it part by part at a pace, a clock to move.
Does not belong here: expectations.
"""

import asyncio
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import nlargest

import httpx
from pydantic import SecretStr

from layers_pipeline.sources.account_reading import AccountReading, ListingSoFar
from layers_pipeline.sources.rate_limits import UsageBudgets
from layers_pipeline.sources.tiktok.api import Calling
from layers_pipeline.sources.tiktok.client import TikTokClient
from layers_pipeline.sources.tiktok.limits import AccountWindows
from tests.sources.tiktok.world import NOW, QUICK, envelope, page, request_of

MINUTE = timedelta(minutes=1)


class MovingClock:
    """A clock that tests move."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@dataclass
class Account:
    """Living posts, newest first as TikTok lists them; a page shows what is older than a cursor."""

    posts: dict[str, int]
    """Second of each living post by id."""
    page_length: int = 20
    before_page: Callable[[], httpx.Response | None] = lambda: None
    """Happens before a page is answered, and may answer in its place."""
    asked: list[str | None] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/business/get/"):
            return envelope({"followers_count": 1})
        if instead := self.before_page():
            return instead
        cursor = request.url.params.get("cursor")
        self.asked.append(cursor)
        before_s = int(cursor) / 1000 if cursor else math.inf
        older = nlargest(
            self.page_length + 1,
            ((at, name) for name, at in self.posts.items() if at < before_s),
        )
        shown = [
            {"item_id": name, "create_time": str(at)} for at, name in older[: self.page_length]
        ]
        last_ms = int(shown[-1]["create_time"]) * 1000 if shown else 0
        return page(*shown, has_more=len(older) > len(shown), cursor=last_ms)


class Reader:
    """Full readings of an account one after the other, each going on where the last one stopped."""

    def __init__(self, account: Account, *, calls_per_min: int = 36) -> None:
        self.clock = MovingClock()
        self._account, self._per_min = account, calls_per_min
        self._resting: ListingSoFar | None = None
        self._begun = 0

    def read(self, depth: str = "full") -> AccountReading:
        """One reading; the next one is not before a minute has passed."""
        listing = None
        if depth == "full":
            listing = self._resting or self._new_listing()
        reading = asyncio.run(self._read(depth, listing))
        if depth == "full":
            self._resting = reading.listing if reading.goes_on else None
        self.clock.at += MINUTE
        return reading

    def read_to_the_end(self) -> list[AccountReading]:
        """Readings until nothing is left to go on with."""
        readings = [self.read()]
        while self._resting:
            readings.append(self.read())
        return readings

    def _new_listing(self) -> ListingSoFar:
        self._begun += 1
        return ListingSoFar(listing_id=f"listing {self._begun}", began_at=self.clock.now())

    async def _read(self, depth: str, listing: ListingSoFar | None) -> AccountReading:
        transport = httpx.MockTransport(self._account)
        async with httpx.AsyncClient(transport=transport, base_url="http://t.example") as http:
            calling = Calling(
                http=http,
                clock=self.clock,
                budgets=UsageBudgets(self.clock),
                windows=AccountWindows(self.clock, calls_per_min=self._per_min),
                retries=QUICK,
            )
            wanted = request_of("me", SecretStr("act-0123456789"), depth, listing=listing)
            return await TikTokClient(calling).read(wanted)


def posts_of(count: int, *, gap_s: int = 3600) -> dict[str, int]:
    """So many posts, the first one the newest."""
    newest_s = int(NOW.timestamp()) - 86_400
    return {str(number): newest_s - number * gap_s for number in range(count)}


def listed(readings: Iterable[AccountReading]) -> list[str]:
    """Ids of the posts that readings listed, in order."""
    return [row.subject for one in readings for row in one.rows if row.entity == "video"]
