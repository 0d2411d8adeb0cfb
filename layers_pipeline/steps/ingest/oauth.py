"""Syncing OAuth accounts: claim those that are due, read them a few at once, land, say how it went.

Belongs here: the order of claim, reading, landing and outcome, so that a crash loses nothing.
Does not belong here: one account's reading (``oauth_reading``), what rows mean (``staging``).

Rows are committed before an account's outcome is stored: a crash in between costs a repeat.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from layers_pipeline.errors import SourceThrottledError
from layers_pipeline.operations.oauth_rows import RefusedMetricRow, UnreadablePostRow
from layers_pipeline.operations.rows import AccountRow, SyncEnding
from layers_pipeline.operations.secrets import TokenCipher
from layers_pipeline.progress import report
from layers_pipeline.sources.account_reading import AccountReading
from layers_pipeline.sources.http import DEFAULT_RETRIES, RetryPolicy
from layers_pipeline.steps.ingest.landing import LandedReading, land_readings
from layers_pipeline.steps.ingest.oauth_reading import SOURCES, AccountReader, Known
from layers_pipeline.steps.ingest.outcomes import (
    ACCOUNTS_PER_RUN,
    EVERY,
    LEASE,
    START_JITTER,
    Ended,
    SyncSummary,
    summary_of,
    wait_of,
)
from layers_pipeline.steps.stores import Stores
from transforms.vocabulary import Depth

AT_ONCE: Final = 12
ROWS_PER_COMMIT: Final = 25_000
"""So many rows are held in memory before they are landed."""


@dataclass(frozen=True, kw_only=True)
class Read:
    """One account, read."""

    account: AccountRow
    started_at: datetime
    finished_at: datetime
    reading: AccountReading
    ended: Ended


@dataclass(kw_only=True)
class Batch:
    """Readings that wait to be landed together."""

    readings: list[Read] = field(default_factory=list)
    rows: int = 0

    def add(self, one: Read) -> None:
        """Keep a reading."""
        self.readings.append(one)
        self.rows += len(one.reading.rows)


def sync_oauth(
    stores: Stores,
    depth: Depth,
    *,
    worker: str,
    accounts: Sequence[str] = (),
    retries: RetryPolicy = DEFAULT_RETRIES,
) -> SyncSummary:
    """Read the OAuth accounts that are due at a depth, and land what their platforms answer.

    Args:
        stores: Open stores.
        depth: How deep.
        worker: Who claims the accounts, unique per run.
        accounts: Read these whether due or not; none: those that are due.
        retries: How often one request is tried, and with what waits.
    """
    due = _claimed(stores, depth, worker=worker, accounts=accounts)
    if not due:
        return SyncSummary()
    # Only now: a deployment without OAuth accounts needs no key for tokens.
    cipher = TokenCipher(stores.settings.token_keys)
    sync = OAuthSync(stores, depth, worker=worker, cipher=cipher, retries=retries)
    return asyncio.run(sync.run(due))


def _claimed(
    stores: Stores, depth: Depth, *, worker: str, accounts: Sequence[str]
) -> list[AccountRow]:
    now = stores.clock.now()
    if accounts:
        named = set(accounts) - external_accounts(stores)
        return stores.operations.claim_accounts(
            depth, named, now=now, lease_for=LEASE, worker=worker
        )
    return stores.operations.claim_due(
        depth,
        connection="oauth",
        now=now,
        every=EVERY[depth] - START_JITTER,
        lease_for=LEASE,
        worker=worker,
        limit=ACCOUNTS_PER_RUN,
    )


def external_accounts(stores: Stores) -> set[str]:
    """Ids of the accounts that SIFT reads."""
    return {
        account.account_id
        for account in stores.operations.accounts()
        if account.connection == "external"
    }


class OAuthSync:
    """One sync of OAuth accounts."""

    def __init__(
        self,
        stores: Stores,
        depth: Depth,
        *,
        worker: str,
        cipher: TokenCipher,
        retries: RetryPolicy,
    ) -> None:
        self._stores, self._worker = stores, worker
        self._depth: Depth = depth
        self._cipher, self._retries = cipher, retries
        self._waiting = Batch()
        self._landing = asyncio.Lock()
        self._landed = 0
        self._read: list[Read] = []

    async def run(self, due: Sequence[AccountRow]) -> SyncSummary:
        """Read the claimed accounts, a few at once; one account's fault ends only its own."""
        places = asyncio.Semaphore(AT_ONCE)
        reader = AccountReader(
            self._stores,
            cipher=self._cipher,
            known=self._known(due),
            worker=self._worker,
            retries=self._retries,
        )

        async def one(account: AccountRow) -> None:
            async with places:
                await self._sync(reader, account)
            report("accounts read", len(self._read), len(due))

        async with reader, asyncio.TaskGroup() as group:
            for account in due:
                group.create_task(one(account))
        await self._land()
        told = [(read.account.account_id, read.ended) for read in self._read]
        summary = summary_of(told)
        return SyncSummary(
            outcomes=Counter(summary.outcomes),
            failures=summary.failures,
            rows=self._landed,
            calls=sum(read.reading.calls for read in self._read),
        )

    def _known(self, due: Sequence[AccountRow]) -> Known:
        operations, now = self._stores.operations, self._stores.clock.now()
        ids = [account.account_id for account in due]
        pauses = {
            source: operations.api_pause(_scope(source), now=now) for source in SOURCES.values()
        }
        return Known(
            tokens=operations.tokens(ids, self._cipher),
            refused={
                source: operations.refused_metrics(source, self._version(source))
                for source in SOURCES.values()
            },
            unreadable=operations.unreadable_posts(ids),
            pauses={source: pause for source, pause in pauses.items() if pause is not None},
        )

    def _version(self, source: str) -> str:
        return self._stores.settings.instagram_version if source == "instagram_graph" else "v1.3"

    async def _sync(self, reader: AccountReader, account: AccountRow) -> None:
        started_at = self._stores.clock.now()
        reading, ended = await reader.read(account, self._depth)
        read = Read(
            account=account,
            started_at=started_at,
            finished_at=self._stores.clock.now(),
            reading=reading,
            ended=ended,
        )
        self._read.append(read)
        self._waiting.add(read)
        if self._waiting.rows >= ROWS_PER_COMMIT:
            await self._land()

    async def _land(self) -> None:
        """Land what waits, in a thread, so that reading goes on meanwhile."""
        async with self._landing:
            batch, self._waiting = self._waiting, Batch()
            if batch.readings:
                self._landed += await asyncio.to_thread(self._keep, batch.readings)

    def _keep(self, batch: Sequence[Read]) -> int:
        landed = land_readings(
            self._stores, [self._as_landed(read) for read in batch], run_id=self._worker
        )
        self._remember(batch)
        self._stores.operations.finish_syncs(
            [
                SyncEnding(
                    account_id=read.account.account_id,
                    outcome=read.ended.outcome,
                    message=read.ended.message,
                    retry_at=read.ended.retry_at,
                )
                for read in batch
            ],
            self._depth,
            worker=self._worker,
            now=self._stores.clock.now(),
        )
        return landed

    def _as_landed(self, read: Read) -> LandedReading:
        account = read.account
        return LandedReading(
            sync_id=f"{account.account_id}@{read.started_at:%Y%m%dT%H%M%S%f}:{self._depth}:{self._worker}",
            platform=account.platform,
            account_key=account.account_key,
            depth=self._depth,
            started_at=read.started_at,
            finished_at=read.finished_at,
            outcome=read.ended.outcome,
            reading=read.reading,
        )

    def _remember(self, batch: Sequence[Read]) -> None:
        """What readings taught: metrics not to ask for, items not to ask of, whom to let be."""
        operations, now = self._stores.operations, self._stores.clock.now()
        refused = [
            RefusedMetricRow(
                source=SOURCES[read.account.platform],
                media_type=media_type,
                metric=metric,
                api_version=self._version(SOURCES[read.account.platform]),
                message=message,
                refused_at=now,
            )
            for read in batch
            for (media_type, metric), message in read.reading.refused.items()
        ]
        unreadable = [
            UnreadablePostRow(
                platform=read.account.platform,
                platform_post_id=item_id,
                account_id=read.account.account_id,
                reason=reason,
                since=now,
            )
            for read in batch
            for item_id, reason in read.reading.unreadable.items()
        ]
        if refused:
            operations.remember_refused(refused)
        if unreadable:
            operations.remember_unreadable(unreadable)
        for read in batch:
            self._pause(read, now)

    def _pause(self, read: Read, now: datetime) -> None:
        error = read.reading.error
        if isinstance(error, SourceThrottledError) and error.scope == "app":
            self._stores.operations.pause_api(
                _scope(SOURCES[read.account.platform]),
                until=read.finished_at + wait_of(error),
                reason=str(error),
                now=now,
            )


def _scope(source: str) -> str:
    return f"{source}:app"
