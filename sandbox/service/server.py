"""The sandbox on a socket: in the foreground for people, in a thread for tests and the demo.

Belongs here: which address, starting, waiting until healthy, stopping.
Does not belong here: anything about what is answered.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from socket import AF_INET, AF_INET6, IPPROTO_TCP, TCP_NODELAY, create_server, socket
from typing import Final, TypedDict, Unpack

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from layers_pipeline.errors import SettingsError
from sandbox.service.app import SANDBOX_KEY, SCRAPE_DURATION_S, SCRAPE_KEPT_S, build_sandbox
from sandbox.service.scenario import Scenario
from sandbox.simulation.accounts import AccountRef
from sandbox.simulation.ads.invented import AdPlan
from sandbox.simulation.dataset import Dataset
from sandbox.simulation.datasets import default_dataset
from sandbox.tiktok.tokens import CLIENT_ID, CLIENT_SECRET
from sandbox.tokens import Grant
from sandbox.world import World

LOOPBACK: Final = "127.0.0.1"
PORT: Final = 8890
STARTED_WITHIN_S: Final = 20.0
STOPPED_WITHIN_S: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class RunningSandbox:
    """A sandbox that answers at ``url``; ``world`` steers it without HTTP."""

    url: str
    key: SecretStr
    world: World

    @property
    def tiktok_client_id(self) -> str:
        """The id of the app that TikTok knows."""
        return CLIENT_ID

    @property
    def tiktok_client_secret(self) -> SecretStr:
        """The app's secret."""
        return SecretStr(CLIENT_SECRET)

    def issue(self, account: AccountRef, *, life: timedelta | None = None) -> Grant:
        """A new token pair for an account."""
        return self.world.tokens.issue(account, life=life)


class Served(TypedDict, total=False):
    """What a sandbox serves, and how."""

    now: datetime | None
    """Where the clock begins. Default: the dataset's last capture, or the scenario's start."""
    rate: float
    """Simulated seconds per real second; 0, the default, stands still."""
    scenario: Scenario | None
    """What to play, in place of a dataset."""
    ad_plan: AdPlan | None
    """How many ads show the dataset's posts."""
    key: SecretStr
    """Bearer key of the SIFT routes."""
    scrape_duration_s: float
    """How long a scrape takes, in simulated seconds."""
    scrape_kept_s: float
    """How long its posts are kept, in simulated seconds."""


def run_sandbox(
    host: str = LOOPBACK,
    port: int = PORT,
    *,
    dataset: Dataset | None = None,
    allow_remote: bool = False,
    **served: Unpack[Served],
) -> None:
    """Serve until interrupted; prints the address, and how to get tokens where there are accounts.

    Args:
        host: Address to bind to; anything but loopback needs ``allow_remote``.
        port: Port; 0 takes a free one.
        dataset: What to show. Default: the recorded captures, else generated ones.
        allow_remote: Let other machines in. Control stays with this one.
        served: As ``Served`` says; the clock goes in real time by default.

    Raises:
        SettingsError: The address is not allowed, or not free.
    """
    with _listening(host, port, allow_remote=allow_remote) as listener:
        served.setdefault("rate", 1.0)
        app = _app(dataset, **served)
        sys.stdout.write(_greeting(listener, app.state.world, served.get("scenario")))
        sys.stdout.flush()
        _server(app).run(sockets=[listener])


@contextmanager
def running_sandbox(
    dataset: Dataset | None = None, *, port: int = 0, **served: Unpack[Served]
) -> Iterator[RunningSandbox]:
    """A sandbox in a thread, on loopback, healthy on entry and stopped on exit.

    Args:
        dataset: What to show. Default: the recorded captures, else generated ones.
        port: Port; 0 takes a free one.
        served: As ``Served`` says.
    """
    app = _app(dataset, **served)
    with _listening(LOOPBACK, port, allow_remote=False) as listener:
        url = _url(listener)
        with _serving(_server(app), listener, url):
            app.state.world.log.clear()  # of the health check
            yield RunningSandbox(url=url, key=app.state.sift_key, world=app.state.world)


def _app(
    dataset: Dataset | None,
    *,
    now: datetime | None = None,
    rate: float = 0.0,
    scenario: Scenario | None = None,
    ad_plan: AdPlan | None = None,
    key: SecretStr = SANDBOX_KEY,
    scrape_duration_s: float = SCRAPE_DURATION_S,
    scrape_kept_s: float = SCRAPE_KEPT_S,
) -> FastAPI:
    if scenario is None:
        world = World(dataset or default_dataset(), now=now, rate=rate, ad_plan=ad_plan)
    else:
        world = scenario.world(rate=rate)
        if now is not None:
            world.clock.set(now)
    return build_sandbox(
        world, key=key, scrape_duration_s=scrape_duration_s, scrape_kept_s=scrape_kept_s
    )


def _greeting(listener: socket, world: World, scenario: Scenario | None) -> str:
    """The address and, where only this machine hears it, how to get tokens; it shows none."""
    url, name = _url(listener), scenario.name if scenario else world.dataset.name
    lines = [f"sandbox: {url} ({name}, {world.clock.now():%F %T} UTC)"]
    accounts = world.dataset.holders
    if accounts and ip_address(listener.getsockname()[0]).is_loopback:
        lines += [
            f"accounts with tokens: {len(accounts)}, listed by curl {url}/sandbox/oauth/accounts",
            "a token of the first of them: curl -X POST "
            f"{url}/sandbox/oauth/accounts/{'/'.join(accounts[0])}/tokens",
        ]
    return "".join(f"{line}\n" for line in lines)


@contextmanager
def _serving(server: uvicorn.Server, listener: socket, url: str) -> Iterator[None]:
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name=f"sandbox {url}", daemon=True
    )
    thread.start()
    try:
        _wait_until_healthy(server, thread, url)
        yield
    finally:
        server.should_exit = True
        thread.join(STOPPED_WITHIN_S)


def _wait_until_healthy(server: uvicorn.Server, thread: threading.Thread, url: str) -> None:
    until_s = time.monotonic() + STARTED_WITHIN_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until_s:
            raise SettingsError(f"sandbox: did not start at {url}")
        time.sleep(0.01)
    # A loopback address is never to be asked for through a proxy.
    with httpx.Client(trust_env=False, timeout=STARTED_WITHIN_S) as http:
        http.get(f"{url}/v1/health").raise_for_status()


def _server(app: FastAPI) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_level="warning",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    )


def _listening(host: str, port: int, *, allow_remote: bool) -> socket:
    """A bound socket, so that nobody can take the port before the server has it."""
    address = LOOPBACK if host == "localhost" else host
    try:
        ip = ip_address(address)
    except ValueError as error:
        raise SettingsError(f"sandbox: {host!r} is no IP address: give one") from error
    if not (ip.is_loopback or allow_remote):
        raise SettingsError(f"sandbox: {host} is reachable from outside: allow_remote permits it")
    family = AF_INET6 if ip.version == 6 else AF_INET  # noqa: PLR2004 - IPv6
    try:
        listener = create_server((address, port), family=family)
    except OSError as error:
        raise SettingsError(f"sandbox: {host}:{port} cannot be bound: {error.strerror}") from error
    # asyncio does not do this for a socket that it did not make; answers would wait 40 ms.
    listener.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    return listener


def _url(listener: socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
