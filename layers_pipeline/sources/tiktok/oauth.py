"""TikTok's consent: a new pair of tokens for a refresh token.

Belongs here: the OAuth routes of the Business API, and what a pair of tokens consists of.
Does not belong here: where tokens are kept, when they are renewed, what they read.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import SecretStr

from layers_pipeline.errors import SourceMalformedError, SourceUnauthorizedError
from layers_pipeline.sources.client import TokenExpiredError, TokenPair
from layers_pipeline.sources.tiktok.api import Calling, Exchange
from layers_pipeline.sources.tiktok.errors import SOURCE

REFRESH: Final = "/tt_user/oauth2/refresh_token/"
LIFE_MAX_S: Final = 10 * 366 * 86_400


class TikTokOAuth:
    """Renews tokens over an ``httpx.AsyncClient`` that the caller owns.

    Args:
        calling: How requests are made.
        client_id: Our app.
        client_secret: Its secret.
    """

    def __init__(self, calling: Calling, *, client_id: str, client_secret: SecretStr) -> None:
        self._calling = calling
        self._client_id = client_id
        self._client_secret = client_secret

    async def refresh(self, refresh: SecretStr) -> TokenPair:
        """A new pair; keep both of its tokens, because the old ones may end at once.

        Raises:
            SourceUnauthorizedError: The refresh token opens nothing any more: ask for consent.
            SourceError: Anything else; the class says what to do.
        """
        exchange = Exchange(self._calling, secrets=(self._client_secret, refresh))
        answer = await exchange.ask("POST", REFRESH, json=self._body(refresh))
        try:
            data = answer.good()
        except TokenExpiredError as error:
            message = f"code {answer.code}: {answer.message}. Ask the account's owner for consent."
            raise SourceUnauthorizedError(SOURCE, message) from error
        return self._pair(data)

    def _body(self, refresh: SecretStr) -> dict[str, str]:
        return {
            "client_id": self._client_id,
            "client_secret": self._client_secret.get_secret_value(),
            "grant_type": "refresh_token",
            "refresh_token": refresh.get_secret_value(),
        }

    def _pair(self, data: dict[str, Any]) -> TokenPair:
        return TokenPair(
            access=SecretStr(_text(data, "access_token")),
            refresh=SecretStr(_text(data, "refresh_token")),
            expires_at=self._end(data, "expires_in"),
            refresh_expires_at=self._end(data, "refresh_token_expires_in"),
            account_key=_text(data, "open_id"),
        )

    def _end(self, data: dict[str, Any], key: str) -> datetime:
        seconds = data.get(key)
        if not isinstance(seconds, int) or isinstance(seconds, bool):
            raise SourceMalformedError(SOURCE, f"token pair whose {key} is no whole number")
        if not 0 < seconds <= LIFE_MAX_S:
            raise SourceMalformedError(SOURCE, f"token pair whose {key} is {seconds}")
        return self._calling.clock.now() + timedelta(seconds=seconds)


def _text(data: dict[str, Any], key: str) -> str:
    # The value is not shown: it may be a token.
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise SourceMalformedError(SOURCE, f"token pair whose {key} is no text")
    return value
