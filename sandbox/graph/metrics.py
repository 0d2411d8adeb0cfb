"""Insight metrics of media: names, titles, and which kind of media has which.

Belongs here: the vocabulary, as the validity table of the platform has it.
Does not belong here: numbers, and the shape of an answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sandbox.graph.errors import (
    NOT_CROSSPOSTED,
    GraphError,
    Refusal,
    incompatible_metric,
    invalid,
    retired_metric,
    unsupported_metric,
)
from sandbox.simulation.metrics import ItemType

REELS: Final[frozenset[ItemType]] = frozenset({"reel"})
FEED: Final[frozenset[ItemType]] = frozenset({"feed_image", "feed_carousel"})
STORY: Final[frozenset[ItemType]] = frozenset({"story"})
OLD_VIDEO: Final[frozenset[ItemType]] = frozenset({"feed_video"})


@dataclass(frozen=True)
class Metric:
    """One metric of media."""

    ours: str
    """The pipeline's own word; empty where nothing is known, and then it is never shown."""
    types: frozenset[ItemType]
    title: str
    description: str
    breakdown: str = ""


METRICS: Final[Mapping[str, Metric]] = {
    "comments": Metric(
        "comments", REELS | FEED, "Comments", "The number of comments on your post."
    ),
    "crossposted_views": Metric(
        "", REELS, "Crossposted views", "Views of the reel on Instagram and on Facebook."
    ),
    "facebook_views": Metric(
        "facebook_views",
        REELS | FEED | STORY,
        "Facebook views",
        "Views on Facebook, of what is shared there.",
    ),
    "follows": Metric(
        "follows", FEED | STORY, "Follows", "The number of accounts that started following you."
    ),
    "ig_reels_avg_watch_time": Metric(
        "average_watch_time_ms",
        REELS,
        "Reels avg watch time",
        "The average amount of time spent playing the reel, in milliseconds.",
    ),
    "ig_reels_video_view_total_time": Metric(
        "total_watch_time_ms",
        REELS,
        "Reels total watch time",
        "The total amount of time the reel was played, including any time spent "
        "replaying the reel, in milliseconds.",
    ),
    "likes": Metric("likes", REELS | FEED, "Likes", "The number of likes on your post."),
    "link_clicks": Metric("link_clicks", STORY, "Link clicks", "The number of taps on links."),
    "navigation": Metric(
        "navigation",
        STORY,
        "Navigation",
        "This is the total number of actions taken from your story. These are made up "
        "of metrics like exited, forward, back and next story.",
        breakdown="story_navigation_action_type",
    ),
    "profile_activity": Metric(
        "profile_activity",
        FEED | STORY,
        "Profile activity",
        "The number of actions people take when they visit your profile after they "
        "engage with your post.",
        breakdown="action_type",
    ),
    "profile_visits": Metric(
        "profile_visits",
        FEED | STORY,
        "Profile visits",
        "The number of times your profile was visited.",
    ),
    "reach": Metric(
        "reach",
        REELS | FEED | STORY | OLD_VIDEO,
        "Accounts reached",
        "The number of unique accounts that have seen the media at least once. Reach is estimated.",
    ),
    "reels_skip_rate": Metric(
        "skip_rate_raw",
        REELS,
        "Skip rate",
        "The percentage of views where viewers skip a reel within the first 3 seconds.",
    ),
    "replies": Metric("replies", STORY, "Replies", "The number of replies to your story."),
    "reposts": Metric(
        "reposts", REELS | FEED | STORY, "Reposts", "The number of times your media was reposted."
    ),
    "saved": Metric(
        "saves", REELS | FEED | OLD_VIDEO, "Saved", "The number of saves of your post."
    ),
    "shares": Metric(
        "shares", REELS | FEED | STORY, "Shares", "The number of shares of your post."
    ),
    "total_comments": Metric(
        "total_comments", REELS | FEED, "Total comments", "Comments, those of ads included."
    ),
    "total_interactions": Metric(
        "total_interactions",
        REELS | FEED | STORY,
        "Interactions",
        "The number of likes, saves, comments and shares, minus the number of unlikes, "
        "unsaves and deleted comments.",
    ),
    "total_likes": Metric(
        "total_likes", REELS | FEED, "Total likes", "Likes, those of ads included."
    ),
    "total_views": Metric(
        "total_views",
        REELS | FEED | STORY,
        "Total views",
        "Views, those of ads and of Facebook included.",
    ),
    "views": Metric(
        "views", REELS | FEED | STORY, "Views", "The number of times your media was seen."
    ),
}
RETIRED: Final = frozenset(
    {
        "clips_replays_count",
        "ig_reels_aggregated_all_plays_count",
        "impressions",
        "plays",
        "video_views",
    }
)
BREAKDOWNS: Final = ("action_type", "follow_type", "story_navigation_action_type", "surface_type")
CROSSPOSTED: Final = frozenset({"crossposted_views", "facebook_views"})


def check_metrics(
    names: tuple[str, ...], media_type: ItemType, *, hidden: frozenset[str] = frozenset()
) -> None:
    """Let a list of metrics pass only if this kind of media has every one of them.

    Args:
        names: The metrics.
        media_type: The kind.
        hidden: Metrics that the medium has not; views of Facebook: it is not shared there.

    Raises:
        GraphError: One of them is wrong, which refuses them all.
    """
    if not names:
        raise GraphError(invalid("The parameter metric is required"))
    for place, name in enumerate(names):
        if name in RETIRED:
            raise GraphError(retired_metric(name))
        if name not in METRICS:
            allowed = ", ".join(METRICS)
            message = f"metric[{place}] must be one of the following values: {allowed}"
            raise GraphError(invalid(message))
    for name in names:
        refusal = _not_of(name, media_type, hidden)
        if refusal is not None:
            raise GraphError(refusal)


def _not_of(name: str, media_type: ItemType, hidden: frozenset[str]) -> Refusal | None:
    if media_type in METRICS[name].types:
        is_apart = name in CROSSPOSTED and METRICS[name].ours in ("", *hidden)
        return NOT_CROSSPOSTED if is_apart else None
    if media_type in OLD_VIDEO and name != "views":
        return incompatible_metric(name)
    return unsupported_metric(name)
