"""SIFT's scrape jobs: what was ordered, how far it is, and what it brings back.

Belongs here: the life of a job against the sandbox's clock, and its rows.
Does not belong here: HTTP paths, authorisation, request faults.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Literal, cast

from sandbox.problems import ProblemError
from sandbox.sift.faults import JOB_FAULTS
from sandbox.sift.models import MediaType, PostRow, ScrapeAnswer, ScrapeOrder, ScrapeStatus
from sandbox.simulation.accounts import AccountRef
from sandbox.simulation.dataset import Sighting
from sandbox.world import World

Fate = Literal["succeeds", "job_fails", "job_never_ends"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScrapeTimes:
    """How long jobs take and how long their posts are kept, in simulated time."""

    duration: timedelta
    kept: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class ScrapeJob:
    """One job; its state follows from the time alone."""

    scrape_id: str
    order: ScrapeOrder
    submitted_at: datetime
    fate: Fate

    @property
    def account(self) -> AccountRef:
        """Whose posts are scraped."""
        return AccountRef(self.order.platform, self.order.account_key)

    def status(self, now: datetime, times: ScrapeTimes) -> ScrapeStatus:
        """How far the job is; queued for the first third of its time."""
        passed = now - self.submitted_at
        if passed < times.duration / 3:
            return "queued"
        if passed < times.duration or self.fate == "job_never_ends":
            return "running"
        if self.fate == "job_fails":
            return "failed"
        return "succeeded" if passed < times.duration + times.kept else "expired"


class ScrapeDesk:
    """Takes orders and answers for the jobs; safe to use from several threads."""

    def __init__(self, world: World, times: ScrapeTimes) -> None:
        self._world = world
        self._times = times
        self._lock = Lock()
        self._jobs: dict[str, ScrapeJob] = {}

    def submit(self, order: ScrapeOrder, *, idempotency_key: str) -> ScrapeJob:
        """The job of this key, made now if it is new.

        Raises:
            ProblemError: The key was used for another order.
        """
        scrape_id = f"scr_{hashlib.sha256(idempotency_key.encode()).hexdigest()[:20]}"
        with self._lock:
            if scrape_id not in self._jobs:
                self._jobs[scrape_id] = self._new(scrape_id, order)
            job = self._jobs[scrape_id]
        if job.order != order:
            raise ProblemError(422, "this Idempotency-Key was used for another order")
        return job

    def _new(self, scrape_id: str, order: ScrapeOrder) -> ScrapeJob:
        account = AccountRef(order.platform, order.account_key)
        fault = self._world.faults.take(account, JOB_FAULTS)
        fate: Fate = "succeeds"
        if fault is not None:
            fate = "job_fails" if fault.kind == "job_fails" else "job_never_ends"
        now = self._world.clock.now()
        return ScrapeJob(scrape_id=scrape_id, order=order, submitted_at=now, fate=fate)

    def job(self, scrape_id: str) -> ScrapeJob:
        """The job of this name.

        Raises:
            ProblemError: There is none; jobs do not outlive the sandbox's process.
        """
        job = self._jobs.get(scrape_id)
        if job is None:
            raise ProblemError(404, f"no such scrape: {scrape_id:.80}")
        return job

    def answer(self, job: ScrapeJob) -> ScrapeAnswer:
        """The job as it stands now."""
        status = job.status(self._world.clock.now(), self._times)
        answer = ScrapeAnswer(
            scrape_id=job.scrape_id,
            status=status,
            platform=job.order.platform,
            account_key=job.order.account_key,
            limit=job.order.limit,
            submitted_at=job.submitted_at,
        )
        if status not in ("queued", "running"):
            answer["finished_at"] = job.submitted_at + self._times.duration
        if status == "failed":
            answer["message"] = "the account's page could not be read"
        if status == "expired":
            answer["message"] = "the posts are no longer kept: scrape again"
        return answer

    def rows(self, job: ScrapeJob) -> list[PostRow]:
        """The posts that a succeeded job brought, newest first, as of when it was submitted.

        Raises:
            ProblemError: The job has not succeeded, or its posts are no longer kept.
        """
        status = job.status(self._world.clock.now(), self._times)
        if status == "expired":
            raise ProblemError(410, f"scrape has expired: {job.scrape_id}")
        if status != "succeeded":
            raise ProblemError(409, f"scrape is {status}: {job.scrape_id}")
        sightings = self._world.dataset.recent(
            job.account, as_of=job.submitted_at, limit=job.order.limit
        )
        return [_row(sighting) for sighting in sightings]


def _row(sighting: Sighting) -> PostRow:
    item, capture = sighting
    kind = "mp4" if item.media_type in ("tiktok_video", "reel") else "jpg"
    row = PostRow(
        post_id=item.item_id,
        platform=item.account.network,
        account_key=item.account.account_key,
        captured_at=capture.captured_at,
        published_at=item.published_at,
        media_type=cast("MediaType", item.media_type),
        permalink=item.permalink,
        media_url=f"https://media.sift.example/{item.account.platform}/{item.item_id}.{kind}",
    )
    if item.caption is not None:
        row["caption"] = item.caption
    return PostRow(**row, **capture.metrics)
