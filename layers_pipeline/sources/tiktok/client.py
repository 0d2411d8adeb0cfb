"""TikTok: posts and metrics of accounts that gave us a token, by the Business API.

Belongs here: how deep each kind of reading goes; rows leave as they came, without secrets.
Does not belong here: requests, paging, codes (the modules beside this one), storage, schedules.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from layers_pipeline.errors import SourceError
from layers_pipeline.sources.account_reading import AccountReading
from layers_pipeline.sources.client import ClientContext, PlatformClient, ReadRequest
from layers_pipeline.sources.http import open_http
from layers_pipeline.sources.rate_limits import RateLimiter
from layers_pipeline.sources.tiktok.api import Calling, Exchange
from layers_pipeline.sources.tiktok.limits import AccountWindows
from layers_pipeline.sources.tiktok.oauth import TikTokOAuth
from layers_pipeline.sources.tiktok.reader import Reach, TikTokReading
from transforms.vocabulary import Depth

REACHES: Final[Mapping[Depth, Reach]] = {
    "quick": Reach(pages=1),
    "posts": Reach(posts=50),
    "full": Reach(with_account=True),
}
"""Quick is one request; full is every post, then the account's followers if they are wanted."""


@asynccontextmanager
async def open_tiktok(context: ClientContext) -> AsyncIterator[PlatformClient]:
    """Open the connections to TikTok; they are closed at the end."""
    settings = context.settings
    async with open_http(settings.tiktok_url) as http:
        calling = Calling(
            http=http,
            clock=context.clock,
            budgets=context.budgets,
            limiter=RateLimiter(settings.tiktok_pace_per_s),
            windows=AccountWindows(
                context.clock, calls_per_min=settings.tiktok_account_allowance_per_min
            ),
            retries=context.retries,
        )
        consent = TikTokOAuth(
            calling,
            client_id=settings.tiktok_client_id,
            client_secret=settings.tiktok_client_secret,
        )
        yield PlatformClient(read=TikTokClient(calling).read, renew=consent.refresh)


class TikTokClient:
    """Reads accounts over an ``httpx.AsyncClient`` that the caller owns.

    Args:
        calling: How requests are made.
    """

    def __init__(self, calling: Calling) -> None:
        self._calling = calling

    async def read(self, wanted: ReadRequest) -> AccountReading:
        """The newest posts as far as the depth reaches.

        No ``SourceError`` is raised: it ends the reading and stands in ``error``, beside the rows
        that were read before.
        """
        reach = REACHES[wanted.depth]
        reading = TikTokReading(
            Exchange(self._calling, account_key=wanted.account_key, token=wanted.token),
            clock=self._calling.clock,
            account_key=wanted.account_key,
            refused_before=wanted.refused,
            listing=wanted.listing,
        )
        try:
            await reading.list_videos(reach)
            if reach.with_account and wanted.with_account:
                await reading.ask_account()
        except SourceError as error:
            return reading.result(error)
        return reading.result()
