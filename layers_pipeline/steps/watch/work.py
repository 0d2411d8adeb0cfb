"""Figures of work: runs of jobs, calls of platforms, what platforms refuse.

Belongs here: what the operational database counted of runs and calls.
Does not belong here: accounts (``accounts``), tables (``tables``).

Costs one row per job, API, pause and refusal.
"""

from collections import Counter
from datetime import datetime
from typing import Final

from layers_pipeline.operations.store import Operations
from layers_pipeline.settings import Settings
from layers_pipeline.sources.sift.client import SOURCE as SIFT
from layers_pipeline.steps.ad_platforms import AD_PLATFORMS
from layers_pipeline.steps.platforms import CORE_METRICS, PLATFORMS
from layers_pipeline.steps.watch.families import Families, counter, gauge, instants

JOB: Final = ("job",)
API: Final = ("api",)
SECONDS_PER_MINUTE: Final = 60


def of_jobs(operations: Operations) -> Families:
    """How often jobs ran, how long and with how much memory."""
    jobs = operations.job_runs.all()
    ended = [((one.job, "succeeded"), one.succeeded) for one in jobs]
    ended += [((one.job, "failed"), one.failed) for one in jobs]
    yield counter("job_runs", "Runs of a job that have ended.", ended, (*JOB, "outcome"))
    yield counter(
        "job_duration_seconds",
        "Time that all runs of a job took together.",
        [((one.job,), one.seconds) for one in jobs],
        JOB,
    )
    yield gauge(
        "job_last_duration_seconds",
        "How long the newest run of a job took; of scoring: a tick with its publication.",
        [((one.job,), one.last_seconds) for one in jobs],
        JOB,
    )
    yield gauge(
        "job_last_memory_bytes",
        "Most memory that the process of the newest run of a job had when it ended.",
        [((one.job,), one.last_memory_bytes) for one in jobs],
        JOB,
    )
    yield gauge(
        "job_last_end_timestamp_seconds",
        "When the newest run of a job ended.",
        instants({(one.job,): one.last_ended_at for one in jobs}),
        JOB,
    )
    yield gauge(
        "job_last_success_timestamp_seconds",
        "When the newest run of a job that went well ended.",
        instants({(one.job,): one.last_succeeded_at for one in jobs}),
        JOB,
    )


def of_calls(operations: Operations, settings: Settings) -> Families:
    """Calls of each API, and how much of its allowances is used, where that is told."""
    counted = {one.api: one for one in operations.api_calls.all()}
    apis = [*PLATFORMS, *(platform.source for platform in AD_PLATFORMS.values()), SIFT]
    calls = [((api,), counted[api].calls if api in counted else 0) for api in apis]
    yield counter("api_calls", "Requests to an API, repeated ones included.", calls, API)
    used = [
        ((one.api, scope), share)
        for one in counted.values()
        for scope, share in (("app", one.app_used_ratio), ("account", one.account_used_ratio))
        if share is not None
    ]
    yield gauge(
        "api_usage_ratio",
        "Most of an allowance, of the app's or any account's, that the newest sync was told used.",
        used,
        (*API, "scope"),
    )
    yield gauge(
        "api_usage_limit_ratio",
        "Share of an allowance from which on syncs wait rather than call.",
        [((), settings.usage_limit_pct / 100)],
    )
    per_s = min(settings.tiktok_calls_per_s, settings.tiktok_calls_per_min / SECONDS_PER_MINUTE)
    yield gauge(
        "api_allowed_calls_per_second",
        "Calls that an API allows our app, where it tells nothing in its answers.",
        [((PLATFORMS["tiktok"].name,), per_s)],
        API,
    )


def of_refusals(operations: Operations, *, now: datetime) -> Families:
    """What platforms refuse now, and APIs that get no calls for a while."""
    standing = [row for row in operations.refusals.all() if row.until > now]
    refused = Counter((row.source,) for row in standing)
    core = Counter((row.source,) for row in standing if row.is_of_all and row.name in CORE_METRICS)
    sources = {(platform.source,) for platform in PLATFORMS.values()} | refused.keys()
    for name, said, found in (
        ("refusals", "Metrics, fields and posts that are not asked for now.", refused),
        ("refused_core_metrics", "Views, likes and reach that are refused of all posts.", core),
    ):
        yield gauge(name, said, [(key, found[key]) for key in sorted(sources)], ("source",))
    yield gauge(
        "api_pause_end_timestamp_seconds",
        "Until when a part of an API gets no calls; absent: it may be called.",
        instants({(one.scope,): one.until for one in operations.refusals.pauses(now=now)}),
        ("scope",),
    )
