"""Serving a home to a browser: the dashboard, with its clock standing still, and Dagster's UI.

Belongs here: starting and stopping both on free ports of this machine.
Does not belong here: what is looked at (``pictures``).
"""

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, Literal
from urllib.error import URLError
from urllib.request import urlopen

from waitress.server import create_server

from layers_pipeline.cli.dev import BIN, LOOPBACK
from layers_pipeline.clock import FixedClock
from layers_pipeline.dashboard.app import create_app
from layers_pipeline.dashboard.deployment import open_deployment
from layers_pipeline.settings import Settings
from layers_pipeline.steps.score.first_tick import first_tick
from layers_pipeline.steps.stores import open_lake

Face = Literal["dashboard", "dagster"]
ROOT: Final = Path(__file__).parents[1]
STARTS_WITHIN_S: Final = 120
STOPS_WITHIN_S: Final = 20


@contextmanager
def serving(settings: Settings, at: datetime) -> Iterator[Mapping[Face, str]]:
    """Serve both, and give the address of each."""
    with _dashboard(settings, at) as dashboard, _dagster(settings) as dagster:
        yield {"dashboard": dashboard, "dagster": dagster}


@contextmanager
def _dashboard(settings: Settings, at: datetime) -> Iterator[str]:
    deployment = open_deployment(settings, clock=FixedClock(at))
    with socket.create_server((LOOPBACK, 0)) as listening:
        server = create_server(create_app(deployment).server, sockets=[listening], threads=4)
        threading.Thread(target=server.run, daemon=True).start()
        yield f"http://{LOOPBACK}:{listening.getsockname()[1]}"
        server.close()
    deployment.close()


@contextmanager
def _dagster(settings: Settings) -> Iterator[str]:
    with socket.create_server((LOOPBACK, 0)) as probe:
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(settings.root / "dagster"),
        "LAYERS_HOME": str(settings.root),
        "LAYERS_FIRST_TICK": first_tick(open_lake(settings)) or settings.first_tick,
        "LAYERS_SCHEDULES": "stopped",
    }
    command = [str(BIN / "dagster-webserver"), "-w", "workspace.yaml", "-h", LOOPBACK]
    with subprocess.Popen([*command, "-p", str(port)], cwd=ROOT, env=environment) as process:  # noqa: S603 - our own program
        try:
            yield _answering(f"http://{LOOPBACK}:{port}", process)
        finally:
            process.terminate()
            process.wait(STOPS_WITHIN_S)


def _answering(address: str, process: subprocess.Popen[bytes]) -> str:
    """The address, once somebody answers there."""
    until = time.monotonic() + STARTS_WITHIN_S
    while process.poll() is None and time.monotonic() < until:
        try:
            with urlopen(f"{address}/server_info", timeout=5):  # noqa: S310 - http, on this machine
                return address
        except (URLError, OSError):
            time.sleep(0.5)
    raise RuntimeError(f"pictures: {address}: Dagster's UI did not answer in {STARTS_WITHIN_S} s")
