"""The code location as a whole: it loads, says what it is, and hangs together as written down."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import dagster as dg
import pytest
from inline_snapshot import snapshot

from assets.marts import NAMES
from assets.partitions import scoring_ticks
from layers_pipeline.definitions import build_definitions
from layers_pipeline.lake import catalog
from layers_pipeline.settings import Settings
from layers_pipeline.steps.score.ticks import tick_of
from sensors.schedules import after_the_tick
from transforms.contracts.lineage import LINEAGE
from transforms.sql.models import lineage

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
DEFS = build_definitions(Settings())
TICKS = scoring_ticks(Settings())
REPOSITORY = DEFS.get_repository_def()
GRAPH = REPOSITORY.asset_graph
KEYS = sorted(GRAPH.materializable_asset_keys)
LAKE_ASSETS = sorted(table.name for table in catalog.TABLES if dg.AssetKey(table.name) in KEYS)
OUTSIDE = {key.to_user_string() for key in GRAPH.external_asset_keys}
SCORED = [
    "ad_classifications",
    "ad_eligibility",
    "ad_selections",
    "content_status",
    "organic_scores",
    "ugc_pool_percentiles",
]


MARTS = set(NAMES)


def name_of(key: dg.AssetKey) -> str:
    return key.to_user_string()


@pytest.mark.parametrize("job", ["publication", "scoring"])
def test_whoever_publishes_makes_and_checks_every_mart(job):
    layer = DEFS.resolve_job_def(job).asset_layer
    assert set(map(name_of, layer.executable_asset_keys)) >= MARTS
    checked = {name_of(key.asset_key) for key in layer.asset_graph.asset_check_keys}
    assert checked >= MARTS


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_mart_shows_of_what_it_and_its_columns_are_made(name):
    node = GRAPH.get(dg.AssetKey(name))
    made_of = lineage()[name]
    marts = {dep for dep in made_of.deps if dep in MARTS}
    assert marts <= set(map(name_of, node.parent_keys)) <= set(map(name_of, KEYS)) | OUTSIDE
    columns = node.metadata["dagster/column_lineage"].deps_by_column
    assert list(columns) == [
        column.name for column in node.metadata["dagster/column_schema"].columns
    ]
    named = {name_of(dep.asset_key) for deps in columns.values() for dep in deps}
    assert named <= set(map(name_of, node.parent_keys))


def test_the_definitions_are_loadable():
    dg.Definitions.validate_loadable(DEFS)


@pytest.mark.parametrize("key", KEYS, ids=name_of)
def test_an_asset_says_what_it_is_whose_it_is_and_what_it_is_made_with(key):
    node = GRAPH.get(key)
    assert node.group_name in {
        "raw",
        "staged",
        "facts",
        "ads",
        "dimensions",
        "content",
        "scoring",
        "marts",
        "selection",
        "serving",
        "exports",
        "creators",
        "payouts",
    }
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


def test_what_is_outside_stands_at_the_left():
    outside = sorted(map(name_of, GRAPH.external_asset_keys))
    assert outside == [
        "files",
        "instagram",
        "meta_ads",
        "operational_database",
        "sift",
        "tiktok",
        "tiktok_ads",
    ]
    assert all(not GRAPH.get(dg.AssetKey(name)).parent_keys for name in outside)


@pytest.mark.parametrize("name", sorted(LINEAGE))
def test_every_column_of_a_derived_table_names_its_columns(name):
    lineage = GRAPH.get(dg.AssetKey(name)).metadata["dagster/column_lineage"].deps_by_column
    table = next(table for table in catalog.TABLES if table.name == name)
    assert list(lineage) == list(table.columns)


def test_the_lineage_is_as_drawn():
    drawn = {
        name_of(key): sorted(set(map(name_of, GRAPH.get(key).parent_keys)) - MARTS)
        for key in KEYS
        if name_of(key) not in MARTS
    }
    assert drawn == snapshot(
        {
            "account_listings": ["instagram", "tiktok"],
            "ad_account_days": ["stg_ads__account_days", "stg_ads__days"],
            "ad_account_history": ["raw_meta__ads", "raw_tiktok__ads"],
            "ad_accounts": ["operational_database"],
            "ad_attribution": [
                "ad_accounts",
                "ad_content",
                "ad_daily_metrics",
                "ad_sets",
                "ad_states",
                "ads_content",
                "layers",
                "platform_posts",
                "project_allowlist",
            ],
            "ad_classifications": [
                "ad_account_history",
                "ad_accounts",
                "ad_content",
                "ad_daily_metrics",
                "ad_sets",
                "ad_states",
                "ads_content",
                "content_approvals",
                "layers",
            ],
            "ad_content": ["operational_database"],
            "ad_daily_metrics": ["stg_ads__days", "stg_import__ad_metrics"],
            "ad_eligibility": ["content_overrides", "organic_scores"],
            "ad_eligibility_current": ["ad_eligibility"],
            "ad_selections": [
                "ad_content",
                "ad_eligibility",
                "ad_sets",
                "ad_states",
                "content_approvals",
                "content_rights",
                "creatives",
                "layers",
                "platform_posts",
                "post_absences",
            ],
            "ad_sets": ["operational_database"],
            "ad_states": ["stg_ads__states"],
            "ads_content": [
                "content_containers",
                "creatives",
                "organic_scores",
                "project_allowlist",
            ],
            "ads_readings": ["meta_ads", "tiktok_ads"],
            "analytics_file": [
                "ad_account_days",
                "ad_classifications",
                "ad_eligibility_current",
                "ads_readings",
                "content_status",
                "creator_reports",
                "layer_meta_ads",
                "layer_tiktok_ads",
                "payout_payments",
                "payout_periods",
                "platform_account_metrics",
                "platform_post_metrics_latest",
                "post_aliases",
                "post_collaborations",
                "project_ads_content",
                "score_drift",
            ],
            "content_approvals": ["operational_database"],
            "content_containers": ["creatives", "platform_posts"],
            "content_overrides": ["operational_database"],
            "content_rights": ["operational_database"],
            "content_status": [
                "ad_eligibility",
                "ad_selections",
                "ad_states",
                "layers",
                "sync_problems",
            ],
            "creatives": ["operational_database"],
            "creator_daily": [
                "ad_attribution",
                "ad_daily_metrics",
                "ads_content",
                "platform_post_metrics",
                "platform_posts",
                "project_allowlist",
                "projects",
            ],
            "creator_reports": ["creator_daily", "payout_configs", "payout_ledger"],
            "layer_meta_ads": [
                "ad_accounts",
                "ad_content",
                "ad_sets",
                "ad_states",
                "ads_content",
                "layers",
            ],
            "layer_tiktok_ads": [
                "ad_accounts",
                "ad_content",
                "ad_sets",
                "ad_states",
                "ads_content",
                "layers",
            ],
            "layers": ["operational_database"],
            "organic_scores": [
                "ad_content",
                "ad_daily_metrics",
                "creatives",
                "platform_post_metrics",
                "safety_reviews",
                "ugc_pool_percentiles",
            ],
            "payout_configs": ["operational_database"],
            "payout_ledger": [
                "ad_attribution",
                "ad_daily_metrics",
                "payout_configs",
                "platform_post_metrics",
                "platform_posts",
                "project_allowlist",
                "projects",
            ],
            "payout_payments": ["operational_database"],
            "payout_periods": ["payout_configs", "payout_ledger"],
            "platform_account_metrics": [
                "stg_import__captures",
                "stg_instagram__posts",
                "stg_sift__posts",
                "stg_tiktok__posts",
            ],
            "platform_accounts": [
                "account_listings",
                "operational_database",
                "raw_sift__posts",
                "scrape_jobs",
            ],
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
            "post_aliases": [
                "stg_import__captures",
                "stg_instagram__posts",
                "stg_sift__posts",
                "stg_tiktok__posts",
            ],
            "post_collaborations": ["raw_instagram__responses"],
            "project_ads_content": ["operational_database"],
            "project_allowlist": ["operational_database"],
            "projects": ["operational_database"],
            "raw_instagram__responses": ["instagram"],
            "raw_meta__ads": ["meta_ads"],
            "raw_sift__posts": ["scrape_jobs"],
            "raw_tiktok__ads": ["tiktok_ads"],
            "raw_tiktok__responses": ["tiktok"],
            "safety_reviews": ["operational_database"],
            "scheduled_exports": ["analytics_file"],
            "score_drift": ["organic_scores"],
            "scrape_jobs": ["sift"],
            "stg_ads__account_days": ["raw_meta__ads", "raw_tiktok__ads"],
            "stg_ads__days": ["raw_meta__ads", "raw_tiktok__ads"],
            "stg_ads__states": ["raw_meta__ads", "raw_tiktok__ads"],
            "stg_import__ad_metrics": ["files"],
            "stg_import__captures": ["files"],
            "stg_instagram__posts": ["raw_instagram__responses"],
            "stg_sift__posts": ["raw_sift__posts"],
            "stg_tiktok__posts": ["raw_tiktok__responses"],
            "sync_health": ["operational_database", "platform_accounts"],
            "sync_problems": ["operational_database", "sync_health"],
            "ugc_pool_percentiles": [
                "platform_post_metrics",
                "platform_posts",
                "post_absences",
                "project_allowlist",
            ],
        }
    )


def test_every_job_makes_these_assets():
    jobs = REPOSITORY.get_all_jobs()
    made = {
        job.name: sorted(set(map(name_of, job.asset_layer.executable_asset_keys)) - MARTS)
        for job in jobs
        if not job.name.startswith("__")
    }
    assert made == snapshot(
        {
            "ads_sync": [
                "ad_account_days",
                "ad_account_history",
                "ad_accounts",
                "ad_content",
                "ad_daily_metrics",
                "ad_sets",
                "ad_states",
                "ads_content",
                "ads_readings",
                "content_approvals",
                "content_containers",
                "content_overrides",
                "content_rights",
                "creatives",
                "layer_meta_ads",
                "layer_tiktok_ads",
                "layers",
                "platform_account_metrics",
                "platform_accounts",
                "platform_post_metrics",
                "platform_post_metrics_latest",
                "platform_posts",
                "post_absences",
                "post_aliases",
                "post_collaborations",
                "project_ads_content",
                "project_allowlist",
                "projects",
                "raw_meta__ads",
                "raw_tiktok__ads",
                "safety_reviews",
                "stg_ads__account_days",
                "stg_ads__days",
                "stg_ads__states",
                "stg_instagram__posts",
                "stg_sift__posts",
                "stg_tiktok__posts",
                "sync_health",
                "sync_problems",
            ],
            "check_freshness": [],
            "creator_payouts": [
                "ad_attribution",
                "creator_daily",
                "creator_reports",
                "payout_configs",
                "payout_ledger",
                "payout_payments",
                "payout_periods",
            ],
            "derivation": [
                "ad_account_days",
                "ad_account_history",
                "ad_accounts",
                "ad_content",
                "ad_daily_metrics",
                "ad_sets",
                "ad_states",
                "ads_content",
                "content_approvals",
                "content_containers",
                "content_overrides",
                "content_rights",
                "creatives",
                "layer_meta_ads",
                "layer_tiktok_ads",
                "layers",
                "platform_account_metrics",
                "platform_accounts",
                "platform_post_metrics",
                "platform_post_metrics_latest",
                "platform_posts",
                "post_absences",
                "post_aliases",
                "post_collaborations",
                "project_ads_content",
                "project_allowlist",
                "projects",
                "safety_reviews",
                "stg_ads__account_days",
                "stg_ads__days",
                "stg_ads__states",
                "stg_instagram__posts",
                "stg_sift__posts",
                "stg_tiktok__posts",
                "sync_health",
                "sync_problems",
            ],
            "exports": ["scheduled_exports"],
            "full_sync": ["account_listings", "raw_instagram__responses", "raw_tiktok__responses"],
            "import_ad_metrics": ["stg_import__ad_metrics"],
            "import_captures": [
                "ad_account_days",
                "ad_account_history",
                "ad_accounts",
                "ad_content",
                "ad_daily_metrics",
                "ad_sets",
                "ad_states",
                "ads_content",
                "content_approvals",
                "content_containers",
                "content_overrides",
                "content_rights",
                "creatives",
                "layer_meta_ads",
                "layer_tiktok_ads",
                "layers",
                "platform_account_metrics",
                "platform_accounts",
                "platform_post_metrics",
                "platform_post_metrics_latest",
                "platform_posts",
                "post_absences",
                "post_aliases",
                "post_collaborations",
                "project_ads_content",
                "project_allowlist",
                "projects",
                "safety_reviews",
                "stg_ads__account_days",
                "stg_ads__days",
                "stg_ads__states",
                "stg_import__captures",
                "stg_instagram__posts",
                "stg_sift__posts",
                "stg_tiktok__posts",
                "sync_health",
                "sync_problems",
            ],
            "maintenance": [],
            "posts_sync": [
                "account_listings",
                "ad_account_days",
                "ad_account_history",
                "ad_accounts",
                "ad_content",
                "ad_daily_metrics",
                "ad_sets",
                "ad_states",
                "ads_content",
                "content_approvals",
                "content_containers",
                "content_overrides",
                "content_rights",
                "creatives",
                "layer_meta_ads",
                "layer_tiktok_ads",
                "layers",
                "platform_account_metrics",
                "platform_accounts",
                "platform_post_metrics",
                "platform_post_metrics_latest",
                "platform_posts",
                "post_absences",
                "post_aliases",
                "post_collaborations",
                "project_ads_content",
                "project_allowlist",
                "projects",
                "raw_instagram__responses",
                "raw_sift__posts",
                "raw_tiktok__responses",
                "safety_reviews",
                "stg_ads__account_days",
                "stg_ads__days",
                "stg_ads__states",
                "stg_instagram__posts",
                "stg_sift__posts",
                "stg_tiktok__posts",
                "sync_health",
                "sync_problems",
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
                "ad_classifications",
                "ad_eligibility",
                "ad_eligibility_current",
                "ad_selections",
                "analytics_file",
                "content_status",
                "organic_scores",
                "score_drift",
                "ugc_pool_percentiles",
            ],
        }
    )


def test_the_scoring_job_holds_every_table_that_it_writes_to_its_contract():
    layer = DEFS.resolve_job_def("scoring").asset_layer
    checks = sorted(
        key.to_user_string()
        for key in layer.asset_graph.asset_check_keys
        if name_of(key.asset_key) not in MARTS
    )
    assert checks == snapshot(
        [
            "ad_classifications:holds_its_contract",
            "ad_eligibility:follows_earlier_scores",
            "ad_eligibility:holds_its_contract",
            "ad_selections:follow_their_eligibility",
            "ad_selections:holds_its_contract",
            "ad_selections:what_runs_may_run",
            "content_status:holds_its_contract",
            "organic_scores:holds_its_contract",
            "ugc_pool_percentiles:holds_its_contract",
        ]
    )


@pytest.mark.parametrize("wanted", ["RUNNING", "STOPPED"])
def test_schedules_and_sensors_start_as_the_setting_says(wanted):
    made = build_definitions(Settings(schedules=wanted.lower())).get_repository_def()
    schedules = {
        one.name: [one.cron_schedule, one.default_status.name] for one in made.schedule_defs
    }
    assert schedules == {
        "ads_sync_schedule": ["20 */6 * * *", wanted],
        "creator_payouts_schedule": ["45 */6 * * *", wanted],
        "check_freshness_schedule": ["25 * * * *", wanted],
        "derivation_schedule": ["12,42 * * * *", wanted],
        "exports_schedule": ["30 6 * * *", wanted],
        "full_sync_schedule": ["*/20 * * * *", wanted],
        "maintenance_schedule": ["40 3 * * *", wanted],
        "posts_sync_schedule": ["*/30 * * * *", wanted],
        "quick_sync_schedule": ["*/5 * * * *", wanted],
        "scoring_schedule": ["2 */4 * * *", wanted],
    }
    sensors = {
        one.name: [one.minimum_interval_seconds, one.default_status.name]
        for one in made.sensor_defs
    }
    assert sensors == {
        "changed_rules": [60, wanted],
        "finished_scrapes": [60, wanted],
        "missed_ticks": [300, wanted],
    }
    assert all(one.description for one in (*made.schedule_defs, *made.sensor_defs))


@pytest.mark.parametrize(
    ("tick_cron", "scoring_cron"),
    [
        pytest.param("0 */4 * * *", "2 */4 * * *", id="every four hours"),
        pytest.param("30 */6 * * *", "32 */6 * * *", id="at half past"),
        pytest.param("59 1 * * *", "59 1 * * *", id="late in the hour"),
        pytest.param("*/30 * * * *", "*/30 * * * *", id="half-hourly"),
    ],
)
def test_scoring_follows_the_tick_cron(tick_cron, scoring_cron):
    assert after_the_tick(tick_cron) == scoring_cron


def test_what_is_scored_shares_one_partitioning_and_makes_a_range_one_run():
    partitioned = [key for key in KEYS if GRAPH.get(key).partitions_def is not None]
    assert [name_of(key) for key in partitioned] == SCORED
    assert {GRAPH.get(key).partitions_def for key in partitioned} == {TICKS}
    policies = [GRAPH.get(key).backfill_policy for key in partitioned]
    assert policies == [dg.BackfillPolicy.single_run()] * len(SCORED)


def test_a_backfill_is_split_into_runs_where_the_settings_say_so():
    graph = build_definitions(Settings(backfill_ticks_per_run=90)).resolve_asset_graph()
    policies = [graph.get(dg.AssetKey(name)).backfill_policy for name in SCORED]
    assert policies == [dg.BackfillPolicy.multi_run(90)] * len(SCORED)


def test_what_syncs_make_has_a_freshness_policy_and_scores_have_their_own_check():
    """A policy looks at the last materialisation alone, which a backfill of old ticks is too."""
    assert [name_of(key) for key in KEYS if GRAPH.get(key).freshness_policy] == [
        "account_listings",
        "ad_attribution",
        "ads_readings",
        "creator_daily",
        "creator_reports",
        "payout_configs",
        "payout_ledger",
        "payout_payments",
        "payout_periods",
        "raw_instagram__responses",
        "raw_meta__ads",
        "raw_sift__posts",
        "raw_tiktok__ads",
        "raw_tiktok__responses",
        "scrape_jobs",
    ]
    checks = {key.to_user_string() for key in GRAPH.asset_check_keys}
    assert "organic_scores:newest_tick_is_scored" in checks


@pytest.mark.parametrize(
    ("asset", "warns", "fails"),
    [
        ("scrape_jobs", 7, 12),
        ("raw_instagram__responses", 12, 30),
        ("raw_tiktok__responses", 12, 30),
        ("account_listings", 12, 30),
        ("raw_sift__posts", 42, 72),
        ("raw_meta__ads", 504, 864),
        ("ads_readings", 504, 864),
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
    assert TICKS.get_partition_keys(current_time=now)[-1] == newest


def test_a_partition_key_is_its_tick():
    keys = TICKS.get_partition_keys(current_time=datetime(2025, 1, 3, tzinfo=UTC))
    starts = [TICKS.start_time_for_partition_key(key) for key in keys]
    assert starts == [tick_of(key) for key in keys]
    assert keys[:2] == ["2025-01-01-00:00", "2025-01-01-04:00"]


def test_no_tick_is_lost_or_doubled_where_clocks_change():
    keys = TICKS.get_partition_keys(current_time=datetime(2025, 11, 3, tzinfo=UTC))
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
