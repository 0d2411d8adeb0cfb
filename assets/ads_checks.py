"""Asset checks of ads: tokens, unknown content, spend that no ad shows, currencies, layers.

Belongs here: findings on ads as checks that name the remedy.
Does not belong here: the findings themselves (``transforms``), contracts (``contract_checks``).
"""

from typing import Final

import dagster as dg
import polars as pl

from assets.sync_checks import ENDING_SOON, SyncCheck, listed, nothing_found
from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.layer_ads import shown_in_lake
from layers_pipeline.steps.stores import Stores
from transforms.currencies import is_usd
from transforms.facts.ad_accounts import gaps
from transforms.facts.ad_states import AD, states_at

SHOWN: Final = ("ad_platform", "ad_id", "project_id", "ad_name", "status", "shows_post_id")


def ads_show_what_we_know(stores: Stores) -> dg.AssetCheckResult:
    """Share of ads not deleted that show nothing we know, against the limit set."""
    limit, now = stores.settings.ads_unknown_share_limit, stores.clock.now()
    states = states_at(stores.lake.read(catalog.AD_STATES), as_of=now).filter(~pl.col("is_deleted"))
    told = states.select(*AD, "ad_name", "status", "shows_post_id")
    ads = shown_in_lake(stores, as_of=now).join(told, on=AD, how="inner").collect()
    unknown = ads.filter(pl.col("ads_content_id").is_null())
    share = unknown.height / ads.height if ads.height else 0.0
    return dg.AssetCheckResult(
        passed=share <= limit,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{unknown.height} of {ads.height} ads show nothing we know ({share:.0%}; at "
        f"most {limit:.0%} is well). Link them: layers-pipeline content ad CONTENT PLATFORM:AD_ID "
        "--project PROJECT.",
        metadata={"unknown_share": share, "limit": limit, "ads": listed(unknown.select(SHOWN))},
    )


def account_spend_is_explained(stores: Stores) -> dg.AssetCheckResult:
    """Ad accounts whose stated spend and the sum of their ads lie apart by more than a share."""
    found = gaps(
        stores.lake.read(catalog.AD_ACCOUNT_DAYS),
        as_of=stores.clock.now(),
        share=stores.settings.ads_gap_share_limit,
    )
    return nothing_found(found, what="ad accounts spent what no ad of theirs shows")


def boosts_count_dollars(stores: Stores) -> dg.AssetCheckResult:
    """Spend in other currencies on generated or manual content, which scores do not count."""
    shown = shown_in_lake(stores, as_of=stores.clock.now())
    posts = pl.col("ads_content_id").str.contains("/(?:instagram|tiktok):")
    boosted = shown.filter(pl.col("ads_content_id").is_not_null() & ~posts)
    daily = stores.lake.read(catalog.AD_DAILY_METRICS).filter(~is_usd())
    found = (
        daily.join(boosted, on=AD, how="inner")
        .group_by("project_id", "ads_content_id", "currency")
        .agg(days=pl.col("spent_on").n_unique())
    )
    return nothing_found(found, what="contents have spend in a currency that no boost counts")


def ads_have_a_layer(stores: Stores) -> dg.AssetCheckResult:
    """Ads not deleted that no layer lists, so that nothing is known of their slots."""
    shown = shown_in_lake(stores, as_of=stores.clock.now())
    states = states_at(stores.lake.read(catalog.AD_STATES), as_of=stores.clock.now())
    lost = shown.filter(pl.col("layer_id").is_null()).join(
        states.filter(~pl.col("is_deleted")).select(AD), on=AD, how="semi"
    )
    return nothing_found(
        lost.select(*AD, "project_id", "ad_account_id", "ad_set_id"), what="ads are in no layer"
    )


def ad_tokens_last(stores: Stores) -> dg.AssetCheckResult:
    """Tokens of ad accounts that were refused or end within a week, each with its renewal.

    Nothing renews them by itself: a person has to.
    """
    ending = stores.operations.ad_accounts.tokens_ending_before(stores.clock.now() + ENDING_SOON)
    found = pl.DataFrame(
        [(row.account_id, row.status, row.expires_at, row.renewal) for row in ending],
        schema=["ad_account", "status", "expires_at", "remedy"],
        orient="row",
    )
    return nothing_found(found.lazy(), what="ad accounts need a new token within a week")


ADS_CHECKS: Final = (
    SyncCheck("ad_accounts", "No token of an ad account ends within a week.", ad_tokens_last),
    SyncCheck("ad_states", "Ads show content that we know.", ads_show_what_we_know),
    SyncCheck("ad_account_days", "Accounts' spend is their ads'.", account_spend_is_explained),
    SyncCheck("ad_daily_metrics", "Boosts see all spend: it is in dollars.", boosts_count_dollars),
    SyncCheck("layer_meta_ads", "Each ad is in a layer.", ads_have_a_layer),
)
