"""A second, plain answer to what is known of posts, written from domain.md R8-R10 alone.

Belongs here: dictionaries and loops over landed rows as received, in the platforms' own words.
Does not belong here: Polars, Delta, or anything of ``transforms`` and ``layers_pipeline``.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

Post = tuple[str, str]
Row = Mapping[str, Any]
COUNTS = ("views", "likes", "comments", "shares", "saves")
MEDIA_WORDS = {
    "view_count": "total_views",
    "total_views_count": "total_views",
    "like_count": "likes",
    "comments_count": "comments",
    "shares_count": "shares",
    "saved_count": "saves",
    "reposts_count": "reposts",
    "total_like_count": "total_likes",
    "total_comments_count": "total_comments",
}
INSIGHT_WORDS = {
    "saved": "saves",
    "ig_reels_avg_watch_time": "average_watch_time_ms",
    "ig_reels_video_view_total_time": "total_watch_time_ms",
    "reels_skip_rate": "skip_rate_raw",
}
VIDEO_WORDS = {
    "video_views": "views",
    "likes": "likes",
    "comments": "comments",
    "shares": "shares",
    "favorites": "saves",
    "reach": "reach",
    "new_followers": "follows",
    "profile_views": "profile_visits",
    "average_time_watched": "average_watch_time_s",
    "total_time_watched": "total_watch_time_s",
    "full_video_watched_rate": "full_watch_rate",
}
CONTENT = ("media_type", "caption", "permalink")


@dataclass(frozen=True, kw_only=True)
class Look:
    """One post as one source showed it at one moment."""

    post: Post
    account_key: str
    captured_at: datetime
    known_at: datetime
    source: str
    run_id: str
    published_at: datetime | None
    media_url: str | None
    content: Row
    metrics: Row = field(default_factory=dict)
    """Only those that were shown."""

    @property
    def moment(self) -> tuple[datetime, str]:
        """What puts the looks at one post in order."""
        return self.captured_at, self.source


# --- reading what landed


def looks_of(
    instagram: Iterable[Row], tiktok: Iterable[Row], sift: Iterable[Row]
) -> dict[Post, list[Look]]:
    """Every look at each post, by post, in the order in which they were captured."""
    looks = [*instagram_looks(instagram), *map(tiktok_look, videos(tiktok)), *map(sift_look, sift)]
    found: dict[Post, list[Look]] = {}
    for look in sorted(looks, key=lambda look: look.moment):
        found.setdefault(look.post, []).append(look)
    return found


def videos(rows: Iterable[Row]) -> Iterator[Row]:
    return (row for row in rows if row["entity"] == "video")


def instagram_looks(rows: Iterable[Row]) -> Iterator[Look]:
    """One look per post or story of a reading, with the insights of the same reading."""
    ordered = sorted(rows, key=lambda row: (row["sync_id"], row["subject"], row["landing_id"]))
    for (_, subject), group in groupby(ordered, lambda row: (row["sync_id"], row["subject"])):
        own = list(group)
        shown = [row for row in own if row["entity"] in ("media", "story")]
        own_insights = [row for row in own if row["entity"] in ("insights", "breakdown")]
        for row in shown if subject else ():
            yield instagram_look(row, own_insights)


def instagram_look(row: Row, own_insights: Sequence[Row]) -> Look:
    body = json.loads(row["body"])
    metrics = {ours: body.get(theirs) for theirs, ours in MEDIA_WORDS.items()}
    for insights in own_insights:
        metrics |= {name: value for name, value in insights_in(insights) if value is not None}
    if metrics.get("skip_rate_raw") is not None:
        metrics["skip_rate"] = metrics["skip_rate_raw"] / 100
    return Look(
        post=("instagram", row["subject"]),
        account_key=row["account_key"],
        captured_at=max(one["received_at"] for one in (row, *own_insights)),
        known_at=row["known_at"],
        source="instagram_graph",
        run_id=row["run_id"],
        published_at=datetime.fromisoformat(body["timestamp"]),
        media_url=body.get("media_url"),
        content={
            "media_type": instagram_type(row, body),
            "caption": body.get("caption"),
            "permalink": body.get("permalink"),
        },
        metrics=shown_only(metrics),
    )


def instagram_type(row: Row, body: Row) -> str:
    if row["entity"] == "story":
        return "story"
    if body["media_product_type"] == "REELS":
        return "reel"
    kinds = {"IMAGE": "feed_image", "CAROUSEL_ALBUM": "feed_carousel", "VIDEO": "feed_video"}
    return kinds[body["media_type"]]


def insights_in(row: Row) -> Iterator[tuple[str, Any]]:
    """Our words and values of insights, parts included; a part that is zero is not shown."""
    for one in json.loads(row["body"])["data"]:
        name = str(INSIGHT_WORDS.get(one["name"], one["name"]))
        yield name, next((value.get("value") for value in one["values"]), None)
        for breakdown in one.get("total_value", {}).get("breakdowns", ()):
            for part in breakdown.get("results", ()):
                yield f"{name}_{part['dimension_values'][0].lower()}", part["value"]


def tiktok_look(row: Row) -> Look:
    body = json.loads(row["body"])
    return Look(
        post=("tiktok", row["subject"]),
        account_key=row["account_key"],
        captured_at=row["received_at"],
        known_at=row["known_at"],
        source="tiktok_business",
        run_id=row["run_id"],
        published_at=datetime.fromtimestamp(int(body["create_time"]), UTC),
        media_url=body.get("thumbnail_url"),
        content={
            "media_type": {"VIDEO": "tiktok_video", "PHOTO": "tiktok_photo"}[body["media_type"]],
            "caption": body.get("caption"),
            "permalink": body.get("share_url"),
        },
        metrics=shown_only({ours: body.get(theirs) for theirs, ours in VIDEO_WORDS.items()}),
    )


def sift_look(row: Row) -> Look:
    body = json.loads(row["body"])
    return Look(
        post=(body["platform"], body["post_id"]),
        account_key=body["account_key"],
        captured_at=datetime.fromisoformat(body["captured_at"]),
        known_at=row["known_at"],
        source="sift",
        run_id=row["run_id"],
        published_at=datetime.fromisoformat(body["published_at"]),
        media_url=body.get("media_url"),
        content={name: body.get(name) for name in CONTENT},
        metrics=shown_only({name: body.get(name) for name in COUNTS}),
    )


def shown_only(metrics: Row) -> dict[str, Any]:
    return {name: value for name, value in metrics.items() if value is not None}


# --- R8


def post_of(looks: Sequence[Look]) -> dict[str, Any]:
    """What ``platform_posts`` has to say of a post, but for its deletion."""
    shown = {
        name: [look.content[name] for look in looks if look.content[name] is not None]
        for name in CONTENT
    }
    permanent = address([look for look in looks if look.source == "sift"])
    expiring = address([look for look in looks if look.source != "sift"])
    counts = latest_of(looks)
    return {
        "account_key": looks[0].account_key,
        "published_at": looks[0].published_at,
        "is_identity_settled": len({(look.account_key, look.published_at) for look in looks}) == 1,
        "first_seen_at": min(look.known_at for look in looks),
        "media_url": permanent or expiring,
        "is_media_url_permanent": permanent is not None,
        **{name: values[-1] if values else None for name, values in shown.items()},
        **{name: counts.get(name, (None,))[0] for name in COUNTS},
    }


def address(looks: Sequence[Look]) -> str | None:
    """The newest address; of those that differ only in their signature the first."""
    found = None
    for look in looks:
        if look.media_url and (found is None or place(look.media_url) != place(found)):
            found = look.media_url
    return found


def place(url: str) -> str:
    return url.partition("?")[0]


# --- R9 and R10


def latest_of(looks: Iterable[Look]) -> dict[str, tuple[Any, datetime]]:
    """Per metric the last known value, and since when it has stood."""
    found: dict[str, tuple[Any, datetime]] = {}
    for look in looks:
        for name, value in look.metrics.items():
            if name not in found or found[name][0] != value:
                found[name] = (value, look.captured_at)
    return found


def news_of(looks: Sequence[Look]) -> list[Look]:
    """The looks that tell something new: the first, and those with a metric that changed."""
    kept, known = [], {}
    for look in looks:
        if not kept or any(known.get(name) != value for name, value in look.metrics.items()):
            kept.append(look)
        known |= look.metrics
    return kept


def came_in_order(looks: Sequence[Look]) -> bool:
    """Whether no look became known after a later one."""
    known = [look.known_at for look in looks]
    return known == sorted(known)
