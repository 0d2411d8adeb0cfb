"""Allowlists: which accounts a project allows at a moment.

Belongs here: the intervals of an allowlist, and which of them hold.
Does not belong here: what follows for posts (``transforms.scoring.pools``), changing a list.
"""

from datetime import datetime

import polars as pl


def in_force(allowlist: pl.LazyFrame, *, as_of: datetime) -> pl.LazyFrame:
    """Intervals of ``ProjectAllowlist`` that hold at a moment: from their start, to before the end.

    An account with two of them has two rows.
    """
    ended = pl.col("allowed_to")
    return allowlist.filter(pl.col("allowed_from") <= as_of, ended.is_null() | (ended > as_of))


def known_by(allowlist: pl.LazyFrame, *, as_of: datetime) -> pl.LazyFrame:
    """Intervals of ``ProjectAllowlist`` that had begun by a moment, those that ended included."""
    return allowlist.filter(pl.col("allowed_from") <= as_of)
