"""A service that stands in for TikTok's ads API, for what no sandbox can be made to say.

Belongs here: a small service that pages, and helpers to read it.
Does not belong here: expectations.
"""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import httpx
from pydantic import SecretStr

from layers_pipeline.clock import FixedClock
from layers_pipeline.sources.ads_client import AdsReading, AdsRequest
from layers_pipeline.sources.http import RetryPolicy
from layers_pipeline.sources.rate_limits import UsageBudgets
from layers_pipeline.sources.tiktok.api import Calling
from layers_pipeline.sources.tiktok_ads.client import TikTokAdsClient
from layers_pipeline.sources.tiktok_ads.reports import TaskPatience

NOW = datetime(2026, 3, 1, 11, tzinfo=UTC)
CLOCK = FixedClock(NOW)
QUICK = RetryPolicy(attempts=3, wait_initial_s=0.001, wait_max_s=0.002, jitter_s=0.001)
ACCOUNT = "7000000000000000001"
TOKEN = "act-0123456789-do-not-print"
FILE = "https://files.example/report.csv?signature=do-not-print"
Answer = httpx.Response


async def _at_once(seconds: float) -> None:
    del seconds


PATIENCE = TaskPatience(poll_s=1.0, polls=3, sleep=_at_once)


def envelope(data=None, *, code=0, message="OK", headers=None):
    body = {"code": code, "message": message, "data": data or {}}
    return Answer(200, json=body, headers=headers)


def page(rows, *, number=1, size=1000, total=None):
    found = rows[(number - 1) * size : number * size]
    info = {
        "page": number,
        "page_size": size,
        "total_number": len(rows) if total is None else total,
    }
    return {"list": found, "page_info": info | {"total_page": -(-len(rows) // size)}}


def ad(ad_id, **changes):
    return {
        "ad_id": ad_id,
        "ad_name": f"ad {ad_id}",
        "secondary_status": "AD_STATUS_DELIVERY_OK",
    } | changes


def ad_day(ad_id, on: date, **metrics):
    told = {"spend": "1.00", "impressions": "100"} | metrics
    return {"dimensions": {"ad_id": ad_id, "stat_time_day": f"{on} 00:00:00"}, "metrics": told}


class Service:
    """Answers as TikTok does; a test changes what it holds, or strikes a path.

    Args:
        ads: Ads that the list shows.
        hidden: Ads that are given by id alone.
        size: Rows of a page, whatever is asked for.
    """

    def __init__(self, ads=(), *, hidden=(), size=1000) -> None:
        self.ads, self.hidden, self.size = list(ads), list(hidden), size
        self.zone, self.currency = "Etc/GMT+8", "USD"
        self.days: Callable[[date], list[dict]] = lambda _: []
        self.strikes: list[tuple[str, Callable[[httpx.Request], Answer | None]]] = []
        self.csv = "ad_id,stat_time_day,spend,impressions\n"
        self.status = ["QUEUING", "PROCESSING", "SUCCESS"]
        self.asked: list[httpx.Request] = []

    def strike(self, path, answer):
        """Have requests whose path contains this answered otherwise; null: as always."""
        self.strikes.append((path, answer if callable(answer) else lambda _: answer))

    def __call__(self, request: httpx.Request) -> Answer:
        self.asked.append(request)
        for path, answer in self.strikes:
            if path in str(request.url) and (found := answer(request)) is not None:
                return found
        return self._answer(request)

    def _answer(self, request):
        params, path = request.url.params, request.url.path
        if request.url.host == "files.example":
            return Answer(200, content=self.csv.encode())
        if path.endswith("/advertiser/info/"):
            told = {"advertiser_id": ACCOUNT, "currency": self.currency, "timezone": self.zone}
            return envelope({"list": [told | {"display_timezone": "America/Los_Angeles"}]})
        if path.endswith("/ad/get/"):
            wanted = json.loads(params["filtering"]).get("ad_ids")
            rows = [one for one in (*self.ads, *self.hidden) if wanted and one["ad_id"] in wanted]
            return envelope(self._page(rows if wanted else self.ads, params))
        if path.endswith("/report/integrated/get/"):
            return envelope(self._page(self._rows(params), params))
        return envelope(self._task(path.rpartition("/task/")[2]))

    def _task(self, step):
        if step == "check/":
            return {"status": self.status.pop(0) if self.status[1:] else self.status[0]}
        return {"task_id": "t1"} if step == "create/" else {"download_url": FILE}

    def _rows(self, params):
        since, until = (date.fromisoformat(params[name]) for name in ("start_date", "end_date"))
        days = [since + timedelta(days=number) for number in range((until - since).days + 1)]
        if params["data_level"] == "AUCTION_AD":
            return [row for day in days for row in self.days(day)]
        told = {"spend": "9.00"}
        return [
            {"dimensions": {"advertiser_id": ACCOUNT, "stat_time_day": f"{day}"}, "metrics": told}
            for day in days
        ]

    def _page(self, rows, params):
        return page(rows, number=int(params["page"]), size=self.size)

    def paths(self):
        return [request.url.path.removeprefix("/open_api/v1.3") for request in self.asked]

    def reports(self):
        """First and last day of every report of ads that was asked for, by page."""
        return [
            (request.url.params["start_date"], request.url.params["end_date"])
            for request in self.asked
            if request.url.path.endswith("/report/integrated/get/")
            and request.url.params["data_level"] == "AUCTION_AD"
        ]


def calling_over(service, *, budgets=None, retries=QUICK):
    http = httpx.AsyncClient(
        transport=httpx.MockTransport(service), base_url="http://tiktok.example"
    )
    return Calling(http=http, clock=CLOCK, budgets=budgets or UsageBudgets(CLOCK), retries=retries)


def wanted(**changes) -> AdsRequest:
    given = {
        "ad_account_id": ACCOUNT,
        "token": SecretStr(TOKEN),
        "trailing_days": 9,
        "first_days": 9,
    }
    return AdsRequest(**given | changes)


def read(service, *, budgets=None, **changes) -> AdsReading:
    """One reading of the service: today and nine days before it, by default."""
    client = TikTokAdsClient(calling_over(service, budgets=budgets), patience=PATIENCE)
    return asyncio.run(client.read(wanted(**changes)))


def subjects(reading, entity):
    return [row.subject for row in reading.rows if row.entity == entity]


def bodies(reading, entity):
    return [json.loads(row.body) for row in reading.rows if row.entity == entity]
