"""Which metrics a platform shows of which kind of post, and of which moment.

Belongs here: names in the pipeline's own words, the steps and the lag of a platform's numbers.
Does not belong here: the numbers (``growth``), a platform's own names (its API).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from sandbox.simulation.accounts import Platform
from sandbox.simulation.growth import BREAKDOWNS

ItemType = Literal[
    "reel", "feed_image", "feed_carousel", "feed_video", "story", "tiktok_video", "tiktok_photo"
]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
INSTAGRAM_STEP: Final = timedelta(hours=1)
"""Instagram's numbers move once in so long."""
TIKTOK_STEP: Final = timedelta(days=1)
TIKTOK_LAG: Final = timedelta(hours=24)
"""TikTok shows the numbers of a day as of its end, and that a day late."""

COUNTED: Final = ("views", "likes", "comments", "shares", "saves")
VISITED: Final = ("follows", "profile_visits")
WATCHED: Final = ("total_watch_time_s", "average_watch_time_s", "full_watch_rate")
TOTALS: Final = ("total_views", "total_likes", "total_comments")
REEL: Final = (
    "reposts",
    "facebook_views",
    *TOTALS,
    "average_watch_time_ms",
    "total_watch_time_ms",
    "skip_rate_raw",
)
PARTS: Final = {
    whole: tuple(f"{whole}_{part}" for part in parts) for whole, parts in BREAKDOWNS.items()
}
ACTIVITY: Final = ("profile_activity", *PARTS["profile_activity"])
NAVIGATION: Final = ("navigation", *PARTS["navigation"])
LEFT: Final = (
    "replies",
    "reposts",
    "total_views",
    "link_clicks",
    "facebook_views",
    *NAVIGATION,
)
FEED: Final = (
    *COUNTED,
    "reach",
    "total_interactions",
    *VISITED,
    *ACTIVITY,
    "reposts",
    "facebook_views",
    *TOTALS,
)

METRICS: Final[Mapping[ItemType, tuple[str, ...]]] = {
    "reel": (*COUNTED, "reach", "total_interactions", *REEL),
    "feed_image": FEED,
    "feed_carousel": FEED,
    "feed_video": (*TOTALS, "likes", "comments", "saves", "reach"),
    "story": ("views", "reach", "shares", "total_interactions", *VISITED, *LEFT),
    "tiktok_video": (*COUNTED, "reach", *WATCHED, *VISITED),
    "tiktok_photo": (*COUNTED, "reach", *VISITED),
}
"""Metrics that a platform has for each kind of post, shown to its owner.

Of ``feed_video`` only the totals, likes, comments and saves on the item itself, and reach and
saves as insights.
"""
VANISHING: Final = ("reach", *WATCHED, *VISITED)
"""What TikTok leaves out of videos that grow no more."""
PUBLIC: Final[Mapping[ItemType, tuple[str, ...]]] = {
    "tiktok_video": COUNTED,
    "tiktok_photo": COUNTED,
    "reel": ("views", "likes", "comments", "shares"),
    "feed_image": ("likes", "comments"),
    "feed_carousel": ("likes", "comments"),
}
"""Metrics that a platform shows to everybody."""


def moment_shown(platform: Platform, at: datetime) -> datetime:
    """The moment whose numbers a platform shows at a moment."""
    step, lag = (TIKTOK_STEP, TIKTOK_LAG) if platform == "tiktok" else (INSTAGRAM_STEP, timedelta())
    return EPOCH + ((at - lag - EPOCH) // step) * step
