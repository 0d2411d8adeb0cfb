"""TikTok's reports of days: in portions that are answered whole, or as a task where none is.

Belongs here: portions of days, pages, when a report is cut, tasks and their files.
Does not belong here: which reports a reading consists of (``reader``), what rows mean.
"""

import asyncio
import csv
import io
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import httpx

from layers_pipeline.errors import (
    SourceError,
    SourceMalformedError,
    SourceRejectedError,
    SourceUnavailableError,
)
from layers_pipeline.sources.ads_client import spans
from layers_pipeline.sources.tiktok.api import Exchange
from layers_pipeline.sources.tiktok.errors import SOURCE
from layers_pipeline.sources.tiktok_ads.errors import good_data, is_too_large
from layers_pipeline.sources.tiktok_ads.fields import (
    DAY,
    METRICS,
    Level,
    report_question,
    task_body,
)
from layers_pipeline.sources.tiktok_ads.paging import PAGE_SIZE, Row, every_row

REPORT: Final = "/report/integrated/get/"
TASK: Final = "/report/task/"
DAYS_AT_ONCE: Final = 7
"""TikTok advises a week per call; thirty days are the most it takes."""
CUT_HEADER: Final = "x-tt-ads-throttle"
"""All that tells that a report of more than 20,000 ads was cut to the newest of them."""
WAITING: Final = frozenset({"QUEUING", "PROCESSING"})
DONE: Final = "SUCCESS"
GONE: Final = (403, 404, 410)
"""What a link says that has expired."""


@dataclass(frozen=True, kw_only=True)
class TaskPatience:
    """How long a report's task is waited for: TikTok states no time."""

    poll_s: float = 10.0
    polls: int = 180
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)


class _CutError(SourceError):
    """The answer leaves ads out; never leaves this module."""


class Reports:
    """Reports of one advertiser.

    Args:
        exchange: The requests, with the account's token.
        http: Fetches files of reports, which lie elsewhere and are asked for without a token.
        advertiser_id: Whose ads.
        patience: How long tasks are waited for.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        http: httpx.AsyncClient,
        advertiser_id: str,
        patience: TaskPatience,
    ) -> None:
        self._exchange, self._http = exchange, http
        self._advertiser_id = advertiser_id
        self._patience = patience

    async def days(self, level: Level, since: date, until: date) -> list[Row]:
        """Every row of days, both ends included, whole or not at all.

        What is too much at once is asked for in weeks, then day by day, then as a task; what is
        cut is asked for as a task at once.
        """
        try:
            return await self._pages(level, since, until)
        except _CutError:
            return await self._task(since, until)
        except SourceUnavailableError as error:
            if not is_too_large(error):
                raise
        if since == until:
            return await self._task(since, until)
        rows: list[Row] = []
        for day, _ in spans(since, until, days=1):
            rows += await self.days(level, day, day)
        return rows

    async def _pages(self, level: Level, since: date, until: date) -> list[Row]:
        what = f"report of {since} to {until}"
        question = self._own(report_question(level, since, until), page_size=str(PAGE_SIZE))

        async def ask(page: int) -> Row:
            params = {**question, "page": str(page)}
            answer = await self._exchange.ask("GET", REPORT, params=params)
            data = good_data(answer)
            # An account's total is one row a day, whatever the number of its ads.
            if level == "ad" and CUT_HEADER in answer.headers:
                raise _CutError(SOURCE, f"{what}: ads were left out")
            return data

        return await every_row(ask, what=what)

    async def _task(self, since: date, until: date) -> list[Row]:
        body = task_body(self._advertiser_id, since, until)
        answer = await self._exchange.ask("POST", f"{TASK}create/", json=body)
        task_id = good_data(answer).get("task_id")
        if not isinstance(task_id, str | int) or not str(task_id):
            raise SourceMalformedError(SOURCE, "report's task without task_id")
        await self._finished(str(task_id))
        return list(rows_of_csv(await self._file(str(task_id))))

    async def _finished(self, task_id: str) -> None:
        for _ in range(self._patience.polls):
            params = self._own({"task_id": task_id})
            answer = await self._exchange.ask("GET", f"{TASK}check/", params=params)
            status = good_data(answer).get("status")
            if status == DONE:
                return
            if status not in WAITING:
                message = (
                    f"report's task {task_id} ended as {status}. It is ordered anew next time."
                )
                raise SourceUnavailableError(SOURCE, message)
            await self._patience.sleep(self._patience.poll_s)
        waited_s = self._patience.poll_s * self._patience.polls
        message = f"report's task {task_id} not done after {waited_s:.0f} s. It is ordered anew."
        raise SourceUnavailableError(SOURCE, message)

    async def _file(self, task_id: str) -> str:
        """The report's text; a link that has expired is asked for once more."""
        response = await self._linked(task_id)
        if response.status_code in GONE:
            response = await self._linked(task_id)
        if response.is_success:
            return response.content.decode("utf-8-sig", errors="replace")
        message = f"file of the report's task {task_id}: HTTP {response.status_code}"
        raise SourceUnavailableError(SOURCE, message)

    async def _linked(self, task_id: str) -> httpx.Response:
        params = self._own({"task_id": task_id})
        answer = await self._exchange.ask("GET", f"{TASK}download/", params=params)
        # No message names the link: who has it can read the report for as long as it lives.
        try:
            return await self._http.get(link_of(good_data(answer)))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            message = f"file of the report's task {task_id}: {type(error).__name__}"
            raise SourceUnavailableError(SOURCE, message) from error

    def _own(self, params: Row, **more: str) -> Row:
        return {"advertiser_id": self._advertiser_id, **params, **more}


def rows_of_csv(text: str) -> Iterator[Row]:
    """A report's file as the rows that its page would have; a line without an ad is no row.

    Raises:
        SourceMalformedError: Its columns are not those that were asked for.
    """
    lines = csv.DictReader(io.StringIO(text, newline=""))
    titles = [title.strip() for title in lines.fieldnames or ()]
    missing = [name for name in ("ad_id", DAY, "spend") if name not in titles]
    if missing:
        message = (
            f"report's file without {', '.join(missing)}; its columns are "
            f"{', '.join(titles[:8])}. Titles may be translated: order it with "
            "enable_report_title_translation false."
        )
        raise SourceMalformedError(SOURCE, message)
    lines.fieldnames = titles
    for line in lines:
        if None in line or None in line.values():
            raise SourceMalformedError(SOURCE, f"report's file broken at line {lines.line_num}")
        if line["ad_id"].strip().isdigit():
            dimensions = {"ad_id": line["ad_id"].strip(), DAY: line[DAY]}
            metrics = {name: line[name] for name in METRICS if name in line}
            yield {"dimensions": dimensions, "metrics": metrics}


def link_of(data: Row) -> str:
    """Where a report's file lies."""
    link = data.get("download_url")
    if not isinstance(link, str) or not link.startswith(("https://", "http://")):
        raise SourceRejectedError(SOURCE, "report's task without a link to its file")
    return link
