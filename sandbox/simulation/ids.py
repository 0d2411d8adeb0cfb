"""The names that the platforms give to posts: ids that carry a time, short codes, addresses.

Belongs here: how each is made, once for everything that is invented.
Does not belong here: which posts there are.
"""

from datetime import datetime
from typing import Final

from sandbox.simulation.accounts import AccountRef
from sandbox.simulation.dice import Dice

SHORTCODE_DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
INSTAGRAM_EPOCH_MS: Final = 1_314_220_021_721


def tiktok_id(dice: Dice, published_at: datetime, *, uploaded_s: int = 0) -> str:
    """Nineteen digits that carry the second of upload, so many before publication."""
    second = int(published_at.timestamp()) - uploaded_s
    return str((second << 32) | dice.whole(0, 2**32 - 1))


def instagram_number(dice: Dice, published_at: datetime) -> int:
    """A number that carries the millisecond of creation, just before publication."""
    made_ms = int(published_at.timestamp()) * 1000 - dice.whole(200, 1500) - INSTAGRAM_EPOCH_MS
    return (made_ms << 23) | dice.whole(0, 2**23 - 1)


def shortcode_of(ig_id: int) -> str:
    """Instagram's base 64 of a number."""
    return shortcode_of(ig_id >> 6) + SHORTCODE_DIGITS[ig_id & 63] if ig_id else ""


def permalink_of(account: AccountRef, media_type: str, item_id: str, ig_id: int) -> str:
    """The public address of a post or story."""
    platform, key = account
    if platform == "tiktok":
        return f"https://www.tiktok.com/@{key}/{media_type.removeprefix('tiktok_')}/{item_id}"
    if media_type == "story":
        return f"https://www.instagram.com/stories/{key}/{ig_id}"
    place = "reel" if media_type == "reel" else "p"
    return f"https://www.instagram.com/{place}/{shortcode_of(ig_id)}/"
