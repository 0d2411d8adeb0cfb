"""A small truth with ads, and a caller who asks the simulated TikTok Business API for them.

Belongs here: what the tests of TikTok's ads share.
Does not belong here: expectations.
"""

import asyncio
import csv
import io
import json
from datetime import date, timedelta
from functools import cache

import httpx

from sandbox import Fault, World, build_sandbox
from sandbox.simulation.ads.accounts import AdAccount
from sandbox.simulation.ads.ad import Ad
from sandbox.simulation.ads.world import AdDay
from tests.sandbox.graph.ads.caller import DATASET, NOW
from tests.sandbox.tiktok.caller import OPEN_API

SINCE, UNTIL = date(2025, 5, 1), date(2025, 5, 24)
EVERY_STATUS = [{"field_name": "ad_status", "filter_type": "IN", "filter_value": '["STATUS_ALL"]'}]
METRICS = ["spend", "impressions", "clicks", "reach", "conversion", "total_complete_payment_rate"]
REPORT = {
    "report_type": "BASIC",
    "service_type": "AUCTION",
    "data_level": "AUCTION_AD",
    "dimensions": ["ad_id", "stat_time_day"],
    "metrics": METRICS,
    "start_date": f"{SINCE}",
    "end_date": f"{UNTIL}",
    "page_size": 1000,
}


def as_query(given: dict) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in given.items()
    }


class TikTokAdCaller:
    """Holds one world, and a token of one of its advertisers."""

    def __init__(self, number: int = 0) -> None:
        self.world = World(DATASET, now=NOW)
        self.app = build_sandbox(self.world)
        accounts = [one for one in self.world.ads.accounts if one.platform == "tiktok_ads"]
        self.account: AdAccount = accounts[number]
        self.token = self.world.tokens.issue(self.account.ref).access

    def as_at_first(self) -> "TikTokAdCaller":
        """The caller before a sandbox without faults, at its first moment, with a new token."""
        self.world.faults.clear()
        self.world.clock.set(NOW, rate=0)
        self.token = self.world.tokens.issue(self.account.ref).access
        return self

    def request(self, method: str, path: str, **options) -> httpx.Response:
        """An answer of the app, without a socket."""

        async def answered() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as http:
                return await http.request(method, path, **options)

        return asyncio.run(answered())

    def get(self, route: str, *, advertiser_id: str | None = None, **params) -> httpx.Response:
        wanted = advertiser_id or self.account.account_id
        query = as_query({"advertiser_id": wanted} | params)
        headers = {"Access-Token": self.token}
        return self.request("GET", f"{OPEN_API}/{route}/", params=query, headers=headers)

    def read(self, route: str, **params) -> dict:
        answer = self.get(route, **params).json()
        assert answer["code"] == 0, answer
        return answer["data"]

    def refusal(self, route: str, **params) -> tuple[int, str]:
        answer = self.get(route, **params).json()
        return answer["code"], answer["message"]

    def report(self, **more) -> list[dict]:
        """Every row of a report."""
        return self.read("report/integrated/get", **(REPORT | more))["list"]

    def create(self, **more) -> str:
        body = {"advertiser_id": self.account.account_id} | REPORT | more
        answer = self.request(
            "POST",
            f"{OPEN_API}/report/task/create/",
            json=body,
            headers={"Access-Token": self.token},
        ).json()
        assert answer["code"] == 0, answer
        return answer["data"]["task_id"]

    def states(self, task_id: str, times: int = 3) -> list[str]:
        return [self.read("report/task/check", task_id=task_id)["status"] for _ in range(times)]

    def downloaded(self, task_id: str) -> list[dict]:
        self.states(task_id)
        text = self.get("report/task/download", task_id=task_id).text
        return list(csv.DictReader(io.StringIO(text)))

    def ads(self) -> list[Ad]:
        return self.world.ads.ads(self.account.ref, at=self.world.clock.now())

    def days(self, since: date = SINCE, until: date = UNTIL) -> list[AdDay]:
        return self.world.ads.days(self.account.ref, since, until, at=self.world.clock.now())

    def put(self, kind: str, **more) -> None:
        self.world.faults.put(self.account.ref, Fault(kind=kind, **more))

    def advance(self, **time) -> None:
        self.world.clock.advance(timedelta(**time).total_seconds())


@cache
def _made(number: int) -> TikTokAdCaller:
    return TikTokAdCaller(number)


def caller_of(number: int = 0) -> TikTokAdCaller:
    """The caller with the token of one advertiser, as at first."""
    return _made(number).as_at_first()
