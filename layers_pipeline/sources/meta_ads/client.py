"""Meta's Marketing API: ads, days and totals of ad accounts that we hold a token for.

Belongs here: opening connections; rows leave as they came, without secrets.
Does not belong here: renaming or typing of fields, schedules, storage, tokens' keeping.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from layers_pipeline.sources.ads_client import AdsClient, AdsReading, AdsRequest
from layers_pipeline.sources.client import ClientContext
from layers_pipeline.sources.http import open_http
from layers_pipeline.sources.meta_ads.reader import MetaAdsReader
from layers_pipeline.sources.meta_ads.session import AdsSession, MarketingApi


@asynccontextmanager
async def open_meta_ads(context: ClientContext) -> AsyncIterator[AdsClient]:
    """Open the connections to Meta; they are closed at the end."""
    settings = context.settings
    async with open_http(settings.meta_ads_url, timeout_s=60) as http:
        api = MarketingApi(
            http=http,
            version=settings.meta_ads_version,
            clock=context.clock,
            budgets=context.budgets,
            app_secret=settings.meta_ads_app_secret,
            retries=context.retries,
        )
        yield AdsClient(read=MetaAdsClient(api).read)


class MetaAdsClient:
    """Reads ad accounts over an ``httpx.AsyncClient`` that the caller owns."""

    def __init__(self, api: MarketingApi) -> None:
        self._api = api

    async def read(self, wanted: AdsRequest) -> AdsReading:
        """An ad account's ads, their days and its totals.

        No ``SourceError`` is raised: it ends the reading and stands in ``error``, beside the rows
        that were read before.
        """
        session = AdsSession(self._api, wanted.ad_account_id, wanted.token)
        return await MetaAdsReader(session, wanted).run()
