"""Syncing OAuth accounts: claim what is due, read a few at once, keep rows, say how it went.

Belongs here: the order of claim, reading, raw rows and outcome, so that a crash loses nothing.
Does not belong here: one account's reading (``oauth_reading``), what rows mean (``staging``).

Rows are committed before an account's outcome is stored: a crash in between costs a repeat.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import polars as pl

from layers_pipeline import logs
from layers_pipeline.errors import SourceThrottledError
from layers_pipeline.operations.accounts import PlatformAccount
from layers_pipeline.operations.refusals import LeftOut
from layers_pipeline.operations.secrets import TokenCipher
from layers_pipeline.operations.sync_outcomes import SyncEnding
from layers_pipeline.progress import report
from layers_pipeline.sources.http import DEFAULT_RETRIES, RetryPolicy
from layers_pipeline.steps.ingest.calls import count_calls
from layers_pipeline.steps.ingest.claims import claim
from layers_pipeline.steps.ingest.garbage import rare_collections
from layers_pipeline.steps.ingest.known_posts import known_posts
from layers_pipeline.steps.ingest.oauth_reading import AccountContext, AccountReader
from layers_pipeline.steps.ingest.outages import Turnout, may_be_outage
from layers_pipeline.steps.ingest.outcomes import SyncSummary, summary_of, tell, wait_of
from layers_pipeline.steps.ingest.raw_rows import AccountSync, write_raw
from layers_pipeline.steps.ingest.remembering import refusals_of
from layers_pipeline.steps.ingest.resting_listings import let_rest, resting_listings
from layers_pipeline.steps.platforms import PLATFORMS
from layers_pipeline.steps.stores import Stores
from transforms.vocabulary import Depth

AT_ONCE: Final = 12
ROWS_PER_COMMIT: Final = 8_000
CHARACTERS_PER_COMMIT: Final = 8_000_000
"""So much is held in memory before it is written, and as much again while that goes on."""


def sync_oauth(
    stores: Stores,
    depth: Depth,
    *,
    worker: str,
    accounts: Sequence[str] = (),
    retries: RetryPolicy = DEFAULT_RETRIES,
) -> SyncSummary:
    """Read the OAuth accounts that are due at a depth, and keep what their platforms answer.

    Args:
        worker: Who claims the accounts, unique per run.
        accounts: Read these whether due or not; none: those that are due.
    """
    due = claim(stores, "oauth", depth, worker=worker, accounts=accounts)
    if not due:
        return SyncSummary()
    # Only now: a deployment without OAuth accounts needs no key for tokens.
    cipher = TokenCipher(stores.settings.token_keys)
    reader = AccountReader(
        stores,
        cipher=cipher,
        known=_context(stores, cipher, due, depth, is_asked_for=bool(accounts)),
        worker=worker,
        retries=retries,
    )
    with rare_collections():
        return asyncio.run(OAuthSync(stores, depth, reader, worker=worker).run(due))


def _context(
    stores: Stores,
    cipher: TokenCipher,
    due: Sequence[PlatformAccount],
    depth: Depth,
    *,
    is_asked_for: bool,
) -> AccountContext:
    operations, now = stores.operations, stores.clock.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    ids = [account.account_id for account in due]
    left_out: dict[str, LeftOut] = {}
    posts: dict[str, pl.DataFrame] = {}
    for name, platform in PLATFORMS.items():
        own = {
            account.account_key: account.account_id for account in due if account.platform == name
        }
        scope = platform.refusal_scope(stores.settings)
        left_out |= operations.refusals.left_out(scope, list(own.values()), now=now)
        if own and depth in platform.reads_parts:
            known = known_posts(stores.lake, name, own, now=now)
            posts |= {own[account_key]: rows for account_key, rows in known.items()}
    return AccountContext(
        tokens=operations.tokens.readable(ids, cipher),
        left_out=left_out,
        posts=posts,
        listings=resting_listings(operations.listings, ids, now=now),
        # A person who names accounts wants all of them.
        read_this_hour=() if is_asked_for else operations.syncs.succeeded("full", ids, since=hour),
        pauses={
            name: pause
            for name, platform in PLATFORMS.items()
            if (pause := operations.refusals.pause_of(platform.pause_scope, now=now))
        },
    )


class OAuthSync:
    """One sync of OAuth accounts."""

    def __init__(self, stores: Stores, depth: Depth, reader: AccountReader, *, worker: str) -> None:
        self._stores, self._reader, self._worker = stores, reader, worker
        self._depth: Depth = depth
        self._waiting: list[AccountSync] = []
        self._rows = self._characters = 0
        """Of the readings that wait to be written."""
        self._doubtful: list[AccountSync] = []
        """Syncs whose outcome the others decide."""
        self._writing = asyncio.Lock()
        self._written = 0
        self._calls: Counter[str] = Counter()
        """HTTP requests, by platform."""
        self._endings: list[SyncEnding] = []
        self._turnout = Turnout()
        self._given: set[tuple[str, str, str]] = set()
        """What some account was given: platform, media type or list, and name."""

    async def run(self, due: Sequence[PlatformAccount]) -> SyncSummary:
        """Read the claimed accounts, a few at once; one account's fault ends only its own."""
        places = asyncio.Semaphore(AT_ONCE)

        async def one(account: PlatformAccount) -> None:
            with logs.about(project_id=account.project_id):
                async with places:
                    await self._sync(account)
            report("accounts read", self._turnout.accounts, len(due))

        async with self._reader, asyncio.TaskGroup() as group:
            for account in due:
                group.create_task(one(account))
        self._decide()
        await self._write()
        count_calls(self._stores, self._calls, told=self._reader.most_used)
        calls = self._calls.total()
        return replace(summary_of(self._endings), rows=self._written, calls=calls)

    async def _sync(self, account: PlatformAccount) -> None:
        sync = await self._reader.read(account, self._depth)
        self._calls[sync.platform] += sync.reading.calls
        self._turnout.note(sync)
        self._given.update((sync.platform, *pair) for pair in sync.reading.answered)
        if may_be_outage(sync):
            self._doubtful.append(sync)
        else:
            self._have_written(sync)
        if _rows(self._doubtful) >= ROWS_PER_COMMIT:
            self._decide()
        if self._rows >= ROWS_PER_COMMIT or self._characters >= CHARACTERS_PER_COMMIT:
            del sync
            await self._write()

    def _have_written(self, sync: AccountSync) -> None:
        reading = sync.reading
        tell(
            sync.outcome,
            depth=self._depth,
            source=sync.platform,
            calls=reading.calls,
            rows=len(reading.rows),
        )
        self._endings.append(sync.outcome)
        self._waiting.append(sync)
        self._rows += len(sync.reading.rows)
        self._characters += sync.characters

    def _decide(self) -> None:
        """Have what was in doubt written, too, as the share of accounts in doubt decides."""
        doubtful, self._doubtful = self._doubtful, []
        for sync in doubtful:
            self._have_written(self._turnout.decided(sync))

    async def _write(self) -> None:
        """Write what waits, in a thread, so that reading goes on meanwhile.

        Whoever brings more than is written at once waits for its turn, and reads no further.
        """
        async with self._writing:
            waiting, self._waiting = self._waiting, []
            self._rows = self._characters = 0
            if waiting:
                self._written += await asyncio.to_thread(self._keep, waiting)

    def _keep(self, syncs: Sequence[AccountSync]) -> int:
        written = write_raw(self._stores, syncs, run_id=self._worker)
        now = self._stores.clock.now()
        self._remember(syncs, now)
        for sync in syncs:
            self._pause(sync, now)
        operations = self._stores.operations
        held = operations.sync_outcomes.finish(
            [sync.outcome for sync in syncs],
            self._depth,
            worker=self._worker,
            now=self._stores.clock.now(),
        )
        # Last: a crash before costs pages that are read twice, and the listing stays the same.
        let_rest(operations.listings, [one for one in syncs if one.outcome.account_id in held])
        return written

    def _remember(self, syncs: Sequence[AccountSync], now: datetime) -> None:
        """What readings taught: metrics, fields and posts not to ask for."""
        rows = refusals_of(syncs, given=self._given, settings=self._stores.settings, now=now)
        if rows:
            self._stores.operations.refusals.add(rows)

    def _pause(self, sync: AccountSync, now: datetime) -> None:
        """Let everybody who uses our app wait, where that is what the platform asked for."""
        error = sync.reading.error
        if isinstance(error, SourceThrottledError) and error.scope == "app":
            self._stores.operations.refusals.pause(
                PLATFORMS[sync.platform].pause_scope,
                until=sync.finished_at + wait_of(error),
                reason=str(error),
                now=now,
            )


def _rows(syncs: Sequence[AccountSync]) -> int:
    return sum(len(sync.reading.rows) for sync in syncs)
