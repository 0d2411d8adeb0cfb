"""The numbers of selection: one frozen record.

Belongs here: how many ads fit, by the product's documents and the platforms.
Does not belong here: what an ad set says of itself (``operations.layers``), formulas.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class SelectionRules:
    """How many ads fit into one ad set (R44)."""

    slots: int = 3
    """Of each pool, unless the ad set says otherwise. Source: domain.md, R44."""
    capacity: int = 10
    """In all, unless the ad set says otherwise. Source: domain.md, R44."""
    platform_capacity: int = 50
    """Ads in one ad set that are not deleted. Source: domain.md, R44, for both platforms."""


SELECTION: Final = SelectionRules()
SHOWS: Final = {"meta": "instagram", "tiktok": "tiktok"}
"""Of which platform the posts are that ads of an ad platform show."""
