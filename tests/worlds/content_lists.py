"""An analysts' file with made-up content: some of everything that a filter can tell apart.

Belongs here: rows of ``content_detail``, and files that hold them.
Does not belong here: files made by the pipeline (``tests.serving``).
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl

from layers_pipeline.serving import generations
from layers_pipeline.views.filters import COLUMNS
from transforms.vocabulary import MEDIA_TYPES, OVERRIDES, POOLS

PUBLISHED_AT: Final = datetime(2025, 5, 14, 12, tzinfo=UTC)
PROJECT: Final = "brand"
CAPTIONS: Final = (
    "Spring sale",
    "=HYPERLINK(0)",
    "  +1 more",
    "\tindented",
    "<b>bold</b>, \"quoted\", 'single'",
    "line\none\rtwo",
    "\x00\x1bcontrol",
    "ÄRGER und Straße 😀",
    "-5",
    "@everyone",
    "",
    None,
)
TEXT: Final = pl.String
TYPES: Final[dict[str, Any]] = {
    **dict.fromkeys(COLUMNS, TEXT),
    **dict.fromkeys(
        ("published_at", "first_seen_at", "deleted_at", "last_checked_at", "score_of", "scored_at"),
        pl.Datetime("us", "UTC"),
    ),
    "published_on": pl.Date,
    **dict.fromkeys(("is_deleted", "is_eligible", "is_running"), pl.Boolean),
    **dict.fromkeys(("interaction_rate", "organic_score"), pl.Float64),
    **dict.fromkeys(
        ("views", "likes", "comments", "shares", "saves", "reach", "ads", "running_ads"), pl.Int64
    ),
    **dict.fromkeys(("spend_cents", "impressions", "clicks", "conversions"), pl.Int64),
}


def contents(size: int = 240) -> list[dict[str, Any]]:
    """Rows of ``content_detail`` of two projects, each different from the others."""
    return [_content(number) for number in range(size)]


def _content(number: int) -> dict[str, Any]:
    project = (PROJECT, "other")[number % 5 == 0]
    platform = ("tiktok", "instagram")[number % 3 == 0]
    container = f"{platform}:{1000 + number * 7919 % 9973}"
    published = datetime(2025, 3, 1, tzinfo=UTC) + timedelta(hours=number * 5 % 1201)
    ads = number % 4
    return {
        "ads_content_id": f"{project}/{container}",
        "project_id": project,
        "container_id": container,
        "scoring_pool": POOLS[number % len(POOLS)],
        "platform": platform,
        "platform_post_id": container.partition(":")[2],
        "account_key": (None, "ada", "bob", "Cyd")[number % 4],
        "creator_id": (None, "c-1", "c-2")[number % 3],
        "media_type": (None, *MEDIA_TYPES)[number % 8],
        "caption": CAPTIONS[number % len(CAPTIONS)],
        "permalink": f"https://example.com/{number}",
        "media_url": None,
        "prompt": (None, "a cat, sitting")[number % 7 == 0],
        "influencer": (None, "Ärzte & Co")[number % 11 == 0],
        "media_source": None,
        "published_at": None if number % 17 == 0 else published,
        "published_on": None if number % 17 == 0 else published.date(),
        "first_seen_at": published,
        "deleted_at": PUBLISHED_AT if number % 6 == 0 else None,
        "is_deleted": number % 6 == 0,
        "last_checked_at": PUBLISHED_AT - timedelta(minutes=number),
        "views": (None, number * 37 % 1009)[number % 9 != 0],
        "likes": number % 13,
        "comments": 0,
        "shares": None,
        "saves": -number if number % 49 == 0 else number,
        "reach": None,
        "interaction_rate": (None, number / 7)[number % 9 != 0],
        "organic_score": (None, number % 101 / 10)[number % 8 != 0],
        "score_of": PUBLISHED_AT,
        "scoring_version": "2",
        "scored_at": PUBLISHED_AT,
        "is_eligible": number % 101 >= 40,
        "reason": ("below_threshold", "score")[number % 101 >= 40],
        "override": (None, *OVERRIDES)[number % 3],
        "override_note": (None, "=1+1")[number % 21 == 0],
        "approval": None,
        "ads": ads,
        "running_ads": ads // 2,
        "is_running": ads > 1,
        "currency": ("USD", None)[ads == 0],
        "spend_cents": (number * 101, None)[ads == 0],
        "impressions": None,
        "clicks": None,
        "conversions": None,
    }


def publish_contents(
    folder: Path, rows: list[dict[str, Any]], *, number: int = 1, at: datetime = PUBLISHED_AT
) -> Path:
    """Put a generation with these rows in place, and the link to it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"layers-{number:06d}.duckdb"
    found = pl.DataFrame(rows, schema=TYPES)
    with duckdb.connect(str(path), config=generations.CONFIG) as connection:
        connection.register("found", found)
        connection.execute("create table content_detail as from found")
        connection.execute(
            "create table publication as select 'ads_content' as table_name, "
            "? as generation, ? as published_at",
            [number, at],
        )
    link = folder / generations.LINK
    link.unlink(missing_ok=True)
    link.symlink_to(path.name)
    return path
