"""Counting a run asks Dagster's own store, which may be away just then."""

import logging
from pathlib import Path

import dagster as dg

from layers_pipeline.dagster_support.run_watch import failed_steps


@dg.op
def fails() -> None:
    raise RuntimeError("on purpose")


@dg.op
def works() -> None:
    pass


@dg.job
def some_job() -> None:
    works()
    fails()


def test_failed_steps_are_counted_and_a_broken_store_is_said_in_words(tmp_path: Path, caplog):
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        run_id = some_job.execute_in_process(instance=instance, raise_on_error=False).run_id
        assert failed_steps(instance, run_id) == 1
        for kept in tmp_path.rglob("*.db"):
            kept.write_bytes(b"no database")
        with caplog.at_level(logging.WARNING):
            assert failed_steps(instance, run_id) is None
    assert "not counted" in caplog.text
