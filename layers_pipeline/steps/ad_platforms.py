"""The ad platforms that ads are read from, one record each.

Belongs here: everything that differs from ad platform to ad platform, as facts that steps read.
Does not belong here: how any of it is done (``sources``, ``transforms``), what is done with it.

An ad platform that is added here is read, kept as received, staged, and gives its layers' ads.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.settings import Settings
from layers_pipeline.sources.ads_client import AdsClient
from layers_pipeline.sources.client import ClientContext
from layers_pipeline.sources.meta_ads.client import open_meta_ads
from layers_pipeline.sources.meta_ads.errors import SOURCE as META_SOURCE
from layers_pipeline.sources.tiktok_ads.client import open_tiktok_ads
from transforms.staging.ads import StagedAds
from transforms.staging.meta_ads import stage_meta_ads
from transforms.staging.tiktok_ads import stage_tiktok_ads
from transforms.vocabulary import AdPlatform


@dataclass(frozen=True, kw_only=True)
class AdsPlatform:
    """An ad platform whose ad accounts gave us tokens.

    Args:
        name: Its name in ad accounts, tables and commands.
        gives: What its API gives us, in words.
        source: Its API's name, in errors and among the waits of our apps.
        raw: The table of rows as received.
        layer_ads: The table of its layers' ads.
        open: Opens a client for as long as the context lasts.
        trailing_days: Days that each reading reads again, because the platform restates them;
            a day may change for so long.
        stage: Reads landed rows as typed states, days and totals; the second argument is for how
            many days a day may still change.
    """

    name: AdPlatform
    gives: str
    source: str
    raw: Table
    layer_ads: Table
    open: Callable[[ClientContext], AbstractAsyncContextManager[AdsClient]]
    trailing_days: Callable[[Settings], int]
    stage: Callable[[pl.DataFrame, int], StagedAds]

    @property
    def pause_scope(self) -> str:
        """The name under which a throttle of our whole app is remembered."""
        return f"{self.source}:app"


META: Final = AdsPlatform(
    name="meta",
    gives="Meta's Marketing API: ads, their days and totals of ad accounts that gave a token.",
    source=META_SOURCE,
    raw=catalog.RAW_META__ADS,
    layer_ads=catalog.LAYER_META_ADS,
    open=open_meta_ads,
    trailing_days=lambda settings: settings.meta_ads_trailing_days,
    stage=stage_meta_ads,
)
TIKTOK: Final = AdsPlatform(
    name="tiktok",
    gives="TikTok's Business API: ads, their days and totals of ad accounts that gave a token.",
    # TikTok counts calls per endpoint: a throttle of ads holds nobody who reads posts.
    source="tiktok_ads",
    raw=catalog.RAW_TIKTOK__ADS,
    layer_ads=catalog.LAYER_TIKTOK_ADS,
    open=open_tiktok_ads,
    trailing_days=lambda settings: settings.tiktok_ads_trailing_days,
    stage=stage_tiktok_ads,
)
AD_PLATFORMS: Final[dict[AdPlatform, AdsPlatform]] = {
    platform.name: platform for platform in (META, TIKTOK)
}
