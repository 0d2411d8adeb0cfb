"""Reading ad accounts: claim what is due, read a few at once, keep rows, say how it went.

Belongs here: the order of claim, reading, raw rows and outcome, so that a crash loses nothing.
Does not belong here: one platform's API (``sources``), what rows mean (``staging``).

Rows are committed before an account's outcome is stored: a crash in between costs a repeat. One ad
account's fault ends only its own reading (R6).
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import polars as pl

from layers_pipeline.errors import (
    LayersError,
    SourceError,
    SourceRejectedError,
    SourceThrottledError,
)
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.operations.ad_account_rows import CONNECT, AdAccount, AdsEnding
from layers_pipeline.operations.leases import Claim
from layers_pipeline.operations.refusals import ApiPause
from layers_pipeline.operations.secrets import TokenCipher
from layers_pipeline.progress import report
from layers_pipeline.sources.ads_client import AdsClient, AdsReading, AdsRequest
from layers_pipeline.sources.client import ClientContext
from layers_pipeline.sources.http import DEFAULT_RETRIES, RetryPolicy
from layers_pipeline.sources.rate_limits import UsageBudgets
from layers_pipeline.steps.ad_platforms import AD_PLATFORMS, AdsPlatform
from layers_pipeline.steps.ingest.outcomes import (
    START_JITTER,
    Remedies,
    SyncSummary,
    outcome_of,
    summary_of,
    wait_of,
)
from layers_pipeline.steps.ingest.raw_rows import INSTANT, known_now
from layers_pipeline.steps.stores import Stores
from transforms.vocabulary import AdPlatform, Outcome

EVERY: Final = timedelta(hours=6)
"""The optimizer's cadence of the documents."""
LEASE: Final = timedelta(hours=2)
"""Longer than any reading with its reports: a killed one is taken up after that."""
AT_ONCE: Final = 4
ACCOUNTS_PER_RUN: Final = 500
MISSING: Final = frozenset({"not_permitted", "not_answered"})
"""Issues after which a reading is not whole."""
PERMIT: Final = "Let the ad account's owner grant the permissions, then connect it again."


@dataclass(frozen=True, kw_only=True)
class AdsSync:
    """One ad account, read, and how that ended."""

    reading_id: str
    account: AdAccount
    started_at: datetime
    finished_at: datetime
    reading: AdsReading
    outcome: AdsEnding


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
        budgets = UsageBudgets(stores.clock, limit_pct=stores.settings.usage_limit_pct)
        self._context = ClientContext(
            settings=stores.settings, clock=stores.clock, budgets=budgets, retries=retries
        )
        self._clients: dict[AdPlatform, AdsClient] = {}
        self._pauses: dict[AdPlatform, ApiPause] = {}
        self._writing = asyncio.Lock()
        self._known = _known_ads(stores)
        self._syncs: list[AdsSync] = []
        self._rows = 0

    async def run(self, due: Sequence[AdAccount]) -> SyncSummary:
        """Read the claimed accounts, a few at once."""
        places = asyncio.Semaphore(AT_ONCE)

        async def one(account: AdAccount) -> None:
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
        calls = sum(sync.reading.calls for sync in self._syncs)
        return replace(summary, rows=self._rows, calls=calls)

    def _pause_of(self, platform: AdsPlatform) -> dict[AdPlatform, ApiPause]:
        now = self._stores.clock.now()
        pause = self._stores.operations.refusals.pause_of(platform.pause_scope, now=now)
        return {platform.name: pause} if pause else {}

    async def _sync(self, account: AdAccount) -> None:
        started_at = self._stores.clock.now()
        reading, outcome = await self._read(account)
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
            return AdsReading(), _ended(account, "rate_limited", said, retry_at=pause.until)
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
            )
        except LayersError as error:
            # A token that no key opens: the key may come back, and then nobody is asked.
            return AdsReading(), _ended(account, "unavailable", str(error))
        reading = await self._clients[account.ad_platform].read(wanted)
        return reading, outcome_of_reading(reading, account, now=self._stores.clock.now())

    def _keep(self, sync: AdsSync) -> int:
        """Write what was read, then that it was, then how it ended."""
        platform = AD_PLATFORMS[sync.account.ad_platform]
        with self._stores.lake.write_lock():
            written = _append(self._stores, platform.raw, _raw(platform.raw, sync, self._worker))
            readings = catalog.ADS_READINGS
            _append(self._stores, readings, _frame(readings, [_row(sync, self._worker)]))
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


def _known_ads(stores: Stores) -> Mapping[str, Sequence[str]]:
    """Ads whose figures may still move, by ad account: lists hide deleted ones."""
    settings, now = stores.settings, stores.clock.now()
    longest = max(platform.trailing_days(settings) for platform in AD_PLATFORMS.values())
    newest = (
        stores.lake.read(catalog.AD_STATES)
        .sort("known_at")
        .unique(("ad_platform", "ad_id"), keep="last")
    )
    moving = newest.filter(
        ~pl.col("is_deleted") | (pl.col("known_at") >= now - timedelta(days=longest))
    )
    account_id = pl.concat_str("ad_platform", pl.lit(":"), "ad_account_id")
    found = moving.group_by(account_id=account_id).agg("ad_id").collect()
    return dict(found.iter_rows())


def outcome_of_reading(reading: AdsReading, account: AdAccount, *, now: datetime) -> AdsEnding:
    """The outcome that a reading means for its ad account (R6)."""
    if reading.error is not None:
        return _failed(reading, reading.error, account, now=now)
    is_partial = any(issue.kind in MISSING for issue in reading.issues)
    ending = _ended(account, "partial" if is_partial else "ok", _summary(reading))
    told = reading.account
    return replace(
        ending,
        read_until=reading.until if reading.is_complete else None,
        currency=told.currency if told else None,
        time_zone=told.time_zone if told else None,
    )


def _failed(
    reading: AdsReading, error: SourceError, account: AdAccount, *, now: datetime
) -> AdsEnding:
    may_pass = not isinstance(error, SourceRejectedError | SourceThrottledError)
    if may_pass and len(reading.rows) > 1:
        kept = f"{error} What was read before is kept ({_summary(reading)})."
        return _ended(account, "partial", kept)
    remedies = Remedies(
        unauthorized="reauth_required",
        renew=f"Give it a new token: {CONNECT.format(account=account.account_id)}",
        permit=PERMIT,
    )
    ended = outcome_of(error, account.account_id, now=now, remedies=remedies)
    return _ended(account, ended.outcome, ended.message, retry_at=ended.retry_at)


def _ended(
    account: AdAccount,
    outcome: Outcome,
    message: str | None,
    *,
    retry_at: datetime | None = None,
) -> AdsEnding:
    return AdsEnding(
        account_id=account.account_id, outcome=outcome, message=message, retry_at=retry_at
    )


def _summary(reading: AdsReading) -> str:
    """A reading in words: ads, days, and which issues there were."""
    counted = Counter(issue.kind for issue in reading.issues)
    issues = ", ".join(f"{kind}: {count}" for kind, count in sorted(counted.items()))
    said = f"{reading.ads} ads, {reading.days} days of ads in {reading.calls} calls"
    return f"{said}; {issues}" if issues else said


def _append(stores: Stores, table: Table, rows: pl.DataFrame) -> int:
    """Commit rows as known since that commit (R20)."""

    def landed_now(some: pl.DataFrame) -> pl.DataFrame:
        return known_now(stores, some).with_columns(landed_on=pl.col("known_at").dt.date())

    return stores.lake.append(table, rows, restamp=landed_now).inserted


def _frame(table: Table, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=dict(table.empty().schema))


def _raw(table: Table, sync: AdsSync, run_id: str) -> pl.DataFrame:
    """The responses of a reading, column by column: there may be many thousand."""
    received, account = sync.reading.rows, sync.reading.account
    place = pl.int_range(pl.len(), dtype=pl.Int64).cast(pl.String).str.zfill(7)
    given = pl.DataFrame(
        {
            "entity": [row.entity for row in received],
            "subject": [row.subject for row in received],
            "received_at": [row.received_at for row in received],
            "body": [row.body for row in received],
        },
        schema={
            "entity": pl.String,
            "subject": pl.String,
            "received_at": INSTANT,
            "body": pl.String,
        },
    ).with_columns(
        landing_id=pl.lit(f"{sync.reading_id}#") + place,
        reading_id=pl.lit(sync.reading_id),
        ad_account_id=pl.lit(sync.account.ad_account_id),
        currency=pl.lit(account.currency if account else ""),
        time_zone=pl.lit(account.time_zone if account else ""),
        known_at="received_at",
        run_id=pl.lit(run_id),
        landed_on=pl.col("received_at").dt.date(),
    )
    return given.select(table.columns)


def _row(sync: AdsSync, run_id: str) -> dict[str, Any]:
    reading = sync.reading
    return {
        "reading_id": sync.reading_id,
        "ad_platform": sync.account.ad_platform,
        "ad_account_id": sync.account.ad_account_id,
        "started_at": sync.started_at,
        "finished_at": sync.finished_at,
        "known_at": sync.finished_at,
        "since": reading.since,
        "until": reading.until,
        "outcome": sync.outcome.outcome,
        "message": sync.outcome.message,
        # A reading that ended otherwise than well is no witness, however far it came.
        "is_complete": reading.is_complete and sync.outcome.outcome == "ok",
        "ads": reading.ads,
        "days": reading.days,
        "calls": reading.calls,
        "run_id": run_id,
        "landed_on": sync.finished_at.date(),
    }
