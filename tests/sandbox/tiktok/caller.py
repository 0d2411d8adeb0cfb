"""A TikTok account in a world of its own, asked as a client written by somebody else would.

Belongs here: making the world, and requests.
Does not belong here: expectations.
"""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import httpx

from sandbox import (
    AccountRef,
    Dataset,
    Fault,
    Item,
    Plan,
    Truth,
    World,
    build_sandbox,
    generated_truth,
)

NOW = datetime(2025, 5, 14, 12, tzinfo=UTC)
OPEN_API = "/open_api/v1.3"
CLIENT = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}


def video_at(published_at: datetime, number: int, **more) -> Item:
    """A video of ``a``; numbers keep ids of one second apart."""
    return Item(
        account=AccountRef("tiktok", "a"),
        item_id=str((int(published_at.timestamp()) << 32) + number),
        media_type="tiktok_video",
        published_at=published_at,
        **more,
    )


class TikTokCaller:
    """Holds one world, and a token of the first of its accounts that lives for a year."""

    def __init__(self, truth: Truth | None = None, **plan) -> None:
        plan = {"instagram": 1, "tiktok": 2, "posts": 45, "days": 1, "deletions": 0} | plan
        self.world = World(
            Dataset("none", ()),
            now=NOW,
            truth=truth or generated_truth(1, start=NOW, plan=Plan(**plan)),
        )
        self.app = build_sandbox(self.world)
        self.account = next(ref for ref in self.world.truth.accounts if ref.platform == "tiktok")
        self.grant = self.world.tokens.issue(self.account, life=timedelta(days=365))

    def request(self, method: str, path: str, **options) -> httpx.Response:
        """An answer of the app, without a socket."""

        async def answered() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as http:
                return await http.request(method, path, **options)

        return asyncio.run(answered())

    def get(self, route: str, *, token: str | None = None, **params) -> httpx.Response:
        headers = {"Access-Token": self.grant.access if token is None else token}
        asked = {"business_id": self.account.account_key} | params
        return self.request("GET", f"{OPEN_API}/{route}", params=asked, headers=headers)

    def videos(self, *, fields: tuple[str, ...] = ("item_id",), **params) -> dict:
        """The whole answer of one page."""
        asked = {"fields": json.dumps(fields)} | params
        return self.get("business/video/list/", **asked).json()

    def pages(self, **params) -> list[dict]:
        """The data of every page."""
        found = [self.videos(**params)["data"]]
        while found[-1]["has_more"]:
            found.append(self.videos(**params, cursor=found[-1]["cursor"])["data"])
        return found

    def post(self, route: str, **body) -> dict:
        return self.request("POST", f"{OPEN_API}/tt_user/{route}", json=body).json()

    def refresh(self, token: str | None = None, **more) -> dict:
        body = CLIENT | {"grant_type": "refresh_token"}
        body |= {"refresh_token": token or self.grant.refresh}
        return self.post("oauth2/refresh_token/", **(body | more))

    def put(self, kind: str, **more) -> None:
        self.world.faults.put(self.account, Fault(kind=kind, **more))

    def advance(self, **time) -> None:
        self.world.clock.advance(timedelta(**time).total_seconds())

    def alive(self) -> list[Item]:
        return self.world.truth.posts(self.account, at=self.world.clock.now())
