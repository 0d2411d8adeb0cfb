"""A small truth with ads, and a caller who asks the simulated Marketing API for them.

Belongs here: what the tests of the Marketing API share.
Does not belong here: expectations.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import parse_qsl, urlsplit

from sandbox import Fault, Plan, World, generated_truth
from sandbox.graph.answering import answered
from sandbox.graph.call import Reply
from sandbox.graph.desk import GraphDesk
from sandbox.graph.paths import call_of
from sandbox.simulation.accounts import AccountRef
from sandbox.simulation.ads.accounts import AdAccount
from sandbox.simulation.ads.ad import Ad
from sandbox.simulation.ads.numbers import Numbers, numbers_of

START = datetime(2025, 5, 14, tzinfo=UTC)
NOW = START + timedelta(days=12, hours=7)
DATASET = generated_truth(3, start=START, plan=Plan(instagram=2, tiktok=2, posts=25))
SINCE, UNTIL = "2025-05-01", "2025-05-24"
STATUSES = [
    *("ACTIVE", "PAUSED", "ARCHIVED", "DELETED", "CAMPAIGN_PAUSED", "ADSET_PAUSED"),
    *("DISAPPROVED", "IN_PROCESS", "PENDING_BILLING_INFO", "PENDING_REVIEW", "PREAPPROVED"),
    "WITH_ISSUES",
]
EVERY_STATUS = [{"field": "ad.effective_status", "operator": "IN", "value": STATUSES}]


WORLD = World(DATASET, now=NOW)


@dataclass
class AdCaller:
    """Asks without a socket, with the token of one ad account."""

    world: World
    number: int = 0
    """Which of Meta's ad accounts."""
    version: str = "v26.0"

    def __post_init__(self) -> None:
        self.desk = GraphDesk(self.world)
        self.token = self.world.tokens.issue(self.ref).access

    @property
    def account(self) -> AdAccount:
        return [one for one in self.world.ads.accounts if one.platform == "meta_ads"][self.number]

    @property
    def ref(self) -> AccountRef:
        return self.account.ref

    @property
    def act(self) -> str:
        return f"act_{self.account.account_id}"

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    def reply(self, path: str, *, method: str = "GET", **params) -> Reply:
        asked = {"access_token": self.token} | {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in params.items()
        }
        path = f"{self.version}/{path}"
        call = call_of(path, asked, method=method, base_url="http://sandbox")
        return answered(self.desk, call)

    def read(self, path: str, **params) -> dict:
        reply = self.reply(path, **params)
        assert reply.status == 200, reply.body
        return reply.body

    def error(self, path: str, **params) -> dict:
        reply = self.reply(path, **params)
        assert reply.status >= 400, reply.body
        return reply.body["error"]

    def every(self, path: str, **params) -> list[dict]:
        """The rows of every page."""
        page = self.read(path, **params)
        found = list(page["data"])
        while link := page.get("paging", {}).get("next"):
            split = urlsplit(link)
            page = self.read(split.path.split("/", 2)[2], **dict(parse_qsl(split.query)))
            found += page["data"]
        return found

    def insights(self, path: str = "", **params) -> list[dict]:
        asked = {"time_range": {"since": SINCE, "until": UNTIL}, "limit": "500"} | params
        return self.every(f"{path or self.act}/insights", **asked)

    def by_ad_and_day(self, **params) -> list[dict]:
        asked = {"level": "ad", "time_increment": "1", "filtering": EVERY_STATUS} | params
        return self.insights(**asked)

    def ads(self) -> list[Ad]:
        return self.world.ads.ads(self.ref, at=self.now)

    def ad_in(self, state: str) -> Ad:
        """An ad in a state that has spent something."""
        return next(ad for ad in self.ads() if ad.state(self.now) == state and self.spend(ad))

    def spend(self, ad: Ad) -> int:
        rows = self.world.ads.days(self.ref, *self.days, at=self.now)
        return sum(row.numbers.spend for row in rows if row.ad is ad)

    @property
    def days(self):
        return datetime.fromisoformat(SINCE).date(), datetime.fromisoformat(UNTIL).date()

    def truth(self, row: dict) -> Numbers:
        """What is true of a row of one ad and one day."""
        ad = self.world.ads.ad("meta_ads", row["ad_id"])
        assert ad is not None
        return numbers_of(ad, datetime.fromisoformat(row["date_start"]).date(), at=self.now)

    def fault(self, kind: str, **more) -> None:
        self.world.faults.put(self.ref, Fault(kind=kind, **more))


def of_type(rows: list[dict] | None, name: str = "omni_purchase", key: str = "value") -> str | None:
    """The value of one action type in a list of actions."""
    return next((row.get(key) for row in rows or [] if row["action_type"] == name), None)


@cache
def _made(number: int) -> AdCaller:
    return AdCaller(WORLD, number)


def caller_of(number: int = 0) -> AdCaller:
    """The caller with the token of one ad account, as at first: without faults, at one moment."""
    WORLD.faults.clear()
    WORLD.clock.set(NOW, rate=0)
    made = _made(number)
    made.version = "v26.0"
    made.token = WORLD.tokens.issue(made.ref).access
    return made
