"""A small truth on Instagram, and a caller who asks the simulated Graph API for it over HTTP.

Belongs here: what the tests of the Graph API share.
Does not belong here: expectations.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx

from sandbox import (
    AccountRef,
    Dataset,
    Deletion,
    Fault,
    Item,
    RunningSandbox,
    running_sandbox,
)
from sandbox.simulation.ids import INSTAGRAM_EPOCH_MS
from sandbox.simulation.metrics import ItemType
from tests.sandbox.conftest import DATASET

NOW = datetime(2026, 5, 10, 12, 30, tzinfo=UTC)
MINE = AccountRef("instagram", "17841400000000001")
OTHER = AccountRef("instagram", "17841400000000002")
LARGE = AccountRef("instagram", "17841400000000003")


def item(
    number: int,
    media_type: ItemType = "feed_image",
    *,
    hours_ago: float = 50,
    account: AccountRef = MINE,
    **more,
) -> Item:
    """One item of ten thousand views in the end."""
    published_at = NOW - timedelta(hours=hours_ago)
    made_ms = int(published_at.timestamp() * 1000) - 700 - INSTAGRAM_EPOCH_MS
    rates = {"likes": 0.1, "comments": 0.01, "shares": 0.02, "saves": 0.03}
    return Item(
        account=account,
        item_id=f"178{number:014d}",
        ig_id=made_ms << 23 | number,
        media_type=media_type,
        published_at=published_at,
        **{"final_views": 10_000.0, "rates": rates} | more,
    )


REEL = item(1, "reel", hours_ago=30, caption="A reel \N{SPARKLES}")
IMAGE = item(2, hours_ago=40)
CAROUSEL = item(3, "feed_carousel", hours_ago=60)
OLD_VIDEO = item(4, "feed_video", hours_ago=70)
STORY = item(5, "story", hours_ago=5)
DEAD_STORY = item(6, "story", hours_ago=25)
DELETED = item(7, hours_ago=80, deleted=(Deletion(begins=NOW - timedelta(hours=1)),))
LATER = item(8, hours_ago=-2)
ODD = item(9, hours_ago=90, oddity="before_conversion", account=OTHER)
LONELY = item(10, hours_ago=91, oddity="few_viewers", account=OTHER)
POSTS = (REEL, IMAGE, CAROUSEL, OLD_VIDEO)
"""What MINE lists, newest first."""
SHY = item(
    11, hours_ago=95, account=OTHER, hidden=frozenset({"media_url", "likes", "facebook_views"})
)
MANY = tuple(item(100 + n, hours_ago=100 + n, account=LARGE) for n in range(120))
TRUTH = Dataset(
    (*POSTS, STORY, DEAD_STORY, DELETED, LATER, ODD, LONELY, SHY, *MANY),
    followers={MINE: 500, OTHER: 50},
)


@dataclass
class GraphCaller:
    """Asks as a client written by somebody else would, with the token of one account."""

    sandbox: RunningSandbox
    http: httpx.Client
    account: AccountRef = MINE
    token: str = ""

    def __post_init__(self) -> None:
        self.token = self.token or self.sandbox.world.tokens.issue(self.account).access

    def of(self, account: AccountRef) -> "GraphCaller":
        return GraphCaller(self.sandbox, self.http, account)

    def get(self, path: str, **params) -> httpx.Response:
        return self.http.get(f"/v26.0/{path}", params={"access_token": self.token} | params)

    def read(self, path: str, **params) -> dict:
        answer = self.get(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def error(self, path: str, **params) -> dict:
        answer = self.get(path, **params)
        assert answer.status_code >= 400, answer.text
        return answer.json()["error"]

    def media(self, **params) -> dict:
        return self.read(f"{self.account.account_key}/media", **params)

    def insights(self, medium: Item, metric: str, **params) -> dict:
        return self.read(f"{medium.item_id}/insights", metric=metric, **params)

    def batch(self, *urls: str, **form) -> httpx.Response:
        elements = [{"method": "GET", "relative_url": url} for url in urls]
        data = {"access_token": self.token, "batch": json.dumps(elements)} | form
        return self.http.post("/v26.0/", data=data)

    def fault(self, kind: str, **more) -> None:
        fault = Fault(kind=kind, **more)
        self.sandbox.world.faults.put(self.account, fault)

    def pages(self, **params) -> list[dict]:
        """Every page, by following ``next``."""
        pages = [self.media(**params)]
        while link := pages[-1].get("paging", {}).get("next"):
            answer = self.http.get(link)
            assert answer.status_code == 200, answer.text
            pages.append(answer.json())
        return pages


@contextmanager
def graph_sandbox() -> Iterator[GraphCaller]:
    """A caller and the sandbox that answers."""
    with (
        running_sandbox(DATASET | TRUTH, now=NOW) as sandbox,
        httpx.Client(base_url=sandbox.url, trust_env=False) as http,
    ):
        yield GraphCaller(sandbox, http)


def as_at_first(caller: GraphCaller) -> GraphCaller:
    """The caller in front of a sandbox without faults, at its first moment, with a new token."""
    world = caller.sandbox.world
    world.faults.clear()
    world.clock.set(NOW, rate=0)
    world.log.clear()
    return caller.of(MINE)


def ids_of(page: dict) -> list[str]:
    return [row["id"] for row in page["data"]]


def values_of(insights: dict) -> dict:
    return {row["name"]: row["values"][0]["value"] for row in insights["data"]}
