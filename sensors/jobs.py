"""Jobs: which assets a cadence makes together.

Belongs here: selections of assets under a name.
Does not belong here: when they run.
"""

from datetime import datetime
from typing import Final

import dagster as dg

from assets.ingestion import SYNC_TAG
from layers_pipeline.dagster_support.resources import StoresResource
from layers_pipeline.steps.maintain.replay import replay
from layers_pipeline.steps.platforms import PLATFORMS, SOURCES
from layers_pipeline.steps.publish.publication import maintain

OAUTH: Final = (*(platform.raw.name for platform in PLATFORMS.values()), "account_listings")
STAGED: Final = tuple(source.staged.name for source in SOURCES)
TOLD: Final = (
    "creatives",
    "safety_reviews",
    "content_overrides",
    "project_ads_content",
    "ad_content",
)
"""What people said of content; copied with every tick, so that no score lacks its content."""
DIMENSIONS: Final = ("projects", "platform_accounts", "project_allowlist", "sync_health", *TOLD)
FACTS: Final = (
    "platform_post_metrics",
    "platform_posts",
    "platform_account_metrics",
    "platform_post_metrics_latest",
)
DERIVED: Final = (*FACTS, "content_containers", "ads_content")
TICK: Final = (
    "ugc_pool_percentiles",
    "organic_scores",
    "ad_eligibility",
)
AFTER_TICKS: Final = (
    *TOLD,
    "projects",
    "ads_content",
    "ad_eligibility_current",
    "score_drift",
    "analytics_file",
)
"""What follows from ticks, and is not divided by them."""

SCORED: Final = dg.AssetSelection.assets(*TICK, *AFTER_TICKS)
CURRENCY: Final = dg.AssetSelection.checks(
    dg.AssetCheckKey(dg.AssetKey("organic_scores"), "newest_tick_is_scored")
)

quick_sync = dg.define_asset_job(
    "quick_sync",
    selection=["scrape_jobs", *OAUTH],
    tags={SYNC_TAG: "quick"},
    description="Asks SIFT for scrapes and reads the first page of OAuth accounts; lands only.",
)
full_sync = dg.define_asset_job(
    "full_sync",
    selection=[*OAUTH],
    tags={SYNC_TAG: "full"},
    description="Reads every page of the OAuth accounts that are due; lands only.",
)
posts_sync = dg.define_asset_job(
    "posts_sync",
    selection=["raw_sift__posts", *OAUTH, *STAGED, *DIMENSIONS, *DERIVED, "post_absences"],
    tags={SYNC_TAG: "posts"},
    description="Collects scrapes, reads accounts that nobody has read, and derives what landed.",
)
derivation = dg.define_asset_job(
    "derivation",
    selection=[*STAGED, *DIMENSIONS, *DERIVED, "post_absences"],
    description="Carries what has landed to posts, snapshots and deletions.",
)
import_captures = dg.define_asset_job(
    "import_captures",
    selection=["stg_import__captures", *DERIVED],
    description="Imports files of captures; see `layers-pipeline import captures`.",
)
import_ad_metrics = dg.define_asset_job(
    "import_ad_metrics",
    selection=["stg_import__ad_metrics", "ad_daily_metrics"],
    description="Imports reports of ads; see `layers-pipeline import ad-metrics`.",
)
scoring = dg.define_asset_job(
    "scoring",
    selection=SCORED - CURRENCY,
    description="Carries a tick, or a range of ticks, from snapshots to the analysts' file.",
)
publication = dg.define_asset_job(
    "publication",
    selection=["analytics_file"],
    description="Publishes the analysts' file anew.",
)
check_currency = dg.define_asset_job(
    "check_currency",
    selection=CURRENCY,
    description="Looks whether the newest tick was scored, also when the scorer is dead.",
)


@dg.op(pool="publish", description="Compacts the lake, publishes, deletes what nobody needs.")
def maintain_lake(context: dg.OpExecutionContext, stores: StoresResource) -> None:
    """One round of upkeep; see ``steps.publication.maintain``."""
    deleted = maintain(stores.open())
    context.add_output_metadata({"files_deleted": sum(deleted.values()), "by_table": deleted})


class ReplayConfig(dg.Config):
    """The span of landings to read anew, ISO 8601 with offset."""

    start: str
    end: str


@dg.op(description="Reads landed rows anew and makes every table after them again.")
def replay_landings(
    context: dg.OpExecutionContext, stores: StoresResource, config: ReplayConfig
) -> None:
    """One replay; see ``steps.replay``."""
    start, end = (datetime.fromisoformat(text) for text in (config.start, config.end))
    done = replay(stores.open(), start=start, end=end)
    context.add_output_metadata({"rows_read": done.read, "captures_changed": done.changed})
    context.log.info(f"{done.read} landed rows read, {done.changed} captures changed")


@dg.job(name="replay", description="Makes staging and what follows again from the raw landings.")
def replay_job() -> None:
    """See ``layers-pipeline replay``."""
    replay_landings()


@dg.job(description="Keeps the lake quick to read: compact, publish, then vacuum.")
def maintenance() -> None:
    """Daily upkeep of the lake."""
    maintain_lake()


JOBS: Final = (
    quick_sync,
    full_sync,
    posts_sync,
    derivation,
    import_captures,
    import_ad_metrics,
    scoring,
    publication,
    maintenance,
    replay_job,
    check_currency,
)
