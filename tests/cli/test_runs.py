"""Runs from the command line, and what becomes of those whose process was killed.

Belongs here: ending the runs of the dead, and leaving those of the living.
Does not belong here: what jobs do (``tests.assets``), the demo's own story (``tests.e2e``).
"""

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from layers_pipeline.cli.runs import RUNNER_TAG, open_runner
from layers_pipeline.lake.locks import FileLocks
from layers_pipeline.settings import Settings
from layers_pipeline.steps.score.tick_scorer import WRITTEN
from tests.steps.derive.history_world import killed_after
from tests.worlds.data_builders import at, hours, make_stores, score
from tests.worlds.small_pools import END, SHRINKS, lived_through
from transforms.scoring.ticks import tick_key


@pytest.fixture
def deployment(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    return Settings(home=tmp_path)


@pytest.fixture
def leases(deployment):
    return FileLocks(deployment.locks_location / "runners")


def begun_by(name, deployment, **repeats: str):
    """The id of a run that a runner of that name began and has not ended."""
    with open_runner(deployment) as runner:
        run = create_run_for_test(
            runner.instance,
            job_name="scoring",
            status=dg.DagsterRunStatus.STARTED,
            tags={RUNNER_TAG: name} if name else {},
            **repeats,
        )
    return run.run_id


def status_after_another_opens(run_id, deployment):
    with open_runner(deployment) as runner:
        return runner.instance.get_run_by_id(run_id).status


def test_the_run_of_a_killed_process_is_ended(deployment, leases):
    with leases.hold("killed"):
        run_id = begun_by("killed", deployment)
    assert status_after_another_opens(run_id, deployment) == dg.DagsterRunStatus.FAILURE


def test_the_run_of_a_living_process_goes_on(deployment, leases):
    with leases.hold("living"):
        run_id = begun_by("living", deployment)
        assert status_after_another_opens(run_id, deployment) == dg.DagsterRunStatus.STARTED


@pytest.mark.parametrize("name", ["", "of-another-machine"])
def test_a_run_that_was_not_begun_here_goes_on(deployment, name):
    run_id = begun_by(name, deployment)
    assert status_after_another_opens(run_id, deployment) == dg.DagsterRunStatus.STARTED


def test_a_run_that_the_ui_repeats_after_its_process_was_killed_goes_on(deployment, leases):
    with leases.hold("killed"):
        first = begun_by("killed", deployment)
    repeat = begun_by("killed", deployment, parent_run_id=first, root_run_id=first)
    assert status_after_another_opens(first, deployment) == dg.DagsterRunStatus.FAILURE
    assert status_after_another_opens(repeat, deployment) == dg.DagsterRunStatus.STARTED


def limit_of_scoring(settings):
    with open_runner(settings) as runner:
        pools = runner.instance.event_log_storage.get_pool_limits()
    return {pool.name: pool.limit for pool in pools}.get("scoring")


def test_as_many_runs_score_at_once_as_the_settings_say(deployment):
    several = deployment.model_copy(update={"scoring_runs_at_once": 3})
    assert limit_of_scoring(several) == 3
    fewer = deployment.model_copy(update={"scoring_runs_at_once": 2})
    assert limit_of_scoring(fewer) == 2


def test_the_limit_that_a_person_gave_scoring_stays_where_the_settings_say_none(deployment):
    with open_runner(deployment) as runner:
        runner.instance.event_log_storage.set_concurrency_slots("scoring", 5)
    assert limit_of_scoring(deployment) == 5


def test_as_many_runs_are_started_at_once_as_the_settings_say(deployment):
    for wanted in (7, 4):
        chosen = deployment.model_copy(update={"runs_at_once": wanted})
        with open_runner(chosen) as runner:
            runs = runner.instance.get_settings("concurrency")["runs"]
        assert runs["max_concurrent_runs"] == wanted


def test_a_runner_that_ended_leaves_no_lock_file(deployment):
    with open_runner(deployment):
        pass
    assert list((deployment.locks_location / "runners").iterdir()) == []


def test_what_a_run_scored_is_told_though_its_publication_mends_other_ticks(deployment):
    ticks = [hours(4 * number) for number in (1, 2)]
    lived_through(deployment.home, SHRINKS)
    stores = at(make_stores(deployment.home), END)
    # The three tables are made, percentiles and scores are written, eligibility is not.
    killed_after(5, lambda: score(stores, ticks[:1]), stores, tables=WRITTEN)
    stores.operations.close()
    with open_runner(deployment) as runner:
        own = tick_key(ticks[1])
        made = runner.run("scoring", now=END, ticks=(own, own))
        assert [row.data["tick"] for row in made["organic_scores"]["ticks"].records] == [own]
        reported = runner.instance.fetch_materializations(dg.AssetKey("organic_scores"), limit=9)
    words = [one.asset_materialization.metadata for one in reported.records]
    assert len([one for one in words if "ticks" not in one]) == 1
