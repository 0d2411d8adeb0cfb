"""One post or story of a simulated account: its life, and what is seen of it at a moment.

Belongs here: when it can be seen, and what its platform shows of it.
Does not belong here: which items an account has (``dataset``), HTTP, a platform's field names.

Every number follows from the item and the moment alone, so whoever asks twice is answered the
same, and a test can compute what a pipeline must have stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from sandbox.simulation.accounts import AccountRef
from sandbox.simulation.growth import GROWN_AFTER, Growth, Number
from sandbox.simulation.ids import permalink_of, shortcode_of
from sandbox.simulation.metrics import METRICS, TIKTOK_LAG, VANISHING, ItemType, moment_shown

Oddity = Literal["before_conversion", "few_viewers"]
STORY_LIFE: Final = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True, slots=True)
class Capture:
    """What was publicly seen of one item at one moment; a metric not shown is absent."""

    captured_at: datetime
    metrics: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """A time for which an item was deleted; without an end it stays so."""

    begins: datetime
    ends: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Item(Growth):
    """One post or story."""

    account: AccountRef
    item_id: str
    """TikTok: 19 digits that carry the second of upload; Instagram: what the API calls it."""
    media_type: ItemType
    published_at: datetime
    caption: str | None = None
    ig_id: int | None = None
    """Instagram only: carries the millisecond of creation; the shortcode writes it in base 64."""
    oddity: Oddity | None = None
    """Instagram only: why its insights can never be read."""
    deleted: tuple[Deletion, ...] = ()
    hidden: frozenset[str] = frozenset()
    """Metrics that the platform never shows of this item."""
    collaborators: tuple[AccountRef, ...] = ()
    """Instagram only: accounts that have accepted to share the post."""
    captures: tuple[Capture, ...] = field(default=(), repr=False)
    """What was publicly seen of it, oldest first; SIFT shows items that have some."""

    @property
    def shortcode(self) -> str:
        """Instagram's short name of the item."""
        return shortcode_of(self.ig_id or 0)

    @property
    def permalink(self) -> str:
        """Public address."""
        return permalink_of(self.account, self.media_type, self.item_id, self.ig_id or 0)

    def lives(self, at: datetime) -> bool:
        """Whether it can be seen at a moment."""
        if at < self.published_at:
            return False
        if self.media_type == "story" and at >= self.published_at + STORY_LIFE:
            return False
        return not any(
            gone.begins <= at and (gone.ends is None or at < gone.ends) for gone in self.deleted
        )

    def seen(self, *, as_of: datetime) -> Capture | None:
        """The newest capture at or before a moment; none where it was not yet seen."""
        if self.published_at > as_of:
            return None
        known = (capture for capture in reversed(self.captures) if capture.captured_at <= as_of)
        return next(known, None)

    def metrics(self, at: datetime) -> dict[str, Number]:
        """What its platform shows its owner at a moment, in the pipeline's words; lag included.

        A metric that is not shown is absent: never null, and never zero in its stead.
        """
        is_tiktok = self.account.platform == "tiktok"
        age = moment_shown(self.account.network, at) - self.published_at
        if is_tiktok and age < timedelta():
            return {}
        numbers = self.numbers(max(age, timedelta()))
        has_grown = at - self.published_at > GROWN_AFTER + TIKTOK_LAG
        gone = VANISHING if is_tiktok and has_grown else ()
        return {
            name: numbers[name]
            for name in METRICS[self.media_type]
            if name in numbers and name not in gone and name not in self.hidden
        }
