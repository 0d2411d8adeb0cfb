"""Reading one OAuth account: its token, the right client, and what the reading means for it.

Belongs here: fresh tokens, one repeat after a refresh, outcomes in words with the remedy.
Does not belong here: which accounts are due, landing rows, storing outcomes (``oauth``).
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Self

from pydantic import SecretStr

from layers_pipeline.errors import (
    LayersError,
    NotFoundError,
    SourceError,
    SourceForbiddenError,
    SourceMalformedError,
    SourceRejectedError,
    SourceThrottledError,
    SourceUnauthorizedError,
    SourceUnavailableError,
)
from layers_pipeline.operations.oauth_rows import NewToken, PauseRow, TokenRow
from layers_pipeline.operations.rows import AccountRow
from layers_pipeline.operations.secrets import TokenCipher
from layers_pipeline.sources.account_reading import AccountReading
from layers_pipeline.sources.http import DEFAULT_RETRIES, RetryPolicy
from layers_pipeline.sources.instagram.client import InstagramClient, graph_http
from layers_pipeline.sources.rate_limits import Budgets, Pace
from layers_pipeline.sources.tiktok.client import (
    TikTokClient,
    TikTokOAuth,
    TokenExpiredError,
    tiktok_http,
)
from layers_pipeline.steps.ingest.outcomes import LOOK_AGAIN, Ended, wait_of
from layers_pipeline.steps.stores import Stores
from transforms.vocabulary import Depth

SOURCES: Final = {"instagram": "instagram_graph", "tiktok": "tiktok_business"}
REFRESH_AHEAD: Final = timedelta(hours=2)
"""A TikTok token lives a day; it is renewed so long before its end."""
REFRESH_LEASE: Final = timedelta(minutes=5)
STILL_OPENS: Final = timedelta(minutes=5)
"""A token that lives for so long is not waited for while another run refreshes it."""
OTHERS_REFRESH_S: Final = 0.5
OTHERS_LOOKS: Final = 10
UNANSWERED: Final = "not_answered"
"""The remark after which something is missing that another reading may bring."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known beforehand of the accounts that are to be read."""

    tokens: Mapping[str, TokenRow] = field(default_factory=dict)
    refused: Mapping[str, set[tuple[str, str]]] = field(default_factory=dict)
    """Metrics that are not asked for, by source."""
    unreadable: Mapping[str, set[str]] = field(default_factory=dict)
    """Items whose insights are never given, by account."""
    pauses: Mapping[str, PauseRow] = field(default_factory=dict)
    """APIs that are not to be called for now, by source."""


class AccountReader:
    """Reads OAuth accounts of both platforms over one connection pool each.

    Args:
        stores: Open stores.
        cipher: Opens the stored tokens.
        known: What is known of the accounts beforehand.
        worker: Who refreshes tokens, unique per run.
        retries: How often one request is tried, and with what waits.
    """

    def __init__(
        self,
        stores: Stores,
        *,
        cipher: TokenCipher,
        known: Known,
        worker: str,
        retries: RetryPolicy = DEFAULT_RETRIES,
    ) -> None:
        self._stores, self._cipher, self._known, self._worker = stores, cipher, known, worker
        self._retries = retries
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open the connection pools."""
        settings, clock = self._stores.settings, self._stores.clock
        budgets = self._budgets = Budgets(clock, limit_pct=settings.usage_limit_pct)
        pace = Pace(settings.tiktok_calls_per_s)
        graph = await self._stack.enter_async_context(graph_http(settings.instagram_url))
        tiktok = await self._stack.enter_async_context(tiktok_http(settings.tiktok_url))
        self._instagram = InstagramClient(
            graph,
            version=settings.instagram_version,
            clock=clock,
            budgets=budgets,
            app_secret=settings.instagram_app_secret,
            retries=self._retries,
        )
        self._tiktok = TikTokClient(
            tiktok, clock=clock, budgets=budgets, pace=pace, retries=self._retries
        )
        self._consent = TikTokOAuth(
            tiktok,
            client_id=settings.tiktok_client_id,
            client_secret=settings.tiktok_client_secret,
            clock=clock,
            budgets=budgets,
            pace=pace,
            retries=self._retries,
        )
        return self

    async def __aexit__(self, *_told: object) -> None:
        """Close them."""
        await self._stack.aclose()

    async def read(self, account: AccountRow, depth: Depth) -> tuple[AccountReading, Ended]:
        """Read an account, and say how that ended; no source's error passes."""
        now = self._stores.clock.now
        pause = self._known.pauses.get(SOURCES[account.platform])
        if pause is not None:
            message = f"not called: the platform throttles our app ({pause.reason})"
            return AccountReading(), Ended(
                outcome="rate_limited", message=message, retry_at=pause.until
            )
        try:
            token = await self._fresh(account)
            reading = await self._read(account, depth, token)
            if isinstance(reading.error, TokenExpiredError):
                reading = await self._read_on(account, depth, token, first=reading)
        except SourceError as error:
            reading = AccountReading(error=error)
        except NotFoundError as error:
            return AccountReading(), Ended(outcome="reauth_required", message=str(error))
        except LayersError as error:
            # A token that no key opens, too: the key may come back, and then nobody is asked.
            return AccountReading(), Ended(outcome="unavailable", message=str(error))
        ended = ending_of(reading, account_id=account.account_id, now=now())
        return reading, self._held_back(account, ended, now=now())

    def _held_back(self, account: AccountRow, ended: Ended, *, now: datetime) -> Ended:
        """The ending with the account's own wait, where that is longer than the whole app's."""
        source = account.platform
        own = now + timedelta(
            seconds=self._budgets.left_s(source, account.account_key, scope="account")
        )
        if ended.outcome == "rate_limited" and ended.retry_at and own > ended.retry_at:
            return replace(ended, retry_at=own)
        return ended

    async def _read(self, account: AccountRow, depth: Depth, token: TokenRow) -> AccountReading:
        refused = self._known.refused.get(SOURCES[account.platform], set())
        key = account.account_key
        if account.platform == "tiktok":
            reads: dict[Depth, Callable] = {
                "quick": self._tiktok.read_quick,
                "posts": self._tiktok.read_recent,
                "full": self._tiktok.read_full,
            }
            return await reads[depth](key, token.access, refused=refused)
        if depth == "quick":
            return await self._instagram.read_quick(key, token.access)
        unreadable = self._known.unreadable.get(account.account_id, set())
        read = self._instagram.read_full if depth == "full" else self._instagram.read_recent
        return await read(key, token.access, refused=refused, unreadable=unreadable)

    async def _read_on(
        self, account: AccountRow, depth: Depth, token: TokenRow, *, first: AccountReading
    ) -> AccountReading:
        """One repeat with a newer token; the rows of the first reading are kept, too (R12)."""
        try:
            second = await self._read(account, depth, await self._refreshed(account, token))
        except SourceError as error:
            return replace(first, error=error)
        return replace(
            second,
            rows=(*first.rows, *second.rows),
            calls=first.calls + second.calls,
            refused={**first.refused, **second.refused},
        )

    async def _fresh(self, account: AccountRow) -> TokenRow:
        """The account's token, renewed if it is a TikTok one that ends soon."""
        token = self._known.tokens.get(account.account_id)
        if token is None:
            token = self._stores.operations.token(account.account_id, self._cipher)
        ends_soon = token.expires_at <= self._stores.clock.now() + REFRESH_AHEAD
        if account.platform == "tiktok" and ends_soon:
            return await self._renewed_ahead(account, token)
        return token

    async def _renewed_ahead(self, account: AccountRow, token: TokenRow) -> TokenRow:
        """A newer token; while it cannot be had, the given one for as long as it opens."""
        try:
            return await self._refreshed(account, token, ahead=True)
        except (SourceUnavailableError, SourceMalformedError, SourceThrottledError):
            if token.expires_at <= self._stores.clock.now():
                raise
            return token

    async def _refreshed(
        self, account: AccountRow, token: TokenRow, *, ahead: bool = False
    ) -> TokenRow:
        """A newer token than the given one: made here, or by whoever is at it already.

        Raises:
            SourceError: It could not be refreshed.
        """
        operations, clock = self._stores.operations, self._stores.clock
        is_ours = operations.claim_token_refresh(
            account.account_id,
            worker=self._worker,
            now=clock.now(),
            lease_for=REFRESH_LEASE,
            expires_before=clock.now() + REFRESH_AHEAD if ahead else token.expires_at,
        )
        if not is_ours:
            return await self._refreshed_by_another(account, token, ahead=ahead)
        pair: NewToken | None = None
        try:
            pair = await self._pair(token)
        finally:
            operations.finish_token_refresh(
                account.account_id, pair, self._cipher, worker=self._worker, now=clock.now()
            )
        return operations.token(account.account_id, self._cipher)

    async def _pair(self, token: TokenRow) -> NewToken:
        if token.refresh is None:
            raise SourceUnauthorizedError("tiktok", "no refresh token is stored")
        made = await self._consent.refresh(SecretStr(token.refresh.get_secret_value()))
        return NewToken(
            access=made.access,
            refresh=made.refresh,
            expires_at=made.expires_at,
            refresh_expires_at=made.refresh_expires_at,
        )

    async def _refreshed_by_another(
        self, account: AccountRow, token: TokenRow, *, ahead: bool
    ) -> TokenRow:
        for _ in range(OTHERS_LOOKS):
            newest = self._stores.operations.token(account.account_id, self._cipher)
            if newest.updated_at > token.updated_at or newest.expires_at > token.expires_at:
                return newest
            if ahead and token.expires_at > self._stores.clock.now() + STILL_OPENS:
                return token
            await asyncio.sleep(OTHERS_REFRESH_S)
        # A token that was refused, or has ended, would be taken for a lost consent.
        raise SourceUnavailableError("tiktok", "another run is refreshing the access token")


def ending_of(reading: AccountReading, *, account_id: str, now: datetime) -> Ended:
    """The outcome that a reading means for its account (R6)."""
    if reading.error is not None:
        return _failed(reading, reading.error, account_id=account_id, now=now)
    barred = sum(remark.kind == "not_permitted" for remark in reading.remarks)
    if reading.items and barred >= reading.items:
        message = f"no insights may be read, of no post ({_told(reading)}). Let the owner grant "
        return Ended(
            outcome="forbidden",
            message=f"{message}the permissions, then reauth {account_id}.",
            retry_at=now + LOOK_AGAIN,
        )
    is_partial = any(remark.kind == UNANSWERED for remark in reading.remarks)
    return Ended(outcome="partial" if is_partial else "ok", message=_told(reading))


def _failed(
    reading: AccountReading, error: SourceError, *, account_id: str, now: datetime
) -> Ended:
    message = str(error)
    match error:
        case SourceThrottledError():
            retry_at = now + wait_of(error)
            return Ended(outcome="rate_limited", message=message, retry_at=retry_at)
        case SourceUnauthorizedError():
            remedy = f"{message} Give it a new token: layers-pipeline account reauth {account_id}"
            return Ended(outcome="reauth_required", message=remedy)
        case SourceForbiddenError():
            remedy = f"{message} Let the owner grant the permissions, then reauth {account_id}."
            return Ended(outcome="forbidden", message=remedy, retry_at=now + LOOK_AGAIN)
        case SourceRejectedError():
            return Ended(outcome="unavailable", message=message, retry_at=now + LOOK_AGAIN)
        case _ if reading.rows:
            told = f"{message} What was read before is kept ({_told(reading)})."
            return Ended(outcome="partial", message=told)
        case _:
            is_malformed = isinstance(error, SourceMalformedError)
            return Ended(outcome="malformed" if is_malformed else "unavailable", message=message)


def _told(reading: AccountReading) -> str:
    """A reading in words: posts, and what was remarked of how many items."""
    counted = Counter(remark.kind for remark in reading.remarks)
    remarks = ", ".join(f"{kind}: {count}" for kind, count in sorted(counted.items()))
    posts = f"{reading.items} posts in {reading.calls} calls"
    return f"{posts}; {remarks}" if remarks else posts
