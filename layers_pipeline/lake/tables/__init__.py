"""Records of the lake's tables, by what they tell of; ``catalog`` has them all."""

from typing import Final

from layers_pipeline.lake.tables import ads, audit, facts, scoring, sources

MODULES: Final = (sources, facts, ads, scoring, audit)
"""In the order of the flow."""
