"""A deployment lives through a scenario of faults at the true cadences, and everything holds."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks import life as living
from layers_pipeline.cli.runs import open_runner
from sandbox.service.scenario import load_scenario
from sandbox.service.server import running_sandbox

SCENARIO = os.environ.get("LAYERS_SCENARIO", "one_day")
"""``fortnight`` takes two hours and a half: 100 accounts, 14 days."""
HEALED_WITHIN = timedelta(minutes=45)


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    scenario = load_scenario(SCENARIO)
    home = tmp_path_factory.mktemp("life") / "home"
    with running_sandbox(scenario=scenario) as served:
        lived = living.begin(served, scenario, home)
        for _ in lived.live(scenario.ends_at):
            pass
        lived.derive()
        run_through_dagster(lived)
        yield lived
        lived.stores.operations.close()


def run_through_dagster(lived):
    """One more sync of every depth as Dagster runs them, so that its event log has its say."""
    settings = lived.stores.settings
    wanted = {
        "LAYERS_HOME": str(settings.root),
        "LAYERS_SIFT_URL": settings.sift_url,
        "LAYERS_SIFT_KEY": settings.sift_key.get_secret_value(),
        "LAYERS_INSTAGRAM_URL": settings.instagram_url,
        "LAYERS_TIKTOK_URL": settings.tiktok_url,
        "LAYERS_TOKEN_KEYS": settings.token_keys.get_secret_value(),
        "LAYERS_SCHEDULES": "stopped",
        "DAGSTER_HOME": str(settings.root / "dagster"),
    }
    with pytest.MonkeyPatch.context() as environment:
        for name, value in wanted.items():
            environment.setenv(name, value)
        with open_runner(settings) as runner:
            for minutes, job in ((21, "full_sync"), (42, "quick_sync"), (63, "posts_sync")):
                now = lived.scenario.ends_at + timedelta(minutes=minutes)
                lived.world.clock.set(now)
                runner.run(job, now=now)


def test_every_metric_is_what_the_platform_showed_when_last_read(life):
    assert living.untrue_metrics(life) == []


def test_exactly_the_deleted_posts_are_tombstoned(life):
    assert living.untrue_deletions(life) == []


def test_some_posts_were_deleted(life):
    absences = living.absences(life)
    assert any(absence["confirmed_at"] for absence in absences)


def test_no_container_is_doubled_or_missing(life):
    assert living.doubled_containers(life) == 0


def test_every_failing_account_is_explained(life):
    assert living.unexplained(life) == []


def test_accounts_without_a_fault_are_not_harmed_by_those_of_others(life):
    assert living.harmed(life, within=timedelta(minutes=63) + HEALED_WITHIN) == []


def test_no_secret_stands_anywhere(life):
    assert living.leaks(life) == []


def test_the_search_for_secrets_finds_one_that_is_there(life, tmp_path: Path):
    secret = sorted(living.secrets_of(life))[0]
    (tmp_path / "leak.txt").write_text(f"token={secret}")
    assert living.leaks(life, also=(tmp_path,)) == [str(tmp_path / "leak.txt")]
