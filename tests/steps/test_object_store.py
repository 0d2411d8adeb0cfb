"""The whole lake in an object store: the same rows as in a folder, for few requests."""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from layers_pipeline.lake import catalog
from layers_pipeline.steps.stores import Stores
from tests.object_store import S3Server
from tests.postgres import PostgresUrlFactory
from tests.worlds.data_builders import make_stores, rows_of
from tests.worlds.small_story import play, remote_stores, seed, tick

WRITTEN_ANEW = {"landing_id", "quarantined_at"}
MOST_REQUESTS = 3_000
"""For one tick with everything before and after it."""


@dataclass(frozen=True)
class Played:
    """Stores on which the story was played, and what that took."""

    stores: Stores
    seconds: float


def played(stores: Stores) -> Played:
    began = time.perf_counter()
    return Played(play(stores), time.perf_counter() - began)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    found = played(make_stores(tmp_path_factory.mktemp("local")))
    yield found
    found.stores.operations.close()


@pytest.fixture(scope="module")
def remote(
    tmp_path_factory: pytest.TempPathFactory,
    s3_server: S3Server,
    postgres_url_factory: PostgresUrlFactory,
) -> Iterator[Played]:
    home = tmp_path_factory.mktemp("remote")
    found = played(remote_stores(home, s3_server, operations_url=postgres_url_factory()))
    yield found
    found.stores.operations.close()


@pytest.mark.parametrize("table", catalog.TABLES, ids=lambda table: table.name)
def test_every_table_has_the_rows_that_it_has_in_a_folder(
    local: Played, remote: Played, table: catalog.Table
):
    assert_frame_equal(rows_of(remote.stores, table), rows_of(local.stores, table))


def test_the_story_left_rows_to_compare(local: Played):
    filled = {table.name for table in catalog.TABLES if local.stores.lake.row_count(table)}
    assert filled >= {"platform_posts", "organic_scores", "ad_eligibility", "ads_content"}


def test_a_tick_costs_a_bounded_number_of_requests(
    s3_server: S3Server, postgres_url_factory: PostgresUrlFactory, tmp_path: Path
):
    stores = seed(remote_stores(tmp_path, s3_server, operations_url=postgres_url_factory()))
    bucket = stores.settings.lake_url.split("/")[2]
    taken: list[Counter[str]] = []
    for number in range(4):
        before = s3_server.requests(bucket)
        stores = tick(stores, number)
        taken.append(s3_server.requests(bucket) - before)
    stores.operations.close()
    sys.stdout.write(f"\nrequests by tick: {[dict(one) for one in taken]}\n")
    assert max(one.total() for one in taken) <= MOST_REQUESTS
    assert pl.Series([one.total() for one in taken]).max() < 2 * taken[1].total()
