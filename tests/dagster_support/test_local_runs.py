"""Runs of commands: the code location's own, and what is left of those that do not end well.

Belongs here: small jobs of their own on a real instance.
Does not belong here: what the product's jobs do (``tests.assets``), killed processes
(``tests.cli``).
"""

import os
import signal
import threading
import time

import dagster as dg
import pytest

from layers_pipeline.dagster_support.local_runs import CODE_LOCATION, run_here
from layers_pipeline.errors import InputRefusedError, StoreError

POOL = "one_at_a_time"


@pytest.fixture
def instance(tmp_path):
    pools = {"pools": {"default_limit": 1, "granularity": "op"}}
    with dg.instance_for_test(temp_dir=str(tmp_path), overrides={"concurrency": pools}) as made:
        yield made


def job(*steps):
    """A job of one asset per step; each comes after the one before."""

    def asset(number, step):
        @dg.asset(name=f"table_{number}", deps=[f"table_{number - 1}"] if number else [], pool=POOL)
        def made() -> None:
            step()

        return made

    definitions = dg.Definitions(
        assets=[asset(number, step) for number, step in enumerate(steps)],
        jobs=[dg.define_asset_job("some_job", selection="*")],
        executor=dg.in_process_executor,
    )
    return definitions.resolve_job_def("some_job")


def well() -> None:
    """Make the asset."""


def raising(error):
    def step() -> None:
        raise error

    return step


def run(instance, *steps):
    return run_here(job(*steps), instance, run_config={}, tags={"who": "ann"})


def test_a_run_belongs_to_the_code_location_so_that_the_ui_shows_and_repeats_it(instance):
    events = run(instance, well)
    (found,) = instance.get_runs()
    assert found.status == dg.DagsterRunStatus.SUCCESS
    assert found.tags["who"] == "ann"
    assert found.remote_job_origin.location_name == CODE_LOCATION
    assert [event.asset_key.path for event in events if event.is_step_materialization] == [
        ["table_0"]
    ]


def test_a_run_that_made_something_before_it_refused_stays(instance):
    with pytest.raises(InputRefusedError):
        run(instance, well, raising(InputRefusedError("no such day")))
    assert [one.status for one in instance.get_runs()] == [dg.DagsterRunStatus.FAILURE]


def test_a_run_that_failed_otherwise_stays(instance):
    with pytest.raises(StoreError):
        run(instance, raising(StoreError("the lake is gone")))
    assert [one.status for one in instance.get_runs()] == [dg.DagsterRunStatus.FAILURE]


def test_an_interrupted_run_has_failed_and_leaves_its_place_in_the_pool(instance):
    begun = threading.Event()

    def interrupt() -> None:
        begun.wait(30)
        os.kill(os.getpid(), signal.SIGINT)

    def slow() -> None:
        begun.set()
        time.sleep(30)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(dg.DagsterExecutionInterruptedError):
        run(instance, slow)
    assert [one.status for one in instance.get_runs()] == [dg.DagsterRunStatus.FAILURE]
    assert instance.event_log_storage.get_concurrency_info(POOL).claimed_slots == []
