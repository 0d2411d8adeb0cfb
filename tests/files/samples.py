"""Invented exports in the shapes that real ones have: one of each format.

Belongs here: the samples, as text, and what each is to become.
Does not belong here: tests of them.
"""

import io
import json
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import openpyxl

BOM = "\ufeff"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
"""The present in all tests of samples."""
GIVEN = datetime(2026, 3, 1, tzinfo=UTC)
"""What --captured-at says where a format does not."""
MADE = {1: 1_755_470_710, 2: 1_755_000_000}
"""Seconds at which the two posts of most samples were made."""
TIKTOK = {number: str((second << 32) + 4242) for number, second in MADE.items()}
AT = {number: datetime.fromtimestamp(second, tz=UTC) for number, second in MADE.items()}
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def shortcode(second: int) -> str:
    """The shortcode of an Instagram post that was made at a second."""
    number = ((second * 1000 - 1_314_220_021_721) << 23) + 77
    digits = ""
    while number:
        number, digit = divmod(number, 64)
        digits = ALPHABET[digit] + digits
    return digits


CODE = {number: shortcode(second) for number, second in MADE.items()}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """An export and what is to come of it.

    Args:
        format: The format that it is.
        name: Its file's name.
        content: Its content.
        captures: Per capture: post key, views, likes, comments, shares, saves, followers.
        published: Publication of each.
        media: Kind of each.
        captured: When all were captured.
        set_aside: Rows that are set aside.
        options: What the user has to say.
        platform: Of formats that say it row by row.
    """

    format: str
    name: str
    content: bytes
    captures: tuple[tuple[object, ...], ...]
    published: tuple[datetime, ...] = tuple(AT.values())
    media: tuple[str | None, ...] = ("tiktok_video", "tiktok_video")
    captured: datetime = GIVEN
    set_aside: int = 0
    options: dict[str, str] = field(default_factory=dict)
    platform: str = "tiktok"

    def at(self, folder: Path) -> Path:
        """The sample as a file in a folder."""
        path = folder / self.name
        path.write_bytes(self.content)
        return path


def csv(*lines: str, bom: bool = False) -> bytes:
    return ((BOM if bom else "") + "\n".join(lines) + "\n").encode()


def documents(rows: list[object]) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def workbook(*rows: list[object], sheet: str = "Raw Data Report") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def zipped(**files: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("_csv", ".csv"), text)
    return content.getvalue()


SAY = {"captured_at": "2026-03-01T00:00:00Z"}
SAY_ACCOUNT = SAY | {"account": "ivy.and.fern"}
FULL = ((TIKTOK[1], 9_100, 610, 57, 88, 230, 120), (TIKTOK[2], 400, 9, 0, 2, 0, 120))


def _without(captures, *places):
    return tuple(
        tuple(None if at in places else value for at, value in enumerate(row)) for row in captures
    )


STUDIO_HEADER = (
    '"Time","Video title","Video link","Post time","Total likes","Total comments",'
    '"Total shares","Total views"'
)
STUDIO = csv(
    STUDIO_HEADER,
    f'"February 28","A fern","https://www.tiktok.com/@ivy.and.fern/video/{TIKTOK[1]}","August 17",'
    '"610","57","88","9100"',
    f'"February 28","","https://www.tiktok.com/@ivy.and.fern/photo/{TIKTOK[2]}","August 12",'
    '"9","0","2","400"',
).rstrip(b"\n")
OVERVIEW = csv(
    '"Date","Video Views","Profile Views","Likes","Comments","Shares"',
    '"February 26","848","50","72","12","2"',
    '"February 27","739","75","112","-1","2"',
)
FOLLOWERS = csv(
    '"Date","Followers","Difference in followers from previous day"',
    '"February 25","undefined","0"',
    '"February 26","152","115"',
)
STUDIO_CAPTURES = _without(FULL, 5, 6)
STUDIO_MEDIA = ("tiktok_video", "tiktok_photo")
STUDIO_CAPTURED = datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC)

SUITE_HEADER = (
    '"Post ID","Account ID","Account username","Account name",Description,"Duration (sec)",'
    '"Publish time",Permalink,"Post type","Data comment",Date,Views,Reach,Likes,Shares,Follows,'
    "Comments,Saves"
)
SUITE_ROWS = (
    '18069844257800001,17841400000000001,ivy.and.fern,"Ivy | Fern","Two\nlines, ""live"".\n#fern",'
    f'0,"08/17/2025 15:45",https://www.instagram.com/p/{CODE[1]}/,"IG carousel",,Lifetime,12400,'
    "9100,610,88,3,57,230",
    '17954364196800002,17841400000000001,ivy.and.fern,"Ivy | Fern",,12,"08/12/2025 05:00",'
    f"https://www.instagram.com/reel/{CODE[2]}/,IG reel,,Lifetime,420,400,9,2,,,",
)
SUITE_CAPTURES = (
    ("18069844257800001", 12_400, 610, 57, 88, 230, None),
    ("17954364196800002", 420, 9, None, 2, None, None),
)
TO_THE_MINUTE = (
    datetime(2025, 8, 17, 22, 45, tzinfo=UTC),
    datetime(2025, 8, 12, 12, 0, tzinfo=UTC),
)
SUITE_PT_HEADER = (
    '"Identificação do post","Identificação da conta","Nome de usuário da conta","Nome da conta",'
    'Descrição,"Duração (s)","Horário de publicação","Link permanente","Tipo de post",'
    '"Comentário de dados",Data,Visualizações,Alcance,Curtidas,Compartilhamentos,Seguimentos,'
    "Comentários,Salvamentos"
)


def _apify_tiktok(number: int, **more: object) -> dict[str, object]:
    _, views, likes, comments, shares, saves, fans = FULL[number - 1]
    return {
        "id": TIKTOK[number],
        "text": "A fern\n#fern",
        "createTime": MADE[number],
        "createTimeISO": f"{AT[number]:%Y-%m-%dT%H:%M:%S.000Z}",
        "authorMeta": {"id": "70", "name": "ivy.and.fern", "fans": fans, "heart": 5},
        "musicMeta": {"musicId": "1"},
        "webVideoUrl": f"https://www.tiktok.com/@ivy.and.fern/video/{TIKTOK[number]}",
        "diggCount": likes,
        "shareCount": shares,
        "playCount": views,
        "collectCount": saves,
        "commentCount": comments,
        "hashtags": [{"name": "fern"}],
        "isSlideshow": False,
        "isPinned": number == 2,
        **more,
    }


APIFY_ERROR = {"url": "https://www.tiktok.com/@gone", "input": "gone", "error": "Not found"}
APIFY_TIKTOK = [_apify_tiktok(1), _apify_tiktok(2), APIFY_ERROR]
APIFY_TIKTOK_CSV = csv(
    '"authorMeta/fans","authorMeta/name","collectCount","commentCount","createTime",'
    '"createTimeISO","diggCount","error","hashtags/0/name","id","isSlideshow","playCount",'
    '"shareCount","text","webVideoUrl"',
    *(
        f'"{row["authorMeta"]["fans"]}","ivy.and.fern","{row["collectCount"]}",'
        f'"{row["commentCount"]}","{row["createTime"]}","{row["createTimeISO"]}",'
        f'"{row["diggCount"]}","","fern","{row["id"]}","false","{row["playCount"]}",'
        f'"{row["shareCount"]}","{row["text"]}","{row["webVideoUrl"]}"'
        for row in APIFY_TIKTOK[:2]
    ),
    '"","","","","","","","Not found","","","","","","",""',
    bom=True,
)
APIFY_INSTAGRAM = [
    {
        "id": "370", "type": "Sidecar", "shortCode": CODE[1], "caption": "A fern",
        "url": f"https://www.instagram.com/p/{CODE[1]}/", "commentsCount": 3, "likesCount": -1,
        "timestamp": f"{AT[1]:%Y-%m-%dT%H:%M:%S.000Z}", "ownerUsername": "ivy.and.fern",
        "latestComments": [{"id": "1", "likesCount": 8, "ownerUsername": "someone"}],
    },
    {
        "id": "369", "type": "Video", "productType": "clips", "shortCode": CODE[2],
        "url": f"https://www.instagram.com/p/{CODE[2]}/", "commentsCount": 31, "likesCount": 940,
        "videoPlayCount": 20_500, "videoViewCount": 8_100, "ownerUsername": "ivy.and.fern",
        "timestamp": f"{AT[2]:%Y-%m-%dT%H:%M:%S.000Z}",
    },
    {"error": "not_found", "errorDescription": "gone", "url": "https://www.instagram.com/gone"},
]  # fmt: skip
APIFY_INSTAGRAM_CAPTURES = (
    (CODE[1], None, None, 3, None, None, None),
    (CODE[2], 20_500, 940, 31, None, None, None),
)
ZEESCHUIMER_AT = datetime.fromtimestamp(1_756_000_000.123, tz=UTC)
ZEESCHUIMER_INSTAGRAM = [
    {
        "nav_index": "2:38:0", "item_id": "1", "timestamp_collected": 1_756_000_000_123,
        "source_platform": "instagram.com", "id": number,
        "data": {
            "id": "369_5", "pk": "369", "code": CODE[number], "taken_at": MADE[number],
            "media_type": kind, "product_type": product, "like_count": 8_513,
            "comment_count": 70, "play_count": None, "view_count": None,
            "like_and_view_counts_disabled": hidden,
            "user": {"pk": "5", "username": "ivy.and.fern"}, "caption": {"text": "A fern"},
        },
    }
    for number, kind, product, hidden in (
        (1, 8, "carousel_container", True), (2, 2, "clips", False),
    )
]  # fmt: skip


def _page_item(number: int) -> dict[str, object]:
    _, views, likes, comments, shares, saves, fans = FULL[number - 1]
    return {
        "id": TIKTOK[number], "desc": "A fern", "createTime": str(MADE[number]),
        "author": {"id": "70", "uniqueId": "ivy.and.fern"},
        "authorStats": {"followerCount": fans},
        "stats": {
            "diggCount": 600, "shareCount": shares, "commentCount": comments, "playCount": 9_000,
            "collectCount": str(saves),
        },
        "statsV2": {"diggCount": str(likes), "playCount": str(views), "repostCount": "0"},
    }  # fmt: skip


ZEESCHUIMER_TIKTOK = [
    {
        "item_id": TIKTOK[number], "timestamp_collected": 1_756_000_000_123, "id": number,
        "source_platform": "tiktok.com", "data": _page_item(number),
    }
    for number in (1, 2)
]  # fmt: skip
YT_DLP = [
    {
        "id": TIKTOK[number], "uploader": "ivy.and.fern", "description": "A fern",
        "timestamp": MADE[number], "view_count": row[1], "like_count": row[2],
        "comment_count": row[3], "repost_count": row[4], "save_count": row[5],
        "formats": [{"url": "https://example.test"}], "extractor_key": "TikTok",
        "webpage_url": f"https://www.tiktok.com/@ivy.and.fern/video/{TIKTOK[number]}",
        "epoch": 1_756_000_000, "_type": "video",
    }
    for number, row in enumerate(FULL, start=1)
]  # fmt: skip
RESEARCH = {
    "data": {
        "videos": [
            {
                "id": int(TIKTOK[number]), "create_time": MADE[number],
                "username": "ivy.and.fern", "region_code": "US", "video_description": "A fern",
                "view_count": row[1], "like_count": row[2], "comment_count": row[3],
                "share_count": row[4], "favorites_count": row[5], "hashtag_names": ["fern"],
            }
            for number, row in enumerate(FULL, start=1)
        ],
        "cursor": 100,
    },
    "error": {"code": "ok"},
}  # fmt: skip
INSTALOADER = {
    "instaloader": {"node_type": "Post", "version": "4.14.2"},
    "node": {
        "__typename": "GraphVideo", "shortcode": CODE[1], "taken_at_timestamp": MADE[1],
        "video_view_count": 8_100, "video_play_count": 20_500, "product_type": "clips",
        "edge_media_preview_like": {"count": -1}, "edge_media_to_comment": {"count": 31},
        "edge_media_to_caption": {"edges": [{"node": {"text": "A fern"}}]},
        "owner": {"id": "5", "username": "ivy.and.fern"},
    },
}  # fmt: skip
CROWDTANGLE = csv(
    "Account,User Name,Followers at Posting,Post Created,Post Created Date,Type,"
    "Total Interactions,Likes,Comments,Views,URL,Description,"
    "Overperforming Score (weighted  —  Likes 1x Comments 1x )",
    f'Ivy,ivy.and.fern,120,2025-08-17 18:45:10 EDT,2025-08-17,Photo,"1,028","1,997",31,0,'
    f"https://www.instagram.com/p/{CODE[1]}/,A fern,-1.31",
    'Ivy,ivy.and.fern,120,2025-08-12 07:00:00 EST,2025-08-12,IGTV,"1,028",997,31,20500,'
    f"https://www.instagram.com/p/{CODE[2]}/,A fern,-1.31",
)
FOURCAT_TIKTOK = csv(
    "id,thread_id,author,author_followers,body,timestamp,unix_timestamp,tiktok_url,likes,comments,"
    "shares,plays",
    *(
        f"{TIKTOK[number]},{TIKTOK[number]},ivy.and.fern,120,A fern,2025-08-17 00:00:00,"
        f"{MADE[number]},https://www.tiktok.com/@ivy.and.fern/video/{TIKTOK[number]},{row[2]},"
        f"{row[3]},{row[4]},{row[1]}"
        for number, row in enumerate(FULL, start=1)
    ),
)
FOURCAT_INSTAGRAM = csv(
    "id,thread_id,author,body,timestamp,unix_timestamp,url,media_type,num_likes,likes_hidden,"
    "num_comments",
    f"{CODE[1]},x,ivy.and.fern,A fern,2025-08-17 01:00:00,{MADE[1]},"
    f"https://www.instagram.com/p/{CODE[1]}/,mixed,3,yes,31",
    f"{CODE[2]},x,ivy.and.fern,A fern,2025-08-12 01:00:00,{MADE[2]},"
    f"https://www.instagram.com/p/{CODE[2]}/,photo,940,no,31",
)
PYKTOK = csv(
    "video_id,video_timestamp,video_duration,video_diggcount,video_sharecount,video_commentcount,"
    "video_playcount,video_description,video_is_ad,author_username,author_followercount",
    *(
        f"{TIKTOK[number]},2025-08-17T17:45:10,44,{row[2]},{row[4]},{row[3]},{row[1]},A fern,"
        "False,ivy.and.fern,"
        for number, row in enumerate(FULL, start=1)
    ),
)
CONTENT_LIBRARY = csv(
    "id,text,creation_time,media_type,mcl_url,post_owner.id,post_owner.username,"
    "statistics.like_count,statistics.comment_count,statistics.share_count,statistics.views",
    "1200000000000001,A fern,2025-08-17T22:45:10+00:00,videos,https://www.facebook.com/library/1,"
    "300,ivy.and.fern,997,31,5,20500",
)
HOOTSUITE = csv(
    "Post performance,,,,,,,",
    '"Aug 1, 2025 - Aug 31, 2025",,,,,,,',
    "Date (GMT),Post ID,Post Message,Post Permalink,Post Type,Social Network,Likes,Video Views",
    f"2025-08-17 22:45,18012345678900001,A fern,https://www.instagram.com/p/{CODE[1]}/,Reel,"
    'Instagram,250,"4,800"',
)
LATER = csv(
    "Posted At,Caption,Media Type,Post URL,Likes,Comments,Saves,Shares,Video Views",
    f'"Aug 17, 2025 10:45 PM",A fern,Video,https://www.tiktok.com/@ivy.and.fern/video/{TIKTOK[1]},'
    "610,57,230,88,9100",
)
SPROUT = csv(
    "Date,Post ID,Network,Post Type,Content Type,Profile,Link,Post,Reactions,Comments,Shares,"
    "Saves,Video Views",
    f"8/17/2025 10:45 pm,{TIKTOK[1]},TikTok,Post,Video,ivy.and.fern,"
    f"https://www.tiktok.com/@ivy.and.fern/video/{TIKTOK[1]},A fern,610,57,88,230,9100",
)
ONE = {"published": TO_THE_MINUTE[:1], "media": ("tiktok_video",)}

SAMPLES = {
    "tiktok studio": Sample(
        format="tiktok-studio", name="Content.csv", content=STUDIO, captures=STUDIO_CAPTURES,
        media=STUDIO_MEDIA, captured=STUDIO_CAPTURED,
    ),
    "tiktok studio zipped": Sample(
        format="tiktok-studio", name="studio.zip",
        content=zipped(Content_csv=STUDIO, Overview_csv=OVERVIEW, FollowerHistory_csv=FOLLOWERS),
        captures=STUDIO_CAPTURES, media=STUDIO_MEDIA, captured=STUDIO_CAPTURED,
    ),
    "business suite": Sample(
        format="business-suite", name="suite.csv", content=csv(SUITE_HEADER, *SUITE_ROWS, bom=True),
        captures=SUITE_CAPTURES, published=TO_THE_MINUTE, media=("feed_carousel", "reel"),
        options=SAY,
    ),
    "business suite, Portuguese": Sample(
        format="business-suite", name="suite.csv",
        content=csv(
            SUITE_PT_HEADER,
            *(row.replace("Lifetime", "Total").replace("IG reel", "Reel do IG")
              .replace("IG carousel", "Carrossel do IG") for row in SUITE_ROWS),
            bom=True,
        ),
        captures=SUITE_CAPTURES, published=TO_THE_MINUTE, media=("feed_carousel", "reel"),
        options=SAY,
    ),
    "apify tiktok": Sample(
        format="apify-tiktok", name="dataset_tiktok-scraper_2026-03-01_00-00-00-000.json",
        content=json.dumps(APIFY_TIKTOK).encode(), captures=FULL, set_aside=1,
    ),
    "apify tiktok lines": Sample(
        format="apify-tiktok", name="apify.jsonl", content=documents(APIFY_TIKTOK), captures=FULL,
        set_aside=1, options=SAY,
    ),
    "apify tiktok csv": Sample(
        format="apify-tiktok", name="apify.csv", content=APIFY_TIKTOK_CSV, captures=FULL,
        set_aside=1, options=SAY,
    ),
    "apify instagram": Sample(
        format="apify-instagram", name="dataset_instagram-scraper_2026-03-01_00-00-00-000.json",
        content=json.dumps(APIFY_INSTAGRAM, indent=1).encode(), captures=APIFY_INSTAGRAM_CAPTURES,
        media=("feed_carousel", "reel"), set_aside=1,
    ),
    "zeeschuimer instagram": Sample(
        format="zeeschuimer-instagram", name="zee.ndjson", content=documents(ZEESCHUIMER_INSTAGRAM),
        captures=((CODE[1], None, None, 70, None, None, None),
                  (CODE[2], None, 8_513, 70, None, None, None)),
        media=("feed_carousel", "reel"), captured=ZEESCHUIMER_AT,
    ),
    "zeeschuimer tiktok": Sample(
        format="zeeschuimer-tiktok", name="zee.ndjson", content=documents(ZEESCHUIMER_TIKTOK),
        captures=FULL, captured=ZEESCHUIMER_AT,
    ),
    "tiktok's page": Sample(
        format="tiktok-item", name="item.json", content=json.dumps(_page_item(1)).encode(),
        captures=FULL[:1], published=(AT[1],), media=("tiktok_video",), options=SAY,
    ),
    "yt-dlp lines": Sample(
        format="yt-dlp", name="dump.jsonl", content=documents(YT_DLP),
        captures=_without(FULL, 6), captured=datetime.fromtimestamp(1_756_000_000, tz=UTC),
    ),
    "yt-dlp one": Sample(
        format="yt-dlp", name="x.info.json", content=json.dumps(YT_DLP[0]).encode(),
        captures=_without(FULL[:1], 6), published=(AT[1],), media=("tiktok_video",),
        captured=datetime.fromtimestamp(1_756_000_000, tz=UTC),
    ),
    "research api": Sample(
        format="tiktok-research", name="answer.json", content=json.dumps(RESEARCH).encode(),
        captures=_without(FULL, 6), options=SAY,
    ),
    "instaloader": Sample(
        format="instaloader", name="2025-08-17_22-45-10_UTC.json",
        content=json.dumps(INSTALOADER, indent=4).encode(),
        captures=((CODE[1], 20_500, None, 31, None, None, None),), published=(AT[1],),
        media=("reel",), options=SAY,
    ),
    "crowdtangle": Sample(
        format="crowdtangle", name="ct.csv", content=CROWDTANGLE,
        captures=((CODE[1], None, 1_997, 31, None, None, None),
                  (CODE[2], 20_500, 997, 31, None, None, None)),
        media=("feed_image", "feed_video"), options=SAY,
    ),
    "4cat tiktok": Sample(
        format="4cat-tiktok", name="4cat.csv", content=FOURCAT_TIKTOK, captures=_without(FULL, 5),
        options=SAY,
    ),
    "4cat instagram": Sample(
        format="4cat-instagram", name="4cat.csv", content=FOURCAT_INSTAGRAM,
        captures=((CODE[1], None, None, 31, None, None, None),
                  (CODE[2], None, 940, 31, None, None, None)),
        media=("feed_carousel", "feed_image"), options=SAY,
    ),
    "pyktok": Sample(
        format="pyktok", name="pyktok.csv", content=PYKTOK, captures=_without(FULL, 5, 6),
        options=SAY,
    ),
    "content library": Sample(
        format="content-library", name="mcl.csv", content=CONTENT_LIBRARY,
        captures=(("1200000000000001", 20_500, 997, 31, 5, None, None),), published=(AT[1],),
        media=("feed_video",), options=SAY,
    ),
    "hootsuite": Sample(
        format="hootsuite", name="posts.csv", content=HOOTSUITE,
        captures=(("18012345678900001", 4_800, 250, None, None, None, None),),
        published=TO_THE_MINUTE[:1], media=("reel",), options=SAY_ACCOUNT,
        platform="instagram",
    ),
    "later": Sample(
        format="later", name="posts.csv", content=LATER, captures=_without(FULL[:1], 6),
        options=SAY | {"time_zone": "UTC"}, **ONE,
    ),
    "sprout": Sample(
        format="sprout", name="posts.csv", content=SPROUT, captures=_without(FULL[:1], 6),
        options=SAY | {"time_zone": "UTC"}, **ONE,
    ),
}  # fmt: skip
