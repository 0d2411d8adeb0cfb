"""How the numbers of a post grow with its age.

Belongs here: every number that a platform could show of a post, in the pipeline's words.
Does not belong here: what a platform does show (``metrics``), when a post can be seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Self

from sandbox.simulation.dice import Dice

Number = int | float

GROWN_AFTER: Final = timedelta(days=7)
"""A post gains nothing any more after this."""
UNLIKED_AFTER_H: Final = 72
"""The platform takes some likes back after this."""
PAID: Final = 8
"""So many organic views for one of an ad or of Facebook, beside the three of everybody's start."""
INTERACTIONS: Final = ("likes", "comments", "shares", "saves")
BREAKDOWNS: Final[Mapping[str, Mapping[str, tuple[int, int]]]] = {
    "profile_activity": {
        "bio_link_clicked": (1, 150),
        "call": (1, 4_000),
        "direction": (1, 5_000),
        "email": (1, 2_500),
        "text": (1, 9_000),
        "other": (1, 700),
    },
    "navigation": {
        "tap_forward": (3, 5),
        "tap_back": (1, 9),
        "tap_exit": (1, 20),
        "swipe_forward": (1, 14),
    },
}
"""Parts of a metric, each as a fraction of the views."""


@dataclass(frozen=True, kw_only=True)
class Growth:
    """What a post can reach, and how fast."""

    final_views: float = field(default=1_000.0, repr=False)
    half_at_h: float = field(default=20.0, repr=False)
    """The age at which it has half of the views."""
    rates: Mapping[str, float] = field(default_factory=dict, repr=False)
    """Interactions per view."""

    @classmethod
    def drawn(cls, dice: Dice, *, final_views: float) -> Self:
        """Growth as it is usual, towards so many views."""
        return cls(
            final_views=final_views,
            half_at_h=dice.between(4, 60),
            rates={
                "likes": dice.between(0.015, 0.14),
                "comments": dice.between(0.0005, 0.01),
                "shares": dice.between(0.0005, 0.02),
                "saves": dice.between(0.001, 0.03),
            },
        )

    def views_at(self, age_h: float) -> float:
        """Views at an age, not yet rounded."""
        return self.final_views * age_h / (age_h + self.half_at_h)

    def numbers(self, age: timedelta) -> dict[str, Number]:
        """Every number of a post of this age."""
        age_h = min(age, GROWN_AFTER).total_seconds() / 3600
        views = int(self.views_at(age_h))
        found: dict[str, Number] = {"views": views, "total_views": views + views // PAID + 3}
        found |= {name: int(views * rate) for name, rate in self.rates.items()}
        if age_h > UNLIKED_AFTER_H:
            found["likes"] = int(found.get("likes", 0) * 0.99)
        for name in ("likes", "comments"):
            found[f"total_{name}"] = int(found.get(name, 0)) * (PAID + 1) // PAID
        found["total_interactions"] = sum(int(found.get(name, 0)) for name in INTERACTIONS)
        return found | self._watched(views) | _reached(views)

    def _watched(self, views: int) -> dict[str, Number]:
        seconds = round(3.0 + self.half_at_h / 7, 3)
        return {
            "average_watch_time_ms": int(seconds * 1000),
            "total_watch_time_ms": int(seconds * 1000) * views,
            "skip_rate_raw": round(20 + self.half_at_h / 2, 2),
            "average_watch_time_s": seconds,
            "total_watch_time_s": round(seconds * views, 3),
            "full_watch_rate": round(min(0.9, 1 / seconds), 4),
        }


def _reached(views: int) -> dict[str, Number]:
    """A part of a breakdown that is zero is not there at all."""
    found: dict[str, Number] = {
        "reach": int(views * 0.81),
        "follows": views // 900,
        "profile_visits": views // 60,
        "replies": views // 300,
        "reposts": views // 400,
        "link_clicks": views // 250,
        "facebook_views": views // 20,
    }
    for whole, parts in BREAKDOWNS.items():
        counts = {f"{whole}_{name}": views * n // d for name, (n, d) in parts.items()}
        found[whole] = sum(counts.values())
        found |= {name: count for name, count in counts.items() if count}
    return found
