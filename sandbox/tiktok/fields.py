"""What the simulated TikTok Business API says of one video, under TikTok's own names.

Belongs here: names, types and units of fields, and what is invented beside the truth.
Does not belong here: which videos are shown, HTTP.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sandbox.simulation.growth import Number
from sandbox.simulation.items import Item

THUMBNAIL_LIFE: Final = timedelta(hours=6)
AUDIENCE_FOLLOWERS_MIN: Final = 100

FROM_TRUTH: Final[Mapping[str, str]] = {
    "likes": "likes",
    "comments": "comments",
    "shares": "shares",
    "favorites": "saves",
    "video_views": "views",
    "reach": "reach",
    "total_time_watched": "total_watch_time_s",
    "average_time_watched": "average_watch_time_s",
    "full_video_watched_rate": "full_watch_rate",
    "new_followers": "follows",
    "profile_views": "profile_visits",
}
"""TikTok's name of a metric, and the pipeline's."""
FOR_REGISTERED_BUSINESSES: Final = frozenset(
    {
        "website_clicks",
        "phone_number_clicks",
        "lead_submissions",
        "app_download_clicks",
        "email_clicks",
        "address_clicks",
    }
)
"""Known, and never shown: no account of the sandbox is a registered business."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One look at a page of videos."""

    at: datetime
    signature: int
    """Differs from read to read."""
    followers: int


def video(item: Item, fields: Sequence[str], reading: Reading) -> dict[str, Any]:
    """The fields asked for that TikTok shows of a video; the others are absent."""
    metrics = item.metrics(reading.at)
    shown = {name: _field(name, item, metrics, reading) for name in fields}
    return {name: value for name, value in shown.items() if value is not None}


def _field(name: str, item: Item, metrics: Mapping[str, Number], reading: Reading) -> Any:  # noqa: ANN401 - JSON
    if name in FROM_TRUTH:
        return metrics.get(FROM_TRUTH[name])
    if name in OF_THE_VIDEO:
        return OF_THE_VIDEO[name](item, reading)
    # What is said of an audience goes when the reach goes, and needs an audience.
    if name not in INVENTED or "reach" not in metrics:
        return None
    if name.startswith("audience_") and reading.followers < AUDIENCE_FOLLOWERS_MIN:
        return None
    return INVENTED[name](item)


def create_s(item: Item) -> int:
    """The second in which a video appeared, since 1970."""
    return int(item.published_at.timestamp())


def _thumbnail(item: Item, reading: Reading) -> str:
    expires_s = int((reading.at + THUMBNAIL_LIFE).timestamp())
    return (
        f"https://p16-sign.tiktokcdn.example/obj/tos-maliva-p-0068/{item.item_id}.jpeg"
        f"?x-expires={expires_s}&x-signature={reading.signature * 2_654_435_761 % 2**32:08x}%3D"
    )


def _duration_s(item: Item) -> float | None:
    if item.media_type == "tiktok_photo":
        return None
    return round(12 + int(item.item_id) % 48_000 / 1000, 3)


OF_THE_VIDEO: Final[Mapping[str, Callable[[Item, Reading], Any]]] = {
    "item_id": lambda item, _: item.item_id,
    "create_time": lambda item, _: str(create_s(item)),
    "media_type": lambda item, _: "PHOTO" if item.media_type == "tiktok_photo" else "VIDEO",
    "is_ad": lambda _item, _: False,
    "caption": lambda item, _: item.caption or "",
    "thumbnail_url": _thumbnail,
    "share_url": lambda item, _: f"{item.permalink}?utm_campaign=tt4d_open_api&utm_source=sandbox",
    "embed_url": lambda item, _: f"https://www.tiktok.com/player/v1/{item.item_id}",
    "video_duration": lambda item, _: _duration_s(item),
}


def _curve(item: Item) -> list[dict[str, Any]] | None:
    seconds = _duration_s(item)
    if seconds is None:
        return None
    half_at_s = 3 + item.half_at_h / 7
    return [
        {"second": str(second), "percentage": round(half_at_s / (half_at_s + second), 4)}
        for second in range(1, int(seconds) + 1)
    ]


def shares(key: str, *weights: tuple[str, int]) -> Callable[[Item], list[dict[str, Any]]]:
    """Parts of one whole; the first part takes more or less with the item."""

    def parts(item: Item) -> list[dict[str, Any]]:
        first = 1 + int(item.item_id) % 7
        counts = [weight * (first if n == 0 else 1) for n, (_, weight) in enumerate(weights)]
        whole = sum(counts)
        return [
            {key: name, "percentage": round(count / whole, 4)}
            for (name, _), count in zip(weights, counts, strict=True)
        ]

    return parts


INVENTED: Final[Mapping[str, Callable[[Item], Any]]] = {
    "video_view_retention": _curve,
    "engagement_likes": _curve,
    "impression_sources": shares(
        "impression_source",
        ("For You", 30),
        ("Follow", 9),
        ("Hashtag", 3),
        ("Sound", 1),
        ("Personal Profile", 8),
        ("Search", 5),
        ("Direct Message", 1),
    ),
    "audience_countries": shares("country", ("VN", 30), ("US", 12), ("DE", 5), ("Others", 10)),
    "audience_cities": shares("city_name", ("Hanoi", 10), ("Da Nang", 4), ("Others", 30)),
    "audience_genders": shares("gender", ("Female", 20), ("Male", 18), ("Other", 2)),
    "audience_types": shares("type", ("NEW_VIEWER", 20), ("RETURN_VIEWER", 15)),
}
"""Plausible, and the same whenever the same video is read."""

VIDEO_FIELDS: Final = (
    frozenset(FROM_TRUTH) | FOR_REGISTERED_BUSINESSES | frozenset(OF_THE_VIDEO) | set(INVENTED)
)
"""Every field that can be asked for."""
