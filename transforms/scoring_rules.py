"""The documents' numbers, one frozen record per version of the rules.

Belongs here: every constant of the score and of eligibility, with its source.
Does not belong here: expressions that use them, and deployment settings.
"""

from dataclasses import dataclass
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
class ScoringRules:
    """One version of the rules; a changed number is a new version."""

    version: str
    ugc: UgcRules
    eligibility_threshold: float = 4.0
    """Source: organic-scoring, ``ELIGIBILITY_THRESHOLD``; R40."""


RULES: Final = {"2": ScoringRules(version="2", ugc=UgcRules())}
ACTIVE: Final = RULES["2"]
