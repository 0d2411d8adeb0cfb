"""Records of the lake's tables, by what they tell of; ``catalog`` has them all."""

from typing import Final

from layers_pipeline.lake.tables import (
    ads,
    audit,
    creators,
    facts,
    payouts,
    scoring,
    selection,
    sources,
)

MODULES: Final = (sources, facts, ads, scoring, selection, creators, payouts, audit)
"""In the order of the flow."""
