"""The code location as a whole: it loads, says what it is, and hangs together as written down."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import dagster as dg
import pytest
from inline_snapshot import snapshot

from assets.partitions import scoring_ticks
from assets.scoring import soon_after_ticks
from layers_pipeline.definitions import defs
from layers_pipeline.lake import catalog
from layers_pipeline.steps.score.ticks import tick_of
from sensors.schedules import after_the_tick

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
GRAPH = defs.get_repository_def().asset_graph
KEYS = sorted(GRAPH.get_all_asset_keys())
LAKE_ASSETS = sorted(table.name for table in catalog.TABLES if dg.AssetKey(table.name) in KEYS)
SCORED = [
    "ad_eligibility",
    "organic_scores",
    "ugc_pool_percentiles",
]
TELL_WHEN = """
import json
from layers_pipeline.definitions import defs
told = defs.get_repository_def()
print(json.dumps({
    "schedules": {s.name: [s.cron_schedule, s.default_status.name] for s in told.schedule_defs},
    "sensors": {s.name: [s.minimum_interval_seconds, s.default_status.name]
                for s in told.sensor_defs},
}))
"""


def told_when(**settings: str) -> dict:
    """What another process makes of the settings."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
    done = subprocess.run(
        [sys.executable, "-c", TELL_WHEN],
        env=env | settings,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(done.stdout)


def name_of(key: dg.AssetKey) -> str:
    return key.to_user_string()


def test_the_definitions_are_loadable():
    dg.Definitions.validate_loadable(defs)


@pytest.mark.parametrize("key", KEYS, ids=name_of)
def test_an_asset_says_what_it_is_whose_it_is_and_what_it_is_made_with(key):
    node = GRAPH.get(key)
    assert node.group_name in {"ingestion", "dimensions", "posts", "scoring", "serving"}
    assert node.owners == ["team:data-engineering"]
    assert node.kinds
    assert len(node.description) > 20
    assert node.metadata["dagster/code_references"].code_references


@pytest.mark.parametrize("name", LAKE_ASSETS)
def test_a_lake_asset_describes_every_column_of_its_table(name):
    metadata = GRAPH.get(dg.AssetKey(name)).metadata
    columns = metadata["dagster/column_schema"].columns
    table = next(table for table in catalog.TABLES if table.name == name)
    assert [column.name for column in columns] == list(table.columns)
    assert [column.name for column in columns if not (column.description and column.type)] == []
    assert metadata["dagster/table_name"] == f"lake.{name}"


def test_every_table_of_the_lake_but_two_side_products_is_an_asset():
    others = {table.name for table in catalog.TABLES} - set(LAKE_ASSETS)
    assert others == {"quarantine", "import_files"}


def test_the_lineage_is_as_drawn():
    drawn = {name_of(key): sorted(map(name_of, GRAPH.get(key).parent_keys)) for key in KEYS}
    assert drawn == snapshot(
        {
            "account_listings": [],
            "ad_content": [],
            "ad_daily_metrics": ["stg_import__ad_metrics"],
            "ad_eligibility": ["content_overrides", "organic_scores"],
            "ad_eligibility_current": ["ad_eligibility"],
            "ads_content": [
                "content_containers",
                "creatives",
                "organic_scores",
                "project_allowlist",
            ],
            "analytics_file": [
                "ad_content",
                "ad_daily_metrics",
                "ad_eligibility_current",
                "ads_content",
                "content_overrides",
                "platform_accounts",
                "platform_post_metrics_latest",
                "post_absences",
                "project_ads_content",
                "projects",
                "safety_reviews",
                "score_drift",
                "stg_import__captures",
                "stg_instagram__posts",
                "stg_sift__posts",
                "stg_tiktok__posts",
                "sync_health",
            ],
            "content_containers": ["creatives", "platform_posts"],
            "content_overrides": [],
            "creatives": [],
            "organic_scores": [
                "ad_content",
                "ad_daily_metrics",
                "creatives",
                "platform_post_metrics",
                "safety_reviews",
                "ugc_pool_percentiles",
            ],
            "platform_account_metrics": [
                "stg_import__captures",
                "stg_instagram__posts",
                "stg_sift__posts",
                "stg_tiktok__posts",
            ],
            "platform_accounts": ["account_listings", "raw_sift__posts", "scrape_jobs"],
            "platform_post_metrics": [
                "stg_import__captures",
                "stg_instagram__posts",
                "stg_sift__posts",
                "stg_tiktok__posts",
            ],
            "platform_post_metrics_latest": [
                "stg_import__captures",
                "stg_instagram__posts",
                "stg_sift__posts",
                "stg_tiktok__posts",
            ],
            "platform_posts": [
                "stg_import__captures",
                "stg_instagram__posts",
                "stg_sift__posts",
                "stg_tiktok__posts",
            ],
            "post_absences": ["account_listings", "platform_posts"],
            "project_ads_content": [],
            "project_allowlist": [],
            "projects": [],
            "raw_instagram__responses": [],
            "raw_sift__posts": ["scrape_jobs"],
            "raw_tiktok__responses": [],
            "safety_reviews": [],
            "score_drift": ["organic_scores"],
            "scrape_jobs": [],
            "stg_import__ad_metrics": [],
            "stg_import__captures": [],
            "stg_instagram__posts": ["raw_instagram__responses"],
            "stg_sift__posts": ["raw_sift__posts"],
            "stg_tiktok__posts": ["raw_tiktok__responses"],
            "sync_health": ["platform_accounts"],
            "ugc_pool_percentiles": [
                "platform_post_metrics",
                "platform_posts",
                "post_absences",
                "project_allowlist",
            ],
        }
    )


def test_every_job_makes_these_assets():
    jobs = defs.get_repository_def().get_all_jobs()
    made = {
        job.name: sorted(map(name_of, job.asset_layer.executable_asset_keys))
        for job in jobs
        if not job.name.startswith("__")
    }
    assert made == snapshot(
        {
            "check_currency": [],
            "derivation": [
                "ad_content",
                "ads_content",
                "content_containers",
                "content_overrides",
                "creatives",
                "platform_account_metrics",
                "platform_accounts",
                "platform_post_metrics",
                "platform_post_metrics_latest",
                "platform_posts",
                "post_absences",
                "project_ads_content",
                "project_allowlist",
                "projects",
                "safety_reviews",
                "stg_instagram__posts",
                "stg_sift__posts",
                "stg_tiktok__posts",
                "sync_health",
            ],
            "full_sync": ["account_listings", "raw_instagram__responses", "raw_tiktok__responses"],
            "import_ad_metrics": ["ad_daily_metrics", "stg_import__ad_metrics"],
            "import_captures": [
                "ads_content",
                "content_containers",
                "platform_account_metrics",
                "platform_post_metrics",
                "platform_post_metrics_latest",
                "platform_posts",
                "stg_import__captures",
            ],
            "maintenance": [],
            "posts_sync": [
                "account_listings",
                "ad_content",
                "ads_content",
                "content_containers",
                "content_overrides",
                "creatives",
                "platform_account_metrics",
                "platform_accounts",
                "platform_post_metrics",
                "platform_post_metrics_latest",
                "platform_posts",
                "post_absences",
                "project_ads_content",
                "project_allowlist",
                "projects",
                "raw_instagram__responses",
                "raw_sift__posts",
                "raw_tiktok__responses",
                "safety_reviews",
                "stg_instagram__posts",
                "stg_sift__posts",
                "stg_tiktok__posts",
                "sync_health",
            ],
            "publication": ["analytics_file"],
            "quick_sync": [
                "account_listings",
                "raw_instagram__responses",
                "raw_tiktok__responses",
                "scrape_jobs",
            ],
            "replay": [],
            "scoring": [
                "ad_content",
                "ad_eligibility",
                "ad_eligibility_current",
                "ads_content",
                "analytics_file",
                "content_overrides",
                "creatives",
                "organic_scores",
                "project_ads_content",
                "projects",
                "safety_reviews",
                "score_drift",
                "ugc_pool_percentiles",
            ],
        }
    )


def test_the_scoring_job_holds_every_table_that_it_writes_to_its_contract():
    layer = defs.resolve_job_def("scoring").asset_layer
    checks = sorted(key.to_user_string() for key in layer.asset_graph.asset_check_keys)
    assert checks == snapshot(
        [
            "ad_content:holds_its_contract",
            "ad_eligibility:holds_its_contract",
            "ads_content:has_its_content_containers",
            "ads_content:has_its_projects",
            "ads_content:holds_its_contract",
            "content_overrides:holds_its_contract",
            "creatives:holds_its_contract",
            "organic_scores:holds_its_contract",
            "project_ads_content:holds_its_contract",
            "safety_reviews:holds_its_contract",
            "ugc_pool_percentiles:holds_its_contract",
        ]
    )


@pytest.mark.parametrize("wanted", ["RUNNING", "STOPPED"])
def test_schedules_and_sensors_start_as_the_setting_says(wanted):
    told = told_when(LAYERS_SCHEDULES=wanted.lower())
    assert told["schedules"] == {
        "check_currency_schedule": ["25 * * * *", wanted],
        "derivation_schedule": ["12,42 * * * *", wanted],
        "full_sync_schedule": ["*/20 * * * *", wanted],
        "maintenance_schedule": ["40 3 * * *", wanted],
        "posts_sync_schedule": ["*/30 * * * *", wanted],
        "quick_sync_schedule": ["*/5 * * * *", wanted],
        "scoring_schedule": ["2 */4 * * *", wanted],
    }
    assert told["sensors"] == {
        "changed_rules": [60, wanted],
        "finished_scrapes": [60, wanted],
        "missed_ticks": [300, wanted],
    }


@pytest.mark.parametrize(
    ("tick_cron", "scoring_cron", "deadline"),
    [
        pytest.param("0 */4 * * *", "2 */4 * * *", ["20 */4 * * *", 1200], id="every four hours"),
        pytest.param("30 */6 * * *", "32 */6 * * *", ["50 */6 * * *", 1200], id="at half past"),
        pytest.param("50 1 * * *", "52 1 * * *", ["59 1 * * *", 540], id="late in the hour"),
        pytest.param("*/30 * * * *", "*/30 * * * *", ["20 * * * *", 1200], id="half-hourly"),
    ],
)
def test_scoring_and_its_deadline_follow_the_tick_cron(tick_cron, scoring_cron, deadline):
    policy = soon_after_ticks(tick_cron)
    assert after_the_tick(tick_cron) == scoring_cron
    assert [policy.deadline_cron, policy.lower_bound_delta.total_seconds()] == deadline


def test_what_is_scored_shares_one_partitioning_and_makes_a_range_one_run():
    partitioned = [key for key in KEYS if GRAPH.get(key).partitions_def is not None]
    assert [name_of(key) for key in partitioned] == SCORED
    assert {GRAPH.get(key).partitions_def for key in partitioned} == {scoring_ticks}
    policies = [GRAPH.get(key).backfill_policy for key in partitioned]
    assert policies == [dg.BackfillPolicy.single_run()] * len(SCORED)


def test_what_runs_by_the_clock_has_a_freshness_policy():
    assert [name_of(key) for key in KEYS if GRAPH.get(key).freshness_policy] == [
        "account_listings",
        "ad_eligibility",
        "ad_eligibility_current",
        "organic_scores",
        "raw_instagram__responses",
        "raw_sift__posts",
        "raw_tiktok__responses",
        "scrape_jobs",
        "ugc_pool_percentiles",
    ]


def test_what_a_backfill_leaves_alone_shows_whether_scoring_is_on_time():
    current = GRAPH.get(dg.AssetKey("ad_eligibility_current"))
    assert current.freshness_policy.deadline_cron == "20 */4 * * *"
    assert current.partitions_def is None


@pytest.mark.parametrize(
    ("asset", "warns", "fails"),
    [
        ("scrape_jobs", 7, 12),
        ("raw_instagram__responses", 12, 30),
        ("raw_tiktok__responses", 12, 30),
        ("account_listings", 12, 30),
        ("raw_sift__posts", 40, 70),
    ],
)
def test_a_sync_is_stale_soon_after_its_cadence(asset, warns, fails):
    policy = GRAPH.get(dg.AssetKey(asset)).freshness_policy
    assert policy.warn_window.to_timedelta() == timedelta(minutes=warns)
    assert policy.fail_window.to_timedelta() == timedelta(minutes=fails)


@pytest.mark.parametrize(
    ("now", "newest"),
    [
        (datetime(2026, 3, 3, 21, 46, tzinfo=UTC), "2026-03-03-20:00"),
        (datetime(2026, 3, 3, 20, 0, tzinfo=UTC), "2026-03-03-20:00"),
        (datetime(2026, 3, 3, 19, 59, 59, tzinfo=UTC), "2026-03-03-16:00"),
        (datetime(2026, 3, 4, 0, 2, tzinfo=UTC), "2026-03-04-00:00"),
    ],
    ids=str,
)
def test_the_newest_partition_is_the_tick_that_has_just_passed(now, newest):
    assert scoring_ticks.get_partition_keys(current_time=now)[-1] == newest


def test_a_partition_key_is_its_tick():
    keys = scoring_ticks.get_partition_keys(current_time=datetime(2025, 1, 3, tzinfo=UTC))
    starts = [scoring_ticks.start_time_for_partition_key(key) for key in keys]
    assert starts == [tick_of(key) for key in keys]
    assert keys[:2] == ["2025-01-01-00:00", "2025-01-01-04:00"]


def test_no_tick_is_lost_or_doubled_where_clocks_change():
    keys = scoring_ticks.get_partition_keys(current_time=datetime(2025, 11, 3, tzinfo=UTC))
    instants = [tick_of(key) for key in keys]
    gaps = {later - earlier for earlier, later in pairwise(instants)}
    assert gaps == {timedelta(hours=4)}


def test_the_workspace_file_is_valid(tmp_path):
    done = subprocess.run(
        [BIN / "dagster", "definitions", "validate", "-w", "workspace.yaml"],
        env=os.environ | {"DAGSTER_HOME": str(tmp_path), "LAYERS_HOME": str(tmp_path / "layers")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "layers_pipeline" in done.stderr + done.stdout
    assert "All code locations passed validation" in done.stderr + done.stdout
