"""Jobs in this process, on a real Dagster instance, lake and sandbox: what they leave behind."""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from dagster._core.test_utils import create_run_for_test
from deltalake import write_deltalake
from pydantic import SecretStr

from assets.contract_checks import is_broken, results_of
from assets.derive import OWN as DERIVED
from assets.ingest import PARENT
from assets.partitions import scoring_ticks
from layers_pipeline.cli.runs import RANGE_END, RANGE_START, open_runner
from layers_pipeline.clock import FixedClock
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.settings import Settings, load_settings
from layers_pipeline.steps.score.ticks import tick_of
from layers_pipeline.steps.stores import Stores, open_stores
from sandbox import (
    AccountRef,
    Fault,
    RunningSandbox,
    generated_captures,
    running_sandbox,
)
from tests.worlds.data_builders import capture, everything, make_stores, rows_of, write_file
from tests.worlds.homes import empty_storage
from transforms.scoring.ticks import tick_text

DATASET = generated_captures(3, accounts=9, days=4)
SECRET = "sk-NEVER-TO-BE-SEEN-7f3a"
NOON = DATASET.span[1].replace(minute=0, second=0, microsecond=0)
"""When the accounts are asked for; the simulated platforms' clock stands there."""
LATER = NOON + timedelta(minutes=5)
PER_TICK = (
    catalog.UGC_POOL_PERCENTILES,
    catalog.ORGANIC_SCORES,
    catalog.AD_ELIGIBILITY,
    catalog.AD_SELECTIONS,
    catalog.CONTENT_STATUS,
)
OF_TICKS = (*PER_TICK, catalog.AD_CLASSIFICATIONS)
"""Every table of ticks; without ads the last one has no rows."""
TICKS = ("2025-05-14-12:00", "2025-05-14-16:00", "2025-05-14-20:00")
SCORED_AT = datetime(2025, 6, 1, tzinfo=UTC)
ALL_TICKS = scoring_ticks(Settings())
KINDS = (
    "throttled",
    "private",
    "server_error",
    "vanished",
    "truncated_json",
    "job_fails",
    "job_never_ends",
    "slow",
)
STRUCK: Mapping[str, AccountRef] = dict(zip(KINDS, DATASET.accounts, strict=False))
WELL = DATASET.accounts[-1]
STEERED = {"retry_after_s": 600, "delay_s": 0.2}
"""A wait too long to sit out, and a short one."""


@dataclass(frozen=True)
class Deployment:
    """One home with its Dagster instance; ``run`` runs a job as of a moment."""

    home: Path
    instance: dg.DagsterInstance
    definitions: dg.Definitions

    def run(self, job: str, *, now: datetime, ops: Mapping[str, Any] | None = None, **more):
        config = {
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            "resources": {"stores": {"config": {"now": now.isoformat()}}},
            "ops": {name: {"config": dict(given)} for name, given in (ops or {}).items()},
        }
        return self.definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance, run_config=config, raise_on_error=False, **more
        )

    def score(self, first: str, last: str, *, now: datetime = SCORED_AT):
        return self.run("scoring", now=now, tags={RANGE_START: first, RANGE_END: last})

    def import_file(self, path: Path):
        config = {"files": [str(path)], "project_id": "brand"}
        return self.run("import_captures", now=SCORED_AT, ops={"stg_import__captures": config})

    @contextmanager
    def stores(self, now: datetime = NOON) -> Iterator[Stores]:
        opened = open_stores(load_settings(), clock=FixedClock(now))
        yield opened
        opened.operations.close()

    def everything(self) -> dict[str, list[dict]]:
        with self.stores() as stores:
            return everything(stores)

    def states(self, depth: str) -> dict[str, Any]:
        with self.stores() as stores:
            found = stores.operations.syncs.states()
        return {row.account_id: row for row in found if row.depth == depth}


@contextmanager
def deployed(home: Path, **settings: str) -> Iterator[Deployment]:
    """A deployment of its own for a while."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ("LAYERS_OPERATIONS_URL", "LAYERS_LAKE_URL", "LAYERS_DAGSTER_PG_URL"):
            environment.delenv(name, raising=False)
        environment.setenv("LAYERS_HOME", str(home))
        environment.setenv("DAGSTER_HOME", str(home / "dagster"))
        environment.setenv("LAYERS_TICK_GRACE_S", "0")
        for name, value in settings.items():
            environment.setenv(name, value)
        if not (home / "dagster").exists():
            shutil.copytree(empty_storage(), home / "dagster/storage")
        with open_runner(load_settings()) as runner:
            yield Deployment(home, runner.instance, runner.definitions)


@contextmanager
def synced_deployment(home: Path, accounts: tuple[AccountRef, ...]) -> Iterator[Any]:
    """A deployment with accounts on its allowlist, and a sandbox with a key of its own."""
    with (
        running_sandbox(DATASET, now=NOON, key=SecretStr(SECRET)) as sandbox,
        deployed(home, LAYERS_SIFT_URL=sandbox.url, LAYERS_SIFT_KEY=SECRET) as deployment,
    ):
        allow(deployment, accounts)
        yield deployment, sandbox


def allow(deployment: Deployment, accounts: tuple[AccountRef, ...]) -> None:
    with deployment.stores() as stores:
        stores.operations.projects.add("brand", name="Brand", time_zone="UTC", now=NOON)
        rows = [
            NewAccount(platform=platform, account_key=key, connection="external")
            for platform, key in accounts
        ]
        stores.operations.accounts.add(rows, now=NOON)
        stores.operations.allowlist.allow(
            "brand",
            [
                NewCreator(
                    creator_id=row.account_id, display_name="", account_ids=(row.account_id,)
                )
                for row in rows
            ],
            allowed_from=NOON,
        )


def id_of(account: AccountRef) -> str:
    return f"{account.platform}:{account.account_key}"


def strike(sandbox: RunningSandbox, *kinds: str) -> None:
    for account in DATASET.accounts:
        sandbox.world.faults.clear(account)
    for kind in kinds:
        sandbox.world.faults.put(STRUCK[kind], Fault(kind=kind, **STEERED))


def metadata_of(result, asset: str) -> dict[str, Any]:
    """Metadata of the newest materialisation of an asset in a run."""
    events = [
        event
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(asset)
    ]
    return {name: value.value for name, value in events[-1].materialization.metadata.items()}


def checks(result) -> dict[str, dg.AssetCheckEvaluation]:
    """What checks of a run found, by asset and name."""
    found = result.get_asset_check_evaluations()
    return {f"{one.asset_key.to_user_string()}.{one.check_name}": one for one in found}


def failed_checks(result) -> list[str]:
    return sorted(name for name, found in checks(result).items() if not found.passed)


def reason(result) -> str:
    """Why the first failed step failed."""
    failed = next(event for event in result.all_events if event.is_step_failure)
    return failed.step_failure_data.error_display_string


def posts_landed(deployment: Deployment) -> Counter:
    with deployment.stores() as stores:
        rows = rows_of(stores, catalog.PLATFORM_POSTS)
    return Counter(rows.select("platform", "account_key").iter_rows())


def expected_posts(account: AccountRef) -> int:
    return len(DATASET.recent(account, as_of=NOON, limit=50))


# --- a sync in which most accounts fail, each in its own way


@dataclass(frozen=True)
class Struck:
    """What a sync left in which every kind of fault struck one account."""

    deployment: Deployment
    quick: Any
    quick_states: dict[str, Any]
    posts: Any
    posts_states: dict[str, Any]


@pytest.fixture(scope="module")
def struck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Struck]:
    """Request faults strike while scrapes are asked for; job faults seal some of their fates."""
    with synced_deployment(tmp_path_factory.mktemp("struck"), DATASET.accounts) as (made, sandbox):
        strike(sandbox, *KINDS)
        quick = made.run("quick_sync", now=NOON)
        quick_states = made.states("quick")
        strike(sandbox)
        sandbox.world.clock.set(LATER)
        posts = made.run("posts_sync", now=LATER)
        yield Struck(made, quick, quick_states, posts, made.states("posts"))


OUTCOMES_OF_ASKING = {
    "throttled": ("rate_limited", "429", timedelta(seconds=600)),
    "private": ("forbidden", "private", timedelta(hours=6)),
    "server_error": ("unavailable", "503", None),
    "vanished": ("unavailable", "gone", timedelta(hours=6)),
    "truncated_json": ("malformed", "not JSON", None),
    "job_fails": ("ok", "asked for", None),
    "job_never_ends": ("ok", "asked for", None),
    "slow": ("ok", "asked for", None),
}


@pytest.mark.parametrize("kind", KINDS)
def test_asking_gives_each_account_its_own_outcome_message_and_retry(struck, kind):
    outcome, said, wait = OUTCOMES_OF_ASKING[kind]
    state = struck.quick_states[id_of(STRUCK[kind])]
    assert state.last_outcome == outcome
    assert said in state.last_message
    assert state.retry_at == (NOON + wait if wait else None)
    assert state.last_finished_at is not None


def test_a_run_in_which_some_accounts_fail_succeeds_and_sums_up(struck):
    metadata = metadata_of(struck.quick, "scrape_jobs")
    assert struck.quick.success
    assert metadata["outcomes"] == {
        "ok": 4,
        "unavailable": 2,
        "rate_limited": 1,
        "forbidden": 1,
        "malformed": 1,
    }
    assert metadata["accounts"] == 9
    assert len(metadata["failures"].splitlines()) == 5


def test_a_failed_job_and_one_that_goes_on_leave_the_others_collected(struck):
    metadata = metadata_of(struck.posts, "raw_sift__posts")
    assert struck.posts.success
    assert metadata["outcomes"] == {"ok": 2, "unavailable": 1}
    assert metadata["still_running"] == 1
    assert id_of(STRUCK["job_fails"]) in metadata["failures"]


@pytest.mark.parametrize(("kind", "outcome"), [("job_fails", "unavailable"), ("slow", "ok")])
def test_how_collecting_ended_is_stored_with_each_account(struck, kind, outcome):
    assert struck.posts_states[id_of(STRUCK[kind])].last_outcome == outcome


def test_exactly_the_posts_of_the_accounts_that_are_well_land(struck):
    well = (STRUCK["slow"], WELL)
    assert posts_landed(struck.deployment) == {ref: expected_posts(ref) for ref in well}


def test_the_lake_knows_the_outcome_of_every_account(struck):
    with struck.deployment.stores() as stores:
        rows = rows_of(stores, catalog.PLATFORM_ACCOUNTS).rows_by_key("account_id", named=True)
    outcomes = {account: row[0]["last_outcome"] for account, row in rows.items()}
    assert outcomes[id_of(STRUCK["private"])] == "forbidden"
    assert outcomes[id_of(WELL)] == "ok"
    assert None not in outcomes.values()


def test_a_check_turns_red_when_the_share_of_failed_accounts_is_too_large(struck):
    found = checks(struck.posts)["platform_accounts.failed_share_is_small"]
    assert found.metadata["failed_share"].value >= 5 / 9
    assert not found.passed


def test_a_job_that_never_ends_is_given_up_after_six_hours(struck):
    given_up = NOON + timedelta(hours=6, minutes=1)
    result = struck.deployment.run("posts_sync", now=given_up)
    assert not result.success  # it was the only account of this sync
    assert "did not end within 6 hours" in reason(result)
    with struck.deployment.stores() as stores:
        assert stores.operations.scrapes.all_open(limit=9) == []


# --- a sync that goes well, and what strikes while posts are collected


@pytest.fixture
def few(tmp_path: Path) -> Iterator[Any]:
    """Two accounts that have been asked for, on a fresh deployment."""
    with synced_deployment(tmp_path, DATASET.accounts[:2]) as (deployment, sandbox):
        asked = deployment.run("quick_sync", now=NOON)
        assert asked.success, reason(asked)
        sandbox.world.clock.set(LATER)
        yield deployment, sandbox


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"kind": "throttled", "retry_after_s": 600}, "rate_limited"),
        ({"kind": "private"}, "forbidden"),
        ({"kind": "vanished"}, "unavailable"),
        ({"kind": "truncated_json"}, "malformed"),
    ],
    ids=str,
)
def test_a_fault_while_collecting_never_touches_the_other_account(few, fault, outcome):
    deployment, sandbox = few
    ill, well = DATASET.accounts[:2]
    sandbox.world.faults.put(ill, Fault(**fault))
    result = deployment.run("posts_sync", now=LATER)
    metadata = metadata_of(result, "raw_sift__posts")
    assert result.success
    assert metadata["outcomes"] == {"ok": 1, outcome: 1}
    assert metadata["failures"].startswith(f"- {id_of(ill)}: {outcome}: sift: ")
    assert posts_landed(deployment) == {well: expected_posts(well)}


def test_a_sync_in_which_every_account_fails_fails_and_does_not_look_fresh(few):
    deployment, sandbox = few
    for account in DATASET.accounts[:2]:
        sandbox.world.faults.put(account, Fault(kind="private"))
    result = deployment.run("posts_sync", now=LATER)
    raw = dg.AssetKey("raw_sift__posts")
    assert not result.success
    assert "every one of 2 accounts failed" in reason(result)
    assert deployment.instance.get_latest_materialization_event(raw) is None
    again = deployment.run("posts_sync", now=LATER, tags={PARENT: result.run_id})
    assert not again.success
    assert "nothing is due now" in reason(again)
    assert deployment.instance.get_latest_materialization_event(raw) is None


def test_the_repeat_of_a_killed_sync_that_finds_everything_leased_does_not_look_fresh(few):
    deployment, _ = few
    with deployment.stores(LATER) as stores:
        claimed = stores.operations.scrapes.claim(
            now=LATER, lease_for=timedelta(minutes=10), worker="killed", limit=10
        )
    assert len(claimed) == 2
    killed = create_run_for_test(deployment.instance, job_name="posts_sync")
    begun = dg.DagsterEvent("STEP_START", "posts_sync", step_key="raw_sift__posts")
    deployment.instance.report_dagster_event(begun, killed.run_id)
    deployment.instance.report_run_failed(killed)
    again = deployment.run("posts_sync", now=LATER, tags={PARENT: killed.run_id})
    assert not again.success
    assert "nothing is due now" in reason(again)
    raw = dg.AssetKey("raw_sift__posts")
    assert deployment.instance.get_latest_materialization_event(raw) is None


def test_a_table_without_a_row_is_made_once(tmp_path):
    with deployed(tmp_path) as deployment:
        runs = [deployment.run("derivation", now=LATER) for _ in range(2)]
    first, second = (
        {event.asset_key.to_user_string() for event in run.get_asset_materialization_events()}
        for run in runs
    )
    assert first == {table.name for table in DERIVED}
    assert second == set()


def test_collecting_twice_changes_nothing(few):
    deployment, sandbox = few
    assert deployment.run("posts_sync", now=LATER).success
    before = deployment.everything()
    sandbox.world.clock.advance(600)
    assert deployment.run("posts_sync", now=LATER + timedelta(minutes=10)).success
    assert deployment.everything() == before
    assert len(before["platform_posts"]) == sum(map(expected_posts, DATASET.accounts[:2]))
    assert len(before["ads_content"]) == len(before["platform_posts"])


def test_rows_that_were_set_aside_warn_and_stop_nothing(few):
    deployment, _ = few
    with deployment.stores(LATER) as stores:
        job = stores.operations.scrapes.all_open(limit=1)[0]
        landed = {
            "landing_id": f"{job.scrape_job_id}#99999",
            "scrape_job_id": job.scrape_job_id,
            "platform": "tiktok",
            "account_key": "ada",
            "submitted_at": NOON,
            "received_at": LATER,
            "known_at": LATER,
            "run_id": "by hand",
            "body": '{"post_id": "p", "views": -5}',
            "scraped_on": NOON.date(),
        }
        raw = catalog.RAW_SIFT__POSTS
        stores.lake.insert_absent(raw, pl.DataFrame([landed], schema=dict(raw.empty().schema)))
    result = deployment.run("posts_sync", now=LATER)
    found = checks(result)["stg_sift__posts.no_rows_set_aside_today"]
    assert result.success
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert sum(found.metadata["rows_by_rules"].value.values()) == 1
    assert "views" in next(iter(found.metadata["rows_by_rules"].value))


def test_a_snapshot_without_its_post_is_found(tmp_path):
    stores = make_stores(tmp_path)
    table = catalog.PLATFORM_POST_METRICS
    row = dict.fromkeys(table.columns) | {
        "platform": "tiktok",
        "platform_post_id": "orphan",
        "captured_at": NOON,
        "known_at": NOON,
        "source": "sift",
        "run_id": "by hand",
        "captured_on": NOON.date(),
    }
    write_behind(stores, table, row)
    contract, relation = results_of(stores, table, since=-1)
    assert (contract.passed, relation.passed) == (True, False)
    assert relation.check_name == "has_its_platform_posts"
    assert "orphan" in relation.metadata["orphans"].value
    assert [one.passed for one in results_of(stores, table, since=0)] == [True, True]


def test_the_key_of_the_source_is_written_nowhere(few):
    deployment, sandbox = few
    sandbox.world.faults.put(DATASET.accounts[0], Fault(kind="private"))
    deployment.run("posts_sync", now=LATER)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LAYERS_SIFT_KEY", f"{SECRET}-revoked")
        refused = deployment.run("quick_sync", now=LATER + timedelta(minutes=5))
    assert not refused.success
    files = [path for path in deployment.home.rglob("*") if path.is_file()]
    assert {"dagster", "lake", "operations.db"} <= {
        path.relative_to(deployment.home).parts[0] for path in files
    }
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []
    records = deployment.instance.get_run_records()
    logged = [deployment.instance.all_logs(record.dagster_run.run_id) for record in records]
    assert SECRET not in repr((records, logged))


def write_behind(stores: Stores, table: Table, *rows: dict) -> None:
    """Add rows without asking the contract."""
    frame = pl.DataFrame(list(rows), schema=dict(table.empty().schema))
    write_deltalake(
        stores.lake.uri(table), frame, mode="append", partition_by=list(table.partition_by) or None
    )


# --- scoring


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with twelve posts of three accounts over a day and a half."""
    rows = [
        capture(
            f"p{post}",
            hour,
            account_key=f"creator{post % 3}",
            views=100 + 37 * post + 11 * (hour + 24),
            likes=3 * post + hour + 24,
            comments=post,
            shares=2,
            saves=1,
        )
        for post in range(12)
        for hour in range(-24, 13, 4)
        if (post + hour) % 5 or hour == -24
    ]
    return write_file(tmp_path_factory.mktemp("history") / "captures.parquet", rows)


@pytest.fixture(scope="module")
def ranged(tmp_path_factory: pytest.TempPathFactory, history: Path) -> Iterator[Any]:
    """A deployment in which one run scored a range of ticks."""
    with deployed(tmp_path_factory.mktemp("ranged")) as deployment:
        assert deployment.import_file(history).success
        yield deployment, deployment.score(TICKS[0], TICKS[-1])


def per_tick(deployment: Deployment) -> dict[str, list[dict]]:
    with deployment.stores() as stores:
        return everything(stores, PER_TICK)


def test_a_range_is_one_run_with_one_materialisation_per_tick_and_table(ranged):
    deployment, result = ranged
    assert result.success
    made = Counter(
        (event.asset_key.to_user_string(), event.partition)
        for event in result.get_asset_materialization_events()
        if event.partition
    )
    assert made == {(table.name, tick): 1 for table in OF_TICKS for tick in TICKS}
    for table in OF_TICKS:
        done = deployment.instance.get_materialized_partitions(dg.AssetKey(table.name))
        assert set(done) >= set(TICKS)


@pytest.mark.parametrize("table", PER_TICK[:3], ids=lambda table: table.name)
def test_every_tick_says_how_many_rows_it_has(ranged, table):
    deployment, result = ranged
    with deployment.stores() as stores:
        stored = Counter(stores.lake.read(table).select("tick").collect()["tick"])
    said = {
        event.partition: event.materialization.metadata["dagster/partition_row_count"].value
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(table.name)
    }
    assert said == {tick: stored[tick_text(tick_of(tick))] for tick in TICKS}
    assert sum(said.values()) > 0


def test_a_range_gives_the_rows_that_its_ticks_give_one_by_one(ranged, history, tmp_path):
    deployment, _ = ranged
    at_once = per_tick(deployment)
    with deployed(tmp_path) as other:
        assert other.import_file(history).success
        for tick in TICKS:
            result = other.run(
                "scoring",
                now=SCORED_AT,
                partition_key=tick,
                asset_selection=[dg.AssetKey(table.name) for table in OF_TICKS],
            )
            assert result.success
            made = {
                (event.asset_key.to_user_string(), event.partition)
                for event in result.get_asset_materialization_events()
            }
            # What is derived before the tick, such as the newest score of content, has none.
            assert {one for one in made if one[1]} == {(table.name, tick) for table in OF_TICKS}
        one_by_one = per_tick(other)
    assert one_by_one == at_once
    # Without a layer nothing is selected.
    assert all(one_by_one[table.name] for table in PER_TICK[:3])


def test_scoring_a_tick_again_changes_no_row(ranged):
    deployment, _ = ranged
    before = per_tick(deployment)
    assert deployment.run("scoring", now=SCORED_AT, partition_key=TICKS[1]).success
    assert per_tick(deployment) == before


def test_a_tick_that_is_to_come_is_refused(ranged):
    deployment, _ = ranged
    result = deployment.run("scoring", now=tick_of(TICKS[0]), partition_key=TICKS[-1])
    assert not result.success
    assert "lies in the future" in reason(result)


def test_an_old_backfill_does_not_hide_that_the_newest_tick_is_missing(ranged):
    deployment, _ = ranged
    newest = ALL_TICKS.get_last_partition_key()
    before = deployment.run("check_freshness", now=SCORED_AT)
    assert before.success
    assert failed_checks(before) == ["organic_scores.newest_tick_is_scored"]
    found = checks(before)["organic_scores.newest_tick_is_scored"]
    assert (found.severity, found.metadata["tick"].value) == (dg.AssetCheckSeverity.WARN, newest)


def test_the_newest_tick_is_found_once_it_is_scored(ranged):
    deployment, _ = ranged
    newest = ALL_TICKS.get_last_partition_key()
    now = tick_of(newest) + timedelta(minutes=5)
    assert deployment.run("scoring", now=now, partition_key=newest).success
    assert failed_checks(deployment.run("check_freshness", now=now)) == []


def test_a_key_that_was_written_twice_breaks_the_contract_in_words(tmp_path):
    stores = make_stores(tmp_path)
    table = catalog.PROJECT_ALLOWLIST
    row = {
        "project_id": "brand",
        "platform": "tiktok",
        "account_key": "ada",
        "allowed_from": NOON,
        "allowed_to": None,
        "creator_id": "ada",
    }
    write_behind(stores, table, row, row)
    (contract,) = results_of(stores, table, since=-1)
    assert is_broken(contract)
    assert contract.description == "Of 2 rows that the run wrote, 2 break primary_key."


def test_a_broken_contract_stops_the_publication(history, tmp_path):
    with deployed(tmp_path) as deployment:
        assert deployment.import_file(history).success
        with deployment.stores() as stores:
            rows = rows_of(stores, catalog.ADS_CONTENT)
            bad = rows.head(1).with_columns(
                ads_content_id=pl.lit("brand/bad"), organic_score=pl.lit(-1.0)
            )
            # In the file of a row that the run changes, and so in a file that the run writes.
            write_deltalake(
                stores.lake.uri(catalog.ADS_CONTENT),
                pl.concat([rows, bad]),
                mode="overwrite",
                partition_by=list(catalog.ADS_CONTENT.partition_by),
            )
        result = deployment.score(*TICKS[:2])
        made = {event.asset_key for event in result.get_asset_materialization_events()}
        assert not result.success
        assert "ads_content: Of 13 rows that the run wrote, 1 break organic_score|min" in reason(
            result
        )
        key = dg.AssetCheckKey(dg.AssetKey("ads_content"), "holds_its_contract")
        (found,) = deployment.instance.event_log_storage.get_asset_check_execution_history(
            key, limit=1
        )
        assert (found.run_id, found.status.value) == (result.run_id, "FAILED")
        assert dg.AssetKey("analytics_file") not in made
        assert not (tmp_path / "serve").exists()
