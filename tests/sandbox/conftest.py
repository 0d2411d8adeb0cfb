"""One sandbox for every HTTP test of this folder, put back to its first state before each.

Belongs here: fixtures that several files of this folder ask for.
Does not belong here: expectations.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count

import httpx
import pytest

from sandbox import AccountRef, RunningSandbox, generated_captures, running_sandbox

DATASET = generated_captures(3, accounts=6, days=4)
BUSY = max(DATASET.accounts, key=lambda account: len(DATASET.posts(account)))
serial = count()


@dataclass(frozen=True)
class Caller:
    """Speaks plain HTTP with a sandbox, as a client written by somebody else would."""

    sandbox: RunningSandbox
    http: httpx.Client

    @property
    def key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.sandbox.key.get_secret_value()}"}

    def get(self, path: str, **options) -> httpx.Response:
        return self.http.get(path, headers=self.key, **options)

    def submit(self, account: AccountRef, *, key: str | None = None, **more) -> httpx.Response:
        headers = self.key | {"Idempotency-Key": key or f"key-{next(serial)}"}
        return self.http.post("/v1/scrapes", json=account._asdict() | more, headers=headers)

    def advance(self, seconds: float) -> None:
        self.http.post("/sandbox/clock/advance", json={"seconds": seconds}).raise_for_status()

    def set_clock(self, now: datetime) -> None:
        answer = self.http.put("/sandbox/clock", json={"now": now.isoformat()})
        answer.raise_for_status()

    def put_fault(self, account: AccountRef, **fault) -> httpx.Response:
        return self.http.put(
            f"/sandbox/faults/{account.platform}/{account.account_key}", json=fault
        )

    def page(self, scrape_id: str, cursor: str | None = None) -> httpx.Response:
        params = {"cursor": cursor} if cursor else {}
        return self.get(f"/v1/scrapes/{scrape_id}/posts", params=params)

    def posts(self, account: AccountRef, **more) -> list[dict]:
        """Every row of a scrape submitted now, read 90 s later."""
        scrape_id = self.submit(account, **more).json()["scrape_id"]
        self.advance(90)
        pages = [self.page(scrape_id).json()]
        while cursor := pages[-1].get("next_cursor"):
            pages.append(self.page(scrape_id, cursor).json())
        return [row for page in pages for row in page["posts"]]


@pytest.fixture(scope="session")
def served() -> Iterator[Caller]:
    with (
        running_sandbox(DATASET) as sandbox,
        httpx.Client(base_url=sandbox.url, trust_env=False) as http,
    ):
        yield Caller(sandbox, http)


@pytest.fixture
def call(served: Caller) -> Caller:
    world = served.sandbox.world
    for account in DATASET.accounts:
        world.faults.clear(account)
    world.clock.set(DATASET.span[1], rate=0)
    world.log.clear()
    return served


@pytest.fixture
def busy() -> AccountRef:
    """The account with the most posts, more than one scrape brings."""
    return BUSY
