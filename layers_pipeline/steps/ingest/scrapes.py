"""Syncing external accounts through SIFT: ask for scrapes, collect finished ones, keep their rows.

Belongs here: the conversation with SIFT, per account, and its outcome.
Does not belong here: what the rows mean (``transforms.staging.sift_posts``), when it happens
(``sensors``).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import polars as pl

from layers_pipeline.errors import SourceError
from layers_pipeline.operations.accounts import PlatformAccount
from layers_pipeline.operations.scrapes import ScrapeJob
from layers_pipeline.operations.sync_outcomes import SyncEnding
from layers_pipeline.progress import report
from layers_pipeline.sources.http import DEFAULT_RETRIES, RetryPolicy
from layers_pipeline.sources.sift.client import SOURCE, SiftClient, sift_http
from layers_pipeline.steps.ingest.calls import count_calls
from layers_pipeline.steps.ingest.claims import claim
from layers_pipeline.steps.ingest.outcomes import (
    ACCOUNTS_PER_RUN,
    LEASE,
    Remedies,
    SyncSummary,
    outcome_of,
    summary_of,
    tell,
)
from layers_pipeline.steps.ingest.raw_rows import known_now
from layers_pipeline.steps.platforms import SIFT
from layers_pipeline.steps.stores import Stores
from transforms.vocabulary import Outcome

Item = TypeVar("Item", PlatformAccount, ScrapeJob)
Result = TypeVar("Result")
POSTS_PER_SCRAPE: Final = 50
AT_ONCE: Final = 8
JOB_PATIENCE: Final = timedelta(hours=6)
REMEDIES: Final = Remedies(
    unauthorized="unavailable",
    renew="The key for SIFT was refused: set LAYERS_SIFT_KEY to a valid one.",
)


@dataclass(frozen=True, kw_only=True)
class Collected:
    """A scrape that has ended: how, and the rows that it found."""

    outcome: SyncEnding
    rows: tuple[dict[str, Any], ...] = ()


def submit_scrapes(
    stores: Stores,
    *,
    worker: str,
    accounts: Sequence[str] = (),
    retries: RetryPolicy = DEFAULT_RETRIES,
) -> SyncSummary:
    """Ask SIFT for a scrape of every external account that is due, and store the jobs (R4).

    Args:
        worker: Who claims the accounts, unique per run.
        accounts: Of these, the external ones are asked for, due or not; none: those that are due.
    """
    now = stores.clock.now()
    due = claim(stores, "external", "quick", worker=worker, accounts=accounts)
    if not due:
        return SyncSummary()
    still_open = stores.operations.scrapes.all_open(limit=ACCOUNTS_PER_RUN * 50)
    waiting = {job.account_id for job in still_open}

    async def ask(sift: SiftClient, account: PlatformAccount) -> SyncEnding:
        if account.account_id in waiting:
            return _ended(account, "ok", "the scrape asked for before is not finished yet")
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
        return _ended(account, "ok", "scrape asked for")

    outcomes = asyncio.run(_each(stores, due, ask, what="accounts asked for", retries=retries))
    for one in outcomes:
        tell(one, depth="quick", source=SOURCE)
    ended_at = stores.clock.now()
    stores.operations.sync_outcomes.finish(outcomes, "quick", worker=worker, now=ended_at)
    return summary_of(outcomes)


def collect_scrapes(
    stores: Stores, *, worker: str, run_id: str, retries: RetryPolicy = DEFAULT_RETRIES
) -> SyncSummary:
    """Fetch what finished scrapes found and keep it, exactly as received (R4, R12).

    Rows are written before a job is marked as collected, and writing a row twice changes
    nothing, so a crash in between costs only a repeat.

    Args:
        worker: Who claims the jobs, unique per run.
        run_id: Run that receives the rows.
    """
    now = stores.clock.now()
    jobs = stores.operations.scrapes.claim(
        now=now, lease_for=LEASE, worker=worker, limit=ACCOUNTS_PER_RUN
    )

    async def fetch(sift: SiftClient, job: ScrapeJob) -> Collected | None:
        return await _collect(sift, job, now=now)

    found = asyncio.run(_each(stores, jobs, fetch, what="scrapes looked at", retries=retries))
    collected = [
        (job, Collected(outcome=one) if isinstance(one, SyncEnding) else one)
        for job, one in zip(jobs, found, strict=True)
        if one is not None
    ]
    written = _write(stores, collected, run_id=run_id)
    for job, one in collected:
        tell(one.outcome, depth="posts", source=SOURCE, rows=len(one.rows))
        _close(stores, job, one.outcome, worker=worker)
    ended = {job.scrape_job_id for job, _ in collected}
    for job in jobs:
        if job.scrape_job_id not in ended:
            stores.operations.scrapes.release(job.scrape_job_id, worker=worker)
    return replace(
        summary_of(one.outcome for _, one in collected),
        rows=written,
        still_running=len(jobs) - len(collected),
    )


def _ended(item: PlatformAccount | ScrapeJob, outcome: Outcome, message: str) -> SyncEnding:
    return SyncEnding(account_id=item.account_id, outcome=outcome, message=message)


async def _collect(sift: SiftClient, job: ScrapeJob, *, now: datetime) -> Collected | None:
    """What a scrape found; none while SIFT is still at work."""
    scrape = await sift.scrape(job.source_job_id or "")
    if scrape.status in ("queued", "running"):
        if now - job.submitted_at < JOB_PATIENCE:
            return None
        late = "the scrape did not end within 6 hours"
        return Collected(outcome=_ended(job, "unavailable", late))
    if scrape.status != "succeeded":
        said = scrape.message or "no reason was given"
        return Collected(outcome=_ended(job, "unavailable", f"the scrape {scrape.status}: {said}"))
    rows = [row async for row in sift.posts(scrape.scrape_id)]
    return Collected(outcome=_ended(job, "ok", f"{len(rows)} posts"), rows=tuple(rows))


async def _each(
    stores: Stores,
    items: Sequence[Item],
    work: Callable[[SiftClient, Item], Awaitable[Result]],
    *,
    what: str,
    retries: RetryPolicy,
) -> list[Result | SyncEnding]:
    """Do the work for every item, a few at once; a source's error ends only its own item."""
    places = asyncio.Semaphore(AT_ONCE)
    finished = 0

    async def one(sift: SiftClient, item: Item) -> Result | SyncEnding:
        nonlocal finished
        async with places:
            try:
                return await work(sift, item)
            except SourceError as error:
                now = stores.clock.now()
                return outcome_of(error, item.account_id, now=now, remedies=REMEDIES)
            finally:
                finished += 1
                report(what, finished, len(items))

    async with sift_http(stores.settings.sift_url, stores.settings.sift_key) as http:
        sift = SiftClient(http, retries=retries)
        done = list(await asyncio.gather(*(one(sift, item) for item in items)))
    count_calls(stores, {SOURCE: sift.calls})
    return done


def _write(stores: Stores, collected: Sequence[tuple[ScrapeJob, Collected]], *, run_id: str) -> int:
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
        for job, one in collected
        for position, row in enumerate(one.rows)
    ]
    frame = pl.DataFrame(rows, schema=dict(SIFT.raw.empty().schema))
    with stores.lake.landing():
        return stores.lake.insert_absent(
            SIFT.raw, frame, restamp=lambda some: known_now(stores, some)
        ).inserted


def _close(stores: Stores, job: ScrapeJob, outcome: SyncEnding, *, worker: str) -> None:
    """Store how a scrape ended, unless another worker has taken the job over meanwhile."""
    now = stores.clock.now()
    is_ours = stores.operations.scrapes.finish(
        job.scrape_job_id,
        worker=worker,
        status="collected" if outcome.outcome == "ok" else "failed",
        message=outcome.message,
        now=now,
    )
    if is_ours:
        stores.operations.sync_outcomes.record(outcome, "posts", now=now)
