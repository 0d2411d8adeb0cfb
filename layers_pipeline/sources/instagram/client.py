"""Instagram's Graph API: posts, stories and insights of accounts that we hold a token for.

Belongs here: how deep an account can be read; rows leave as they came, without secrets.
Does not belong here: renaming or typing of fields, schedules, storage, tokens' keeping.
"""

from collections.abc import Collection
from typing import Final

import httpx
from pydantic import SecretStr

from layers_pipeline.clock import Clock
from layers_pipeline.errors import SourceError
from layers_pipeline.sources.account_reading import AccountReading
from layers_pipeline.sources.http import DEFAULT_RETRIES, RetryPolicy, open_http
from layers_pipeline.sources.instagram.call_queue import CallQueue
from layers_pipeline.sources.instagram.reader import MediaReader
from layers_pipeline.sources.instagram.reading_builder import ReadingBuilder
from layers_pipeline.sources.instagram.session import NO_SECRET, Graph, GraphSession
from layers_pipeline.sources.instagram.tasks import Plan
from layers_pipeline.sources.rate_limits import UsageBudgets

LISTED_MAX: Final = 10_000
"""Posts that the platform lists at most."""
QUICK: Final = Plan(limit=50, pages_max=1, posts_max=50, has_insights=False)
RECENT: Final = Plan(limit=50, posts_max=50)
FULL: Final = Plan(limit=100, posts_max=LISTED_MAX, is_full=True)


def graph_http(url: str, *, timeout_s: float = 30) -> httpx.AsyncClient:
    """A client for the Graph API without any token, shared by all accounts; the caller closes it.

    Args:
        url: Base URL without version: ``https://graph.facebook.com``,
            ``https://graph.instagram.com``, or the sandbox's.
        timeout_s: Longest wait to connect, for each part of an answer, and for a free connection.

    Raises:
        SettingsError: The URL cannot be used.
    """
    return open_http(url, timeout_s=timeout_s)


class InstagramClient:
    """Reads accounts over an ``httpx.AsyncClient`` that the caller owns.

    No method raises a ``SourceError``: it ends the reading and stands in ``error``, beside the
    rows that were read before. Each account is to be read by one call at a time.

    Args:
        http: Made by ``graph_http``.
        version: Version of the Graph API, such as ``v26.0``.
        clock: Tells when an answer was received.
        budgets: Shared by everybody who calls for our app.
        app_secret: Where given, every call is signed with ``appsecret_proof``.
        retries: How often one request is tried, and with what waits.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        version: str,
        clock: Clock,
        budgets: UsageBudgets,
        app_secret: SecretStr = NO_SECRET,
        retries: RetryPolicy = DEFAULT_RETRIES,
    ) -> None:
        self._graph = Graph(
            http=http,
            version=version,
            clock=clock,
            budgets=budgets,
            app_secret=app_secret,
            retries=retries,
        )

    async def read_quick(self, account_key: str, token: SecretStr) -> AccountReading:
        """The 50 most recent posts with the counts that stand on themselves, in one call."""
        return await self._read(account_key, token, QUICK, ReadingBuilder())

    async def read_recent(
        self,
        account_key: str,
        token: SecretStr,
        *,
        refused: Collection[tuple[str, str]] = (),
        unreadable: Collection[str] = (),
    ) -> AccountReading:
        """The 50 most recent posts, stories and the account, with insights.

        Args:
            account_key: The account's id.
            token: Its access token.
            refused: Metrics known to be refused: (media type, metric).
            unreadable: Ids of items known to have no insights for ever.
        """
        builder = ReadingBuilder(refused=refused, unreadable=unreadable)
        return await self._read(account_key, token, RECENT, builder)

    async def read_full(
        self,
        account_key: str,
        token: SecretStr,
        *,
        refused: Collection[tuple[str, str]] = (),
        unreadable: Collection[str] = (),
    ) -> AccountReading:
        """Every post that the platform lists, stories and the account, with insights.

        Args:
            account_key: The account's id.
            token: Its access token.
            refused: Metrics known to be refused: (media type, metric).
            unreadable: Ids of items known to have no insights for ever.
        """
        builder = ReadingBuilder(refused=refused, unreadable=unreadable)
        return await self._read(account_key, token, FULL, builder)

    async def _read(
        self, account_key: str, token: SecretStr, plan: Plan, builder: ReadingBuilder
    ) -> AccountReading:
        session = GraphSession(self._graph, account_key, token)
        queue = CallQueue(session, builder, account_key=account_key, plan=plan)
        error: SourceError | None = None
        try:
            await MediaReader(session, queue, retries=self._graph.retries).run()
        except SourceError as ending:
            error = ending
        return builder.reading(calls=session.calls, error=error)
