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
"""Content and every metric; not the curves, the shares by audience and ``is_ad``, which no table
here has."""
ACCOUNT_FIELDS: Final = ("followers_count", "audience_ages")
"""Shares by age are absent under 100 followers; they are kept as received."""

WORD: Final = re.compile(r"[a-z_]+")
ERROR_IS: Final = re.compile(r"error is[:\s]*(\[[^\]]*\]?|['\"\w]+(?:\s*,\s*['\"\w]+)*)")
"""What the gateway found wrong: a name, several of them, or a list."""
ALLOWED: Final = re.compile(r"(?:correct|allowed|acceptable|valid|one of)\b[^\[]{0,40}\[[^\]]*\]?")
"""A list in brackets of what would have been right, cut short or not."""


def fields_text(fields: Sequence[str]) -> str:
    """The parameter as TikTok wants it: a JSON array."""
    return json.dumps(list(fields), separators=(",", ":"))


def refused_fields(answer: Answer, asked: Sequence[str]) -> list[str]:
    """The asked fields that an answer refuses by name; none where it is about something else.

    The recorded text is "fields.N: … correct is [A, B], error is X", whatever the order of its
    parts: X is refused. Other texts refuse the fields that they name outside lists of what is
    allowed. What such a list lacks is no refusal: it may be incomplete, and a field that is given
    up by mistake is lost for every account.
    """
    if answer.code not in FIELD_CODES or "field" not in answer.said.lower():
        return []
    named = set(WORD.findall(_naming(answer.said)))
    if named.issuperset(NEEDED_FIELDS):  # a list of what is allowed, without brackets
        return []
    return [field for field in asked if field in named and field not in NEEDED_FIELDS]


def _naming(said: str) -> str:
    """The part of a text that names what is refused."""
    if stated := ERROR_IS.search(said):
        return stated[1]
    return ALLOWED.sub(" ", said)
