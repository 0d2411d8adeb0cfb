"""Reports on TikTok's ads: at once, page by page, or as a task.

Belongs here: rows, totals, tasks and their files.
Does not belong here: parameters (``query``), metrics.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Final

from sandbox.simulation.ads.accounts import AdAccount
from sandbox.simulation.ads.numbers import Numbers
from sandbox.simulation.ads.world import AdDay
from sandbox.simulation.digests import digest
from sandbox.tiktok.ads.call import AdsCall, Json
from sandbox.tiktok.ads.metrics import ADDED, CONVERSIONS, METRICS, NONE, Told, title_of
from sandbox.tiktok.ads.objects import PRIMARY
from sandbox.tiktok.ads.query import (
    DAY_DIMENSION,
    LEVELS,
    ReportQuery,
    dimension_of,
    report_query,
)
from sandbox.tiktok.codes import TikTokRefusalError
from sandbox.tiktok.parameters import refused

READY_AFTER: Final = 2
"""Checks until a task has succeeded."""
KEPT: Final = timedelta(days=30)
LINK_LIVES: Final = timedelta(hours=1)
FIRST_TASK: Final = 7_300_000_000_000_000_000
FORMATS: Final = ("CSV_STRING", "CSV_DOWNLOAD")
THROTTLE: Final = "X-Tt-Ads-Throttle"
UNKNOWN_TASK: Final = 40007
NOT_READY: Final = 40201


def integrated_report(call: AdsCall) -> Json:
    """One page of a report, with totals on the first where they are asked for."""
    account = call.advertiser()
    query = report_query(call, account)
    call.strike(account.ref, "report", days=query.days)
    rows = report_rows(call, account, query, at=call.now)
    if call.kind == "cut_20000":
        call.headers[THROTTLE] = "20000"
        rows = _newest_half(rows, LEVELS[query.level])
    found = call.page([_bent(row, call.kind) for row in rows])
    if call.is_on("enable_total_metrics") and found["page_info"]["page"] == 1:
        found["total_metrics"] = _totals(rows, query)
    return found


def report_rows(
    call: AdsCall, account: AdAccount, query: ReportQuery, *, at: datetime
) -> list[Json]:
    """Every row of a report, in an order that follows from ids and days alone."""
    days = call.world.ads.days(
        account.ref,
        query.since,
        query.until,
        at=at,
        late_fix=call.switched(account.ref, "late_fix"),
    )
    parts: dict[tuple[str, date | None], list[AdDay]] = defaultdict(list)
    for row in days:
        if _is_wanted(row, query, at):
            day = row.day if DAY_DIMENSION in query.dimensions else None
            parts[dimension_of(row.ad, LEVELS[query.level]), day].append(row)
    order = sorted(parts, key=lambda key: digest(*key))
    return [_row(key, parts[key], account, query, at) for key in order]


def _is_wanted(row: AdDay, query: ReportQuery, at: datetime) -> bool:
    is_hidden = query.level == "AUCTION_AD" and row.ad.state(at) not in PRIMARY[query.status]
    return not is_hidden and all(dimension_of(row.ad, name) in ids for name, ids in query.ids)


def _row(
    key: tuple[str, date | None],
    days: Sequence[AdDay],
    account: AdAccount,
    query: ReportQuery,
    at: datetime,
) -> Json:
    own_id, day = key
    told = Told(
        ads=tuple({row.ad.ad_id: row.ad for row in days}.values()),
        numbers=Numbers.summed(row.numbers for row in days),
        ended_at=account.day_starts((day or query.until) + timedelta(days=1)),
        at=at,
        is_one_ad=query.level == "AUCTION_AD",
    )
    dimensions = {LEVELS[query.level]: own_id}
    if day is not None:
        dimensions[DAY_DIMENSION] = f"{day} 00:00:00"
    return {
        "dimensions": {name: dimensions[name] for name in query.dimensions},
        "metrics": {name: METRICS[name](told) for name in query.metrics},
    }


def _bent(row: Json, kind: str) -> Json:
    if kind == "dashes":
        return row | {
            "metrics": {n: v if n == "spend" else NONE for n, v in row["metrics"].items()}
        }
    if kind == "less_than_five":
        told = {n: "<5" if n in CONVERSIONS else v for n, v in row["metrics"].items()}
        return row | {"metrics": told}
    return row


def _newest_half(rows: Sequence[Json], name: str) -> list[Json]:
    ids = sorted({row["dimensions"][name] for row in rows})
    kept = set(ids[len(ids) // 2 :])
    return [row for row in rows if row["dimensions"][name] in kept]


def _totals(rows: Sequence[Json], query: ReportQuery) -> Mapping[str, str]:
    """Sums over every page; what cannot be added is "-"."""
    return {name: _total(rows, name) if name in ADDED else NONE for name in query.metrics}


def _total(rows: Sequence[Json], name: str) -> str:
    told = (row["metrics"][name] for row in rows)
    return f"{sum((Decimal(text) for text in told if text != NONE), Decimal())}"


@dataclass(kw_only=True)
class Task:
    """One report that was ordered."""

    task_id: str
    ordered_at: datetime
    account: AdAccount
    query: ReportQuery
    output: str
    is_translated: bool
    checked: int = 0
    outcome: str = ""
    """How it ended, if not well."""

    @property
    def has_succeeded(self) -> bool:
        """Whether its file can be fetched."""
        return not self.outcome and self.checked >= READY_AFTER


class Tasks:
    """Every report that was ordered, and the links to their files."""

    def __init__(self) -> None:
        self._serial = count(1)
        self._tasks: dict[str, Task] = {}

    def create(self, call: AdsCall) -> Json:
        """Order a report; it shows what is true now."""
        account = call.advertiser()
        query = report_query(call, account, of_task=True)
        output = call.params.get("output_format") or "CSV_STRING"
        if output not in FORMATS:
            raise refused("output_format", f"The sandbox has {FORMATS} only.")
        call.strike(account.ref, "create", days=query.days)
        task = Task(
            task_id=str(FIRST_TASK + next(self._serial)),
            ordered_at=call.now,
            account=account,
            query=query,
            output=output,
            is_translated=call.is_on("enable_report_title_translation", default=True),
        )
        self._tasks[task.task_id] = task
        return {"task_id": task.task_id}

    def check(self, call: AdsCall) -> Json:
        """How far a report is; asking moves it on."""
        task = self._task(call)
        call.strike(task.account.ref, "check")
        if call.kind in ("task_failed", "task_canceled"):
            task.outcome = call.kind.removeprefix("task_").upper()
        if call.kind != "task_endless":
            task.checked += 1
        if task.outcome:
            return {"status": task.outcome, "message": "The task did not succeed."}
        return {"status": "SUCCESS" if task.has_succeeded else "PROCESSING", "message": ""}

    def download(self, call: AdsCall) -> Json | str:
        """The file as text, or a link to it that lives for an hour."""
        task = self._task(call)
        call.strike(task.account.ref, "download")
        if not task.has_succeeded:
            raise TikTokRefusalError(NOT_READY)
        is_translated = task.is_translated or call.kind == "titles_translated"
        if task.output == "CSV_STRING":
            return self._csv(call, task, is_translated=is_translated)
        ends_at = call.now + (LINK_LIVES if call.kind != "link_expired" else -LINK_LIVES)
        query = f"until={int(ends_at.timestamp())}&translated={int(is_translated)}"
        name = f"{task.task_id}.csv"
        return {
            "download_url": f"{call.base_url}/open_api/file/{name}?{query}",
            "file_name": name,
        }

    def file(self, call: AdsCall, name: str) -> str | None:
        """The file behind a link; none where the link has expired."""
        task = self._tasks.get(name.removesuffix(".csv"))
        until = call.params.get("until", "")
        if task is None or not until.isdecimal() or call.now.timestamp() > int(until):
            return None
        return self._csv(call, task, is_translated=call.params.get("translated") == "1")

    def _task(self, call: AdsCall) -> Task:
        account = call.advertiser()
        task = self._tasks.get(call.params.get("task_id", ""))
        if task is None or task.account is not account or call.now >= task.ordered_at + KEPT:
            raise TikTokRefusalError(UNKNOWN_TASK)
        return task

    def _csv(self, call: AdsCall, task: Task, *, is_translated: bool) -> str:
        names = (*task.query.dimensions, *task.query.metrics)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([title_of(name) for name in names] if is_translated else names)
        for row in report_rows(call, task.account, task.query, at=task.ordered_at):
            told = row["dimensions"] | row["metrics"]
            writer.writerow([told[name] for name in names])
        return text.getvalue()
