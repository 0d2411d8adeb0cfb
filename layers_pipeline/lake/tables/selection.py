"""Tables of where ads run, by which rights, and what is picked for them.

Belongs here: layers, ad sets, rights, approvals, selections, the status of content.
Does not belong here: eligibility (``scoring``), ads that run (``ads``).
"""

from typing import Final

from layers_pipeline.lake.tables import kinds
from transforms.contracts import selection

LAYERS: Final = kinds.dimension(name="layers", schema=selection.Layers)
AD_SETS: Final = kinds.dimension(name="ad_sets", schema=selection.AdSets)
CONTENT_RIGHTS: Final = kinds.dimension(name="content_rights", schema=selection.ContentRights)
CONTENT_APPROVALS: Final = kinds.dimension(
    name="content_approvals", schema=selection.ContentApprovals
)
