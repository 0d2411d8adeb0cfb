"""What TikTok's own pages export: Studio's content, Ads Manager's reports, the Research API.

Belongs here: the records of these formats.
Does not belong here: what a record can say (``record``); TikTok's APIs.
"""

from typing import Final

from transforms.exports.record import SHOWN, Export, Kind, of

VIDEO: Final = "https://www.tiktok.com/@{account_key}/video/{post_key}"
LINK_ID: Final = r"/(?:video|photo)/([0-9]{15,20})"
LINK_ACCOUNT: Final = r"tiktok\.com/@([^/?#]+)/"
IS_VIDEO: Final = Kind(media_type="tiktok_video")

STUDIO: Final = Export(
    name="tiktok-studio",
    title="TikTok Studio, content",
    subject="captures",
    platform="tiktok",
    needed=("post_key", "captured_at", "views"),
    marks=("video link",),
    numbers="written",
    moment="month_day",
    id_tells_publication=True,
    columns={
        "post_key": of("video link", pattern=LINK_ID),
        "account_key": of("video link", pattern=LINK_ACCOUNT),
        "captured_at": of("time"),
        "permalink": of("video link"),
        "caption": of("video title"),
        "views": of("total views"),
        "likes": of("total likes"),
        "comments": of("total comments"),
        "shares": of("total shares"),
    },
    kinds=(
        Kind(media_type="tiktok_photo", where={"video link": r".*/photo/.*"}),
        IS_VIDEO,
    ),
    notes="Days are written without a year, in the language of the page: the year of the export "
    "is the newest in which its day is not later than now and not before the newest post; "
    "publication comes from the id.",
)
STUDIO_OVERVIEW: Final = Export(
    name="tiktok-studio-overview",
    title="TikTok Studio, overview by day",
    subject="nothing",
    needed=("date", "views", "profile"),
    columns={
        "date": of("date"),
        "views": of("video views"),
        "profile": of("profile views"),
    },
    refused="It tells what an account had by day, not how its posts stood: import Content.csv",
)
STUDIO_FOLLOWERS: Final = Export(
    name="tiktok-studio-followers",
    title="TikTok Studio, history of followers",
    subject="listings",
    platform="tiktok",
    needed=("date", "followers", "difference"),
    columns={
        "date": of("date"),
        "followers": of("followers"),
        "difference": of("difference in followers from previous day"),
    },
    notes="It does not say whose followers they are: name the account with --account. Days are "
    "written without a year: the last is the newest that can be.",
)

ADS_MANAGER: Final = Export(
    name="tiktok-ads",
    title="TikTok Ads Manager, ads by day",
    subject="ad-metrics",
    platform="tiktok",
    needed=("ad_id", "spend"),
    marks=("cost", "spend", "by day", "stat_time_day", "비용", "clicks (destination)"),
    absent=("date_start",),
    numbers="written",
    columns={
        "ad_id": of("ad id", "광고 id"),
        "date": of("by day", "date", "stat_time_day", "일별"),
        "spend": of("cost", "spend", "비용", "total cost"),
        "currency": of("currency", "통화"),
        "impressions": of("impressions", "impression", "노출수", "노출"),
        "clicks": of("clicks (destination)", "clicks", "클릭수(목적지)", "클릭수"),
        "conversions": of("conversions", "results", "conversion", "전환수", "전환"),
        "reach": of("reach", "도달"),
        "frequency": of("frequency", "빈도"),
    },
    notes="Add the column Ad ID and the breakdown by day before you export.",
)
REPORTING_API: Final = Export(
    name="tiktok-reporting-api",
    title="TikTok reporting API, ads by day",
    subject="ad-metrics",
    platform="tiktok",
    needed=("ad_id", "date", "spend"),
    marks=("stat_time_day", "dimensions.stat_time_day"),
    rows_at="data.list",
    columns={
        "ad_id": of("ad_id", "dimensions.ad_id"),
        "date": of("stat_time_day", "dimensions.stat_time_day"),
        "spend": of("spend", "metrics.spend"),
        "currency": of("currency", "metrics.currency"),
        "impressions": of("impressions", "metrics.impressions"),
        "clicks": of("clicks", "metrics.clicks"),
        "conversions": of("conversion", "metrics.conversion"),
        "reach": of("reach", "metrics.reach"),
        "frequency": of("frequency", "metrics.frequency"),
    },
    notes="The day is the advertiser's.",
)

RESEARCH_API: Final = Export(
    name="tiktok-research",
    title="TikTok Research API, videos",
    subject="captures",
    platform="tiktok",
    needed=("post_key", "account_key", "published_at"),
    marks=("video_description", "region_code", "favorites_count", "hashtag_names"),
    absent=("video_diggcount",),
    clock="epoch_s",
    rows_at="data.videos",
    columns={
        "post_key": of("id", "video_id"),
        "account_key": of("username"),
        "published_at": of("create_time"),
        "caption": of("video_description"),
        "views": of("view_count"),
        "likes": of("like_count"),
        "comments": of("comment_count"),
        "shares": of("share_count"),
        "saves": of("favorites_count"),
    },
    kinds=(IS_VIDEO,),
    built=VIDEO,
)


def _item(name: str, title: str, root: str, **more: object) -> Export:
    """TikTok's own object of a post, as its pages hold it, below ``root``."""
    counts = {
        "views": "playcount",
        "likes": "diggcount",
        "comments": "commentcount",
        "shares": "sharecount",
        "saves": "collectcount",
    }
    columns = {
        "post_key": of(f"{root}id"),
        "account_key": of(f"{root}author.uniqueid"),
        "published_at": of(f"{root}createtime"),
        "caption": of(f"{root}desc"),
        "followers": of(f"{root}authorstats.followercount"),
        **{
            ours: of(f"{root}statsv2.{theirs}", f"{root}stats.{theirs}")
            for ours, theirs in counts.items()
        },
    }
    kinds = (
        Kind(media_type="tiktok_photo", where={f"{root}imagepost.images": SHOWN}),
        IS_VIDEO,
    )
    return Export(
        name=name,
        title=title,
        subject="captures",
        platform="tiktok",
        needed=("post_key", "account_key", "published_at", "views"),
        marks=(f"{root}author.uniqueid",),
        clock="epoch_s",
        kinds=kinds,
        built=VIDEO,
        columns=columns | more.pop("columns", {}),  # pyright: ignore[reportOperatorIssue]
        **more,  # pyright: ignore[reportArgumentType]
    )


PAGE_ITEM: Final = _item(
    "tiktok-item",
    "TikTok's page, its own object of a video",
    "",
    rows_at="itemList",
    notes="The exact counts (statsV2) go before the rounded ones (stats).",
)
ZEESCHUIMER: Final = _item(
    "zeeschuimer-tiktok",
    "Zeeschuimer, TikTok",
    "data.",
    columns={"captured_at": of("timestamp_collected")},
    moment="column",
    moment_clock="epoch_ms",
)

TIKTOK_EXPORTS: Final = (
    STUDIO,
    ADS_MANAGER,
    REPORTING_API,
    RESEARCH_API,
    PAGE_ITEM,
    ZEESCHUIMER,
    STUDIO_OVERVIEW,
    STUDIO_FOLLOWERS,
)
