"""Deployments on servers, in small: processes killed amid half a day, and two that write at once.

Belongs here: a lake on S3, and PostgreSQL beside a lake in a folder, after a crash.
Does not belong here: their days in peace (``tests.steps.test_object_store``), more points at which
a tick may end (``test_killed_on_s3``), Celery's workers (``tests.e2e.test_celery``).
"""

from collections.abc import Iterator
from functools import partial

import pytest
from polars.testing import assert_frame_equal

from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.comparing import facts_of
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.derive.staging import captures as captured
from layers_pipeline.steps.stores import Stores
from tests.stress.killing import Point, begun, killed_at
from tests.worlds.data_builders import everything, hours, land, later, make_stores
from tests.worlds.small_story import (
    EVERY,
    POSTS,
    captures,
    number_now,
    postgres_stores,
    remote_stores,
    scored,
    seed,
)

POINTS = (
    Point(function="lake.store:Lake.insert_absent"),
    Point(function="lake.store:Lake.commit", nth=4),
    Point(function="lake.partition_commit:Replacement.commit", nth=2),
)
"""Captures that landed and were not derived; facts of which some tables know and others do not;
a tick of which two of its tables were committed."""
WRITERS = ("one", "two")
BATCHES = 2

pytestmark = pytest.mark.timeout(300)


def live_half_a_day(stores: Stores) -> None:
    """The half day that the stores' clock shows, and what follows from its scores."""
    scored(stores, number_now(stores))
    bring_up_to_date(stores)


@pytest.fixture(scope="module")
def spared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict]]:
    """Every row after each half day, of a deployment in a folder whose processes live."""
    stores, found = seed(make_stores(tmp_path_factory.mktemp("spared"))), []
    for number in range(len(POINTS)):
        stores = later(stores, hours(0) + number * EVERY)
        live_half_a_day(stores)
        found.append(everything(stores))
    yield found
    stores.operations.close()


@pytest.fixture(scope="module", params=["postgres", "s3"])
def killed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stores]:
    home, url = tmp_path_factory.mktemp("killed"), request.getfixturevalue("postgres_url_factory")()
    if request.param == "s3":
        stores = remote_stores(home, request.getfixturevalue("s3_server"), operations_url=url)
    else:
        stores = postgres_stores(home, operations_url=url)
    yield seed(stores)
    stores.operations.close()


@pytest.mark.parametrize("number", range(len(POINTS)), ids=lambda number: str(POINTS[number]))
def test_half_a_day_that_is_killed_and_repeated_leaves_the_rows_of_one_that_was_not(
    killed: Stores, spared: list[dict], number: int
):
    stores = later(killed, hours(0) + number * EVERY)
    killed_at(POINTS[number], stores, live_half_a_day)
    live_half_a_day(stores)
    assert everything(stores) == spared[number]


def write(stores: Stores, name: str) -> None:
    """Land batches whose posts others land too, and derive what follows, in another process."""
    for batch in range(BATCHES):
        at = len(POINTS) + batch + WRITERS.index(name) / 10
        land(stores, captures(at), job=f"{name}-{batch}")
        bring_up_to_date(stores)


def test_two_processes_that_write_at_once_lose_and_double_nothing(killed: Stores):
    stores = later(killed, hours(0) + 10 * EVERY)
    before = stores.lake.row_count(catalog.RAW_SIFT__POSTS)
    processes = [begun(stores, partial(write, name=name)) for name in WRITERS]
    for process in processes:
        process.join(200)
    assert [process.exitcode for process in processes] == [0] * len(WRITERS)
    landed = stores.lake.row_count(catalog.RAW_SIFT__POSTS) - before
    assert landed == len(WRITERS) * BATCHES * POSTS
    bring_up_to_date(stores)
    for table in catalog.TABLES:
        keys = stores.lake.read(table).select(table.key).collect()
        assert keys.height == keys.n_unique(), table.name
    expected = facts_of(captured(stores).collect())
    for table, rows in (
        (catalog.PLATFORM_POSTS, expected.posts),
        (catalog.PLATFORM_POST_METRICS_LATEST, expected.latest),
    ):
        found = stores.lake.read(table).collect()
        assert_frame_equal(found, rows.select(found.columns), check_row_order=False)
