"""The state that every simulated platform API shares, in memory.

Belongs here: clock, dataset, faults, request log, and how a route gets hold of them.
Does not belong here: any one API's routes, fields or jobs.
"""

import re
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Annotated, Final

from fastapi import Depends, Request
from pydantic import BaseModel, Field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.faults import FaultBoard
from sandbox.simulation.ads.invented import AdPlan
from sandbox.simulation.ads.world import AdWorld
from sandbox.simulation.clock import SandboxClock
from sandbox.simulation.dataset import Dataset
from sandbox.tokens import TokenRegistry

CONTROL_PREFIX: Final = "/sandbox"
LOG_LENGTH: Final = 100_000
NAMED: Final = re.compile(r"(?<=/)(?:[^/]*\d{6}[^/]*|scr_[^/]+)")
"""A part of a path that names one thing out of many."""


class LoggedRequest(BaseModel):
    """One request that was answered."""

    at: datetime = Field(description="The sandbox's time when it was answered.")
    method: str = Field(examples=["GET"])
    path: str = Field(description="Without the query.", examples=["/v1/health"])
    status: int = Field(examples=[200])


def path_kind(path: str) -> str:
    """A path with ``*`` for whatever names one thing, such as ``/v26.0/*/media``."""
    return NAMED.sub("*", path)


class RequestLog:
    """The newest requests, and how many there were of each kind; safe to use from several threads.

    Args:
        length: How many requests are kept; none: all of them. All are counted.
    """

    def __init__(self, length: int | None = LOG_LENGTH) -> None:
        self._lock = Lock()
        self._requests: deque[LoggedRequest] = deque(maxlen=length)
        self._counts: Counter[str] = Counter()

    def add(self, request: LoggedRequest) -> None:
        """Count one request, and keep it."""
        with self._lock:
            self._requests.append(request)
            self._counts[path_kind(request.path)] += 1

    def requests(self) -> list[LoggedRequest]:
        """Every request kept, oldest first."""
        with self._lock:
            return list(self._requests)

    def counts(self, prefix: str = "") -> dict[str, int]:
        """How many requests there were of each kind of path, kept or not.

        Args:
            prefix: Only paths that begin so; an id in it stands for any id.
        """
        begin = path_kind(prefix)
        with self._lock:
            return {path: n for path, n in self._counts.items() if path.startswith(begin)}

    def count(self, prefix: str = "") -> int:
        """How many requests there were whose path begins so, kept or not."""
        return sum(self.counts(prefix).values())

    def clear(self) -> None:
        """Forget them all, and count from nothing."""
        with self._lock:
            self._requests.clear()
            self._counts.clear()


class World:
    """What is true in the sandbox, for every API alike.

    Args:
        dataset: What there is to see.
        now: The time to begin with. Default: the dataset's last capture.
        rate: Simulated seconds per real second; 0 stands still.
        log_length: How many requests are kept; none: all of them.
        ad_plan: How many ads show its posts.
        ad_seed: Which ads.
    """

    def __init__(
        self,
        dataset: Dataset,
        *,
        now: datetime | None = None,
        rate: float = 0.0,
        log_length: int | None = LOG_LENGTH,
        ad_plan: AdPlan | None = None,
        ad_seed: int = 0,
    ) -> None:
        self.dataset = dataset
        self._ads = AdWorld(dataset, plan=ad_plan, seed=ad_seed)
        self.clock = SandboxClock(now or dataset.span[1], rate=rate)
        self.tokens = TokenRegistry(self.clock)
        self.faults = FaultBoard()
        self.log = RequestLog(log_length)
        self.playing = Lock()
        self.played = 0
        """How many acts of a scenario have happened."""
        self.catch_up: Callable[[], None] = _nothing_to_do
        """Lets what is due by now happen; called before every request."""

    @property
    def ads(self) -> AdWorld:
        """The ads that show the dataset's posts; others where it was exchanged."""
        if self._ads.dataset is not self.dataset:
            self._ads = AdWorld(self.dataset, plan=self._ads.plan, seed=self._ads.seed)
        return self._ads


def _nothing_to_do() -> None:
    """No scenario is played."""


def world_of(request: Request) -> World:
    """The world of the app that is answering."""
    return request.app.state.world


AnsweringWorld = Annotated[World, Depends(world_of)]


class RequestLogging:
    """ASGI middleware that logs every request but the control plane's own."""

    def __init__(self, app: ASGIApp, *, world: World) -> None:
        self._app = app
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and log the answer."""
        self._world.catch_up()
        if scope["type"] != "http" or scope["path"].startswith(f"{CONTROL_PREFIX}/"):
            return await self._app(scope, receive, send)

        async def sending(message: Message) -> None:
            # Before it is sent: whoever has the answer finds it logged.
            if message["type"] == "http.response.start":
                self._log(scope, message["status"])
            await send(message)

        return await self._app(scope, receive, sending)

    def _log(self, scope: Scope, status: int) -> None:
        at = self._world.clock.now()
        self._world.log.add(
            LoggedRequest(at=at, method=scope["method"], path=scope["path"], status=status)
        )
