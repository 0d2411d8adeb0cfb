"""Placeholder that is being written."""

import polars as pl

from transforms.contracts.captures import StgInstagramPosts


def stage_instagram_posts(landed: pl.DataFrame, *, skip_rate_unit: str) -> pl.DataFrame:
    """Nothing yet."""
    return StgInstagramPosts.create_empty()
