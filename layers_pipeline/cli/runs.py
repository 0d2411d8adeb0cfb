"""Running Dagster jobs from the command line, recorded on the same instance as all others.

Belongs here: making the instance ready, and launching a job in this process.
Does not belong here: what a job does, and printing.
"""

import os
import re
import sqlite3
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from layers_pipeline import logs
from layers_pipeline.cli.common import dagster_home
from layers_pipeline.dagster_support.limits import limit_scoring
from layers_pipeline.dagster_support.local_runs import run_here
from layers_pipeline.definitions import build_definitions
from layers_pipeline.errors import (
    AccountsFailedError,
    LockTimeoutError,
    RunFailedError,
    StoreError,
)
from layers_pipeline.lake.locks import FileLocks
from layers_pipeline.settings import Settings
from sensors.schedules import UNDER_WAY

RANGE_START: Final = "dagster/asset_partition_range_start"
RANGE_END: Final = "dagster/asset_partition_range_end"
RUNNER_TAG: Final = "layers/runner"
"""Names the process that runs a job, so that a killed one can be recognised."""
BY_HAND: Final = {"dagster/max_retries": "0"}
"""Whoever started the run sees its failure, and repeats it if that makes sense."""
STORAGE: Final = "EnvSelectedStorage"
SECTION: Final = re.compile(r"^(\w+):", re.MULTILINE)
"""A section of ``dagster.yaml``, by name."""
RUNS_AT_ONCE: Final = re.compile(r"(\bmax_concurrent_runs: )\d+")


def prepare_dagster_home(settings: Settings) -> Path:
    """Make Dagster's folder ready and name it in the environment; a folder set there is kept.

    Its ``dagster.yaml`` is brought up to date as long as nobody has changed it.

    Returns:
        The folder.
    """
    home = dagster_home(settings)
    body = _body(settings)
    target = home / "dagster.yaml"
    try:
        home.mkdir(parents=True, exist_ok=True)
        there = target.read_text("utf-8") if target.exists() else None
        wanted = f"{_mark(body)}\n{body}"
        if there != wanted and (there is None or _is_untouched(there, body)):
            target.write_text(wanted, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(
            f"DAGSTER_HOME: {home} cannot be used for Dagster's records ({error}). Name a folder "
            "that can be written."
        ) from error
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def _body(settings: Settings) -> str:
    """Our ``dagster.yaml`` with the settings' numbers."""
    shipped = files("layers_pipeline").joinpath("dagster.yaml").read_text(encoding="utf-8")
    return RUNS_AT_ONCE.sub(rf"\g<1>{settings.runs_at_once}", shipped)


def _mark(body: str) -> str:
    """The first line of a file that we wrote: whoever changes the rest makes it untrue."""
    return f"# Kept up to date until you change it: {sha256(body.encode()).hexdigest()[:16]}"


def _is_untouched(found: str, body: str) -> bool:
    """Whether a file is as a version of this package wrote it."""
    first, _, rest = found.partition("\n")
    if first.startswith("# Kept up to date"):
        return first == _mark(rest)
    # Before there was such a line: ours, if it has our storage and no section of anybody else's.
    sections = set(SECTION.findall(found))
    return STORAGE in found and sections <= set(SECTION.findall(body))


@dataclass(frozen=True)
class Runner:
    """Launches jobs on an open instance, under a name that only this process holds."""

    instance: dg.DagsterInstance
    name: str
    definitions: dg.Definitions
    log_level: str = "CRITICAL"

    def run(
        self,
        job: str,
        *,
        now: datetime | None = None,
        ops: Mapping[str, Any] | None = None,
        ticks: tuple[str, str] | None = None,
        assets: Collection[str] = (),
    ) -> dict[str, dict[str, Any]]:
        """Run a job here and now, as a run that the Dagster UI shows.

        Args:
            now: The moment that the run takes for the present, for simulations.
            ops: Configuration of assets, by name.
            ticks: First and last partition key of a range, for partitioned jobs.
            assets: Names of the job's assets to make; all by default.

        Returns:
            Metadata of what was materialised last, by asset name; a table in which nothing
            changed is not there. What an asset's own step says of it goes before what other steps
            report.

        Raises:
            LayersError: What a step raised on purpose.
            RunFailedError: The run failed otherwise.
        """
        config = {
            "loggers": {"console": {"config": {"log_level": self.log_level}}},
            "resources": {"stores": {"config": {"now": now.isoformat() if now else ""}}},
            "ops": {name: {"config": dict(given)} for name, given in (ops or {}).items()},
        }
        tags = {RUNNER_TAG: self.name, **BY_HAND}
        if ticks:
            tags |= {RANGE_START: ticks[0], RANGE_END: ticks[1]}
        try:
            events = run_here(
                self.definitions.resolve_job_def(job),
                self.instance,
                run_config=config,
                tags=tags,
                assets=assets,
            )
        except dg.Failure as error:
            failed = AccountsFailedError if "outcomes" in error.metadata else RunFailedError
            raise failed(f"{job}: {error.description}") from error
        return {
            event.asset_key.to_user_string(): {
                name: value.value
                for name, value in event.step_materialization_data.materialization.metadata.items()
            }
            for event in sorted(events, key=self._is_own)
            if event.is_step_materialization and event.asset_key is not None
        }

    def _is_own(self, event: dg.DagsterEvent) -> bool:
        """Whether the step that tells of an asset is the one that makes it."""
        key = event.asset_key
        graph = self.definitions.resolve_asset_graph()
        return key is not None and graph.get(key).assets_def.op.name == event.step_key

    def scored_ticks(self) -> set[str]:
        """Partition keys of the ticks that were scored."""
        return set(self.instance.get_materialized_partitions(dg.AssetKey("organic_scores")))


@contextmanager
def open_runner(settings: Settings) -> Generator[Runner]:
    """An open runner on the settings' Dagster instance.

    Runs of processes that were killed are ended first, so that they hold no place in a pool.
    """
    prepare_dagster_home(settings)
    folder = settings.locks_location / "runners"
    name = uuid4().hex
    with (
        logs.written(settings, to_people=True),
        open_instance(settings) as instance,
        FileLocks(folder).hold(name),
    ):
        with _records_named(settings):
            _end_runs_of_the_dead(instance, folder)
            limit_scoring(instance, settings)
        level = "CRITICAL" if settings.log_format == "text" else "INFO"
        yield Runner(instance, name, build_definitions(settings), log_level=level)
    for left in folder.glob(f"{name}.*"):
        left.unlink()


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """Dagster's instance, whose folder has been made ready.

    Raises:
        StoreError: Its records are damaged.
    """
    with _records_named(settings):
        return dg.DagsterInstance.get()


@contextmanager
def _records_named(settings: Settings) -> Generator[None]:
    """Say of errors of Dagster's own files whose they are: none of the pipeline's data."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, dg.DagsterError) as error:
        home = dagster_home(settings)
        said = str(error).strip().split("\n")[0]
        raise StoreError(
            f"Dagster's records in {home} cannot be used: {said}. They hold the history of runs "
            "and no data: restore the folder from a copy, or move it away."
        ) from error


def _end_runs_of_the_dead(instance: dg.DagsterInstance, folder: Path) -> None:
    for run in instance.get_runs(dg.RunsFilter(statuses=list(UNDER_WAY))):
        # A run that the UI repeats has the tags of the first, and a process of its own.
        name = "" if run.parent_run_id else run.tags.get(RUNNER_TAG, "")
        if name and _is_dead(name, folder):
            instance.report_run_failed(run, "The process that ran it was killed.")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


def _is_dead(name: str, folder: Path) -> bool:
    """Whether a runner of this machine does not hold its name any more."""
    if not (folder / f"{name}.lock").exists():
        return False
    try:
        with FileLocks(folder, timeout_s=0.0).hold(name):
            return True
    except LockTimeoutError:
        return False
