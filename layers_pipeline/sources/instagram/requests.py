"""What is asked of Instagram's Graph API: paths, fields, and the metrics of each media type.

Belongs here: everything that stands in a URL, and an item's type as its fields show it.
Does not belong here: HTTP, paging, answers, what a metric means.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote, urlencode

import httpx
from pydantic import SecretStr

COUNTERS: Final = (
    "like_count",
    "comments_count",
    "saved_count",
    "shares_count",
    "reposts_count",
    "total_like_count",
    "total_comments_count",
    "total_views_count",
    "view_count",
)
"""The last two count views of ads and of Facebook, too; organic ones are insights only."""
STORY_FIELDS: Final = (
    "id",
    "caption",
    "media_type",
    "media_product_type",
    "media_url",
    "permalink",
    "shortcode",
    "thumbnail_url",
    "timestamp",
    "username",
)
LABELS: Final = ("media_audio_type", "is_ai_generated")
POST_FIELDS: Final = (*STORY_FIELDS, *LABELS, *COUNTERS)
COLLABORATION_FIELDS: Final = tuple(
    name for name in (*STORY_FIELDS, *COUNTERS) if name not in ("media_url", "view_count")
)
COLLABORATIONS: Final = "collaborative_media"
"""Posts of others that the account has accepted to share; its own are not among them."""
ACCOUNT_FIELDS: Final = ("id", "username", "followers_count", "media_count")

FACEBOOK_VIEWS: Final = "facebook_views"
"""Refused of what is not shared on Facebook, which nothing else tells."""
ENGAGEMENT: Final = ("likes", "comments", "shares", "saved", "reach", "total_interactions", "views")
FEED: Final = (
    *ENGAGEMENT,
    "follows",
    "profile_visits",
    "profile_activity",
    "reposts",
    "total_views",
    FACEBOOK_VIEWS,
)
INSIGHT_METRICS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "reel": (
            *ENGAGEMENT,
            "ig_reels_avg_watch_time",
            "ig_reels_video_view_total_time",
            "reels_skip_rate",
            "reposts",
            FACEBOOK_VIEWS,
        ),
        "feed_image": FEED,
        "feed_carousel": FEED,
        "feed_video": ("reach", "saved"),
        "story": (
            "reach",
            "shares",
            "total_interactions",
            "views",
            "follows",
            "profile_visits",
            "navigation",
            "replies",
            "reposts",
            "total_views",
            "link_clicks",
            FACEBOOK_VIEWS,
        ),
    }
)
"""Metrics by our word for the type of an item, in the platform's words.

``total_views`` is asked for where the list has no field of it. ``total_likes`` and
``total_comments`` are fields of every post; stories have neither.
"""
OF_FACEBOOK_LOGIN: Final = frozenset(
    {
        "saved_count",
        "shares_count",
        "reposts_count",
        "total_like_count",
        "total_comments_count",
        "total_views_count",
        "total_views",
        "link_clicks",
        FACEBOOK_VIEWS,
        COLLABORATIONS,
    }
)
"""What a login through Instagram itself does not give, as Meta documents: list, fields, metrics."""
INSTAGRAM_LOGIN_HOST: Final = "graph.instagram.com"
FACEBOOK_LOGIN_HOST: Final = "graph.facebook.com"


def not_of_login(url: str) -> set[tuple[str, str]]:
    """What the login that an address stands for does not give: media type or list, and name."""
    if httpx.URL(url).host != INSTAGRAM_LOGIN_HOST:
        return set()
    asked = {"account": [COLLABORATIONS], "media": POST_FIELDS, **INSIGHT_METRICS}
    return {(kind, name) for kind, names in asked.items() for name in OF_FACEBOOK_LOGIN & {*names}}


@dataclass(frozen=True, kw_only=True)
class Breakdown:
    """A metric by its parts, which the platform gives in a request of its own only."""

    metric: str
    by: str

    @property
    def name(self) -> str:
        """Its name among refused metrics; the metric without parts is another one."""
        return f"{self.metric}/{self.by}"


ACTIVITY: Final = Breakdown(metric="profile_activity", by="action_type")
BREAKDOWNS: Final[Mapping[str, Breakdown]] = MappingProxyType(
    {
        "feed_image": ACTIVITY,
        "feed_carousel": ACTIVITY,
        "story": Breakdown(metric="navigation", by="story_navigation_action_type"),
    }
)


COUNTED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "likes": "like_count",
        "comments": "comments_count",
        "shares": "shares_count",
        "saves": "saved_count",
    }
)
"""Counts by our word, as rows of a list have them."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One request, to be made by itself or as part of a batch."""

    path: str
    params: Mapping[str, str] = field(repr=False)

    @property
    def relative_url(self) -> str:
        """As a batch has it: encoded, without version and leading slash."""
        return f"{self.path}?{_query(tuple(self.params.items()))}"


@dataclass(frozen=True, kw_only=True)
class Item:
    """One post or story that was listed."""

    item_id: str
    media_type: str
    """One of ``INSIGHT_METRICS``."""


def item_of(row: Mapping[str, Any], *, is_story: bool) -> Item | None:
    """The item that a row of a list shows; none for a type that has no metrics."""
    kind, product = row.get("media_type"), row.get("media_product_type")
    if is_story or product == "STORY":
        media_type = "story"
    elif product == "REELS" or (kind, product) == ("VIDEO", None):
        # Logins that are not told the product: every video is a reel since 2022.
        media_type = "reel"
    elif kind in ("IMAGE", "CAROUSEL_ALBUM") and product in ("FEED", None):
        media_type = "feed_image" if kind == "IMAGE" else "feed_carousel"
    elif (kind, product) == ("VIDEO", "FEED"):
        media_type = "feed_video"
    else:
        return None
    return Item(item_id=row["id"], media_type=media_type)


def list_page(
    account_key: str, edge: str, fields: Iterable[str], *, limit: int, after: str
) -> Wanted:
    """One page of the account's posts (``media``) or stories (``stories``)."""
    params = {"fields": ",".join(fields), "limit": str(limit)}
    if after:
        params["after"] = after
    return Wanted(path=f"{quote(account_key, safe='')}/{edge}", params=params)


def account_node(account_key: str, fields: Iterable[str]) -> Wanted:
    """The account itself."""
    return Wanted(path=quote(account_key, safe=""), params={"fields": ",".join(fields)})


def renewal(access: SecretStr) -> Wanted:
    """A newer token; the platform wants the old one as a parameter of the URL."""
    params = {"grant_type": "ig_refresh_token", "access_token": access.get_secret_value()}
    return Wanted(path="refresh_access_token", params=params)


def renews_tokens(url: str) -> bool:
    """Whether tokens of the login that an address stands for can be renewed."""
    return httpx.URL(url).host != FACEBOOK_LOGIN_HOST


def insights(item_id: str, metrics: Iterable[str]) -> Wanted:
    """Some metrics of one item."""
    return Wanted(path=_insights(item_id), params={"metric": ",".join(metrics)})


def parts(item_id: str, breakdown: Breakdown) -> Wanted:
    """One metric of one item by its parts."""
    params = {"metric": breakdown.metric, "breakdown": breakdown.by}
    return Wanted(path=_insights(item_id), params=params)


def _insights(item_id: str) -> str:
    return f"{quote(item_id, safe='')}/insights"


@lru_cache(maxsize=256)
def _query(params: tuple[tuple[str, str], ...]) -> str:
    """Parameters as a URL has them; a reading asks the same of hundreds of items."""
    return urlencode(params, safe=",(){}")
