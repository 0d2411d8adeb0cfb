"""Reading ad accounts: claim what is due, read a few at once, keep rows, say how it went.

Belongs here: the order of claim, reading, raw rows and outcome, so that a crash loses nothing.
Does not belong here: one platform's API (``sources``), what rows mean (``staging``).

Rows are committed before an account's outcome is stored: a crash in between costs a repeat. One ad
account's fault ends only its own reading (R6).
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Final

from layers_pipeline import logs
from layers_pipeline.errors import (
    LayersError,
    SourceThrottledError,
)
from layers_pipeline.operations.ad_account_rows import AdAccount, AdsEnding
from layers_pipeline.operations.leases import Claim
from layers_pipeline.operations.refusals import ApiPause
from layers_pipeline.operations.secrets import TokenCipher
from layers_pipeline.progress import report
from layers_pipeline.sources.ads_client import AdsClient, AdsReading, AdsRequest
from layers_pipeline.sources.client import ClientContext
from layers_pipeline.sources.http import DEFAULT_RETRIES, RetryPolicy
from layers_pipeline.sources.rate_limits import UsageBudgets
from layers_pipeline.steps.ad_platforms import AD_PLATFORMS, AdsPlatform
from layers_pipeline.steps.ingest.ads_asked_for import known_ads, unseen_ads
from layers_pipeline.steps.ingest.ads_landing import AdsSync, land_reading
from layers_pipeline.steps.ingest.ads_outcomes import ended, outcome_of_reading
from layers_pipeline.steps.ingest.calls import count_calls
from layers_pipeline.steps.ingest.outcomes import (
    START_JITTER,
    SyncSummary,
    summary_of,
    tell,
    wait_of,
)
from layers_pipeline.steps.stores import Stores
from transforms.vocabulary import AdPlatform

EVERY: Final = timedelta(hours=6)
"""The optimizer's cadence of the documents."""
LEASE: Final = timedelta(hours=2)
"""Longer than any reading with its reports: a killed one is taken up after that."""
AT_ONCE: Final = 4
ACCOUNTS_PER_RUN: Final = 500


def sync_ads(
    stores: Stores,
    *,
    worker: str,
    accounts: Sequence[str] = (),
    retries: RetryPolicy = DEFAULT_RETRIES,
) -> SyncSummary:
    """Read the ad accounts that are due, and keep what their platforms answer.

    Args:
        worker: Who claims the accounts, unique per run.
        accounts: Read these, as platform:account, whether due or not; none: those that are due.
    """
    due = _claim(stores, worker=worker, accounts=accounts)
    if not due:
        return SyncSummary()
    # Only now: a deployment without ad accounts needs no key for tokens.
    cipher = TokenCipher(stores.settings.token_keys)
    return asyncio.run(_Reading(stores, cipher, worker=worker, retries=retries).run(due))


def _claim(stores: Stores, *, worker: str, accounts: Sequence[str]) -> list[AdAccount]:
    """Claim accounts of the platforms that can be read."""
    claim = Claim(now=stores.clock.now(), lease_for=LEASE, worker=worker, limit=ACCOUNTS_PER_RUN)
    if accounts:
        return stores.operations.ad_accounts.claim_named(accounts, claim)
    return stores.operations.ad_accounts.claim_due(
        claim, every=EVERY - START_JITTER, platforms=tuple(AD_PLATFORMS)
    )


class _Reading:
    """One sync of ad accounts."""

    def __init__(
        self, stores: Stores, cipher: TokenCipher, *, worker: str, retries: RetryPolicy
    ) -> None:
        self._stores, self._cipher, self._worker = stores, cipher, worker
        self._budgets = UsageBudgets(stores.clock, limit_pct=stores.settings.usage_limit_pct)
        self._context = ClientContext(
            settings=stores.settings, clock=stores.clock, budgets=self._budgets, retries=retries
        )
        self._clients: dict[AdPlatform, AdsClient] = {}
        self._pauses: dict[AdPlatform, ApiPause] = {}
        self._writing = asyncio.Lock()
        self._known, self._unseen = known_ads(stores), unseen_ads(stores)
        self._syncs: list[AdsSync] = []
        self._rows = 0

    async def run(self, due: Sequence[AdAccount]) -> SyncSummary:
        """Read the claimed accounts, a few at once."""
        places = asyncio.Semaphore(AT_ONCE)

        async def one(account: AdAccount) -> None:
            with logs.about(project_id=account.project_id):
                async with places:
                    await self._sync(account)
            report("ad accounts read", len(self._syncs), len(due))

        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            wanted = {account.ad_platform for account in due}
            for name, platform in AD_PLATFORMS.items():
                if name in wanted:
                    client = platform.open(self._context)
                    self._clients[name] = await stack.enter_async_context(client)
                    self._pauses |= self._pause_of(platform)
            for account in due:
                group.create_task(one(account))
        summary = summary_of(sync.outcome for sync in self._syncs)
        calls: Counter[str] = Counter()
        for sync in self._syncs:
            calls[AD_PLATFORMS[sync.account.ad_platform].source] += sync.reading.calls
        count_calls(self._stores, calls, told=self._budgets.most_used)
        return replace(summary, rows=self._rows, calls=calls.total())

    def _pause_of(self, platform: AdsPlatform) -> dict[AdPlatform, ApiPause]:
        now = self._stores.clock.now()
        pause = self._stores.operations.refusals.pause_of(platform.pause_scope, now=now)
        return {platform.name: pause} if pause else {}

    async def _sync(self, account: AdAccount) -> None:
        started_at = self._stores.clock.now()
        reading, outcome = await self._read(account)
        source = AD_PLATFORMS[account.ad_platform].source
        tell(outcome, depth="ads", source=source, calls=reading.calls, rows=len(reading.rows))
        sync = AdsSync(
            reading_id=f"{account.account_id}@{started_at:%Y%m%dT%H%M%S%f}:{self._worker}",
            account=account,
            started_at=started_at,
            finished_at=self._stores.clock.now(),
            reading=reading,
            outcome=outcome,
        )
        # One at a time, in a thread, so that others are read meanwhile.
        async with self._writing:
            self._rows += await asyncio.to_thread(self._keep, sync)
        self._syncs.append(replace(sync, reading=replace(reading, rows=())))

    async def _read(self, account: AdAccount) -> tuple[AdsReading, AdsEnding]:
        if pause := self._pauses.get(account.ad_platform):
            said = f"not called: the platform throttles our app ({pause.reason})"
            return AdsReading(), ended(account, "rate_limited", said, retry_at=pause.until)
        platform = AD_PLATFORMS[account.ad_platform]
        settings = self._stores.settings
        try:
            wanted = AdsRequest(
                ad_account_id=account.ad_account_id,
                token=self._stores.operations.ad_accounts.token(account, self._cipher),
                trailing_days=platform.trailing_days(settings),
                first_days=settings.ads_first_days,
                read_until=account.read_until,
                known_ads=self._known.get(account.account_id, ()),
                unseen_ads=self._unseen.get(account.account_id, ()),
            )
        except LayersError as error:
            # A token that no key opens: the key may come back, and then nobody is asked.
            return AdsReading(), ended(account, "unavailable", str(error))
        reading = await self._clients[account.ad_platform].read(wanted)
        return reading, outcome_of_reading(reading, account, now=self._stores.clock.now())

    def _keep(self, sync: AdsSync) -> int:
        """Write what was read, then that it was, then how it ended."""
        platform = AD_PLATFORMS[sync.account.ad_platform]
        with self._stores.lake.landing():
            written = land_reading(self._stores, platform.raw, sync, run_id=self._worker)
        self._pause(platform, sync)
        self._stores.operations.ad_accounts.finish(
            [sync.outcome], worker=self._worker, now=self._stores.clock.now()
        )
        return written

    def _pause(self, platform: AdsPlatform, sync: AdsSync) -> None:
        """Let everybody who uses our app wait, where that is what the platform asked for."""
        error = sync.reading.error
        if isinstance(error, SourceThrottledError) and error.scope == "app":
            self._stores.operations.refusals.pause(
                platform.pause_scope,
                until=sync.finished_at + wait_of(error),
                reason=str(error),
                now=self._stores.clock.now(),
            )
