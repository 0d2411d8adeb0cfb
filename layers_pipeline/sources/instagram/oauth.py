"""Instagram's consent: a token of 60 days renewed by itself, while it still opens the account.

Belongs here: the route that renews tokens, and what it answers.
Does not belong here: where tokens are kept, when they are renewed, what they read.

Only a login through Instagram has such a route. A long-lived token of a Facebook login is made
from a new login of the owner and from nothing else; a system user's token has no end.
"""

from datetime import timedelta
from typing import Final

from pydantic import SecretStr

from layers_pipeline.errors import SourceMalformedError
from layers_pipeline.sources.client import TokenPair
from layers_pipeline.sources.instagram.errors import SOURCE
from layers_pipeline.sources.instagram.requests import renewal
from layers_pipeline.sources.instagram.session import Graph, GraphSession

LIFE_MAX_S: Final = 366 * 86_400
APP: Final = ""
"""In the place of an account: the call is counted for nobody but our app."""


class InstagramOAuth:
    """Renews tokens over the connections of a ``Graph``."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    async def refresh(self, access: SecretStr) -> TokenPair:
        """A newer token for one that is a day old and has not ended; the old one keeps its end.

        Raises:
            SourceUnauthorizedError: The token opens nothing any more: ask for a new login.
            SourceError: Anything else; the class says what to do.
        """
        session = GraphSession(self._graph, APP, access)
        answer = await session.get(renewal(access))
        if answer.fault is not None:
            raise answer.fault.error()
        # The values are not shown: one of them is a token.
        token, life_s = answer.body.get("access_token"), answer.body.get("expires_in")
        if not isinstance(token, str) or not token:
            raise SourceMalformedError(SOURCE, "renewed token: access_token is no text")
        if not isinstance(life_s, int) or isinstance(life_s, bool) or not 0 < life_s <= LIFE_MAX_S:
            raise SourceMalformedError(SOURCE, "renewed token: expires_in is no number of seconds")
        ends_at = answer.received_at + timedelta(seconds=life_s)
        return TokenPair(access=SecretStr(token), expires_at=ends_at)
