"""Sensors: ticks that were missed, scrapes that have ended."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from assets.partitions import scoring_ticks
from layers_pipeline.clock import FixedClock
from layers_pipeline.dagster_support.resources import StoresResource, shown
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.settings import Settings, load_settings
from layers_pipeline.steps.ingest.scrapes import submit_scrapes
from layers_pipeline.steps.stores import Stores, open_stores
from sandbox import Fault, RunningSandbox, generated_captures, running_sandbox
from sensors.scrapes import finished_scrapes, request_key
from sensors.ticks import LOOKED_BACK, catch_up_key, missed_ticks, ticks_missed
from sensors.versions import changed_rules
from tests.worlds.homes import empty_instance
from transforms.scoring.ticks import tick_key

SCORES = "organic_scores"
TICKS = scoring_ticks(Settings())
BEGIN = tick_key(datetime.now(UTC) - LOOKED_BACK)
WEEK = [key for key in TICKS.get_partition_keys()[:-1] if key >= BEGIN]
DATASET = generated_captures(3, accounts=4, days=2)
NOON = DATASET.span[1].replace(minute=0, second=0, microsecond=0)
LATER = NOON + timedelta(minutes=5)
AT = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """A real instance, empty."""
    with empty_instance(tmp_path) as made:
        yield made


def scored(instance: dg.DagsterInstance, *ticks: str) -> None:
    for tick in ticks:
        instance.report_runless_asset_event(dg.AssetMaterialization(SCORES, partition=tick))


# --- missed ticks


def asked_for_ticks(instance: dg.DagsterInstance):
    with dg.build_sensor_context(instance=instance) as context:
        return missed_ticks(Settings())(context)


def test_missed_ticks_are_asked_for_as_one_range(instance):
    keys = TICKS.get_partition_keys()
    scored(instance, *WEEK[:-5], keys[-3])
    request = asked_for_ticks(instance)
    assert isinstance(request, dg.RunRequest)
    assert request.tags == {
        "dagster/asset_partition_range_start": keys[-6],
        "dagster/asset_partition_range_end": keys[-2],
    }
    assert request.partition_key is None


def test_where_nothing_was_ever_scored_nothing_is_missing(instance):
    assert asked_for_ticks(instance).skip_message == "no tick was missed"


def test_the_newest_tick_is_left_to_its_schedule(instance):
    scored(instance, *WEEK)
    assert asked_for_ticks(instance).skip_message == "no tick was missed"


def test_nothing_is_asked_for_while_scoring_goes_on(instance):
    scored(instance, TICKS.get_partition_keys()[-9])
    create_run_for_test(instance, job_name="scoring", status=dg.DagsterRunStatus.STARTED)
    assert asked_for_ticks(instance).skip_message == "a scoring run has not ended yet"


def test_no_more_than_a_week_is_caught_up():
    keys = [tick_key(AT - timedelta(hours=hours)) for hours in range(500, -1, -1)]
    missed = ticks_missed(keys, {keys[1]}, now=AT)
    assert missed == keys[-169:-1]
    assert missed[0] == tick_key(AT - timedelta(days=7))


def test_a_young_deployment_has_only_the_ticks_there_are():
    keys = [tick_key(AT - timedelta(hours=hours)) for hours in (8, 4, 0)]
    assert ticks_missed(keys, keys[:1], now=AT) == keys[1:2]
    assert ticks_missed([], keys, now=AT) == []


def test_a_catch_up_that_failed_is_asked_for_again_within_the_hour_and_not_at_once():
    missed = ["2026-03-02-00:00", "2026-03-02-04:00"]
    first = catch_up_key(missed, at=AT)
    assert catch_up_key(missed, at=AT + timedelta(minutes=59)) == first
    assert catch_up_key(missed, at=AT + timedelta(minutes=60)) != first


def test_another_gap_is_asked_for_at_once():
    gaps = [["a", "b"], ["a", "c"], ["b", "c"], ["a", "b", "c"]]
    assert len({catch_up_key(missed, at=AT) for missed in gaps}) == len(gaps)


# --- finished scrapes


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox]:
    """SIFT with four accounts, all of them allowed in a project of this deployment."""
    with running_sandbox(DATASET, now=NOON) as served:
        monkeypatch.setenv("LAYERS_HOME", str(tmp_path / "layers"))
        monkeypatch.setenv("LAYERS_SIFT_URL", served.url)
        monkeypatch.setenv("LAYERS_SIFT_KEY", served.key.get_secret_value())
        yield served


@pytest.fixture
def stores(sandbox: RunningSandbox) -> Iterator[Stores]:
    """The deployment's stores, with a scrape asked for of every account."""
    opened = open_stores(load_settings(), clock=FixedClock(NOON))
    opened.operations.projects.add("brand", name="Brand", time_zone="UTC", now=NOON)
    rows = [
        NewAccount(platform=platform, account_key=key, connection="external")
        for platform, key in DATASET.accounts
    ]
    opened.operations.accounts.add(rows, now=NOON)
    creators = [
        NewCreator(creator_id=row.account_id, display_name="", account_ids=(row.account_id,))
        for row in rows
    ]
    opened.operations.allowlist.allow("brand", creators, allowed_from=NOON)
    assert submit_scrapes(opened, worker="by hand").outcomes == {"ok": 4}
    yield opened
    opened.operations.close()


def asked_for_scrapes(instance: dg.DagsterInstance, at: datetime = LATER):
    with dg.build_sensor_context(instance=instance) as context:
        opened = open_stores(load_settings(), clock=FixedClock(at))
        return finished_scrapes(opened.settings)(context, stores=opened)


def test_a_posts_sync_is_asked_for_once_scrapes_have_ended(instance, sandbox, stores):
    going_on = asked_for_scrapes(instance)
    sandbox.world.clock.set(LATER)
    request = asked_for_scrapes(instance)
    assert going_on.skip_message == "none of the 4 oldest open scrapes has ended"
    assert isinstance(request, dg.RunRequest)
    assert request.run_key.startswith("scrapes-")


def test_a_scrape_that_failed_has_ended_too(instance, sandbox, request):
    for account in DATASET.accounts:
        sandbox.world.faults.put(account, Fault(kind="job_fails"))
    request.getfixturevalue("stores")
    sandbox.world.clock.set(LATER)
    assert isinstance(asked_for_scrapes(instance), dg.RunRequest)


def test_without_open_scrapes_sift_is_not_asked(instance, sandbox):
    answer = asked_for_scrapes(instance)
    assert answer.skip_message == "no scrape is open"
    assert sandbox.world.log.requests() == []


def test_nothing_is_asked_while_a_posts_sync_goes_on(instance, sandbox, stores):
    sandbox.world.clock.set(LATER)
    create_run_for_test(instance, job_name="posts_sync", status=dg.DagsterRunStatus.STARTED)
    assert asked_for_scrapes(instance).skip_message == "a posts sync has not ended yet"


def test_sift_that_is_down_is_a_reason_to_skip(instance, sandbox, stores, monkeypatch):
    monkeypatch.setenv("LAYERS_SIFT_URL", "http://127.0.0.1:9")
    assert asked_for_scrapes(instance).skip_message.startswith("SIFT could not be asked: sift:")


def test_an_account_that_sift_refuses_to_show_hides_no_other(instance, sandbox, stores):
    sandbox.world.clock.set(LATER)
    sandbox.world.faults.put(DATASET.accounts[0], Fault(kind="private"))
    request = asked_for_scrapes(instance)
    assert isinstance(request, dg.RunRequest)
    assert "-3-" in request.run_key


def test_the_same_scrapes_are_asked_for_once_until_their_run_had_time_to_fail():
    ended = ["tiktok:ada@1", "tiktok:bob@1"]
    first = request_key(ended, at=AT)
    assert request_key(ended, at=AT + timedelta(minutes=9)) == first
    assert request_key(ended, at=AT + timedelta(minutes=10)) != first
    assert request_key([*ended, "tiktok:eve@1"], at=AT) != first


def test_scrapes_whose_run_failed_are_asked_for_again(instance, sandbox, stores):
    sandbox.world.clock.set(LATER)
    first = asked_for_scrapes(instance)
    create_run_for_test(
        instance,
        job_name="posts_sync",
        status=dg.DagsterRunStatus.FAILURE,
        tags={"dagster/run_key": first.run_key},
    )
    again = asked_for_scrapes(instance, at=LATER + timedelta(minutes=10))
    assert again.run_key != first.run_key


# --- changed rules


@pytest.fixture
def chosen(tmp_path, monkeypatch):
    """Stores in which people choose versions of the rules, and their resource."""
    monkeypatch.setenv("LAYERS_HOME", str(tmp_path / "home"))
    opened = open_stores(load_settings())
    yield opened
    opened.operations.close()


def asked_for_rules(instance: dg.DagsterInstance, cursor: str | None):
    with dg.build_sensor_context(
        instance=instance,
        cursor=cursor,
        resources={"stores": StoresResource(**shown(load_settings()))},
    ) as context:
        return changed_rules(Settings())(context)


def choose(stores: Stores, version: str) -> None:
    stores.operations.scoring_roles.activate(version, changed_by="ann", now=stores.clock.now())


def test_the_first_look_only_remembers_the_version(instance, chosen):
    scored(instance, TICKS.get_partition_keys()[-3])
    result = asked_for_rules(instance, None)
    assert (result.run_requests, result.cursor) == ([], "2")


def test_another_version_asks_for_the_newest_scored_tick(instance, chosen):
    keys = TICKS.get_partition_keys()
    scored(instance, keys[-9], keys[-3])
    choose(chosen, "1")
    result = asked_for_rules(instance, "2")
    assert [request.partition_key for request in result.run_requests] == [keys[-3]]
    assert result.cursor == "1"


def test_the_same_version_asks_for_nothing(instance, chosen):
    scored(instance, TICKS.get_partition_keys()[-3])
    assert "active as before" in asked_for_rules(instance, "2").skip_message


def test_a_change_waits_for_the_run_that_still_scores_a_tick_by_the_old_version(instance, chosen):
    keys = TICKS.get_partition_keys()
    scored(instance, keys[-4])
    choose(chosen, "1")
    run = create_run_for_test(instance, job_name="scoring", status=dg.DagsterRunStatus.STARTED)
    assert asked_for_rules(instance, "2").skip_message == "a scoring run has not ended yet"
    scored(instance, keys[-3])
    instance.report_run_failed(run)
    result = asked_for_rules(instance, "2")
    assert [request.partition_key for request in result.run_requests] == [keys[-3]]
