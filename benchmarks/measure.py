"""Wall time and peak memory of a child process.

Belongs here: running a program and asking the kernel what it took.
Does not belong here: what is measured (``spine``).
"""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

LOOKED_EVERY_S: Final = 0.01
PEAK: Final = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a child process took, from its start to its end.

    ``peak_mib`` is the largest resident set it ever had, in MiB.
    """

    wall_s: float
    peak_mib: float
    output: str = ""


def measure(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> Measured:
    """Run a Python program to its end and say what it took.

    Args:
        command: Arguments of this interpreter.
        env: Variables beside this process's own.

    Raises:
        RuntimeError: The program failed; its output is in the message.
    """
    peaks = [0.0]
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *command], env={**os.environ, **(env or {})}, stdout=subprocess.PIPE
    ) as child:
        watch = threading.Thread(target=_watch, args=(child.pid, peaks))
        watch.start()
        output = child.stdout.read().decode() if child.stdout else ""
        watch.join()
    wall_s = time.perf_counter() - started
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit code {child.returncode}: {output}")
    return Measured(wall_s=wall_s, peak_mib=peaks[-1], output=output)


def _watch(pid: int, peaks: list[float]) -> None:
    """Note the kernel's high-water mark until the process is a zombie.

    Not ``ru_maxrss``: that of a child begins at its parent's size, because it counts the moment
    between fork and exec.
    """
    while peak_mib := peak_mib_of(pid):
        peaks.append(peak_mib)
        time.sleep(LOOKED_EVERY_S)


def peak_mib_of(pid: int) -> float:
    """The largest resident set that a process ever had so far, in MiB; 0 of a zombie."""
    found = PEAK.search(Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    return int(found.group(1)) / 1024 if found else 0.0


def median_of(
    times: int, command: Sequence[str], *, env: Mapping[str, str] | None = None
) -> Measured:
    """The median wall time and the largest peak of several runs, after one that warms caches."""
    measure(command, env=env)
    runs = [measure(command, env=env) for _ in range(times)]
    return Measured(
        wall_s=median(run.wall_s for run in runs),
        peak_mib=max(run.peak_mib for run in runs),
        output=runs[-1].output,
    )
