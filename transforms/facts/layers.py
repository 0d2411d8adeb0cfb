"""Layers and ad sets: which are in force at a moment.

Belongs here: the newest row known of each, and whether it counts.
Does not belong here: changing them (``operations.layers``), what is picked for them.
"""

from datetime import datetime

import polars as pl


def layers_at(layers: pl.LazyFrame, *, as_of: datetime) -> pl.LazyFrame:
    """Layers in force at a moment, one row each: rows of ``Layers`` that have not ended."""
    known = layers.filter(pl.col("known_at") <= as_of).sort("known_at")
    return known.unique("layer_id", keep="last", maintain_order=True).filter(~pl.col("is_ended"))


def ad_sets_at(ad_sets: pl.LazyFrame, layers: pl.LazyFrame, *, as_of: datetime) -> pl.LazyFrame:
    """Ad sets that need creatives at a moment, with what their layers say.

    Args:
        ad_sets: Rows of ``AdSets``.
        layers: Rows of ``Layers``.
    Returns:
        One row per ad set of a layer in force: columns of both, ``known_at`` of neither.
    """
    known = ad_sets.filter(pl.col("known_at") <= as_of).sort("known_at")
    newest = known.unique(["layer_id", "ad_set_id"], keep="last", maintain_order=True)
    in_force = layers_at(layers, as_of=as_of).drop("known_at", "changed_by", "is_ended")
    wanting = newest.filter("needs_creatives").drop("known_at", "changed_by")
    return wanting.join(in_force, on="layer_id")
