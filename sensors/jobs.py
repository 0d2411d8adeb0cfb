"""Jobs: which assets a cadence makes together.

Belongs here: selections of assets under a name.
Does not belong here: when they run; jobs of operations (``assets.upkeep``).
"""

from typing import Final

import dagster as dg

from assets.ads import read_ad_accounts
from assets.creators import creators_and_payouts
from assets.derive import derived_tables
from assets.exports import scheduled_exports
from assets.ingest import (
    SYNC_TAG,
    import_reports_of_ads,
    read_oauth_accounts,
    stg_import__captures,
)
from assets.marts import NAMES as MARTS
from assets.score import PER_TICK
from assets.upkeep import maintenance, replay_job

FRESHNESS: Final = dg.AssetSelection.checks(
    dg.AssetCheckKey(dg.AssetKey("organic_scores"), "newest_tick_is_scored")
)
ORDER: Final = dg.AssetSelection.checks(
    dg.AssetCheckKey(dg.AssetKey("ad_eligibility"), "follows_earlier_scores")
)
ADS: Final = "ad_classifications"
SCORED: Final = dg.AssetSelection.groups(
    "scoring", "selection", "marts", "serving"
) | dg.AssetSelection.assets(ADS)
"""What a tick makes; it brings everything before it up to date by itself."""

TICK: Final = (*(table.name for table in PER_TICK), ADS)
AFTER_TICKS: Final = ("ad_eligibility_current", "score_drift", "analytics_file", *MARTS)
"""What follows from ticks, and is not divided by them."""

quick_sync = dg.define_asset_job(
    "quick_sync",
    selection=dg.AssetSelection.assets("scrape_jobs", read_oauth_accounts),
    tags={SYNC_TAG: "quick"},
    description="Asks SIFT for scrapes and reads the first page of OAuth accounts; lands only.",
)
full_sync = dg.define_asset_job(
    "full_sync",
    selection=dg.AssetSelection.assets(read_oauth_accounts),
    tags={SYNC_TAG: "full"},
    description="Reads every page of the OAuth accounts that are due; lands only.",
)
posts_sync = dg.define_asset_job(
    "posts_sync",
    selection=dg.AssetSelection.assets("raw_sift__posts", read_oauth_accounts, derived_tables),
    tags={SYNC_TAG: "posts"},
    description="Collects scrapes, reads accounts that nobody has read, and derives what landed.",
)
ads_sync = dg.define_asset_job(
    "ads_sync",
    selection=dg.AssetSelection.assets(read_ad_accounts, derived_tables),
    description="Reads the ad accounts that are due, and derives what landed.",
)
derivation = dg.define_asset_job(
    "derivation",
    selection=dg.AssetSelection.assets(derived_tables),
    description="Carries what has landed to posts, snapshots and deletions.",
)
import_captures = dg.define_asset_job(
    "import_captures",
    selection=dg.AssetSelection.assets(stg_import__captures, derived_tables),
    description="Imports files of captures and derives what they tell. It needs the files' names: "
    "run `layers-pipeline import captures FILE ...`.",
)
import_ad_metrics = dg.define_asset_job(
    "import_ad_metrics",
    selection=dg.AssetSelection.assets(import_reports_of_ads),
    description="Imports reports of ads and derives their history. It needs the files' names: "
    "run `layers-pipeline import ad-metrics FILE ...`.",
)
scoring = dg.define_asset_job(
    "scoring",
    selection=SCORED - FRESHNESS,
    description="Carries a tick, or a range of ticks, from snapshots to the analysts' file.",
)
publication = dg.define_asset_job(
    "publication",
    selection=dg.AssetSelection.groups("marts", "serving"),
    description="Publishes the analysts' file and its marts again.",
)
exports = dg.define_asset_job(
    "exports",
    selection=dg.AssetSelection.assets(scheduled_exports),
    description="Writes every saved view that asks for it to a file, with a manifest.",
)
creator_payouts = dg.define_asset_job(
    "creator_payouts",
    selection=dg.AssetSelection.assets(creators_and_payouts),
    description="Attributes ads to creators, reports creators, accrues their pay.",
)
check_freshness = dg.define_asset_job(
    "check_freshness",
    selection=FRESHNESS | ORDER,
    description="Looks whether the newest tick was scored and every tick follows from those before "
    "it, also when the scorer is dead.",
)

JOBS: Final = (
    quick_sync,
    full_sync,
    posts_sync,
    ads_sync,
    derivation,
    import_captures,
    import_ad_metrics,
    scoring,
    creator_payouts,
    publication,
    exports,
    maintenance,
    replay_job,
    check_freshness,
)
