"""Opened tables in an object store: kept while nobody writes, and never behind.

Belongs here: what is asked of the store, and that what was given out stays as it was.
Does not belong here: locks and rows (``test_store``).
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from deltalake.fs import DeltaStorageHandler

from layers_pipeline.lake import catalog
from layers_pipeline.steps.stores import Stores, open_lake
from tests.worlds.data_builders import allow
from tests.worlds.small_story import remote_stores

TABLE = catalog.PROJECTS
MOST_TO_OPEN = 40
"""Requests: a list, the newest checkpoint, and two for each commit since."""


@pytest.fixture(scope="module")
def stores(tmp_path_factory, s3_server, postgres_url_factory) -> Iterator[Stores]:
    home = tmp_path_factory.mktemp("handles")
    opened = remote_stores(home, s3_server, operations_url=postgres_url_factory())
    allow(opened, "ada")
    yield opened
    opened.operations.close()


def write(stores: Stores) -> None:
    """One more commit, by another process's lake."""
    open_lake(stores.settings).record_marks(TABLE, {"reader": stores.lake.version(TABLE)})


def test_whether_a_table_is_newest_takes_one_request(stores: Stores, s3_server):
    bucket = stores.settings.lake_url.split("/")[2]
    kept = stores.lake.handle(TABLE)
    before = s3_server.requests(bucket)
    assert stores.lake.handle(TABLE) is kept
    assert (s3_server.requests(bucket) - before).total() == 1


def test_what_others_write_is_seen_and_what_was_given_out_stays(stores: Stores):
    given = stores.lake.handle(TABLE)
    then = given.version()
    write(stores)
    assert stores.lake.version(TABLE) == then + 1
    assert stores.lake.handle(TABLE).version() == then + 1
    assert given.version() == then


def asked(stores: Stores, s3_server, *questions) -> list[int]:
    """Requests that each question took."""
    bucket, counted = stores.settings.lake_url.split("/")[2], []
    for question in questions:
        before = s3_server.requests(bucket)
        question()
        counted.append((s3_server.requests(bucket) - before).total())
    return counted


def test_what_was_recorded_is_read_once_for_each_version(stores: Stores, s3_server):
    stores.lake.record_marks(TABLE, {"mine": 0})
    handle = stores.lake.handle(TABLE)
    again = [lambda: handle.transaction_version("mine")] * 3
    first, *others = asked(stores, s3_server, *again)
    assert first > 0
    assert others == [0, 0]
    write(stores)
    assert stores.lake.watermark(TABLE, "reader") == handle.version()


def test_under_the_write_lock_a_table_is_looked_at_once(stores: Stores, s3_server):
    lake = stores.lake
    looks = [lambda: lake.handle(TABLE), lambda: lake.version(TABLE)]
    absent = [lambda: lake.handle(catalog.CREATIVES), lambda: lake.version(catalog.CREATIVES)]
    for held in (lake.write_lock, lake.deriving):
        with held():
            assert asked(stores, s3_server, *looks, *looks)[2:] == [0, 0]
            absent.append(lambda: lake.handle(catalog.SAFETY_REVIEWS))
            assert asked(stores, s3_server, *absent, *absent)[1:] == [0] * (2 * len(absent) - 1)
            assert lake.handle(catalog.CREATIVES) is None
        assert min(asked(stores, s3_server, *looks, absent[0])) > 0


def test_what_a_process_writes_under_its_write_lock_it_sees_there(stores: Stores):
    lake = stores.lake
    with lake.write_lock():
        then = lake.version(TABLE)
        lake.record_marks(TABLE, {"within": then})
        assert lake.version(TABLE) == lake.handle(TABLE).version() == then + 1
        assert lake.watermark(TABLE, "within") == then
        assert lake.version(catalog.SAFETY_REVIEWS) == -1
        with lake.write_lock(), ThreadPoolExecutor(1) as beside:
            beside.submit(lake.ensure, catalog.SAFETY_REVIEWS).result()
            assert lake.version(catalog.SAFETY_REVIEWS) == 0
            assert lake.read(TABLE).collect().height == lake.row_count(TABLE)
    write(stores)
    assert lake.version(TABLE) == then + 2


def test_a_table_that_others_make_under_a_derivation_is_no_lost_one(stores: Stores):
    lake, table = stores.lake, catalog.CONTENT_OVERRIDES
    with lake.deriving():
        assert lake.handle(catalog.SYNC_PROBLEMS) is None
        open_lake(stores.settings).record_marks(table, {"theirs": 1})
        lake.record_marks(table, {"mine": 1})
        assert lake.watermark(table, "theirs") == lake.watermark(table, "mine") == 1


def test_a_writer_that_kept_its_handle_writes_after_others(stores: Stores):
    stores.lake.record_marks(TABLE, {"mine": 1})
    then = stores.lake.version(TABLE)
    write(stores)
    stores.lake.record_marks(TABLE, {"mine": 2})
    assert stores.lake.version(TABLE) == then + 2
    assert stores.lake.watermark(TABLE, "mine") == 2


def test_a_log_that_was_cleaned_beyond_what_is_kept_is_read_anew(stores: Stores):
    kept = stores.lake.handle(TABLE)
    write(stores)
    newest = open_lake(stores.settings).ensure(TABLE)
    newest.create_checkpoint()
    for version in range(newest.version()):
        remove(stores, version)
    assert stores.lake.version(TABLE) == newest.version() > kept.version()
    stores.lake.record_marks(TABLE, {"mine": 3})
    assert stores.lake.watermark(TABLE, "mine") == 3


def test_opening_costs_no_more_after_many_commits(stores: Stores, s3_server):
    lake = stores.lake
    opened = []
    for number in range(25):
        lake.record_marks(catalog.LAYERS, {"mine": number})
        if number % 4 == 0:
            opened += asked(stores, s3_server, lambda: lake._open(catalog.LAYERS))
    assert max(opened) <= MOST_TO_OPEN


def remove(stores: Stores, version: int) -> None:
    """Delete a commit from the log, as cleaning by age does."""
    handler = DeltaStorageHandler(stores.lake.uri(TABLE), dict(stores.lake.storage_options))
    handler.delete_file(f"_delta_log/{version:020}.json")
