"""Instagram's Graph API: posts, stories and insights of accounts that we hold a token for.

Belongs here: how deep an account can be read; rows leave as they came, without secrets.
Does not belong here: renaming or typing of fields, schedules, storage, tokens' keeping.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from layers_pipeline.errors import SourceError
from layers_pipeline.sources.account_reading import AccountReading
from layers_pipeline.sources.client import ClientContext, PlatformClient, ReadRequest
from layers_pipeline.sources.http import open_http
from layers_pipeline.sources.instagram.call_queue import CallQueue
from layers_pipeline.sources.instagram.oauth import InstagramOAuth
from layers_pipeline.sources.instagram.reader import MediaReader
from layers_pipeline.sources.instagram.reading_builder import ReadingBuilder
from layers_pipeline.sources.instagram.requests import not_of_login, renews_tokens
from layers_pipeline.sources.instagram.session import Graph, GraphSession
from layers_pipeline.sources.instagram.tasks import Plan
from transforms.vocabulary import Depth

LISTED_MAX: Final = 10_000
"""Posts that the platform lists at most."""
PLANS: Final[Mapping[Depth, Plan]] = {
    "quick": Plan(limit=50, pages_max=1, posts_max=50, has_insights=False),
    "posts": Plan(limit=50, posts_max=50),
    "full": Plan(limit=100, posts_max=LISTED_MAX, is_full=True),
}
"""Quick: counts that stand on the posts themselves, in one call. Else stories, the account and
insights too; full lists every post that the platform does."""


@asynccontextmanager
async def open_instagram(context: ClientContext) -> AsyncIterator[PlatformClient]:
    """Open the connections to Instagram; they are closed at the end."""
    settings = context.settings
    async with open_http(settings.instagram_url) as http:
        graph = Graph(
            http=http,
            version=settings.instagram_version,
            clock=context.clock,
            budgets=context.budgets,
            app_secret=settings.instagram_app_secret,
            retries=context.retries,
        )
        consent = InstagramOAuth(graph) if renews_tokens(settings.instagram_url) else None
        renew = consent.refresh if consent else None
        yield PlatformClient(read=InstagramClient(graph).read, renew=renew)


class InstagramClient:
    """Reads accounts over an ``httpx.AsyncClient`` that the caller owns.

    Each account is to be read by one call at a time.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._withheld = not_of_login(str(graph.http.base_url))

    async def read(self, wanted: ReadRequest) -> AccountReading:
        """Posts, and but for the quick depth stories, the account and insights.

        No ``SourceError`` is raised: it ends the reading and stands in ``error``, beside the rows
        that were read before.
        """
        session = GraphSession(self._graph, wanted.account_key, wanted.token)
        builder = ReadingBuilder(
            refused={*wanted.refused, *self._withheld}, unreadable=wanted.unreadable
        )
        plan = PLANS[wanted.depth]
        queue = CallQueue(
            session, builder, account_key=wanted.account_key, plan=plan, known=wanted.known
        )
        error: SourceError | None = None
        try:
            await MediaReader(session, queue, retries=self._graph.retries).run()
        except SourceError as ending:
            error = ending
        return builder.reading(calls=session.calls, error=error)
