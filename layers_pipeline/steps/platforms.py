"""The platforms and sources that posts are read from, one record each.

Belongs here: everything that differs from platform to platform, as facts that steps read.
Does not belong here: how any of it is done (``sources``, ``transforms``), what is done with it.

A platform that is added here is synced, kept as received, staged, replayed and watched for
deletions; see docs/adding_a_platform.md.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.operations.refusals import RefusalScope
from layers_pipeline.settings import Settings
from layers_pipeline.sources.client import ClientContext, PlatformClient
from layers_pipeline.sources.instagram.client import LISTED_MAX, open_instagram
from layers_pipeline.sources.instagram.versions import notice_of
from layers_pipeline.sources.tiktok.api import VERSION as TIKTOK_VERSION
from layers_pipeline.sources.tiktok.client import open_tiktok
from transforms import vocabulary
from transforms.facts.deletions import ListingReach
from transforms.staging.instagram_posts import stage_instagram_posts
from transforms.staging.sift_posts import stage_sift_posts
from transforms.staging.tiktok_posts import stage_tiktok_posts

CORE_METRICS: Final = frozenset({"views", "video_views", "likes", "reach"})
"""What scores are made of, and what advertisers ask for first, in the platforms' words."""
LANDED_ON: Final = pl.col("known_at").dt.date().alias("landed_on")


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where rows of posts are kept as received, where they are staged, and how they are read.

    Args:
        raw: The table of rows as received.
        staged: The table of typed captures.
        stage: Reads rows of the one as rows of the other.
        together: The raw table's column whose equal rows have to be read together.
        day: The raw table's partition, which its files do not hold.
    """

    raw: Table
    staged: Table
    stage: Callable[[pl.DataFrame, Settings], pl.DataFrame]
    together: str = "sync_id"
    day: pl.Expr = LANDED_ON


@dataclass(frozen=True, kw_only=True)
class Platform(Source):
    """A platform whose accounts give us tokens.

    Args:
        name: Its name in accounts, tables and errors.
        gives: What its API gives us, in words.
        source: Its API's name, in captures and among what that API refuses.
        open: Opens a client for as long as the context lasts.
        api_version: The version of its API that is spoken.
        login: The kind of login that its tokens come from, which decides what is given.
        listed: The entity of response rows that list a post.
        reach: Within which a complete listing proves a post deleted by lacking it.
        token_life: How long an access token lives.
        renew_ahead: How long before its end a token is renewed, where it can be.
        renew_after: How old a token must be to be renewed.
        refresh_life: How long a refresh token lives; none: there are none, and an access token
            is what renews itself.
        version_notice: What is to be known of the version on a day; empty: nothing.
        reads_parts: The depths at which metrics are read by their parts, where they moved.
    """

    name: vocabulary.Platform
    gives: str
    source: vocabulary.Source
    open: Callable[[ClientContext], AbstractAsyncContextManager[PlatformClient]]
    api_version: Callable[[Settings], str]
    login: Callable[[Settings], str]
    listed: str
    reach: ListingReach
    token_life: timedelta
    renew_ahead: timedelta
    renew_after: timedelta = timedelta()
    refresh_life: timedelta | None = None
    version_notice: Callable[[Settings, date], str] = lambda _settings, _on: ""
    reads_parts: tuple[vocabulary.Depth, ...] = ()

    def refusal_scope(self, settings: Settings) -> RefusalScope:
        """Where what it refuses holds at most."""
        return RefusalScope(
            source=self.source, api_version=self.api_version(settings), login=self.login(settings)
        )

    @property
    def pause_scope(self) -> str:
        """The name under which a throttle of our whole app is remembered."""
        return f"{self.source}:app"


INSTAGRAM: Final = Platform(
    name="instagram",
    gives="Instagram's Graph API: media and insights of accounts that gave a login.",
    source="instagram_graph",
    raw=catalog.RAW_INSTAGRAM__RESPONSES,
    staged=catalog.STG_INSTAGRAM__POSTS,
    stage=lambda rows, settings: stage_instagram_posts(
        rows, skip_rate_unit=settings.instagram_skip_rate
    ),
    open=open_instagram,
    api_version=lambda settings: settings.instagram_version,
    login=lambda settings: (
        "instagram_login" if "graph.instagram.com" in settings.instagram_url else "facebook_login"
    ),
    listed="media",
    # Of an account with more posts than are listed, the oldest are beyond any listing.
    reach=ListingReach(posts_max=LISTED_MAX),
    token_life=timedelta(days=60),
    # So early that a platform that is out of order for days costs nobody a login.
    renew_ahead=timedelta(days=20),
    renew_after=timedelta(days=1),
    version_notice=lambda settings, on: notice_of(settings.instagram_version, on=on),
    reads_parts=("posts", "full"),
)
TIKTOK: Final = Platform(
    name="tiktok",
    gives="TikTok's API: videos of accounts that gave a login.",
    source="tiktok_business",
    raw=catalog.RAW_TIKTOK__RESPONSES,
    staged=catalog.STG_TIKTOK__POSTS,
    stage=lambda rows, _settings: stage_tiktok_posts(rows),
    open=open_tiktok,
    api_version=lambda _settings: TIKTOK_VERSION,
    login=lambda _settings: "business",
    listed="video",
    # TikTok says nothing reliable of posts older than this.
    reach=ListingReach(window=timedelta(days=365)),
    token_life=timedelta(days=1),
    renew_ahead=timedelta(hours=2),
    refresh_life=timedelta(days=365),
)
SIFT: Final = Source(
    raw=catalog.RAW_SIFT__POSTS,
    staged=catalog.STG_SIFT__POSTS,
    stage=lambda rows, _settings: stage_sift_posts(rows),
    together="scrape_job_id",
    day=pl.col("submitted_at").dt.date().alias("scraped_on"),
)

PLATFORMS: Final[dict[vocabulary.Platform, Platform]] = {
    platform.name: platform for platform in (INSTAGRAM, TIKTOK)
}
STAGED_SOURCES: Final[tuple[Source, ...]] = (*PLATFORMS.values(), SIFT)
