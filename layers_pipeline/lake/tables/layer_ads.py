"""Tables of layers' ads: what runs where, and which content it shows.

Belongs here: ads as they stand now, layer by layer.
Does not belong here: their history and figures (``ads``), what is picked (``selection``).
"""

from functools import partial
from typing import Final

from layers_pipeline.lake.table import Table
from transforms.contracts import ads

MADE_FROM: Final = (
    "ad_states",
    "ad_content",
    "ad_accounts",
    "layers",
    "ad_sets",
    "ads_content",
)
_of_layers = partial(Table, group="ads", deps=MADE_FROM, remembers=MADE_FROM, published="copy")

LAYER_META_ADS: Final = _of_layers(name="layer_meta_ads", schema=ads.LayerMetaAds)
LAYER_TIKTOK_ADS: Final = _of_layers(name="layer_tiktok_ads", schema=ads.LayerTiktokAds)
