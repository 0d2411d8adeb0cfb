"""Placeholder that is being written."""

import polars as pl

from transforms.contracts.captures import StgTiktokPosts


def stage_tiktok_posts(landed: pl.DataFrame) -> pl.DataFrame:
    """Nothing yet."""
    return StgTiktokPosts.create_empty()
