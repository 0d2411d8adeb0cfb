"""Runs on Celery's workers, and noticing that a worker died with one.

Belongs here: asking the worker of a run whether it still works on it.
Does not belong here: ending and repeating runs (Dagster's run monitoring and retries), what workers
go by (``deploy/celery``).

dagster-celery asks Celery's results for the state of a run. A worker writes there what became of a
run, so of one that was killed with its processes it says STARTED for ever. The worker itself knows.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Self, cast

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster._serdes import ConfigurableClassData
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

ANSWERED_WITHIN_S: Final = 5.0
SILENT_AFTER_S: Final = 60
ENDED: Final = (WorkerStatus.SUCCESS, WorkerStatus.FAILED)
FORGOTTEN: Final = "(Redis forgot which)"


class WatchedCeleryRunLauncher(CeleryRunLauncher):
    """Launches runs on Celery's workers, and tells those of dead workers from those at work.

    Args:
        silent_after_s: For how long a worker may not know a run that it has begun, in seconds,
            before the run counts as failed.
        answered_within_s: How long a worker is waited for, in seconds.
        monotonic: Seconds of a clock that never goes back.
        launched: What dagster-celery's launcher takes.
    """

    def __init__(
        self,
        *,
        silent_after_s: int = SILENT_AFTER_S,
        answered_within_s: float = ANSWERED_WITHIN_S,
        monotonic: Callable[[], float] = time.monotonic,
        **launched: Any,  # noqa: ANN401 - handed on as they are
    ) -> None:
        super().__init__(**launched)
        self._silent_after_s = silent_after_s
        self._answered_within_s = answered_within_s
        self._monotonic = monotonic
        self._silent_since: dict[str, float] = {}

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """dagster-celery's options and ours."""
        ours = dg.Field(int, is_required=False, default_value=SILENT_AFTER_S)
        return {**cast("dict[str, Any]", super().config_type()), "silent_after_s": ours}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]
    ) -> Self:
        """The launcher that ``dagster.yaml`` describes."""
        return cls(inst_data=inst_data, **config_value)

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the run's worker works on it; asked by Dagster's run monitoring.

        A run that no worker was given (a command runs it in its own process) counts as at work:
        the next command ends those whose process was killed.
        """
        task_id = run.tags.get(DAGSTER_CELERY_TASK_ID_TAG)
        if not task_id:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        if self._is_known(task_id):
            self._silent_since.pop(run.run_id, None)
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        # Asked after the worker: a run that ended in between has told so by now.
        told = super().check_run_worker_health(run)
        if told.status in ENDED:
            self._silent_since.pop(run.run_id, None)
            return told
        now = self._monotonic()
        silent_s = now - self._silent_since.setdefault(run.run_id, now)
        if silent_s < self._silent_after_s:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        del self._silent_since[run.run_id]
        worker = self._worker(task_id) or FORGOTTEN
        said = f"Its worker {worker} has known nothing of it for {silent_s:.0f} s."
        return CheckRunHealthResult(WorkerStatus.FAILED, said)

    def _is_known(self, task_id: str) -> bool:
        """Whether the worker that began the run answers, and still has it; if Redis forgot, any."""
        worker = self._worker(task_id)
        asked = self.celery.control.inspect(
            [worker] if worker else None, timeout=self._answered_within_s
        )
        answers = asked.query_task(task_id) or {}
        return any(task_id in known for known in answers.values())

    def _worker(self, task_id: str) -> str:
        """The name of the worker that began the run; empty if none has, or it has ended."""
        told = self.celery.AsyncResult(task_id).info
        return str(told.get("hostname", "")) if isinstance(told, dict) else ""
