"""Everything a developer looks at, on this machine: dashboard, Dagster UI, sandbox.

Belongs here: starting and stopping the processes of ``make dev``.
Does not belong here: deployment.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from layers_pipeline.cli.runs import prepare_dagster_home
from layers_pipeline.cli.terminal import console
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.settings import Settings
from layers_pipeline.steps.score.first_tick import first_tick
from layers_pipeline.steps.stores import open_lake

LOOPBACK: Final = "127.0.0.1"
STOPPED_WITHIN_S: Final = 20
BIN: Final = Path(sys.executable).parent


def run_dev(settings: Settings, *, port: int, sandbox_port: int, dashboard_port: int) -> None:
    """Serve the dashboard, the Dagster UI and the sandbox until interrupted, then stop all.

    Schedules start switched off, so that looking round costs nothing; switch them on in the
    UI, or set ``LAYERS_SCHEDULES=running``. Ticks begin where the lake's data begin, unless
    ``LAYERS_FIRST_TICK`` says otherwise, lest the UI show months of ticks without any.
    """
    ports = (port, sandbox_port, dashboard_port)
    if len(set(ports)) < len(ports):
        raise InputRefusedError(f"dev: ports {_listed(ports)} must differ. Name three ports.")
    for wanted in ports:
        _must_be_free(wanted)
    sandbox = f"http://{LOOPBACK}:{sandbox_port}"
    environment = _environment(settings, sandbox)
    commands = (
        [str(BIN / "layers-pipeline"), "sandbox", "--port", str(sandbox_port)],
        [str(BIN / "layers-pipeline"), "dashboard", "--port", str(dashboard_port)],
        [str(BIN / "dagster"), "dev", "-w", "workspace.yaml", "-h", LOOPBACK, "-p", str(port)],
    )
    console.print(f"Dashboard:  http://{LOOPBACK}:{dashboard_port}")
    console.print(f"Dagster UI: http://{LOOPBACK}:{port}   sandbox: {sandbox}/openapi.json")
    console.print("Stop with Ctrl-C. Schedules are off until you switch them on in the UI.")
    # A shell that starts us in the background has us ignore SIGINT, and children inherit that:
    # they would then go on for ever.
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, signal.default_int_handler)
    running = [subprocess.Popen(command, env=environment) for command in commands]  # noqa: S603 - our own programs
    try:
        running[-1].wait()
    except KeyboardInterrupt:
        console.print("Stopping.")
    finally:
        _stop(running)


def _environment(settings: Settings, sandbox: str) -> dict[str, str]:
    """The processes' variables: ours, and what nobody set."""
    return {
        "LAYERS_FIRST_TICK": first_tick(open_lake(settings)) or settings.first_tick,
        "LAYERS_SCHEDULES": "stopped",
        "LAYERS_SIFT_URL": sandbox,
        "LAYERS_INSTAGRAM_URL": sandbox,
        "LAYERS_TIKTOK_URL": sandbox,
        **os.environ,
        "DAGSTER_HOME": str(prepare_dagster_home(settings)),
        "LAYERS_HOME": str(settings.root),
    }


def _must_be_free(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if probe.connect_ex((LOOPBACK, port)) == 0:
            raise InputRefusedError(
                f"dev: port {port} is taken on this machine. Stop what holds it, or name others: "
                "layers-pipeline dev --port N --sandbox-port M --dashboard-port L."
            )


def _listed(ports: Sequence[int]) -> str:
    return ", ".join(map(str, ports))


def _stop(running: list[subprocess.Popen[bytes]]) -> None:
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
    for process in running:
        try:
            process.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
