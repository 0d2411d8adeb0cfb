"""Purchases that follow from one day of an ad: when each was clicked, made and reported.

Belongs here: each purchase with its moments and its value.
Does not belong here: on which day a platform counts it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sandbox.simulation.dice import Dice

FROZEN_AFTER: Final = timedelta(days=28)
"""Of a day that ended so long ago nothing changes any more."""
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """One purchase that an ad brought."""

    clicked_at: datetime
    happened_at: datetime
    told_at: datetime
    """Since when the platform shows it."""
    value: int
    """In minor units of the account's currency."""
    on_platform: bool
    """Made on the platform itself, and so counted on the ad's day."""
    by_view: bool
    """The ad was only seen."""

    def is_within(self, days: int) -> bool:
        """Whether it was made within so many days after the click."""
        return self.happened_at - self.clicked_at < timedelta(days=days)


def purchases_of(dice: Dice, *, day_starts: datetime, most: int, usual: int) -> Iterator[Purchase]:
    """What one day of an ad brings in the end.

    Args:
        dice: The day's own.
        day_starts: When the day begins, in UTC.
        most: At most so many.
        usual: A usual value, in minor units.
    """
    latest = day_starts + DAY + FROZEN_AFTER - timedelta(seconds=1)
    for _ in range(dice.whole(0, most)):
        clicked_at = day_starts + timedelta(seconds=dice.whole(0, 86_399))
        happened_at = clicked_at + _delay(dice)
        waits = timedelta(hours=dice.whole(6, 48)) if dice.chance(0.3) else timedelta()
        yield Purchase(
            clicked_at=clicked_at,
            happened_at=happened_at,
            told_at=min(happened_at + waits, latest),
            value=dice.whole(usual // 4, usual * 2),
            on_platform=dice.chance(0.25),
            by_view=dice.chance(0.15),
        )


def _delay(dice: Dice) -> timedelta:
    """Mostly hours, now and then weeks, never 28 days."""
    kind = dice.whole(0, 9)
    longest_s = 86_400 if kind < 6 else 6 * 86_400 if kind < 8 else 28 * 86_400 - 1  # noqa: PLR2004
    return timedelta(seconds=dice.whole(60, longest_s))
