"""What scrapers and research tools write: Apify, Zeeschuimer, 4CAT, yt-dlp, pyktok, Instaloader.

Belongs here: the records of these formats.
Does not belong here: what a record can say (``record``); TikTok's own objects (``tiktok``).
"""

from typing import Final

from transforms.exports.record import Column, Export, Kind, of
from transforms.exports.tiktok import IS_VIDEO, LINK_ID, VIDEO

POST: Final = "https://www.instagram.com/p/{post_key}/"

APIFY_TIKTOK: Final = Export(
    name="apify-tiktok",
    title="Apify, TikTok scraper",
    subject="captures",
    platform="tiktok",
    needed=("post_key", "account_key", "published_at"),
    marks=("createtimeiso",),
    moment="file_name",
    columns={
        "post_key": (Column(words=("id",)), Column(words=("webvideourl",), pattern=LINK_ID)),
        "account_key": of("authormeta.name"),
        "published_at": of("createtimeiso"),
        "permalink": of("webvideourl"),
        "caption": of("text"),
        "views": of("playcount"),
        "likes": of("diggcount"),
        "comments": of("commentcount"),
        "shares": of("sharecount"),
        "saves": of("collectcount"),
        "followers": of("authormeta.fans"),
    },
    kinds=(Kind(media_type="tiktok_photo", where={"isslideshow": "true"}), IS_VIDEO),
    notes="The time of the run stands in the name that Apify gives the file "
    "(dataset_tiktok-scraper_2025-08-18_10-15-00-123.json); of a renamed file say it with "
    "--captured-at. Items that tell of an error are set aside.",
)

APIFY_INSTAGRAM: Final = Export(
    name="apify-instagram",
    title="Apify, Instagram scraper",
    subject="captures",
    platform="instagram",
    needed=("post_key", "account_key", "published_at"),
    marks=("ownerusername",),
    moment="file_name",
    columns={
        "post_key": of("shortcode"),
        "account_key": of("ownerusername"),
        "published_at": of("timestamp"),
        "permalink": of("url"),
        "caption": of("caption"),
        "views": of("videoplaycount", "videoviewcount"),
        "likes": of("likescount"),
        "comments": of("commentscount"),
    },
    kinds=(
        Kind(media_type="reel", where={"type": "video", "producttype": "clips"}),
        Kind(media_type="feed_image", where={"type": "image"}),
        Kind(media_type="feed_carousel", where={"type": "sidecar"}),
        Kind(media_type="feed_video", where={"type": "video"}),
    ),
    notes="Likes of -1 are hidden, and stay empty. The time of the run as with Apify's TikTok.",
)

ZEESCHUIMER_INSTAGRAM: Final = Export(
    name="zeeschuimer-instagram",
    title="Zeeschuimer, Instagram",
    subject="captures",
    platform="instagram",
    needed=("post_key", "account_key", "captured_at", "published_at"),
    marks=("data.code",),
    clock="epoch_s",
    moment="column",
    moment_clock="epoch_ms",
    columns={
        "post_key": of("data.code"),
        "account_key": of("data.user.username", "data.owner.username"),
        "captured_at": of("timestamp_collected"),
        "published_at": of("data.taken_at"),
        "caption": of("data.caption.text"),
        "views": of("data.play_count", "data.ig_play_count", "data.view_count"),
        "likes": of("data.like_count"),
        "comments": of("data.comment_count"),
    },
    hidden={"likes": (Column(words=("data.like_and_view_counts_disabled",)), "true")},
    kinds=(
        Kind(media_type="feed_image", where={"data.media_type": "1"}),
        Kind(media_type="feed_carousel", where={"data.media_type": "8"}),
        Kind(media_type="reel", where={"data.media_type": "2", "data.product_type": "clips"}),
        Kind(media_type="feed_video", where={"data.media_type": "2"}),
    ),
    built=POST,
)

FOURCAT_TIKTOK: Final = Export(
    name="4cat-tiktok",
    title="4CAT, TikTok",
    subject="captures",
    platform="tiktok",
    needed=("post_key", "account_key", "published_at", "views"),
    marks=("tiktok_url",),
    clock="epoch_s",
    columns={
        "post_key": of("id"),
        "account_key": of("author"),
        "published_at": of("unix_timestamp"),
        "permalink": of("tiktok_url"),
        "caption": of("body"),
        "views": of("plays"),
        "likes": of("likes"),
        "comments": of("comments"),
        "shares": of("shares"),
        "followers": of("author_followers"),
    },
    kinds=(IS_VIDEO,),
)

FOURCAT_INSTAGRAM: Final = Export(
    name="4cat-instagram",
    title="4CAT, Instagram",
    subject="captures",
    platform="instagram",
    needed=("post_key", "account_key", "published_at", "likes"),
    marks=("num_likes", "likes_hidden"),
    clock="epoch_s",
    columns={
        "post_key": of("id"),
        "account_key": of("author"),
        "published_at": of("unix_timestamp"),
        "permalink": of("url", "post_url"),
        "caption": of("body"),
        "views": of("play_count"),
        "likes": of("num_likes"),
        "comments": of("num_comments"),
    },
    hidden={"likes": (Column(words=("likes_hidden",)), "yes|true")},
    kinds=(
        Kind(media_type="feed_image", where={"media_type": "photo|image"}),
        Kind(media_type="feed_video", where={"media_type": "video"}),
        Kind(media_type="feed_carousel", where={"media_type": "mixed|carousel"}),
    ),
    notes="The time comes from unix_timestamp: timestamp is that of the server's clock.",
)

YT_DLP: Final = Export(
    name="yt-dlp",
    title="yt-dlp, metadata of TikTok videos",
    subject="captures",
    platform="tiktok",
    needed=("post_key", "account_key", "captured_at", "published_at"),
    marks=("extractor_key",),
    clock="epoch_s",
    moment="column",
    moment_clock="epoch_s",
    columns={
        "post_key": of("id"),
        "account_key": of("uploader"),
        "captured_at": of("epoch"),
        "published_at": of("timestamp"),
        "permalink": of("webpage_url"),
        "caption": of("description"),
        "views": of("view_count"),
        "likes": of("like_count"),
        "comments": of("comment_count"),
        "shares": of("repost_count"),
        "saves": of("save_count"),
    },
    kinds=(IS_VIDEO,),
)

PYKTOK: Final = Export(
    name="pyktok",
    title="pyktok or traktok, TikTok videos",
    subject="captures",
    platform="tiktok",
    needed=("post_key", "account_key", "views"),
    marks=("video_diggcount",),
    id_tells_publication=True,
    columns={
        "post_key": of("video_id"),
        "account_key": of("author_username"),
        "caption": of("video_description"),
        "views": of("video_playcount"),
        "likes": of("video_diggcount"),
        "comments": of("video_commentcount"),
        "shares": of("video_sharecount"),
        "followers": of("author_followercount"),
    },
    kinds=(IS_VIDEO,),
    built=VIDEO,
    notes="Publication comes from the id: its time is that of the clock of whoever ran it.",
)

INSTALOADER: Final = Export(
    name="instaloader",
    title="Instaloader, one post",
    subject="captures",
    platform="instagram",
    needed=("post_key", "account_key", "published_at"),
    marks=("node.shortcode",),
    clock="epoch_s",
    columns={
        "post_key": of("node.shortcode"),
        "account_key": of("node.owner.username"),
        "published_at": of("node.taken_at_timestamp", "node.date"),
        "caption": of("node.edge_media_to_caption.edges.0.node.text"),
        "views": of("node.video_play_count", "node.video_view_count"),
        "likes": of("node.edge_media_preview_like.count"),
        "comments": of("node.edge_media_to_comment.count"),
        "followers": of("node.owner.edge_followed_by.count"),
    },
    kinds=(
        Kind(
            media_type="reel",
            where={"node.__typename": "graphvideo", "node.product_type": "clips"},
        ),
        Kind(media_type="feed_image", where={"node.__typename": "graphimage"}),
        Kind(media_type="feed_carousel", where={"node.__typename": "graphsidecar"}),
        Kind(media_type="feed_video", where={"node.__typename": "graphvideo"}),
    ),
    built=POST,
    notes="The time in the file's name is the post's, not the capture's: say that with "
    "--captured-at.",
)

SCRAPER_EXPORTS: Final = (
    APIFY_TIKTOK,
    APIFY_INSTAGRAM,
    ZEESCHUIMER_INSTAGRAM,
    FOURCAT_TIKTOK,
    FOURCAT_INSTAGRAM,
    YT_DLP,
    PYKTOK,
    INSTALOADER,
)
