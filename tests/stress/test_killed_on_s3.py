"""Ticks on an object store, each killed at another point and run again: all is as in a folder.

Belongs here: points at which files, commits and the analysts' file may be left half way.
Does not belong here: what the right rows are (a folder's, without a kill, are compared).
"""

from collections.abc import Iterator

import duckdb
import pytest

from layers_pipeline.serving import generations
from layers_pipeline.steps.publish.upkeep import maintain
from layers_pipeline.steps.stores import Stores
from tests.object_store import S3Server
from tests.postgres import PostgresUrlFactory
from tests.stress.killing import IS_LONG, Point, killed_at, tried
from tests.worlds.data_builders import everything, hours, later, make_stores
from tests.worlds.small_story import EVERY, number_now, remote_stores, seed, tick

POINTS = [
    Point(function="lake.partition_commit:_write", nth=2),
    Point(function="lake.partition_commit:Replacement.commit", nth=2),
    Point(function="lake.partition_commit:Replacement.commit", nth=1, is_long=True),
    Point(function="lake.store:Lake.insert_absent", is_long=True),
    Point(function="serving.remote:reach", is_long=True),
    Point(function="serving.database:build", is_long=True),
]
"""Files that no commit names; a tick of which one table is not committed; of which one is; what
landed and was not derived; a file that is begun; one that is made and not shown."""
KEPT_UP = [
    Point(function="steps.publish.upkeep:_mark_as_read", event="call"),
    Point(function="lake.store:Lake.vacuum", nth=3),
]


def next_tick(stores: Stores) -> None:
    """The half day that the stores' clock shows."""
    tick(stores, number_now(stores))


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory,
    s3_server: S3Server,
    postgres_url_factory: PostgresUrlFactory,
) -> Iterator[tuple[Stores, Stores]]:
    """A deployment on S3, whose processes are killed, and one in a folder, left in peace."""
    home = tmp_path_factory.mktemp("killed")
    killed = remote_stores(home, s3_server, operations_url=postgres_url_factory())
    spared = make_stores(tmp_path_factory.mktemp("spared"))
    yield seed(killed), seed(spared)
    killed.operations.close()
    spared.operations.close()


@pytest.mark.parametrize("number", range(len(tried(POINTS))), ids=lambda n: str(tried(POINTS)[n]))
def test_a_tick_that_is_killed_and_run_again_leaves_the_rows_of_one_that_was_not(
    both: tuple[Stores, Stores], number: int
):
    killed, spared = (later(stores, hours(0) + number * EVERY) for stores in both)
    next_tick(spared)
    killed_at(tried(POINTS)[number], killed, next_tick)
    next_tick(killed)
    assert everything(killed) == everything(spared)
    assert published(killed) == published(spared)


@pytest.mark.skipif(not IS_LONG, reason="set LAYERS_LONG_TESTS to run it")
@pytest.mark.parametrize("point", KEPT_UP, ids=str)
def test_upkeep_that_is_killed_loses_nothing(both: tuple[Stores, Stores], point: Point):
    killed, spared = (later(stores, hours(0) + len(POINTS) * EVERY) for stores in both)
    maintain(spared)
    killed_at(point, killed, maintain)
    maintain(killed)
    assert everything(killed) == everything(spared)


def published(stores: Stores) -> dict[str, int]:
    """Rows of the tables in the newest file, as it says."""
    path = generations.current(stores.settings.serve_location)
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute("select table_name, row_count from publication order by all")
        return dict(found.fetchall())
