"""One ad: what it shows, when it runs, and its state at a moment.

Belongs here: the life of an ad.
Does not belong here: what it spends (``numbers``), how a platform words its state.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sandbox.simulation.ads.accounts import AdAccount, AdSet
from sandbox.simulation.items import Item

AdState = Literal[
    "in_review",
    "active",
    "paused",
    "ad_set_paused",
    "disapproved",
    "unauthorised",
    "archived",
    "deleted",
]
"""What is true of an ad, whatever a platform calls it."""
HIDDEN_STATES: frozenset[AdState] = frozenset({"archived", "deleted"})
"""What neither platform shows unless it is asked by name."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ad:
    """One ad, from its making on; the same only as itself."""

    account: AdAccount
    ad_set: AdSet
    ad_id: str
    creative_id: str
    name: str
    created_at: datetime
    starts_at: datetime
    """When the platform has reviewed it, and it begins to run."""
    stops_at: datetime | None = None
    """When it runs no more; none: never."""
    ends_as: AdState = "active"
    """What it is after it stopped."""
    ended_at: datetime | None = None
    """When it became so, the moment it stopped or later; until then it is paused."""
    post: Item | None = None
    """The organic post that it shows."""
    shows_id: str | None = None
    """The platform's id of the post, also of one that nobody knows; none: a video of its own."""
    is_smart: bool = False
    """TikTok's Smart+: without a time of change."""
    weight: int = 100
    """How much it spends, in hundredths of a usual ad."""

    def exists(self, at: datetime) -> bool:
        """Whether it was made by a moment."""
        return self.created_at <= at

    def state(self, at: datetime) -> AdState:
        """What is true of it at a moment."""
        if at < self.starts_at:
            return "in_review"
        if self.ends_as == "disapproved":
            return "disapproved"
        if self.stops_at is None or at < self.stops_at:
            return "active"
        return self.ends_as if self.ended_at is None or at >= self.ended_at else "paused"

    def is_hidden(self, at: datetime) -> bool:
        """Whether lists leave it out unless they are asked for its state by name."""
        return self.state(at) in HIDDEN_STATES

    def changed_at(self, at: datetime) -> datetime:
        """When its state changed last, by a moment."""
        return max(
            moment for moment in self._moments() if moment <= at or moment == self.created_at
        )

    def _moments(self) -> Iterator[datetime]:
        yield self.created_at
        yield self.starts_at
        if self.stops_at is not None:
            yield self.stops_at
        if self.ended_at is not None:
            yield self.ended_at
