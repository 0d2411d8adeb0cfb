"""Media as JSON: fields, counters, signed links, pictures of carousels.

Belongs here: what each field of a medium holds.
Does not belong here: lists, paging, the metrics of insights.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sandbox.graph.call import CallContext, Json
from sandbox.graph.desk import Child, GraphDesk
from sandbox.graph.errors import GraphError, gone, unknown_field
from sandbox.graph.fields import Wanted
from sandbox.graph.insights import InsightsWanted, read_insights
from sandbox.graph.names import username_of
from sandbox.simulation.digests import digest
from sandbox.simulation.items import Item
from sandbox.simulation.metrics import ItemType

KINDS: Final[Mapping[ItemType, tuple[str, str]]] = {
    "reel": ("VIDEO", "REELS"),
    "feed_image": ("IMAGE", "FEED"),
    "feed_carousel": ("CAROUSEL_ALBUM", "FEED"),
    "feed_video": ("VIDEO", "FEED"),
    "story": ("IMAGE", "STORY"),
}
COUNTERS: Final[Mapping[str, str]] = {
    "like_count": "likes",
    "comments_count": "comments",
    "view_count": "total_views",
    "saved_count": "saves",
    "shares_count": "shares",
    "reposts_count": "reposts",
    "total_like_count": "total_likes",
    "total_comments_count": "total_comments",
    "total_views_count": "total_views",
}
AUDIO: Final = ("MUSIC", "ORIGINAL_SOUND")
AI_EVERY: Final = 7
"""One post in so many is labelled as made by AI."""
OF_VIDEOS: Final = frozenset({"view_count", "total_views_count"})
"""Counters that pictures do not have."""
WITHHELD: Final = frozenset({"media_product_type", "caption"})
"""What Meta documents as not given to tokens of Instagram's own login."""
NEVER_SHOWN: Final = frozenset(
    {
        "alt_text",
        "audio_id",
        "boost_ads_list",
        "boost_eligibility_info",
        "collaborators",
        "comments",
        "copyright_check_information",
        "current_live_viewer_count",
        "has_poll",
        "has_slider",
        "legacy_instagram_media_id",
        "live_status",
        "product_tags",
        "tagged_users",
        "video_title",
    }
)
"""Fields that exist, of which nothing is known here: absent, as the platform leaves them out."""
LINK_LIFE: Final = timedelta(days=5)
NODE_TYPE: Final = "ShadowIGMedia"


@dataclass(frozen=True, kw_only=True)
class _Reading:
    context: CallContext
    item: Item
    texts: Json


def media_fields(context: CallContext, item: Item, wanted: tuple[Wanted, ...]) -> Json:
    """One medium with the fields that are asked for and that it has, and its id.

    Raises:
        GraphError: A field does not exist, or its insights cannot be read.
    """
    reading = _Reading(context=context, item=item, texts=_texts(context.desk, item))
    found: Json = {}
    numbers: Mapping[str, object] | None = None
    withheld = WITHHELD if context.switched("no_product_type") else frozenset()
    for field in wanted:
        name = field.name
        if name in withheld:
            continue
        if name in reading.texts:
            found[name] = reading.texts[name]
        elif name in COUNTERS:
            numbers = context.desk.metrics(item, at=context.at) if numbers is None else numbers
            if COUNTERS[name] in numbers and _has(reading.texts, name):
                found[name] = numbers[COUNTERS[name]]
        elif name in MADE:
            found |= MADE[name](reading, field)
        elif name not in ABSENT:
            raise GraphError(unknown_field(name, NODE_TYPE))
    found.setdefault("id", item.item_id)
    return found


def _has(texts: Json, counter: str) -> bool:
    return counter not in OF_VIDEOS or texts["media_type"] == "VIDEO"


def child_fields(context: CallContext, child: Child, wanted: tuple[Wanted, ...]) -> Json:
    """One picture of a carousel; it has no counters of its own and no insights.

    Raises:
        GraphError: A field does not exist, or it is the insights.
    """
    parent = _texts(context.desk, child.parent)
    found: Json = {}
    for field in wanted:
        if field.name == "insights":
            raise GraphError(gone(child.child_id))
        if field.name == "media_url":
            found["media_url"] = _signed(context, child.child_id, "jpg")
        elif field.name == "media_type":
            found["media_type"] = "IMAGE"
        elif field.name in ("timestamp", "username", "owner", "permalink", "shortcode"):
            found[field.name] = parent[field.name]
        elif field.name not in parent and field.name not in KNOWN:
            raise GraphError(unknown_field(field.name, NODE_TYPE))
    return found | {"id": child.child_id}


def children_of(context: CallContext, item: Item, wanted: tuple[Wanted, ...]) -> Json:
    """The pictures of a carousel: their ids, and the fields that are asked for."""
    return {"data": [child_fields(context, one, wanted) for one in context.desk.children(item)]}


def stamp(at: datetime) -> str:
    """A moment in UTC as the platform writes it, without a colon in the zone."""
    return f"{at:%Y-%m-%dT%H:%M:%S}+0000"


def _texts(desk: GraphDesk, item: Item) -> Json:
    """Fields that never change."""
    known = desk.texts.get(item.item_id)
    if known is None:
        known = desk.texts[item.item_id] = _fresh_texts(item)
    return known


def _fresh_texts(item: Item) -> Json:
    media_type, product_type = KINDS[item.media_type]
    found: Json = {
        "id": item.item_id,
        "ig_id": str(item.ig_id),
        "caption": item.caption,
        "media_type": media_type,
        "media_product_type": product_type,
        "permalink": item.permalink,
        "shortcode": item.shortcode,
        "timestamp": stamp(item.published_at),
        "username": username_of(item.account.account_key),
        "owner": {"id": item.account.account_key},
        "is_comment_enabled": True,
    }
    if product_type == "REELS":
        found["is_shared_to_feed"] = True
        found["media_audio_type"] = AUDIO[digest("audio", item.item_id)[0] % len(AUDIO)]
    if product_type != "STORY":
        found["is_ai_generated"] = digest("ai", item.item_id)[0] % AI_EVERY == 0
    return {
        name: value
        for name, value in found.items()
        if value not in (None, "") and name not in item.hidden
    }


def _signed(context: CallContext, name: str, ending: str) -> str:
    """A link of the content network: the same file, another signature at every reading."""
    file = int.from_bytes(digest("file", name)[:7])
    mark = digest("signature", context.desk.serials.next()).hex()
    expires = int((context.at + LINK_LIFE).timestamp())
    return (
        f"https://scontent-lax3-1.cdninstagram.com/v/t51.29350-15/{file}_{name}_n.{ending}"
        f"?_nc_cat=104&ccb=1-7&_nc_sid=8ae9d6&_nc_ohc={mark[:11]}&_nc_rid={mark[11:19]}"
        f"&_nc_ht=scontent-lax3-1.cdninstagram.com&oh=00_AY{mark[:22]}&oe={expires:X}"
    )


def _media_url(reading: _Reading, _field: Wanted) -> Json:
    item = reading.item
    # Flagged for copyright, a medium has no address.
    if "media_url" in item.hidden:
        return {}
    ending = "mp4" if reading.texts["media_type"] == "VIDEO" else "jpg"
    return {"media_url": _signed(reading.context, item.item_id, ending)}


def _thumbnail_url(reading: _Reading, _field: Wanted) -> Json:
    if reading.texts["media_type"] != "VIDEO":
        return {}
    return {"thumbnail_url": _signed(reading.context, f"{reading.item.item_id}1", "jpg")}


def _children(reading: _Reading, field: Wanted) -> Json:
    found = children_of(reading.context, reading.item, field.fields)
    return {"children": found} if found["data"] else {}


def _insights(reading: _Reading, field: Wanted) -> Json:
    wanted = InsightsWanted.of(field.arguments, field.fields)
    context, item = reading.context, reading.item
    bent = ""
    if context.is_named(item.item_id):
        bent = context.struck("insights", subject=item.item_id, metrics=wanted.metrics)
    return {"insights": read_insights(context, item, wanted, bent=bent)}


MADE: Final[Mapping[str, Callable[[_Reading, Wanted], Json]]] = {
    "media_url": _media_url,
    "thumbnail_url": _thumbnail_url,
    "children": _children,
    "insights": _insights,
}
ABSENT: Final = NEVER_SHOWN | {
    "caption",
    "is_shared_to_feed",
    "is_ai_generated",
    "media_audio_type",
}
KNOWN: Final = ABSENT | MADE.keys() | COUNTERS.keys() | {"is_comment_enabled"}
