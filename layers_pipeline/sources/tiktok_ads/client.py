"""TikTok's ads: ads and daily figures of ad accounts that gave us a token, by the Business API.

Belongs here: opening and closing connections, one reading from its wish to its result.
Does not belong here: which questions a reading asks (``reader``), storage, schedules.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from layers_pipeline.errors import SourceError
from layers_pipeline.sources.ads_client import AdsClient, AdsReading, AdsRequest
from layers_pipeline.sources.client import ClientContext
from layers_pipeline.sources.http import open_http
from layers_pipeline.sources.rate_limits import RateLimiter
from layers_pipeline.sources.tiktok.api import Calling, Exchange
from layers_pipeline.sources.tiktok_ads.reader import TikTokAdsReading
from layers_pipeline.sources.tiktok_ads.reports import Reports, TaskPatience


@asynccontextmanager
async def open_tiktok_ads(context: ClientContext) -> AsyncIterator[AdsClient]:
    """Open the connections to TikTok; they are closed at the end."""
    settings = context.settings
    async with open_http(settings.tiktok_url) as http:
        calling = Calling(
            http=http,
            clock=context.clock,
            budgets=context.budgets,
            limiter=RateLimiter(settings.tiktok_pace_per_s),
            retries=context.retries,
        )
        yield AdsClient(read=TikTokAdsClient(calling).read)


class TikTokAdsClient:
    """Reads ad accounts over an ``httpx.AsyncClient`` that the caller owns.

    Args:
        calling: How requests are made.
        patience: How long tasks of reports are waited for.
    """

    def __init__(self, calling: Calling, *, patience: TaskPatience | None = None) -> None:
        self._calling = calling
        self._patience = patience or TaskPatience()

    async def read(self, wanted: AdsRequest) -> AdsReading:
        """The account, its ads of every status, and their days.

        No ``SourceError`` is raised: it ends the reading and stands in ``error``, beside the rows
        that were read before.
        """
        account_id = wanted.ad_account_id
        exchange = Exchange(self._calling, account_key=account_id, token=wanted.token)
        reports = Reports(
            exchange, http=self._calling.http, advertiser_id=account_id, patience=self._patience
        )
        reading = TikTokAdsReading(
            exchange, reports, clock=self._calling.clock, advertiser_id=account_id
        )
        try:
            await reading.read(wanted)
        except SourceError as error:
            return reading.result(error)
        return reading.result()
