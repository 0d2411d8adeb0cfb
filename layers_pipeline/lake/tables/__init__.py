"""Records of the lake's tables, by what they tell of; ``catalog`` has them all."""

from typing import Final

from layers_pipeline.lake.tables import (
    ad_classes,
    ads,
    audit,
    creators,
    facts,
    layer_ads,
    payouts,
    scoring,
    selection,
    sources,
)

MODULES: Final = (
    sources,
    facts,
    ads,
    scoring,
    selection,
    layer_ads,
    ad_classes,
    creators,
    payouts,
    audit,
)
"""In the order of the flow."""
