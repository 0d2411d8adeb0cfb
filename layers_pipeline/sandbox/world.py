"""The state that every simulated platform API shares, in memory.

Belongs here: clock, dataset, faults, request log, and how a route gets hold of them.
Does not belong here: any one API's routes, fields or jobs.
"""

from collections import deque
from datetime import datetime
from threading import Lock
from typing import Annotated, Final

from fastapi import Depends, Request
from pydantic import BaseModel, Field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from layers_pipeline.sandbox.clock import SandboxClock
from layers_pipeline.sandbox.dataset import Dataset
from layers_pipeline.sandbox.faults import FaultBoard
from layers_pipeline.sandbox.platform_faults import PlatformFaultBoard
from layers_pipeline.sandbox.tokens import TokenRegistry
from layers_pipeline.sandbox.truth import Truth

CONTROL_PREFIX: Final = "/sandbox"
LOG_LENGTH_MAX: Final = 100_000


class LoggedRequest(BaseModel):
    """One request that was answered."""

    at: datetime = Field(description="The sandbox's time when it was answered.")
    method: str = Field(examples=["GET"])
    path: str = Field(description="Without the query.", examples=["/v1/health"])
    status: int = Field(examples=[200])


class RequestLog:
    """The newest requests, up to 100,000; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._requests: deque[LoggedRequest] = deque(maxlen=LOG_LENGTH_MAX)

    def add(self, request: LoggedRequest) -> None:
        """Keep one request."""
        with self._lock:
            self._requests.append(request)

    def requests(self) -> list[LoggedRequest]:
        """Every request kept, oldest first."""
        with self._lock:
            return list(self._requests)

    def clear(self) -> None:
        """Forget them all."""
        with self._lock:
            self._requests.clear()


class World:
    """What is true in the sandbox, for every API alike.

    Args:
        dataset: What there is to see.
        now: The time to begin with. Default: the dataset's last capture.
        rate: Simulated seconds per real second; 0 stands still.
        truth: Accounts that hold a token. Default: none.
    """

    def __init__(
        self,
        dataset: Dataset,
        *,
        now: datetime | None = None,
        rate: float = 0.0,
        truth: Truth | None = None,
    ) -> None:
        self.dataset = dataset
        self.truth = truth or Truth()
        self.clock = SandboxClock(now or dataset.span[1], rate=rate)
        self.tokens = TokenRegistry(self.clock)
        self.faults = FaultBoard()
        self.platform_faults = PlatformFaultBoard()
        self.log = RequestLog()


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
