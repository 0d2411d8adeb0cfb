"""Checks of selections: that they follow from eligibility, and that what runs may run.

Belongs here: asset checks of ``ad_selections``.
Does not belong here: what blocks content (``transforms.selection``), making selections.
"""

from typing import Final

import dagster as dg

from layers_pipeline.lake import catalog
from layers_pipeline.steps.score.selecting import newest_selections, unselected_since_layers
from layers_pipeline.steps.stores import Stores
from transforms.scoring.ticks import tick_from_text, tick_key
from transforms.selection.findings import runs_though_blocked

TICKS_NAMED: Final = 10
ADS_NAMED: Final = 20
WARN: Final = dg.AssetCheckSeverity.WARN


@dg.asset_check(
    asset=catalog.AD_SELECTIONS.name,
    name="follow_their_eligibility",
    description="Whether the selections of every tick follow from its eligibility as it is stored. "
    "Publishing makes it so first.",
)
def follow_their_eligibility(stores: dg.ResourceParam[Stores]) -> dg.AssetCheckResult:
    """Names the ticks whose selections await their eligibility."""
    waiting = [tick_key(tick_from_text(tick)) for tick in unselected_since_layers(stores)]
    shown = ", ".join(waiting[:TICKS_NAMED]) + (" and later" if waiting[TICKS_NAMED:] else "")
    told = f"{len(waiting)} ticks may be selected otherwise by now: {shown}. Publish."
    return dg.AssetCheckResult(
        passed=not waiting,
        severity=WARN,
        description=told if waiting else "Every tick's selections follow from its eligibility.",
        metadata={"ticks": len(waiting), "first": waiting[0] if waiting else ""},
    )


@dg.asset_check(
    asset=catalog.AD_SELECTIONS.name,
    name="what_runs_may_run",
    description="Whether content that runs in an ad set would still be cleared for it: its right "
    "holds, it is approved, not deleted, and no review failed it. A low score stops no ad.",
)
def what_runs_may_run(stores: dg.ResourceParam[Stores]) -> dg.AssetCheckResult:
    """Names content that runs at the newest tick although something forbids it."""
    found = runs_though_blocked(newest_selections(stores.lake)).collect()
    named = [
        f"{content} in ad set {ad_set} ({blocker})"
        for content, ad_set, blocker in found.head(ADS_NAMED).iter_rows()
    ]
    told = f"{found.height} run though something forbids it: {'; '.join(named)}. See `why`."
    return dg.AssetCheckResult(
        passed=found.is_empty(),
        severity=WARN,
        description=told if named else "Nothing runs that something forbids.",
        metadata={"contents": found.height},
    )


SELECTION_CHECKS: Final = (follow_their_eligibility, what_runs_may_run)
