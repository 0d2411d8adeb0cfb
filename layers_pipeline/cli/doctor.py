"""``layers-pipeline doctor``: what is well with a deployment, what is not, and what to do.

Belongs here: the command, what Dagster knows of runs, the versions of libraries.
Does not belong here: what is found in our own stores (``steps.maintain.diagnosis``).
"""

import os
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import TYPE_CHECKING, Final

import typer

from layers_pipeline.cli.answers import FormatOption, print_rows
from layers_pipeline.cli.common import dagster_home

if TYPE_CHECKING:
    from layers_pipeline.settings import Settings
    from layers_pipeline.steps.maintain.diagnosis import Finding

COLUMNS: Final = ("what", "state", "found", "what to do")
LIBRARIES: Final = ("dagster", "polars", "duckdb", "deltalake", "httpx", "sqlalchemy")


def doctor(form: FormatOption = "table") -> None:
    """Look at settings, databases, lake, disk, clock, tokens, versions and last runs.

    Nothing is changed. Ends with 1 where something is at fault.
    """
    from layers_pipeline.clock import SystemClock
    from layers_pipeline.settings import load_settings
    from layers_pipeline.steps.maintain.diagnosis import diagnose

    settings = load_settings()
    found = [*diagnose(settings, SystemClock()), *_runs(settings), _versions()]
    rows = [(one.subject, one.state, one.said, one.remedy or None) for one in found]
    print_rows(form, COLUMNS, rows)
    if any(one.state == "fault" for one in found):
        raise typer.Exit(1)


def _runs(settings: "Settings") -> "Iterator[Finding]":
    """The newest run of each job, where it did not succeed."""
    import dagster as dg

    from layers_pipeline.steps.maintain.diagnosis import Finding

    home = dagster_home(settings)
    if not (home / "dagster.yaml").exists():
        yield Finding(subject="runs", state="well", said="none yet")
        return
    os.environ["DAGSTER_HOME"] = str(home)
    newest: dict[str, dg.DagsterRun] = {}
    with dg.DagsterInstance.get() as instance:
        for run in instance.get_runs(limit=200):
            if run.is_finished:
                newest.setdefault(run.job_name, run)
    failed = {name: run for name, run in newest.items() if not run.is_success}
    said = f"{len(newest)} jobs ran; the newest run of {len(failed)} did not succeed"
    yield Finding(subject="runs", state="well" if not failed else "warning", said=said)
    for name, run in sorted(failed.items()):
        said = f"{name}: {run.status.value.lower()}"
        remedy = f"See run {run.run_id[:8]} in the Dagster UI, then repeat it."
        yield Finding(subject="runs", state="warning", said=said, remedy=remedy)


def _versions() -> "Finding":
    from layers_pipeline.steps.maintain.diagnosis import Finding

    python = ".".join(map(str, sys.version_info[:3]))
    ours = f"layers-pipeline {metadata.version('layers-pipeline')}, Python {python}"
    others = [f"{name} {metadata.version(name)}" for name in LIBRARIES]
    return Finding(subject="versions", state="well", said=", ".join([ours, *others]))
