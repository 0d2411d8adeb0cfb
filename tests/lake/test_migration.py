"""The lake grows: columns that a contract gained are added to stored tables, all else is refused.

Belongs here: real Delta tables under an older and a newer contract, crashes and rivals.
Does not belong here: a whole lake that older code wrote (``tests.tools.test_old_lake``).
"""

from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

import dataframely as dy
import duckdb
import polars as pl
import pytest
from deltalake import DeltaTable

from layers_pipeline.clock import FixedClock
from layers_pipeline.errors import StoreError
from layers_pipeline.lake import catalog
from layers_pipeline.lake.locks import FileLocks
from layers_pipeline.lake.migration import migrate
from layers_pipeline.lake.store import Lake
from layers_pipeline.lake.table import Table, differ
from layers_pipeline.serving import generations
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.publish.upkeep import maintain
from layers_pipeline.steps.stores import Stores
from tests.worlds.data_builders import (
    allow,
    capture,
    derive,
    hours,
    later,
    make_stores,
    rows_of,
    score,
)

PROCESSES = get_context("spawn")


class Before(dy.Schema):
    """Grain: one row per thing."""

    name = dy.String(primary_key=True)
    part = dy.String(nullable=False)
    views = dy.Int64(nullable=True)


class After(Before):
    """Grain: one row per thing."""

    saves = dy.Int64(nullable=True)
    seen_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")


class Demanding(Before):
    """Grain: one row per thing."""

    saves = dy.Int64(nullable=False)


class Retyped(dy.Schema):
    """Grain: one row per thing."""

    name = dy.String(primary_key=True)
    part = dy.String(nullable=False)
    views = dy.Float64(nullable=True)


OLD = Table(name="things", schema=Before, partition_by=("part",), prune_by=("part",))
NEW = replace(OLD, schema=After)


def lake_at(folder: Path) -> Lake:
    return Lake(str(folder / "lake"), locks=FileLocks(folder / "locks"), clock=FixedClock(hours(0)))


def rows(table: Table, *given: tuple) -> pl.DataFrame:
    filled = [dict(zip(table.columns, one, strict=False)) for one in given]
    return pl.DataFrame(filled, schema=dict(table.empty().schema))


@pytest.fixture
def lake(tmp_path):
    lake = lake_at(tmp_path)
    lake.insert_absent(OLD, rows(OLD, ("a", "x", 1), ("b", "y", 2)))
    return lake


def test_a_nullable_column_is_added_in_one_commit_and_old_rows_read_null(lake):
    before, files = lake.version(OLD), lake.files(OLD)
    assert migrate(lake, [NEW]) == {"things": ["saves", "seen_at"]}
    assert (lake.version(NEW), lake.files(NEW)) == (before + 1, files)
    assert lake.read(NEW).sort("name").collect().rows() == [
        ("a", "x", 1, None, None),
        ("b", "y", 2, None, None),
    ]


def test_the_table_asks_no_newer_reader_or_writer(lake):
    before = lake.handle(OLD).protocol()
    migrate(lake, [NEW])
    assert lake.handle(NEW).protocol() == before
    assert (before.min_reader_version, before.min_writer_version) == (1, 2)


def test_where_nothing_is_to_do_nothing_is_done(lake):
    migrate(lake, [NEW])
    before = lake.version(NEW)
    assert migrate(lake, [NEW]) == {}
    assert lake.version(NEW) == before


def test_a_new_table_appears_with_its_first_write(tmp_path):
    lake = lake_at(tmp_path)
    assert migrate(lake, [NEW]) == {}
    lake.insert_absent(NEW, rows(NEW, ("a", "x", 1, 5)))
    assert lake.read(NEW).collect()["saves"].to_list() == [5]


def test_rows_are_merged_replaced_joined_and_read_as_gained_over_old_files(lake):
    migrate(lake, [NEW])
    at = lake.version(NEW)
    lake.merge(NEW, rows(NEW, ("a", "x", 1, 5), ("c", "x", 3, 6)), update=differ(["saves"]))
    shown = lake.read(NEW).sort("name").select("name", "saves").collect().rows()
    assert shown == [("a", 5), ("b", None), ("c", 6)]
    assert lake.added_since(NEW, at).collect()["saves"].sort().to_list() == [5, 6]
    assert lake.added_since(NEW, -1).collect()["saves"].sort().to_list() == [None, 5, 6]
    whole = lake.whole_rows_since(NEW, -1).sort("name").select("part", "saves").collect()
    assert whole.rows() == [("x", 5), ("y", None), ("x", 6)]
    lake.compact(NEW)
    lake.replace(NEW, rows(NEW, ("d", "y", 4, 7)), where={"part": ["y"]})
    shown = lake.read(NEW).sort("name").select("name", "saves").collect().rows()
    assert shown == [("a", 5), ("c", 6), ("d", 7)]


def test_partitions_whose_rows_were_written_ahead_are_committed_over_an_added_column(lake):
    ahead = lake.replacement(NEW, "part", batch="0" * 32)
    ahead.add("x", rows(NEW, ("a", "x", 1, 5)))
    migrate(lake, [NEW])
    ahead.commit()
    shown = lake.read(NEW).sort("name").select("name", "saves").collect().rows()
    assert shown == [("a", 5), ("b", None)]


# What may not change


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (replace(OLD, schema=Demanding), "lacks column saves, which may not be null"),
        (replace(OLD, schema=Retyped), r"stores column views as .*long.*wants .*double"),
        (replace(OLD, partition_by=()), r"is divided by \('part',\), its contract wants \(\)"),
    ],
    ids=["not null", "another type", "other partitions"],
)
def test_anything_else_is_refused_and_no_table_is_changed(lake, wanted, words):
    other, grown = replace(OLD, name="others"), replace(NEW, name="others")
    lake.insert_absent(other, rows(other, ("a", "x", 1)))
    before = [lake.version(table) for table in (OLD, other)]
    with pytest.raises(StoreError, match=rf"things: .*/lake/things {words}.*Nothing was changed"):
        migrate(lake, [grown, wanted])
    assert [lake.version(table) for table in (OLD, other)] == before


def test_a_column_that_this_version_does_not_know_is_refused(lake):
    migrate(lake, [NEW])
    with pytest.raises(StoreError, match="has a column saves that its contract lacks"):
        migrate(lake, [OLD])


def test_a_table_that_was_not_migrated_names_the_command(lake):
    for ask in (
        lambda: lake.read(NEW),
        lambda: lake.added_since(NEW, -1),
        lambda: lake.replace(NEW, rows(NEW, ("d", "y", 4, 7)), where={"part": ["y"]}),
    ):
        with pytest.raises(StoreError, match="Run `layers-pipeline lake migrate`"):
            ask()


# Crashes and rivals


def test_a_crash_in_the_middle_leaves_the_rest_to_the_next_start(lake):
    others = [replace(OLD, name=name) for name in ("others", "more")]
    for other in others:
        lake.insert_absent(other, rows(other, ("a", "x", 1)))
    migrate(lake, [replace(NEW, name="others")])
    grown = [replace(NEW, name=name) for name in ("others", "things", "more")]
    assert sorted(migrate(lake, grown)) == ["more", "things"]


def start_up(folder: Path, barrier: Barrier) -> None:
    lake = lake_at(folder)
    barrier.wait(60)
    migrate(lake, [NEW])
    lake.merge(NEW, rows(NEW, ("c", "x", 3, 6)), update=None)


def test_two_processes_that_start_at_once_add_each_column_once(lake, tmp_path):
    before, barrier = lake.version(OLD), PROCESSES.Barrier(2)
    running = [PROCESSES.Process(target=start_up, args=(tmp_path, barrier)) for _ in range(2)]
    for process in running:
        process.start()
    for process in running:
        process.join(100)
    assert [process.exitcode for process in running] == [0, 0]
    assert lake.version(NEW) == before + 2
    assert lake.read(NEW).filter(name="c").collect()["saves"].to_list() == [6]


# A whole lake, some of whose tables are older than a column


GREW = {
    catalog.PLATFORM_POST_METRICS: "saves",
    catalog.PLATFORM_POST_METRICS_LATEST: "saves",
    catalog.STG_SIFT__POSTS: "saves",
    catalog.PLATFORM_POSTS: "caption",
    catalog.ORGANIC_SCORES: "platform_post_id",
    catalog.AD_ELIGIBILITY: "platform_post_id",
}


def make_older(stores: Stores, table: Table, column: str) -> None:
    """Write the table as if its contract had not had the column yet."""
    kept = stores.lake.read(table).drop(column).collect()
    uri = stores.lake.uri(table)
    configuration = {"delta.logRetentionDuration": "interval 8 days"}
    for path in sorted(Path(uri).rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    schema = kept.to_arrow().schema
    made = DeltaTable.create(
        uri,
        schema=schema,
        partition_by=list(table.partition_by) or None,
        configuration=configuration,
    )
    kept.write_delta(made, mode="append")


@pytest.fixture
def older(tmp_path):
    stores = make_stores(tmp_path / "home")
    allow(stores, "ada")
    derive(later(stores, hours(-8)), [capture(f"p{n}", -9, views=1000 + n) for n in range(12)])
    score(stores, [hours(-4)])
    for table, column in GREW.items():
        make_older(stores, table, column)
    yield stores
    stores.operations.close()


def asked(stores: Stores, query: str) -> list[tuple]:
    path = generations.current(stores.settings.serve_location)
    with duckdb.connect(str(path), read_only=True, config=generations.CONFIG) as connection:
        return connection.execute(query).fetchall()


def test_a_migrated_lake_is_published_over_files_that_lack_its_columns(older):
    migrate(older.lake)
    publish(older)
    for table, column in GREW.items():
        shown = table.shown_in or table.name
        if table.published != "no":
            counted = asked(older, f"select count(*), count({column}) from {shown}")
            assert (table.name, counted) == (table.name, [(older.lake.row_count(table), 0)])
    assert asked(older, "select count(*), count(saves) from platform_post_checks") == [(12, 0)]
    assert asked(older, "select count(*) from posts_as_of(now())") == [(12,)]


def test_a_migrated_lake_goes_on_being_filled_scored_published_and_kept(older):
    migrate(older.lake)
    derive(
        later(older, hours(-1)),
        [capture(f"p{n}", -1, views=2000 + n, saves=n) for n in range(12)],
        job="next",
    )
    (scored,) = score(older, [hours(0)])
    assert scored.posts == 12
    publish(older)
    found = asked(older, "select max(saves), count(*) from platform_post_metrics")
    assert found == [(11, 24)]
    maintain(older)
    latest = rows_of(older, catalog.PLATFORM_POST_METRICS_LATEST)
    assert sorted(latest["saves"].to_list()) == list(range(12))
