"""One command of whichever version of this package lies in the working directory, at a fixed time.

Belongs here: the few names that differ between versions.
Does not belong here: what is run (``same_lake``, ``old_lake``).

Runs as a script of its own (``python in_tree.py INSTANT COMMAND …``, or ``scenario HOME NAME
HOURS``), with the version's tree in PYTHONPATH; so it imports nothing of this package at its head.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any


def found(*places: str) -> Callable[..., Any]:
    """The first attribute, written module:name, that this version has."""
    for place in places:
        module, _, name = place.partition(":")
        try:
            return getattr(import_module(module), name)
        except (ImportError, AttributeError):
            continue
    raise SystemExit(f"none of {', '.join(places)} is in this version")


def stop_the_clock(at: datetime) -> None:
    """Have the machine's clock, as the package sees it, stand still."""
    clock = import_module("layers_pipeline.clock")
    clock.SystemClock.now = lambda _: at


def command(arguments: list[str]) -> None:
    """A command of the command line."""
    sys.argv = ["layers-pipeline", *arguments]
    found("layers_pipeline.cli.app:main", "layers_pipeline.cli:main")()


def scenario(home: str, name: str, hours: str) -> None:
    """Some hours of a deployment's life in a scenario of the sandbox, then a publication."""
    living = import_module("benchmarks.life")
    # The older room first: the newer one is installed beside whatever tree is looked at.
    rooms = ("layers_pipeline.sandbox", "sandbox.service")
    steps = ("layers_pipeline.steps.publish.publication", "layers_pipeline.steps.publication")
    played = found(*(f"{room}.scenario:load_scenario" for room in rooms))(name)
    with found(*(f"{room}.server:running_sandbox" for room in rooms))(scenario=played) as served:
        life = living.begin(served, played, Path(home))
        for _ in life.live(played.start + timedelta(hours=float(hours))):
            pass
        life.derive()
        found(*(f"{step}:publish" for step in steps))(life.stores)
        life.stores.operations.close()


if __name__ == "__main__":
    what, *given = sys.argv[1:]
    if what == "scenario":
        scenario(*given)
    else:
        stop_the_clock(datetime.fromisoformat(what).astimezone(UTC))
        command(given)
