"""Replacing partitions by rows that are written as they come."""

from datetime import UTC, datetime

import polars as pl
import pytest

from layers_pipeline.errors import StoreError
from layers_pipeline.lake import catalog
from tests.worlds.data_builders import allow, make_stores, rows_of
from tests.worlds.small_story import remote_stores

TABLE = catalog.UGC_POOL_PERCENTILES
ONE, OTHER = "20250514T0800", "20250514T1200"
BATCH = "0123456789abcdef" * 2


@pytest.fixture(scope="module")
def one_database(postgres_url_factory):
    """For every test's locks: to make it takes longer than a test."""
    return postgres_url_factory()


@pytest.fixture(params=["folder", "s3"])
def stores(request, tmp_path):
    if request.param == "folder":
        opened = make_stores(tmp_path / "a home")
    else:
        server, database = map(request.getfixturevalue, ("s3_server", "one_database"))
        opened = remote_stores(tmp_path, server, operations_url=database)
    yield opened
    opened.operations.close()


def ranks(tick, *names, views=100):
    """Rows of one partition, in the order of the key."""
    at = datetime.strptime(tick, "%Y%m%dT%H%M").replace(tzinfo=UTC)
    rows = [
        {
            "scored_at": at,
            "ads_content_id": f"brand/tiktok:{name}",
            "project_id": "brand",
            "views": views,
            "weighted_engagements": 1.0,
            "engagement_rate": 0.01,
            "engagement_rate_rank_pct": 0.5,
            "views_rank_pct": 0.5,
            "baseline_views": 100.0,
            "pool_size": 3,
            "tick": tick,
        }
        for name in names
    ]
    return TABLE.shape(pl.DataFrame(rows, schema=dict(TABLE.empty().schema)))


def stored(stores):
    return rows_of(stores, TABLE).select("tick", "ads_content_id", "views").rows()


@pytest.fixture
def begin(stores):
    return lambda: stores.lake.replacement(TABLE, "tick", batch=BATCH)


def test_rows_are_there_once_they_are_committed(stores, begin):
    replacement = begin()
    replacement.add(ONE, ranks(ONE, "a", "b"))
    replacement.add(ONE, ranks(ONE, "c"))
    replacement.add(OTHER, ranks(OTHER, "a"))
    assert stored(stores) == []
    assert replacement.commit().inserted == 4
    names = ["a", "b", "c"]
    expected = [(ONE, f"brand/tiktok:{name}", 100) for name in names]
    assert stored(stores) == [*expected, (OTHER, "brand/tiktok:a", 100)]


def test_partitions_are_replaced_whole_and_others_left_alone(stores, begin):
    first = begin()
    first.add(ONE, ranks(ONE, "a", "b"))
    first.add(OTHER, ranks(OTHER, "a"))
    first.commit()
    second = begin()
    second.add(ONE, ranks(ONE, "b", views=7))
    second.commit()
    assert stored(stores) == [(ONE, "brand/tiktok:b", 7), (OTHER, "brand/tiktok:a", 100)]


def test_a_partition_may_be_replaced_by_nothing(stores, begin):
    first = begin()
    first.add(ONE, ranks(ONE, "a"))
    first.add(OTHER, ranks(OTHER, "a"))
    first.commit()
    second = begin()
    second.empty(ONE)
    second.commit()
    assert stored(stores) == [(OTHER, "brand/tiktok:a", 100)]


def test_a_row_that_breaks_the_contract_is_set_aside(stores, begin):
    replacement = begin()
    wrong = ranks(ONE, "a", "b").with_columns(views=pl.Series([5, -1]))
    replacement.add(ONE, wrong)
    replacement.commit()
    assert stored(stores) == [(ONE, "brand/tiktok:a", 5)]
    assert rows_of(stores, catalog.QUARANTINE)["broken_rules"].to_list() == ["views|min"]


def test_nothing_to_replace_commits_nothing(stores, begin):
    begin().commit()
    assert stores.lake.version(TABLE) == -1


def test_readers_of_what_was_added_see_the_rows(stores, begin):
    replacement = begin()
    replacement.add(ONE, ranks(ONE, "a"))
    replacement.commit()
    version = stores.lake.version(TABLE)
    again = begin()
    again.add(OTHER, ranks(OTHER, "b"))
    again.commit()
    added = stores.lake.added_since(TABLE, version).collect()
    assert added["ads_content_id"].to_list() == ["brand/tiktok:b"]
    assert stores.lake.partitions(TABLE, "tick") == {ONE, OTHER}
    assert stores.lake.row_count(TABLE) == 2


def test_a_file_says_which_batch_wrote_it(stores):
    replacement = stores.lake.replacement(TABLE, "tick", batch=BATCH)
    replacement.add(ONE, ranks(ONE, "a"))
    replacement.commit()
    stores.lake.replace(TABLE, ranks(OTHER, "a"), where={"tick": [OTHER]})
    assert stores.lake.batches(TABLE) == {ONE: {BATCH}, OTHER: {None}}
    assert stores.lake.partitions_since(TABLE, 1) == {OTHER}


def test_a_table_without_partitions_has_no_batches(stores):
    allow(stores, "ada")
    with pytest.raises(StoreError, match=r"projects.*: no data file of a divided table"):
        stores.lake.batches(catalog.PROJECTS)
