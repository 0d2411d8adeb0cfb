"""``layers-pipeline dev``: dashboard, UI and sandbox together, and nothing left of them afterwards.

Belongs here: real processes on free ports.
Does not belong here: what the UI shows, and what the sandbox answers.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.timeout(240)

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / ".venv/bin/layers-pipeline"
PATIENCE_S = 180


@dataclass(frozen=True)
class Started:
    """A running ``dev`` and where it serves."""

    process: subprocess.Popen[str]
    ui: int
    sandbox: int
    dashboard: int


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return probe.getsockname()[1]


def start(home: Path, ui: int, sandbox: int, dashboard: int) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    return subprocess.Popen(
        [
            *(PROGRAM, "dev", "--port", str(ui), "--sandbox-port", str(sandbox)),
            *("--dashboard-port", str(dashboard)),
        ],
        cwd=ROOT,
        env={**kept, "LAYERS_HOME": str(home), "LAYERS_SHARED": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def until(is_so) -> None:
    """Wait until a question is answered with yes."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.2)


def descendants(pid: int) -> set[int]:
    """Ids of a process's children, and of theirs."""
    found = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found |= {child} | descendants(child)
    return found


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def stop_by_force(pids: set[int]) -> None:
    for pid in filter(is_alive, pids):
        os.kill(pid, signal.SIGKILL)


def refused(home: Path, ui: int, sandbox: int, dashboard: int) -> tuple[int, str, str]:
    """Exit code and both streams of a ``dev`` that is to end by itself."""
    with start(home, ui, sandbox, dashboard) as process:
        try:
            said, refusal = process.communicate(timeout=60)
        finally:
            stop_by_force({process.pid} | descendants(process.pid))
    return process.returncode, said, refusal


@pytest.fixture
def dev(tmp_path) -> Iterator[Started]:
    ports = free_port(), free_port(), free_port()
    with start(tmp_path, *ports) as process:
        yield Started(process, *ports)
        stop_by_force({process.pid} | descendants(process.pid))


def test_dev_serves_all_and_leaves_nothing_behind(dev):
    until(lambda: answers(f"http://127.0.0.1:{dev.sandbox}/v1/health"))
    until(lambda: answers(f"http://127.0.0.1:{dev.ui}/server_info"))
    until(lambda: answers(f"http://127.0.0.1:{dev.dashboard}/health"))
    family = descendants(dev.process.pid)
    dev.process.send_signal(signal.SIGINT)
    said, complaints = dev.process.communicate(timeout=60)
    try:
        assert f"Dashboard:  http://127.0.0.1:{dev.dashboard}\n" in said
        assert "Stopping." in said
        assert "Traceback" not in complaints
        assert dev.process.returncode == 0
        assert len(family) >= 3
        until(lambda: not any(map(is_alive, family)))
    finally:
        stop_by_force(family)


@pytest.mark.parametrize("taken", ["ui", "sandbox", "dashboard"])
def test_dev_refuses_a_port_that_is_taken(tmp_path, taken):
    with closing(socket.create_server(("127.0.0.1", 0))) as holder:
        port = holder.getsockname()[1]
        names = ("ui", "sandbox", "dashboard")
        ports = {name: free_port() for name in names} | {taken: port}
        code, said, refusal = refused(tmp_path, **ports)
    assert (code, said) == (2, "")
    assert refusal.startswith(f"error: dev: port {port} is taken")
    assert not (tmp_path / "dagster").exists()


def test_dev_refuses_one_port_for_two(tmp_path):
    port, other = free_port(), free_port()
    code, said, refusal = refused(tmp_path, port, other, port)
    assert (code, said) == (2, "")
    assert refusal.startswith(f"error: dev: ports {port}, {other}, {port} must differ")
