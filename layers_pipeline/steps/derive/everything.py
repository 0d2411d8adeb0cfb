"""The one door to derivation: every table that follows from others, in the order of the flow.

Belongs here: what is derived, and in which order.
Does not belong here: how one table is derived (its own module), scores (``score``).
"""

from collections.abc import Callable, Mapping
from typing import Final

from layers_pipeline.lake.table import Written, add_up
from layers_pipeline.steps.derive.ad_metrics import derive_ad_metrics
from layers_pipeline.steps.derive.ads import (
    derive_account_days,
    derive_account_history,
    derive_ad_states,
    stage_ads,
)
from layers_pipeline.steps.derive.aliases import derive_aliases
from layers_pipeline.steps.derive.collaborations import derive_collaborations
from layers_pipeline.steps.derive.content import derive_ads_content, derive_containers
from layers_pipeline.steps.derive.deletions import derive_absences
from layers_pipeline.steps.derive.dimensions import copy_operations
from layers_pipeline.steps.derive.layer_ads import derive_layer_ads
from layers_pipeline.steps.derive.posts import derive_facts
from layers_pipeline.steps.derive.staging import stage_all
from layers_pipeline.steps.stores import Stores

OnWritten = Callable[[Mapping[str, Written]], None]
"""Called with what was written, by table name."""
IN_ORDER: Final = (
    copy_operations,
    stage_all,
    stage_ads,
    derive_aliases,
    derive_facts,
    derive_absences,
    derive_collaborations,
    derive_ad_states,
    derive_account_history,
    derive_ad_metrics,
    derive_account_days,
    derive_containers,
    derive_ads_content,
    derive_layer_ads,
)


def unheard(written: Mapping[str, Written]) -> None:
    """Tell nobody what was written."""
    del written


def bring_up_to_date(stores: Stores) -> dict[str, Written]:
    """Bring every table up to what has landed and what people decided; cheap if that is nothing.

    All that has landed by one moment is staged before any of it is compared: were a source left
    out, its captures would be compared with captures of others that became known after them. So
    nobody else derives in between, and what lands meanwhile is left to the next time.

    Returns:
        What was written, by table name; every table that is derived is named.
    """
    written: dict[str, Written] = {}
    with stores.lake.deriving():
        for derive in IN_ORDER:
            add_up(written, derive(stores))
    return written
