"""TikTok: posts and metrics of accounts that gave us a token, by the Business API.

Belongs here: what callers need to read TikTok, and how deep each kind of reading goes.
Does not belong here: requests, paging, codes (the modules beside this one), storage, schedules.
"""

from collections.abc import Collection
from typing import Final

import httpx
from pydantic import SecretStr

from layers_pipeline.clock import Clock
from layers_pipeline.errors import SourceError
from layers_pipeline.sources.account_reading import AccountReading
from layers_pipeline.sources.http import DEFAULT_RETRIES, RetryPolicy
from layers_pipeline.sources.rate_limits import RateLimiter, UsageBudgets
from layers_pipeline.sources.tiktok.api import Calling, Exchange, tiktok_http
from layers_pipeline.sources.tiktok.errors import TokenExpiredError
from layers_pipeline.sources.tiktok.oauth import TikTokOAuth, TokenPair
from layers_pipeline.sources.tiktok.reader import Reach, TikTokReading

__all__ = [
    "TikTokClient",
    "TikTokOAuth",
    "TokenExpiredError",
    "TokenPair",
    "tiktok_http",
]

QUICK: Final = Reach(pages=1)
RECENT: Final = Reach(posts=50)
FULL: Final = Reach(with_account=True)


class TikTokClient:
    """Reads accounts over an ``httpx.AsyncClient`` that the caller owns.

    A reading never raises a ``SourceError``: it ends with it, and keeps the rows read before.

    Args:
        http: Made by ``tiktok_http``.
        clock: Tells when rows were received.
        budgets: Who has to wait; share one among all that use our app.
        limiter: Calls per second of our app, shared likewise; none: as fast as answers come.
        retries: How often one request is tried, and with what waits.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        clock: Clock,
        budgets: UsageBudgets,
        limiter: RateLimiter | None = None,
        retries: RetryPolicy = DEFAULT_RETRIES,
    ) -> None:
        self._calling = Calling(http=http, budgets=budgets, limiter=limiter, retries=retries)
        self._clock = clock

    async def read_quick(
        self, account_key: str, token: SecretStr, *, refused: Collection[tuple[str, str]] = ()
    ) -> AccountReading:
        """The 20 newest posts, in one request.

        Args:
            account_key: The account's ``open_id``.
            token: Its access token.
            refused: Fields found refused before, as in ``AccountReading.refused``.
        """
        return await self._read(account_key, token, refused, QUICK)

    async def read_recent(
        self, account_key: str, token: SecretStr, *, refused: Collection[tuple[str, str]] = ()
    ) -> AccountReading:
        """The 50 newest posts; arguments as for ``read_quick``."""
        return await self._read(account_key, token, refused, RECENT)

    async def read_full(
        self, account_key: str, token: SecretStr, *, refused: Collection[tuple[str, str]] = ()
    ) -> AccountReading:
        """Every post, then the account's followers; arguments as for ``read_quick``."""
        return await self._read(account_key, token, refused, FULL)

    async def _read(
        self, account_key: str, token: SecretStr, refused: Collection[tuple[str, str]], reach: Reach
    ) -> AccountReading:
        exchange = Exchange(self._calling, account_key=account_key, token=token)
        reading = TikTokReading(
            exchange, clock=self._clock, account_key=account_key, refused_before=refused
        )
        try:
            await reading.list_videos(reach)
            if reach.with_account:
                await reading.ask_account()
        except SourceError as error:
            return reading.result(error)
        return reading.result()
