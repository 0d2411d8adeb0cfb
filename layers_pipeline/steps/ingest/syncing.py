"""Syncing external accounts through SIFT: ask for scrapes, collect finished ones, land them.

Belongs here: the conversation with SIFT, per account, and its outcome.
Does not belong here: what the rows mean (``transforms.staging.sift_posts``), when it happens
(``sensors``).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

import polars as pl

from layers_pipeline.errors import SourceError
from layers_pipeline.lake import catalog
from layers_pipeline.operations.accounts import PlatformAccount
from layers_pipeline.operations.scrapes import ScrapeJob
from layers_pipeline.operations.sync_outcomes import SyncEnding
from layers_pipeline.progress import report
from layers_pipeline.sources.http import DEFAULT_RETRIES, RetryPolicy
from layers_pipeline.sources.sift.client import SiftClient, sift_http
from layers_pipeline.steps.ingest.landing import known_now
from layers_pipeline.steps.ingest.oauth import external_accounts
from layers_pipeline.steps.ingest.outcomes import (
    ACCOUNTS_PER_RUN,
    LEASE,
    QUICK_EVERY,
    START_JITTER,
    Ended,
    SyncSummary,
    outcome_of,
    summary_of,
)
from layers_pipeline.steps.stores import Stores

Item = TypeVar("Item")
POSTS_PER_SCRAPE: Final = 50
AT_ONCE: Final = 8
JOB_PATIENCE: Final = timedelta(hours=6)


def submit_scrapes(
    stores: Stores,
    *,
    worker: str,
    accounts: Sequence[str] = (),
    retries: RetryPolicy = DEFAULT_RETRIES,
) -> SyncSummary:
    """Ask SIFT for a scrape of every external account that is due, and store the jobs (R4).

    Args:
        stores: Open stores.
        worker: Who claims the accounts, unique per run.
        accounts: Of these, the external ones are asked for, due or not; none: those that are due.
        retries: How often one request is tried, and with what waits.
    """
    now = stores.clock.now()
    due = _claimed(stores, worker=worker, accounts=accounts)
    waiting = {
        job.account_id for job in stores.operations.scrapes.all_open(limit=ACCOUNTS_PER_RUN * 50)
    }

    async def ask(sift: SiftClient, account: PlatformAccount) -> Ended:
        if account.account_id in waiting:
            return Ended(outcome="ok", message="the scrape asked for before is not finished yet")
        job_id = f"{account.account_id}@{now:%Y%m%dT%H%M%S}"
        scrape = await sift.submit_scrape(
            platform=account.platform,
            account_key=account.account_key,
            limit=POSTS_PER_SCRAPE,
            idempotency_key=job_id,
        )
        stores.operations.scrapes.submit(
            job_id, account.account_id, source_job_id=scrape.scrape_id, now=now
        )
        return Ended(outcome="ok", message="scrape asked for")

    if not due:
        return SyncSummary()
    endings = asyncio.run(_each(stores, due, ask, what="accounts asked for", retries=retries))
    told = list(zip((account.account_id for account in due), endings, strict=True))
    stores.operations.sync_outcomes.finish(
        [
            SyncEnding(
                account_id=account_id,
                outcome=ended.outcome,
                message=ended.message,
                retry_at=ended.retry_at,
            )
            for account_id, ended in told
        ],
        "quick",
        worker=worker,
        now=stores.clock.now(),
    )
    return summary_of(told)


def _claimed(stores: Stores, *, worker: str, accounts: Sequence[str]) -> list[PlatformAccount]:
    now = stores.clock.now()
    if accounts:
        named = set(accounts) & external_accounts(stores)
        return stores.operations.syncs.claim_named(
            "quick", named, now=now, lease_for=LEASE, worker=worker
        )
    return stores.operations.syncs.claim_due(
        "quick",
        connection="external",
        now=now,
        every=QUICK_EVERY - START_JITTER,
        lease_for=LEASE,
        worker=worker,
        limit=ACCOUNTS_PER_RUN,
    )


def collect_scrapes(
    stores: Stores, *, worker: str, run_id: str, retries: RetryPolicy = DEFAULT_RETRIES
) -> SyncSummary:
    """Fetch what finished scrapes found and land it, exactly as received (R4, R12).

    Rows are landed before a job is marked as collected, and landing a row twice changes
    nothing, so a crash in between costs only a repeat.

    Args:
        stores: Open stores.
        worker: Who claims the jobs, unique per run.
        run_id: Run that receives the rows.
        retries: How often one request is tried, and with what waits.
    """
    now = stores.clock.now()
    jobs = stores.operations.scrapes.claim(
        now=now, lease_for=LEASE, worker=worker, limit=ACCOUNTS_PER_RUN
    )

    async def fetch(sift: SiftClient, job: ScrapeJob) -> Ended:
        return await _collect(sift, job, now=now)

    endings = asyncio.run(_each(stores, jobs, fetch, what="scrapes looked at", retries=retries))
    landed = _land(stores, jobs, endings, run_id=run_id)
    ended_jobs = []
    for job, ended in zip(jobs, endings, strict=True):
        if ended.is_running:
            stores.operations.scrapes.release(job.scrape_job_id, worker=worker)
        else:
            _close(stores, job, ended, worker=worker)
            ended_jobs.append((job.account_id, ended))
    summary = summary_of(ended_jobs)
    return replace(summary, rows=landed, still_running=len(jobs) - len(ended_jobs))


async def _collect(sift: SiftClient, job: ScrapeJob, *, now: datetime) -> Ended:
    scrape = await sift.scrape(job.source_job_id or "")
    if scrape.status in ("queued", "running"):
        if now - job.submitted_at < JOB_PATIENCE:
            return Ended(outcome="ok", message=scrape.status, is_running=True)
        return Ended(outcome="unavailable", message="the scrape did not end within 6 hours")
    if scrape.status != "succeeded":
        said = scrape.message or "no reason was given"
        return Ended(outcome="unavailable", message=f"the scrape {scrape.status}: {said}")
    rows = [row async for row in sift.posts(scrape.scrape_id)]
    return Ended(outcome="ok", message=f"{len(rows)} posts", rows=tuple(rows))


async def _each(
    stores: Stores,
    items: Sequence[Item],
    work: Callable[[SiftClient, Item], Awaitable[Ended]],
    *,
    what: str,
    retries: RetryPolicy,
) -> list[Ended]:
    """Do the work for every item, a few at once; a source's error ends only its own item."""
    places = asyncio.Semaphore(AT_ONCE)
    finished = 0

    async def one(sift: SiftClient, item: Item) -> Ended:
        nonlocal finished
        async with places:
            try:
                return await work(sift, item)
            except SourceError as error:
                return outcome_of(error, now=stores.clock.now())
            finally:
                finished += 1
                report(what, finished, len(items))

    async with sift_http(stores.settings.sift_url, stores.settings.sift_key) as http:
        sift = SiftClient(http, retries=retries)
        return list(await asyncio.gather(*(one(sift, item) for item in items)))


def _land(
    stores: Stores, jobs: Iterable[ScrapeJob], endings: Iterable[Ended], *, run_id: str
) -> int:
    received_at = stores.clock.now()
    rows = [
        {
            "landing_id": f"{job.scrape_job_id}#{position:05d}",
            "scrape_job_id": job.scrape_job_id,
            "platform": job.account_id.partition(":")[0],
            "account_key": job.account_id.partition(":")[2],
            "submitted_at": job.submitted_at,
            "received_at": received_at,
            "known_at": received_at,
            "run_id": run_id,
            "body": json.dumps(row, ensure_ascii=False, sort_keys=True),
            "scraped_on": job.submitted_at.date(),
        }
        for job, ended in zip(jobs, endings, strict=True)
        for position, row in enumerate(ended.rows)
    ]
    landing = catalog.RAW_SIFT__POSTS
    frame = pl.DataFrame(rows, schema=dict(landing.empty().schema))
    with stores.lake.write_lock():
        return stores.lake.insert_absent(
            landing, frame, restamp=lambda rows: known_now(stores, rows)
        ).inserted


def _close(stores: Stores, job: ScrapeJob, ended: Ended, *, worker: str) -> None:
    """Store how a scrape ended, unless another worker has taken the job over meanwhile."""
    now = stores.clock.now()
    is_ours = stores.operations.scrapes.finish(
        job.scrape_job_id,
        worker=worker,
        status="collected" if ended.outcome == "ok" else "failed",
        message=ended.message,
        now=now,
    )
    if is_ours:
        ending = SyncEnding(
            account_id=job.account_id,
            outcome=ended.outcome,
            message=ended.message,
            retry_at=ended.retry_at,
        )
        stores.operations.sync_outcomes.record(ending, "posts", now=now)
