"""Seeded chance that falls the same way on every machine and every Python.

Belongs here: draws made of ``random()`` and of plain arithmetic only.
Does not belong here: what is drawn for. No ``exp``, ``log`` or ``pow``: their last digit varies
between C libraries, and other methods of ``random.Random`` may change between Pythons.
"""

import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Dice:
    """A stream of chance named by its seed.

    Args:
        seed: Parts that name the stream; equal parts give equal draws.
    """

    def __init__(self, *seed: object) -> None:
        self._random = random.Random("/".join(map(str, seed)))  # noqa: S311 - repeatable is the point

    def between(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self._random.random()

    def whole(self, low: int, high: int) -> int:
        """A whole number in [low, high]."""
        return low + int(self._random.random() * (high - low + 1))

    def chance(self, share: float) -> bool:
        """True in so large a share of cases, 0 to 1."""
        return self._random.random() < share

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items."""
        return items[self.whole(0, len(items) - 1)]

    def heavy_tailed(self, middle: float) -> float:
        """A positive number, near lognormal about ``middle``, with now and then a huge one.

        A product of independent factors tends to lognormal as a sum tends to normal.
        """
        product = middle
        for _ in range(6):
            product *= self.between(0.35, 1.9)
        return product * (self.between(8.0, 60.0) if self.chance(0.03) else 1.0)
