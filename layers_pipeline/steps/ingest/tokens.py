"""Tokens of accounts that are being read: renewed before they end, by one run at a time.

Belongs here: when a token is renewed, waiting for another run that is at it.
Does not belong here: keeping tokens (``operations``), asking for new ones (``sources``).
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from pydantic import SecretStr

from layers_pipeline.errors import SourceError, SourceUnauthorizedError, SourceUnavailableError
from layers_pipeline.operations.accounts import PlatformAccount
from layers_pipeline.operations.secrets import TokenCipher
from layers_pipeline.operations.tokens import NewToken, Token
from layers_pipeline.sources.client import TokenPair
from layers_pipeline.steps.platforms import PLATFORMS
from layers_pipeline.steps.stores import Stores

REFRESH_LEASE: Final = timedelta(minutes=5)
STILL_OPENS: Final = timedelta(minutes=5)
"""A token that lives for so long is not waited for while another run refreshes it."""
OTHERS_REFRESH_S: Final = 0.5
OTHERS_LOOKS: Final = 10

Renew = Callable[[SecretStr], Awaitable[TokenPair]]


class TokenKeeper:
    """Gives tokens that open their account, and stores the new ones.

    Args:
        cipher: Opens the stored tokens.
        worker: Who refreshes tokens, unique per run.
    """

    def __init__(self, stores: Stores, *, cipher: TokenCipher, worker: str) -> None:
        self._stores, self._cipher, self._worker = stores, cipher, worker

    def stored(self, account: PlatformAccount) -> Token:
        """The account's token.

        Raises:
            NotFoundError: None is stored.
        """
        return self._stores.operations.tokens.get(account.account_id, self._cipher)

    async def fresh(self, account: PlatformAccount, token: Token, renew: Renew | None) -> Token:
        """The token, or a newer one if it ends soon; the old one for as long as that fails.

        Raises:
            SourceError: It has ended, and could not be refreshed.
        """
        now = self._stores.clock.now
        if renew is None or not self._is_to_be_renewed(account, token):
            return token
        try:
            return await self.refreshed(account, token, renew, ahead=True)
        except SourceUnauthorizedError:
            raise
        except SourceError:
            if token.expires_at <= now():
                raise
            return token

    def _is_to_be_renewed(self, account: PlatformAccount, token: Token) -> bool:
        platform, now = PLATFORMS[account.platform], self._stores.clock.now()
        is_near_its_end = token.expires_at <= now + platform.renew_ahead
        return is_near_its_end and token.updated_at <= now - platform.renew_after

    async def refreshed(
        self, account: PlatformAccount, token: Token, renew: Renew, *, ahead: bool = False
    ) -> Token:
        """A newer token than the given one: made here, or by whoever is at it already.

        Raises:
            SourceError: It could not be refreshed.
        """
        operations, clock = self._stores.operations, self._stores.clock
        is_ours = operations.tokens.claim_refresh(
            account.account_id,
            worker=self._worker,
            now=clock.now(),
            lease_for=REFRESH_LEASE,
            expires_before=self._renewed_before(account) if ahead else token.expires_at,
        )
        if not is_ours:
            return await self._refreshed_by_another(account, token, ahead=ahead)
        pair: NewToken | None = None
        try:
            pair = await _renewed(account, token, renew)
        finally:
            operations.tokens.finish_refresh(
                account.account_id, pair, self._cipher, worker=self._worker, now=clock.now()
            )
        return self.stored(account)

    def _renewed_before(self, account: PlatformAccount) -> datetime:
        """The end by which a token is renewed now, unless it ends later."""
        return self._stores.clock.now() + PLATFORMS[account.platform].renew_ahead

    async def _refreshed_by_another(
        self, account: PlatformAccount, token: Token, *, ahead: bool
    ) -> Token:
        for _ in range(OTHERS_LOOKS):
            newest = self.stored(account)
            if newest.updated_at > token.updated_at or newest.expires_at > token.expires_at:
                return newest
            if ahead and token.expires_at > self._stores.clock.now() + STILL_OPENS:
                return token
            await asyncio.sleep(OTHERS_REFRESH_S)
        # A token that was refused, or has ended, would be taken for a lost consent.
        message = "another run is refreshing the access token"
        raise SourceUnavailableError(account.platform, message)


async def _renewed(account: PlatformAccount, token: Token, renew: Renew) -> NewToken:
    has_own = PLATFORMS[account.platform].refresh_life is not None
    renewing = token.refresh if has_own else token.access
    if renewing is None:
        raise SourceUnauthorizedError(account.platform, "no refresh token is stored")
    made = await renew(renewing)
    return NewToken(
        access=made.access,
        refresh=made.refresh,
        expires_at=made.expires_at,
        refresh_expires_at=made.refresh_expires_at,
    )
