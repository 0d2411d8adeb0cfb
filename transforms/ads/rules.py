"""The numbers by which running ads are classified, one frozen record per version.

Belongs here: every constant of the classification, with its source.
Does not belong here: expressions that use them, and deployment settings.

Amounts of money are US cents: the documents give dollars and no other currency.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, kw_only=True)
class AdRules:
    """One version of the rules; a changed number is a new version.

    Source: R51; what is marked *ours* the documents leave open, see docs/rules.md.
    """

    version: str
    summary: str
    """What sets it apart, in words."""
    window_days: int = 7
    """Whole days that are looked at, the newest over last."""
    young_days: float = 3.0
    """An ad is too young below this age."""
    fatigue_frequency: float = 3.0
    """Views per person in the window, above which people have seen it too often."""
    fatigue_cpa_rise: float = 1.5
    """Cost per conversion of day 7 against day 1, from which on it has become dear."""
    fatigue_spend_usd_cents: int = 500
    """Spend of the window from which on fatigue is told at all."""
    ctr_days: int = 3
    """Days at either end of the window whose click rates are compared; ours."""
    ctr_fall: float = 0.8
    """Share of the first days' click rate that the last days' stays below, if it falls; ours."""
    ctr_impressions: int = 500
    """Impressions that either end needs for a rate worth comparing; ours."""
    critical_spend_usd_cents: int = 5_000
    """Spend of the window above which it should have brought a conversion."""
    critical_cpa_ratio: float = 2.5
    """Times the pool's average cost per conversion, above which an ad is critical."""
    poor_spend_usd_cents: int = 2_000
    """The same as ``critical_spend_usd_cents``, of underperforming; ours."""
    poor_cpa_ratio: float = 1.5
    """The same as ``critical_cpa_ratio``, of underperforming; ours."""
    top_cpa_ratio: float = 0.7
    """Times the pool's average, up to which an ad is a top performer; ours."""
    top_conversions: int = 3
    """Conversions that a top performer has in the window at least; ours."""


AS_WRITTEN: Final = AdRules(
    version="1", summary="R51, with our numbers where the documents state none"
)
AD_RULES: Final = MappingProxyType({rules.version: rules for rules in (AS_WRITTEN,)})
"""Every version that ever classified anything, by name."""
ACTIVE: Final = AS_WRITTEN
