"""Records of the lake's tables, by what they tell of; ``catalog`` has them all."""

from typing import Final

from layers_pipeline.lake.tables import ads, audit, facts, scoring, selection, sources

MODULES: Final = (sources, facts, ads, scoring, selection, audit)
"""In the order of the flow."""
