"""What tools for planning posts export: Hootsuite, Sprout Social, Later.

Belongs here: the records of these formats.
Does not belong here: what a record can say (``record``).
"""

from typing import Final

from transforms.exports.record import Column, Columns, Export, Kind, of
from transforms.exports.tiktok import LINK_ACCOUNT, LINK_ID

SHORTCODE: Final = r"instagram\.com/(?:[^/]+/)?(?:p|reel|reels|tv)/([A-Za-z0-9_-]{5,})"


def _kinds(platform: str, kind: str) -> tuple[Kind, ...]:
    shown = {
        "reel": "reels?|instagram reels?",
        "story": "story|stories|instagram story",
        "feed_carousel": "carousel|album|instagram carousel",
        "feed_image": "photo|image|instagram photo",
    }
    on_instagram = tuple(
        Kind(media_type=ours, where={platform: "instagram.*|.*instagram\\.com/.*", kind: words})
        for ours, words in shown.items()
    )
    return (
        *on_instagram,
        Kind(media_type="tiktok_photo", where={platform: "tiktok.*", kind: "photo|image"}),
        Kind(media_type="tiktok_video", where={platform: "tiktok.*|.*tiktok\\.com/.*/video/.*"}),
    )


def _key(link: str, *ids: str) -> Columns:
    """The post's id in its own column, else in its address."""
    own = of(*ids) if ids else ()
    return (
        *own,
        Column(words=(link,), pattern=LINK_ID),
        Column(words=(link,), pattern=SHORTCODE),
    )


HOOTSUITE: Final = Export(
    name="hootsuite",
    title="Hootsuite, performance of posts",
    subject="captures",
    needed=("post_key", "platform", "published_at"),
    marks=("post permalink",),
    numbers="written",
    clock="clock",
    zone="UTC",
    columns={
        "platform": of("social network"),
        "account_key": (Column(words=("post permalink",), pattern=LINK_ACCOUNT),),
        "post_key": _key("post permalink", "post id"),
        "published_at": of("date (gmt)"),
        "permalink": of("post permalink"),
        "caption": of("post message"),
        "views": of("video views"),
        "likes": of("likes"),
        "comments": of("comments"),
        "shares": of("shares"),
        "saves": of("saves"),
    },
    kinds=_kinds("social network", "post type"),
    notes="It does not say whose posts they are: name the account with --account.",
)

SPROUT: Final = Export(
    name="sprout",
    title="Sprout Social, performance of posts",
    subject="captures",
    needed=("post_key", "platform", "account_key", "published_at"),
    marks=("network",),
    numbers="written",
    clock="clock",
    columns={
        "platform": of("network"),
        "account_key": of("profile"),
        "post_key": _key("link", "post id"),
        "published_at": of("date"),
        "permalink": of("link"),
        "caption": of("post"),
        "views": of("video views"),
        "likes": of("likes", "reactions"),
        "comments": of("comments", "comments (sql)"),
        "shares": of("shares"),
        "saves": of("saves"),
    },
    kinds=_kinds("network", "content type"),
    notes="Times are those of the report's zone: name it with --timezone.",
)

LATER: Final = Export(
    name="later",
    title="Later, performance of posts",
    subject="captures",
    needed=("post_key", "published_at"),
    marks=("post url",),
    numbers="written",
    clock="clock",
    columns={
        "platform": (Column(words=("post url",), pattern=r"(instagram|tiktok)\.com/"),),
        "account_key": (Column(words=("post url",), pattern=LINK_ACCOUNT),),
        "post_key": _key("post url"),
        "published_at": of("posted at"),
        "permalink": of("post url"),
        "caption": of("caption"),
        "views": of("video views"),
        "likes": of("likes"),
        "comments": of("comments"),
        "shares": of("shares"),
        "saves": of("saves"),
    },
    kinds=_kinds("post url", "media type"),
    notes="Times are those of the profile's zone: name it with --timezone. Of Instagram it does "
    "not say whose posts they are: name the account with --account.",
)

SCHEDULER_EXPORTS: Final = (HOOTSUITE, SPROUT, LATER)
