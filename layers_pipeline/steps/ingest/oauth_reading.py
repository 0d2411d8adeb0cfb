"""Reading one OAuth account: its token, its platform's client, what the reading means for it.

Belongs here: one repeat after a refresh, outcomes in words with the remedy.
Does not belong here: which accounts are due, writing rows, storing outcomes (``oauth``).
"""

from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Self

import polars as pl

from layers_pipeline.errors import (
    LayersError,
    NotFoundError,
    SourceError,
    SourceRejectedError,
    SourceThrottledError,
)
from layers_pipeline.operations.accounts import PlatformAccount
from layers_pipeline.operations.refusals import ApiPause, LeftOut
from layers_pipeline.operations.secrets import TokenCipher
from layers_pipeline.operations.sync_outcomes import SyncEnding
from layers_pipeline.operations.tokens import Token
from layers_pipeline.sources.account_reading import AccountReading, ListingSoFar
from layers_pipeline.sources.client import (
    ClientContext,
    PlatformClient,
    ReadRequest,
    TokenExpiredError,
)
from layers_pipeline.sources.http import DEFAULT_RETRIES, RetryPolicy
from layers_pipeline.sources.rate_limits import Usage, UsageBudgets
from layers_pipeline.steps.ingest.known_posts import by_post
from layers_pipeline.steps.ingest.outcomes import LOOK_AGAIN, Remedies, outcome_of
from layers_pipeline.steps.ingest.raw_rows import AccountSync
from layers_pipeline.steps.ingest.tokens import TokenKeeper
from layers_pipeline.steps.platforms import PLATFORMS
from layers_pipeline.steps.stores import Stores
from transforms.vocabulary import Depth, Platform

UNANSWERED: Final = "not_answered"
"""The issue after which something is missing that another reading may bring."""
GOES_ON: Final = "the next full sync lists on from here"
REAUTH: Final = "Give it a new token: layers-pipeline account reauth {account_id}"
GRANT: Final = "Let the owner grant the permissions, then reauth {account_id}."


@dataclass(frozen=True, kw_only=True)
class AccountContext:
    """What is known beforehand of the accounts that are to be read."""

    tokens: Mapping[str, Token] = field(default_factory=dict)
    left_out: Mapping[str, LeftOut] = field(default_factory=dict)
    """What is not asked for, by account."""
    posts: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    """What is known of posts before, by account (``known_posts``)."""
    listings: Mapping[str, ListingSoFar] = field(default_factory=dict)
    """Listings to go on with, by account."""
    read_this_hour: Collection[str] = ()
    """Accounts of which a full sync of this hour has told all there is beside posts."""
    pauses: Mapping[Platform, ApiPause] = field(default_factory=dict)
    """Platforms that are not to be called for now."""


class AccountReader:
    """Reads OAuth accounts of every platform over one connection pool each.

    Args:
        cipher: Opens the stored tokens.
        known: What is known of the accounts beforehand.
        worker: Who refreshes tokens, unique per run.
    """

    def __init__(
        self,
        stores: Stores,
        *,
        cipher: TokenCipher,
        known: AccountContext,
        worker: str,
        retries: RetryPolicy = DEFAULT_RETRIES,
    ) -> None:
        self._clock, self._known, self._worker = stores.clock, known, worker
        self._tokens = TokenKeeper(stores, cipher=cipher, worker=worker)
        self._budgets = UsageBudgets(stores.clock, limit_pct=stores.settings.usage_limit_pct)
        self._context = ClientContext(
            settings=stores.settings, clock=stores.clock, budgets=self._budgets, retries=retries
        )
        self._stack = AsyncExitStack()
        self._clients: dict[Platform, PlatformClient] = {}

    async def __aenter__(self) -> Self:
        """Open the connection pools."""
        for name, platform in PLATFORMS.items():
            client = platform.open(self._context)
            self._clients[name] = await self._stack.enter_async_context(client)
        return self

    async def __aexit__(self, *_raised: object) -> None:
        """Close the connection pools."""
        await self._stack.aclose()

    async def read(self, account: PlatformAccount, depth: Depth) -> AccountSync:
        """Read an account, and say how that ended; no source's error passes."""
        started_at = self._clock.now()
        sync_id = f"{account.account_id}@{started_at:%Y%m%dT%H%M%S%f}:{depth}:{self._worker}"
        listing = self._listing(account, depth, sync_id, started_at)
        reading, outcome = await self._read_to_the_end(account, depth, listing)
        return AccountSync(
            sync_id=sync_id,
            platform=account.platform,
            account_key=account.account_key,
            depth=depth,
            started_at=started_at,
            finished_at=self._clock.now(),
            reading=reading,
            outcome=outcome,
        )

    def most_used(self, source: str) -> Usage | None:
        """The most of its allowances that a source said was used."""
        return self._budgets.most_used(source)

    def _listing(
        self, account: PlatformAccount, depth: Depth, sync_id: str, now: datetime
    ) -> ListingSoFar | None:
        """The listing to go on with, or a new one; only the deepest reading lists to the end."""
        if depth != "full":
            return None
        new = ListingSoFar(listing_id=sync_id, began_at=now)
        return self._known.listings.get(account.account_id, new)

    async def _read_to_the_end(
        self, account: PlatformAccount, depth: Depth, listing: ListingSoFar | None
    ) -> tuple[AccountReading, SyncEnding]:
        account_id = account.account_id
        if pause := self._known.pauses.get(account.platform):
            message = f"not called: the platform throttles our app ({pause.reason})"
            return AccountReading(), SyncEnding(
                account_id=account_id,
                outcome="rate_limited",
                message=message,
                retry_at=pause.until,
            )
        try:
            reading = await self._read_with_token(account, depth, listing)
        except SourceError as error:
            reading = AccountReading(error=error)
        except NotFoundError as error:
            return AccountReading(), SyncEnding(
                account_id=account_id, outcome="reauth_required", message=str(error)
            )
        except LayersError as error:
            # A token that no key opens, too: the key may come back, and then nobody is asked.
            return AccountReading(), SyncEnding(
                account_id=account_id, outcome="unavailable", message=str(error)
            )
        outcome = outcome_of_reading(reading, account_id, now=self._clock.now())
        return reading, self._held_back(account, outcome)

    def _held_back(self, account: PlatformAccount, outcome: SyncEnding) -> SyncEnding:
        """The outcome with the account's own wait, where that is longer than the whole app's."""
        wait_s = self._budgets.wait_s(account.platform, account.account_key, scope="account")
        own = self._clock.now() + timedelta(seconds=wait_s)
        if outcome.outcome == "rate_limited" and outcome.retry_at and own > outcome.retry_at:
            return replace(outcome, retry_at=own)
        return outcome

    async def _read_with_token(
        self, account: PlatformAccount, depth: Depth, listing: ListingSoFar | None
    ) -> AccountReading:
        """A reading; one repeat with a newer token, whose rows join those of the first (R12)."""
        renew = self._clients[account.platform].renew
        stored = self._known.tokens.get(account.account_id) or self._tokens.stored(account)
        token = await self._tokens.fresh(account, stored, renew)
        first = await self._read(account, depth, token, listing)
        if renew is None or not isinstance(first.error, TokenExpiredError):
            return first
        try:
            newer = await self._tokens.refreshed(account, token, renew)
            rests = first.listing if first.goes_on else listing
            second = await self._read(account, depth, newer, rests)
        except SourceError as error:
            return replace(first, error=error)
        return joined(first, second)

    async def _read(
        self, account: PlatformAccount, depth: Depth, token: Token, listing: ListingSoFar | None
    ) -> AccountReading:
        left_out = self._known.left_out.get(account.account_id, LeftOut())
        wanted = ReadRequest(
            account_key=account.account_key,
            token=token.access,
            depth=depth,
            refused=left_out.names,
            unreadable=left_out.unreadable,
            known=by_post(self._known.posts.get(account.account_id)),
            listing=listing,
            with_account=account.account_id not in self._known.read_this_hour,
        )
        return await self._clients[account.platform].read(wanted)


def joined(first: AccountReading, second: AccountReading) -> AccountReading:
    """A reading and its repeat; what the repeat did not ask again is the first one's."""
    both = replace(
        second,
        rows=(*first.rows, *second.rows),
        calls=first.calls + second.calls,
        refused={**first.refused, **second.refused},
        own=first.own | second.own,
        refused_of_items={**first.refused_of_items, **second.refused_of_items},
        unreadable={**first.unreadable, **second.unreadable},
        answered=first.answered | second.answered,
    )
    if not first.goes_on:
        return both
    return replace(
        both,
        items=first.items + second.items,
        pages=first.pages + second.pages,
        issues=(*first.issues, *second.issues),
    )


def outcome_of_reading(reading: AccountReading, account_id: str, *, now: datetime) -> SyncEnding:
    """The outcome that a reading means for its account (R6)."""
    if reading.error is not None:
        return _failed(reading, reading.error, account_id, now=now)
    barred = sum(issue.kind == "not_permitted" for issue in reading.issues)
    if reading.items and barred >= reading.items:
        said = f"no insights may be read, of no post ({_summary(reading)})."
        return SyncEnding(
            account_id=account_id,
            outcome="forbidden",
            message=f"{said} {GRANT.format(account_id=account_id)}",
            retry_at=now + LOOK_AGAIN,
        )
    is_partial = any(issue.kind == UNANSWERED for issue in reading.issues)
    return SyncEnding(
        account_id=account_id,
        outcome="partial" if is_partial else "ok",
        message=_summary(reading),
    )


def _failed(
    reading: AccountReading, error: SourceError, account_id: str, *, now: datetime
) -> SyncEnding:
    may_pass = not isinstance(error, SourceRejectedError | SourceThrottledError)
    if may_pass and reading.rows:
        kept = f"{error} What was read before is kept ({_summary(reading)})."
        return SyncEnding(account_id=account_id, outcome="partial", message=kept)
    remedies = Remedies(
        unauthorized="reauth_required",
        renew=REAUTH.format(account_id=account_id),
        permit=GRANT.format(account_id=account_id),
    )
    return outcome_of(error, account_id, now=now, remedies=remedies)


def _summary(reading: AccountReading) -> str:
    """A reading in words: posts, and which issues there were with how many items."""
    counted = Counter(issue.kind for issue in reading.issues)
    issues = ", ".join(f"{kind}: {count}" for kind, count in sorted(counted.items()))
    posts = f"{reading.items} posts in {reading.calls} calls"
    said = [posts, issues, GOES_ON if reading.goes_on else ""]
    return "; ".join(part for part in said if part)
