"""Versions of the rules: which one decides, which run beside it, and what a change would do.

Belongs here: reading what people chose, activating, comparing two versions.
Does not belong here: the versions themselves (``transforms.scoring.rules``).
"""

from dataclasses import dataclass

from layers_pipeline.errors import InputRefusedError, StoreError
from layers_pipeline.steps.stores import Stores
from transforms.scoring.rules import ACTIVE, RULES, ScoringRules


@dataclass(frozen=True, kw_only=True)
class InForce:
    """The version that decides, and those that are scored beside it and decide nothing."""

    active: ScoringRules = ACTIVE
    shadows: tuple[ScoringRules, ...] = ()

    @property
    def versions(self) -> tuple[str, ...]:
        """Every version that is scored, by name, the active one first."""
        return (self.active.version, *(rules.version for rules in self.shadows))


def rules_in_force(stores: Stores) -> InForce:
    """The versions that people chose; the newest of the package if nobody ever chose.

    Raises:
        StoreError: A version was chosen that this package does not have.
    """
    chosen = stores.operations.scoring_roles.active()
    shadows = sorted(
        row.version
        for row in stores.operations.scoring_roles.all()
        if row.role == "shadow" and row.until is None
    )
    active = ACTIVE if chosen is None else _chosen(chosen)
    return InForce(
        active=active,
        shadows=tuple(_chosen(one) for one in shadows if one != active.version),
    )


def known_rules(version: str) -> ScoringRules:
    """The version of that name."""
    if version not in RULES:
        raise InputRefusedError(
            f"scoring: there is no version {version!r} of the rules. Name one of "
            f"{', '.join(sorted(RULES))}."
        )
    return RULES[version]


def _chosen(version: str) -> ScoringRules:
    if version not in RULES:
        raise StoreError(
            f"scoring: version {version!r} of the rules was chosen, but this package has only "
            f"{', '.join(sorted(RULES))}. Install the package that has it, or choose another with "
            "`layers-pipeline scoring activate`."
        )
    return RULES[version]
