"""Which fields of TikTok are asked for, and which of them an answer refuses.

Belongs here: names of fields.
Does not belong here: what they mean in our words (``transforms.staging.tiktok_posts``), requests.
"""

import json
import re
from collections.abc import Sequence
from typing import Final

from layers_pipeline.sources.tiktok.api import Answer
from layers_pipeline.sources.tiktok.errors import FIELD_CODES

NEEDED_FIELDS: Final = ("item_id", "create_time")
"""A listing without these is of no use, so they are never given up."""
VIDEO_FIELDS: Final = (
    *NEEDED_FIELDS,
    "media_type",
    "is_ad",
    "caption",
    "share_url",
    "thumbnail_url",
    "video_duration",
    "video_views",
    "likes",
    "comments",
    "shares",
    "favorites",
    "reach",
    "total_time_watched",
    "average_time_watched",
    "full_video_watched_rate",
    "new_followers",
    "profile_views",
)
"""Content and every metric; not the curves and shares by audience, which no table here has."""
ACCOUNT_FIELDS: Final = ("followers_count",)


def fields_text(fields: Sequence[str]) -> str:
    """The parameter as TikTok wants it: a JSON array."""
    return json.dumps(list(fields), separators=(",", ":"))


def refused_fields(answer: Answer, asked: Sequence[str]) -> list[str]:
    """The asked fields that an answer refuses by name; none where it is about something else.

    The texts are not documented. A message that names ``item_id`` and ``create_time`` lists the
    fields that are allowed, since these always are: then the others are refused.
    """
    if answer.code not in FIELD_CODES or "field" not in answer.message.lower():
        return []
    named = set(re.findall(r"[a-z_]+", answer.message))
    is_list_of_allowed = named.issuperset(NEEDED_FIELDS)
    return [
        field
        for field in asked
        if field not in NEEDED_FIELDS and (field in named) is not is_list_of_allowed
    ]
