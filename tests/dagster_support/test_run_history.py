"""Old runs go with their events and files; what Dagster knows of assets and ticks stays.

Belongs here: a real instance in SQLite over runs of a small job.
Does not belong here: when this is done (``maintain``).
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from layers_pipeline.dagster_support.instance_storage import EventsInSqlite
from layers_pipeline.dagster_support.run_history import forget_old_runs
from layers_pipeline.settings import Settings

TICKS = dg.StaticPartitionsDefinition(["one", "two"])


@dg.asset(partitions_def=TICKS)
def scored() -> None: ...


@dg.asset
def landed() -> None: ...


@dg.op
def nothing() -> None: ...


@dg.job
def endless() -> None:
    nothing()


@pytest.fixture
def instance(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text(
        "storage:\n  custom:\n    module: layers_pipeline.dagster_support.instance_storage\n"
        "    class: EnvSelectedStorage\n    config: {}\n"
    )
    with dg.DagsterInstance.get() as instance:
        assert isinstance(instance.event_log_storage, EventsInSqlite)
        yield instance


def run(instance, asset, **options) -> str:
    return dg.materialize([asset], instance=instance, **options).run_id


def files(home: Path) -> set[str]:
    """Runs of which a file or folder lies there."""
    shards = {path.stem for path in home.glob("storage/history/runs/*.db")} - {"index"}
    return shards | {path.parent.name for path in home.glob("storage/*/compute_logs")}


def forget(instance, *, days: int, now: datetime) -> int:
    return forget_old_runs(instance, Settings(run_history_days=days), now=now)


def test_runs_go_but_those_that_made_what_stands_now(instance, tmp_path):
    first, landing = run(instance, scored, partition_key="one"), run(instance, landed)
    other = run(instance, scored, partition_key="two")
    again, newest = run(instance, scored, partition_key="one"), run(instance, landed)
    later = datetime.now(UTC) + timedelta(days=31)
    assert forget(instance, days=0, now=later) == 0
    assert forget(instance, days=32, now=later) == 0
    assert forget(instance, days=30, now=later) == 2
    assert set(instance.get_run_ids()) == {other, again, newest}
    assert files(tmp_path) == {other, again, newest}
    assert instance.all_logs(first) == instance.all_logs(landing) == []
    key = dg.AssetKey("scored")
    assert instance.get_materialized_partitions(key) == {"one", "two"}
    assert instance.get_latest_materialization_event(dg.AssetKey("landed")).run_id == newest
    assert forget(instance, days=30, now=later) == 0


def test_runs_that_are_under_way_stay(instance):
    run_id = instance.create_run_for_job(endless).run_id
    assert forget(instance, days=1, now=datetime.now(UTC) + timedelta(days=9)) == 0
    assert instance.get_run_ids() == [run_id]
