"""The bare queries that scoring is measured beside give the very rows that it gives.

Belongs here: that all ways agree, on few rows.
Does not belong here: how long they take (``benchmarks.scoring``).
"""

import polars as pl

from benchmarks.scoring_children import check_equal, different_columns
from benchmarks.scoring_data import Size

POSTS = 2_000


def test_polars_duckdb_and_the_pipeline_give_the_same_rows():
    actual = check_equal(Size(posts=POSTS, projects=20, snapshots=5_000, days=20))

    assert all(POSTS * 0.9 < rows < POSTS for rows in actual["rows"].values())


def test_a_number_that_is_off_by_a_millionth_is_reported():
    ours = pl.DataFrame({"ads_content_id": ["a", "b"], "organic_score": [1.0, 2.0]})
    bare = pl.DataFrame({"ads_content_id": ["b", "a"], "organic_score": [2.0, 1.000001]})

    assert different_columns(ours, bare) == ["organic_score"]


def test_a_null_beside_a_number_is_reported():
    ours = pl.DataFrame({"ads_content_id": ["a", "b"], "organic_score": [1.0, None]})
    bare = pl.DataFrame({"ads_content_id": ["a", "b"], "organic_score": [1.0, 2.0]})

    assert different_columns(ours, bare) == ["organic_score"]
