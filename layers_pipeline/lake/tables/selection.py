"""Tables of where ads run, by which rights, and what is picked for them.

Belongs here: layers, ad sets, rights, approvals, selections, the status of content.
Does not belong here: eligibility (``scoring``), ads that run (``ads``).
"""

from functools import partial
from typing import Final

from layers_pipeline.lake.tables import kinds
from transforms.contracts import selection

# What people state.
LAYERS: Final = kinds.dimension(name="layers", schema=selection.Layers)
AD_SETS: Final = kinds.dimension(name="ad_sets", schema=selection.AdSets)
CONTENT_RIGHTS: Final = kinds.dimension(name="content_rights", schema=selection.ContentRights)
CONTENT_APPROVALS: Final = kinds.dimension(
    name="content_approvals", schema=selection.ContentApprovals
)

# What follows at a tick.
_selected = partial(
    kinds.of_ticks,
    group="selection",
    remembers=("ad_eligibility",),
)
AD_SELECTIONS: Final = _selected(
    name="ad_selections",
    schema=selection.AdSelections,
    deps=(
        "ad_eligibility",
        "layers",
        "ad_sets",
        "content_approvals",
        "content_rights",
        "ad_states",
        "ad_content",
        "platform_posts",
        "post_absences",
        "creatives",
    ),
)
CONTENT_STATUS: Final = _selected(
    name="content_status",
    schema=selection.ContentStatus,
    deps=("ad_selections", "ad_eligibility", "layers", "ad_states", "sync_problems"),
)
