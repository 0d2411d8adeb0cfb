"""Dagster's own storage: one ``dagster.yaml``, two databases."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster_postgres import DagsterPostgresStorage
from sqlalchemy import create_engine, inspect, make_url

from layers_pipeline.cli.runs import _mark, open_runner, prepare_dagster_home
from layers_pipeline.dagster_support.instance_storage import EnvSelectedStorage, with_driver
from layers_pipeline.errors import SettingsError
from layers_pipeline.settings import load_settings

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]
FORMS = ["postgres", "postgresql", "postgresql+psycopg2", "postgresql+psycopg"]


@dg.op
def nothing() -> None:
    """Does nothing."""


@dg.job(executor_def=dg.in_process_executor)
def tiny() -> None:
    """A run as small as can be."""
    nothing()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home that names no database."""
    monkeypatch.setenv("LAYERS_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    monkeypatch.delenv("LAYERS_DAGSTER_PG_URL", raising=False)
    return tmp_path


def run_kept() -> bool:
    """Whether a run that succeeds is found on a newly opened instance."""
    with open_runner(load_settings()) as runner:
        done = tiny.execute_in_process(instance=runner.instance)
    with open_runner(load_settings()) as runner:
        found = runner.instance.get_run_by_id(done.run_id)
        return found is not None and found.status == dg.DagsterRunStatus.SUCCESS


def tables_at(url: str) -> set[str]:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg2"))
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return names


def test_without_a_url_runs_are_kept_in_sqlite_in_the_home(home):
    assert run_kept()
    assert (home / "dagster/storage/history/runs.db").stat().st_size > 0


def test_a_deployment_on_several_machines_is_not_opened_without_its_database():
    wanted = {"env_var": "LAYERS_DAGSTER_PG_URL", "required": True}
    with pytest.raises(SettingsError, match="LAYERS_DAGSTER_PG_URL is not set"):
        EnvSelectedStorage.from_config_value(None, wanted)


def test_dagsters_files_are_whole_once_the_instance_is_closed(home):
    with open_runner(load_settings()) as runner:
        tiny.execute_in_process(instance=runner.instance)
        assert list(home.rglob("*.db-wal")) != []
    assert list(home.rglob("*.db-wal")) == []


def test_what_a_killed_process_stored_is_there(home):
    script = """
import os
from layers_pipeline.cli.runs import open_runner
from layers_pipeline.settings import load_settings
from tests.dagster_support.test_instance_storage import tiny
with open_runner(load_settings()) as runner:
    tiny.execute_in_process(instance=runner.instance, run_id="11111111-1111-4111-8111-111111111111")
    os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)
    assert done.returncode == -9
    with open_runner(load_settings()) as runner:
        found = runner.instance.get_run_by_id("11111111-1111-4111-8111-111111111111")
        assert found is not None
        assert found.status == dg.DagsterRunStatus.SUCCESS
        assert runner.instance.all_logs(found.run_id) != []


@pytest.mark.parametrize("form", FORMS[:3])
def test_every_form_of_a_postgres_url_keeps_runs_there(
    form, home, postgres_url_factory, monkeypatch
):
    url = postgres_url_factory()
    monkeypatch.setenv("LAYERS_DAGSTER_PG_URL", f"{form}://{url.partition('://')[2]}")
    assert run_kept()
    assert {"runs", "event_logs", "instigators", "daemon_heartbeats"} <= tables_at(url)
    assert not (home / "dagster/storage/history").exists()


@pytest.mark.parametrize("form", FORMS)
def test_the_driver_is_the_one_that_is_installed(form):
    assert with_driver(f"{form}://u:p@h/d?x=1") == "postgresql+psycopg2://u:p@h/d?x=1"


@pytest.mark.parametrize(
    ("kind", "storage"), [("sqlite", "RunsInSqlite"), ("postgres", "PostgresRunStorage")]
)
def test_dagster_itself_opens_the_instance(kind, storage, postgres_url_factory, monkeypatch):
    url = postgres_url_factory() if kind == "postgres" else ""
    monkeypatch.setenv("LAYERS_DAGSTER_PG_URL", url)
    prepare_dagster_home(load_settings())
    done = subprocess.run(
        [BIN / "dagster", "instance", "info"],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert f"run_storage: {storage}\n" in done.stdout
    assert "default_limit: 1" in done.stdout


def test_the_environment_chooses_the_class(postgres_url_factory, monkeypatch):
    monkeypatch.setenv("ELSEWHERE", postgres_url_factory())
    opened = EnvSelectedStorage.from_config_value(None, {"env_var": "ELSEWHERE"})
    assert isinstance(opened, DagsterPostgresStorage)


def test_sqlite_needs_a_home(monkeypatch):
    monkeypatch.delenv("DAGSTER_HOME")
    with pytest.raises(SettingsError, match="DAGSTER_HOME"):
        EnvSelectedStorage.from_config_value(None, {"env_var": "LAYERS_DAGSTER_PG_URL"})


def test_an_event_of_a_partition_does_not_repeat_the_versions_of_inputs(home):
    days = dg.StaticPartitionsDefinition(["one", "two"])

    @dg.asset
    def source() -> None:
        """What days are made of."""

    @dg.asset(
        deps=[source],
        partitions_def=days,
        check_specs=[dg.AssetCheckSpec("holds", asset="of_days")],
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def of_days() -> dg.MaterializeResult:
        """Both days at once."""
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])

    with open_runner(load_settings()) as runner:
        assert dg.materialize([source], instance=runner.instance).success
        whole = {"dagster/asset_partition_range_start": "one"}
        whole |= {"dagster/asset_partition_range_end": "two"}
        assert dg.materialize(
            [source, of_days], selection=[of_days], instance=runner.instance, tags=whole
        ).success
        key = of_days.key
        made = runner.instance.fetch_materializations(key, limit=9).records
        assert {record.partition_key for record in made} == {"one", "two"}
        for record in made:
            made_then = record.asset_materialization
            tags = made_then.tags or {} if made_then else {}
            assert "dagster/data_version" in tags
            assert not [name for name in tags if name.startswith("dagster/input_")]
        found = runner.instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(key, "holds"), limit=9
        )
        assert [(one.status.value, one.partition) for one in found] == [("SUCCEEDED", None)]


LAUNCHER = "run_launcher:\n  module: dagster\n  class: DefaultRunLauncher\n"


@pytest.mark.parametrize("was_marked", [True, False], ids=["ours", "ours of an earlier version"])
def test_a_section_that_a_person_added_stays(was_marked, home):
    target = prepare_dagster_home(load_settings()) / "dagster.yaml"
    first, _, body = target.read_text("utf-8").partition("\n")
    changed = f"{first}\n{body}{LAUNCHER}" if was_marked else f"{body}{LAUNCHER}"
    target.write_text(changed, "utf-8")
    prepare_dagster_home(load_settings())
    assert target.read_text("utf-8") == changed


def test_a_file_of_an_earlier_version_is_brought_up_to_date(home):
    target = prepare_dagster_home(load_settings()) / "dagster.yaml"
    newest = target.read_text("utf-8")
    _, _, body = newest.partition("\n")
    older = body.replace("max_retries: 1", "max_retries: 3")
    for written in (older, f"{_mark(older)}\n{older}", newest):
        target.write_text(written, "utf-8")
        prepare_dagster_home(load_settings())
        assert target.read_text("utf-8") == newest
