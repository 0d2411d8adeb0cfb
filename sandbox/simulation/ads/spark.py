"""Leave of TikTok's creators to boost a post: a code, with its beginning and its end.

Belongs here: the code of a post.
Does not belong here: which ads use it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sandbox.simulation.dice import Dice
from sandbox.simulation.items import Item

CODE_DAYS: Final = (7, 30, 60, 365)
"""For how long a creator lets a post be boosted."""
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


@dataclass(frozen=True, kw_only=True, eq=False)
class SparkCode:
    """A creator's leave to boost one post."""

    code: str
    """Opaque, with characters that an address has to encode."""
    item: Item
    starts_at: datetime
    ends_at: datetime

    def is_over(self, at: datetime) -> bool:
        """Whether it has ended; then no ad that uses it runs."""
        return at >= self.ends_at


def spark_code(item: Item) -> SparkCode:
    """The code of a post, given an hour after it was published."""
    dice = Dice("spark", item.item_id)
    text = "".join(dice.pick(LETTERS) for _ in range(40))
    starts_at = item.published_at + timedelta(hours=1)
    days = dice.pick(CODE_DAYS)
    return SparkCode(
        code=f"#{text}=", item=item, starts_at=starts_at, ends_at=starts_at + timedelta(days=days)
    )
