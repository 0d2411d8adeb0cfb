"""Finished scrapes: collecting them as soon as SIFT has them, not only every half hour.

Belongs here: looking at a few open scrapes.
Does not belong here: fetching their rows.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import dagster as dg

from layers_pipeline.dagster_support.console import asking_for_json
from layers_pipeline.errors import SourceError
from layers_pipeline.operations.scrapes import ScrapeJob
from layers_pipeline.settings import Settings
from layers_pipeline.sources.sift.client import SiftClient, sift_http
from layers_pipeline.steps.stores import Stores
from sensors.jobs import posts_sync
from sensors.schedules import run_under_way

LOOKED_AT: Final = 20
SECONDS: Final = 20.0
ENDED: Final = ("succeeded", "failed", "expired")


def request_key(ended: Sequence[str], *, at: datetime) -> str:
    """Names a request; every ten minutes it is a new one, should its run have failed."""
    return f"scrapes-{ended[0]}-{len(ended)}-{at:%Y%m%dT%H}{at.minute // 10}"


async def _ended(settings: Settings, jobs: Sequence[ScrapeJob]) -> list[str]:
    """Scrapes that have ended; one that SIFT refuses to show is left to the posts schedule.

    Raises:
        SourceError: SIFT answered for none of them.
    """
    async with sift_http(settings.sift_url, settings.sift_key, timeout_s=SECONDS / 2) as http:
        sift = SiftClient(http)
        asked = (_status(sift, job) for job in jobs)
        found = await asyncio.gather(*asked)
    refusals = [answer for answer in found if isinstance(answer, SourceError)]
    if len(refusals) == len(jobs):
        raise refusals[0]
    return [job.scrape_job_id for job, answer in zip(jobs, found, strict=True) if answer in ENDED]


async def _status(sift: SiftClient, job: ScrapeJob) -> str | SourceError:
    try:
        return (await sift.scrape(job.source_job_id or "")).status
    except SourceError as error:
        return error


def finished_scrapes(settings: Settings) -> dg.SensorDefinition:
    """A sensor that asks for a posts sync once some of the oldest open scrapes have ended."""

    @dg.sensor(
        job=posts_sync,
        name="finished_scrapes",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus[settings.schedules.upper()],
        description="Asks for a posts sync once some of the oldest open scrapes have ended.",
    )
    def sensor(
        context: dg.SensorEvaluationContext, stores: dg.ResourceParam[Stores]
    ) -> dg.RunRequest | dg.SkipReason:
        if run_under_way(context.instance, posts_sync.name):
            return dg.SkipReason("a posts sync has not ended yet")
        return _look(stores)

    return sensor


def _look(stores: Stores) -> dg.RunRequest | dg.SkipReason:
    jobs = stores.operations.scrapes.all_open(limit=LOOKED_AT)
    if not jobs:
        return dg.SkipReason("no scrape is open")
    try:
        ended = asyncio.run(asyncio.wait_for(_ended(stores.settings, jobs), SECONDS))
    except (SourceError, TimeoutError) as error:
        return dg.SkipReason(f"SIFT could not be asked: {error}")
    if not ended:
        return dg.SkipReason(f"none of the {len(jobs)} oldest open scrapes has ended")
    return dg.RunRequest(
        run_key=request_key(ended, at=stores.clock.now()), run_config=asking_for_json()
    )
