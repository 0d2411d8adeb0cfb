"""The documents' numbers, one frozen record per version of the rules.

Belongs here: every constant of the score and of eligibility, with its source.
Does not belong here: expressions that use them, and deployment settings.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

SCORE_MAX: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class UgcRules:
    """Numbers of the UGC score.

    Source: organic-scoring, "UGC scoring"; ugc-pipeline, "Scoring"; R23, R24.
    """

    min_views: int = 50
    min_pool: int = 3
    base_multiplier: float = 8.5
    quality_weight: float = 0.45
    reach_weight: float = 0.25
    outperformance_weight: float = 0.30
    like_weight: int = 1
    comment_weight: int = 3
    share_weight: int = 5
    save_weight: int = 6
    outperformance_cap_doublings: float = 3.0
    freshness_max: float = 1.5
    freshness_days: float = 90.0


@dataclass(frozen=True, kw_only=True)
class GeneratedRules:
    """Numbers of the score of generated and manual content.

    Source: organic-scoring, "Generated content scoring" and "Manual scoring"; R22.
    """

    start: float = 7.0
    decay: float = 5.0
    decay_days: float = 30.0
    floor: float = 2.0
    boost_max: float = 3.0
    boost_days: int = 30
    usd_per_boost_point: float = 33.3
    is_floored_before_boost: bool = True
    """Whether decay stops at the floor before the boost is added, or only the sum is clamped."""


@dataclass(frozen=True, kw_only=True)
class ScoringRules:
    """One version of the rules; a changed number is a new version."""

    version: str
    summary: str
    """What sets it apart, in words."""
    ugc: UgcRules = UgcRules()
    generated: GeneratedRules = GeneratedRules()
    eligibility_threshold: float = 4.0
    """Source: organic-scoring, ``ELIGIBILITY_THRESHOLD``; R40."""


READ_LITERALLY: Final = ScoringRules(
    version="1",
    summary="generated and manual: clamped once, after the boost of ad spend",
    generated=GeneratedRules(is_floored_before_boost=False),
)
"""The formula as it is printed, clamped once, after the boost; R27."""
AS_DESCRIBED: Final = ScoringRules(
    version="2", summary="generated and manual: decay ends at 2, the boost of ad spend comes on top"
)
"""The formula as the text beside it describes it: a floor of 2 and a boost on top; R22."""

RULES: Final = MappingProxyType({rules.version: rules for rules in (READ_LITERALLY, AS_DESCRIBED)})
"""Every version that ever scored anything, by name."""
ACTIVE: Final = AS_DESCRIBED
