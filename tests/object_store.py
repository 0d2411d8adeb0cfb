"""A real S3 server for tests: SeaweedFS, one per session, one fresh bucket per call.

Belongs here: starting and stopping the server, making buckets, what it counts.
Does not belong here: what any test keeps in them.
"""

import itertools
import json
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pyarrow.fs
import pytest

HOST = "127.0.0.1"
PORTS = (
    *("master.port", "master.port.grpc", "volume.port", "volume.port.grpc"),
    *("filer.port", "filer.port.grpc", "s3.port", "s3.port.grpc", "metricsPort"),
)
"""Everything that the server listens on; each one is free and on this machine's loopback."""
OFF = ("s3.port.iceberg=0", "s3.port.lance=0", "s3.iam=false", "master.telemetry=false")
SMALL = ("master.volumeSizeLimitMB=64", "volume.max=0", "volume.minFreeSpacePercent=0")
COUNTED = re.compile(
    r'SeaweedFS_s3_request_total\{bucket="([^"]*)",code="(\d+)",type="(\w+)"\} (\S+)'
)
REGION = "us-east-1"
STARTED_WITHIN_S = 60.0


@dataclass(frozen=True, kw_only=True)
class S3Server:
    """A running server, and the one key that it takes."""

    endpoint: str
    metrics: str
    key_id: str
    key: str
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def bucket(self) -> str:
        """Make a fresh, empty bucket, and give its name."""
        name = f"test-{next(self._numbers)}"
        filesystem = pyarrow.fs.S3FileSystem(
            access_key=self.key_id,
            secret_key=self.key,
            endpoint_override=self.endpoint,
            region=REGION,
            allow_bucket_creation=True,
        )
        filesystem.create_dir(name)
        return name

    def settings(self, bucket: str) -> dict[str, str]:
        """Fields of the settings of a deployment whose lake lies in a bucket."""
        return {
            "lake_url": f"s3://{bucket}/lake",
            "s3_endpoint": self.endpoint,
            "s3_region": REGION,
            "s3_access_key_id": self.key_id,
            "s3_secret_access_key": self.key,
        }

    def requests(self, bucket: str) -> Counter[str]:
        """Requests that the server has answered for a bucket, by kind."""
        text = httpx.get(self.metrics, trust_env=False).raise_for_status().text
        found: Counter[str] = Counter()
        for of, _, kind, number in COUNTED.findall(text):
            if of == bucket:
                found[kind] += int(float(number))
        return found


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """An S3 server that lives as long as the tests; three seconds to start."""
    with running_s3() as server:
        yield server


@contextmanager
def running_s3() -> Iterator[S3Server]:
    """An S3 server that ends with the block, and everything that it holds with it."""
    folder = Path(tempfile.mkdtemp(prefix="s3-"))
    server, process = _start(folder)
    try:
        _wait_for(server, process, folder)
        yield server
    finally:
        process.kill()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path) -> tuple[S3Server, subprocess.Popen[bytes]]:
    ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
    server = S3Server(
        endpoint=f"http://{HOST}:{ports['s3.port']}",
        metrics=f"http://{HOST}:{ports['metricsPort']}/metrics",
        key_id=secrets.token_hex(8),
        key=secrets.token_hex(16),
    )
    keys = [{"accessKey": server.key_id, "secretKey": server.key}]
    identity = {"name": "tests", "credentials": keys, "actions": ["Admin", "Read", "Write", "List"]}
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": [identity]}))
    options = [f"-{name}={port}" for name, port in ports.items()]
    options += [f"-{option}" for option in (*OFF, *SMALL)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                Path(sys.executable).parent / "weed",
                "-logtostderr",
                *("server", f"-ip={HOST}", f"-ip.bind={HOST}", f"-dir={folder}"),
                *("-filer", "-s3", f"-s3.config={config}", *options),
            ],
            cwd=folder,
            env={"HOME": str(folder), "TMPDIR": str(folder)},
            stdout=log,
            stderr=log,
        )
    return server, process


def _free_ports(number: int) -> list[int]:
    probes = [socket.create_server((HOST, 0)) for _ in range(number)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _wait_for(server: S3Server, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + STARTED_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{server.endpoint}/status", trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    said = (folder / "log").read_text(errors="replace")[-2000:]
    raise RuntimeError(f"the S3 server did not start: {said}")
