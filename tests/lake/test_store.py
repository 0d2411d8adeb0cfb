"""The lake on real Delta tables: what a write leaves behind, whoever else writes.

Belongs here: appending, inserting, merging, replacing, reading, conflicts, upkeep.
Does not belong here: what the project's tables mean, locks by themselves (``test_locks``).
"""

import json
import os
import time
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

import dataframely as dy
import polars as pl
import pytest
import stamina
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from layers_pipeline.clock import FixedClock
from layers_pipeline.errors import (
    LakeConflictError,
    LockTimeoutError,
    NotFoundError,
    StoreError,
)
from layers_pipeline.lake.catalog import QUARANTINE, TABLES
from layers_pipeline.lake.commits import COMMIT_ATTEMPTS
from layers_pipeline.lake.locks import FileLocks, Held, Locks
from layers_pipeline.lake.store import Lake
from layers_pipeline.lake.table import Table, Written, differ
from layers_pipeline.lake.writing import LANDING, ORDER, TABLE
from tests.hypothesis_profiles import examples

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
PROCESSES = get_context("spawn")
DIFFERS = differ(["amount", "word"])


class Things(dy.Schema):
    """Grain: one row per thing."""

    name = dy.String(primary_key=True, min_length=1)
    amount = dy.Int64(nullable=True, min=0)
    word = dy.String(nullable=True)
    part = dy.String(nullable=False)


THINGS = Table(name="things", schema=Things)
PARTED = Table(
    name="parted",
    schema=Things,
    partition_by=("part",),
    prune_by=("part",),
    in_order_of=("name",),
)


class NoLocks:
    """Locks that keep nobody out, so that only Delta's own conflict check protects."""

    def hold(self, name: str, *, shared: bool = False) -> AbstractContextManager[Held]:
        return nullcontext(self)

    def require(self) -> None: ...


class Known(dy.Schema):
    """Grain: one row per name, with the moment it became known."""

    name = dy.String(primary_key=True)
    known_at = dy.Datetime(nullable=False, time_unit="us", time_zone="UTC")


def lake_at(location: Path | str, *, locks: Locks | None = None) -> Lake:
    return Lake(str(location), locks=locks or NoLocks(), clock=FixedClock(NOW))


@pytest.fixture
def lake(tmp_path) -> Lake:
    return lake_at(tmp_path / "lake", locks=FileLocks(tmp_path / "locks"))


def things(*rows: tuple) -> pl.DataFrame:
    """Rows of name, amount, word and part; the last ones may be left out."""
    filled = [(*row, *(None, None, "x")[len(row) - 1 :]) for row in rows]
    return pl.DataFrame(filled, schema=dict(THINGS.empty().schema), orient="row")


def rows(lake: Lake, table: Table = THINGS) -> list[tuple]:
    return lake.read(table).sort("name").collect().rows()


def values(lake: Lake, table: Table = THINGS) -> dict[str, int]:
    return dict(lake.read(table).select("name", "amount").collect().rows())


def test_only_absent_keys_are_inserted(lake):
    assert lake.insert_absent(THINGS, things(("a", 1))) == Written(inserted=1)
    assert lake.insert_absent(THINGS, things(("a", 2), ("b", 3))) == Written(inserted=1)
    assert values(lake) == {"a": 1, "b": 3}


def test_a_merge_updates_where_its_condition_holds(lake):
    lake.insert_absent(THINGS, things(("a", 5), ("b", 5)))
    done = lake.merge(THINGS, things(("a", 4), ("b", 6), ("c", 1)), update="s.amount > t.amount")
    assert done == Written(inserted=1, updated=1)
    assert values(lake) == {"a": 5, "b": 6, "c": 1}


def test_a_merge_updates_only_the_columns_it_is_given(lake):
    lake.insert_absent(THINGS, things(("a", 1, "kept")))
    lake.merge(THINGS, things(("a", 2, "new")), update=DIFFERS, columns=["amount"])
    assert rows(lake) == [("a", 2, "kept", "x")]


@pytest.mark.parametrize(
    ("stored", "given", "updated"), [(None, None, 0), (None, 0, 1), (0, None, 1), (1, 1, 0)]
)
def test_null_equals_null_and_nothing_else(lake, stored, given, updated):
    lake.insert_absent(THINGS, things(("a", stored)))
    assert lake.merge(THINGS, things(("a", given)), update=DIFFERS).updated == updated
    assert values(lake) == {"a": given}


def test_a_repeat_makes_no_commit(lake):
    lake.insert_absent(THINGS, things(("a", 1)))
    before = lake.version(THINGS)
    lake.insert_absent(THINGS, things(("a", 1)))
    lake.merge(THINGS, things(("a", 1)), update=DIFFERS)
    assert lake.version(THINGS) == before


def test_replacing_a_partition_leaves_the_others(lake):
    lake.insert_absent(PARTED, things(("a", 1, "", "x"), ("b", 1, "", "y")))
    lake.replace(PARTED, things(("c", 2, "", "x")), where={"part": ["x", "z"]})
    assert values(lake, PARTED) == {"b": 1, "c": 2}


def test_replacing_without_partitions_replaces_everything(lake):
    lake.insert_absent(PARTED, things(("a", 1, "", "x"), ("b", 1, "", "y")))
    lake.replace(PARTED, things(), where={})
    assert rows(lake, PARTED) == []


def test_a_watermark_is_recorded_also_when_nothing_changed(lake):
    assert lake.watermark(THINGS, "source") == -1
    lake.insert_absent(THINGS, things(("a", 1)), marks={"source": 3})
    lake.insert_absent(THINGS, things(("a", 1)), marks={"source": 4})
    assert lake.watermark(THINGS, "source") == 4
    lake.insert_absent(THINGS, things(), marks={"source": 5, "another": 0})
    assert (lake.watermark(THINGS, "source"), lake.watermark(THINGS, "another")) == (5, 0)


def test_a_watermark_never_goes_back(lake):
    lake.insert_absent(THINGS, things(("a", 1)), marks={"source": 5})
    lake.insert_absent(THINGS, things(("b", 1)), marks={"source": 4})
    assert lake.watermark(THINGS, "source") == 5


def added(lake: Lake, version: int, table: Table = THINGS) -> list[str]:
    return sorted(lake.added_since(table, version).collect()["name"].to_list())


def test_rows_added_since_a_version_are_those_of_new_files(lake):
    lake.insert_absent(THINGS, things(("a", 1)))
    version = lake.version(THINGS)
    assert added(lake, version) == []
    lake.insert_absent(THINGS, things(("b", 1)))
    assert added(lake, version) == ["b"]
    assert added(lake, -1) == ["a", "b"]


def test_after_a_compaction_nothing_added_is_missed(lake):
    lake.insert_absent(THINGS, things(("a", 1)))
    version = lake.version(THINGS)
    lake.insert_absent(THINGS, things(("b", 1)))
    lake.compact(THINGS)
    assert len(lake.files(THINGS)) == 1
    assert "b" in added(lake, version)
    assert values(lake) == {"a": 1, "b": 1}


def test_a_compaction_lays_out_each_partition_in_the_tables_order(lake):
    for names in ("cb", "da"):
        parts = ("x", "y")
        rows = things(*((f"{name}{part}", 1, "", part) for name in names for part in parts))
        lake.insert_absent(PARTED, rows)
    lake.compact(PARTED)

    stored = [pl.read_parquet(file)["name"].to_list() for file in lake.files(PARTED)]
    assert sorted(stored) == [[f"{name}{part}" for name in "abcd"] for part in "xy"]


def forget(lake: Lake, table: Table) -> None:
    """Clean away every version but the newest, as an old log is."""
    lake.handle(table).create_checkpoint()
    entries = sorted(Path(lake.uri(table), "_delta_log").glob("*.json"))
    for entry in entries[:-1]:
        entry.unlink()


def test_a_version_that_was_cleaned_away_gives_every_row(lake):
    lake.insert_absent(THINGS, things(("a", 1)))
    version = lake.version(THINGS)
    lake.insert_absent(THINGS, things(("b", 1)))
    forget(lake, THINGS)
    assert added(lake, version) == ["a", "b"]
    assert values(lake) == {"a": 1, "b": 1}


def test_a_version_is_read_as_it_was(lake):
    assert lake.read(THINGS).collect().is_empty()
    lake.insert_absent(THINGS, things(("a", 1)))
    version = lake.version(THINGS)
    lake.merge(THINGS, things(("a", 2)), update=DIFFERS)
    assert lake.read(THINGS, version=version).collect().rows() == [("a", 1, None, "x")]
    assert lake.read(THINGS, version=-1).collect().is_empty()


@pytest.mark.parametrize("version", [0, 99])
def test_a_version_that_is_not_there_is_an_error_rather_than_no_rows(lake, version):
    for value in range(3):
        lake.merge(THINGS, things(("a", value)), update=DIFFERS)
    forget(lake, THINGS)
    with pytest.raises(NotFoundError, match=f"things: version {version}"):
        lake.read(THINGS, version=version)


def test_what_was_read_lazily_does_not_see_later_writes(lake):
    lake.insert_absent(THINGS, things(("a", 1)))
    read = lake.read(THINGS)
    lake.replace(THINGS, things(("b", 2)), where={})
    assert read.collect()["name"].to_list() == ["a"]


def test_rows_that_break_the_contract_are_set_aside_and_the_others_written(lake):
    given = things(("good", 1), ("bad", -1), ("", 1))
    assert lake.insert_absent(THINGS, given) == Written(inserted=1, quarantined=2)
    assert values(lake) == {"good": 1}
    set_aside = lake.read(QUARANTINE).sort("origin").collect()
    assert set_aside.select("table_name", "origin", "broken_rules").rows() == [
        ("things", "", "name|min_length"),
        ("things", "bad", "amount|min"),
    ]
    assert json.loads(set_aside["row"][1])["amount"] == -1


def test_the_same_breach_is_set_aside_once(lake):
    for _ in range(2):
        lake.replace(THINGS, things(("bad", -1)), where={})
    assert lake.read(QUARANTINE).collect().height == 1


HARD = [
    "it's",
    "back\\slash",
    'dou"ble',
    "ü/ß",
    "50%",
    "%27",
    "a b",
    "[x]*?",
    "a=b",
    "#",
    "\U0001f600",
    " ",
]


@pytest.mark.parametrize("text", HARD)
def test_keys_and_partitions_may_hold_any_text(lake, text):
    lake.insert_absent(PARTED, things((text, 1, text, text), ("other", 9, "", "y")))
    lake.insert_absent(PARTED, things((text, 2, text, text)))
    lake.merge(PARTED, things((text, 3, text, text)), update=DIFFERS)
    assert values(lake, PARTED) == {text: 3, "other": 9}
    lake.replace(PARTED, things((text, 4, text, text)), where={"part": [text]})
    assert lake.read(PARTED).filter(part=text).collect().rows() == [(text, 4, text, text)]
    assert added(lake, -1, PARTED) == sorted(["other", text])


@pytest.mark.parametrize("folder", ["plain", "with space", "ünï #1?", "it's", "star*"])
@pytest.mark.parametrize("as_url", [False, True], ids=["path", "url"])
def test_a_lake_may_lie_in_any_folder(tmp_path, folder, as_url):
    place = tmp_path / folder / "lake"
    lake = lake_at(place.as_uri() if as_url else place)
    lake.insert_absent(PARTED, things(("a", 1, "", "x"), ("b", 2, "", "y")))
    assert values(lake, PARTED) == {"a": 1, "b": 2}
    lake.replace(PARTED, things(("c", 3, "", "x")), where={"part": ["x"]})
    assert added(lake, -1, PARTED) == ["b", "c"]
    assert all(Path(file).is_file() for file in lake.files(PARTED))


def test_the_write_lock_is_held_by_one_at_a_time_and_may_be_taken_again_within(tmp_path):
    lake, other = (
        lake_at(tmp_path / "lake", locks=FileLocks(tmp_path / "locks", timeout_s=timeout_s))
        for timeout_s in (10, 0.1)
    )
    with lake.write_lock():
        with lake.write_lock(), lake.write_lock():
            pass
        with pytest.raises(LockTimeoutError), other.write_lock():
            pass
    with other.write_lock():
        pass


def test_no_two_locks_of_the_lake_share_a_number_in_postgresql():
    names = [f"{kind}{table.name}" for kind in (TABLE, LANDING) for table in TABLES]
    names += [name for name in ORDER if name not in {TABLE, LANDING}]
    assert len({zlib.crc32(name.encode()) for name in names}) == len(names)


def insert_keys(location: str, locks: str | None, start: Barrier, value: int) -> None:
    lake = lake_at(location, locks=FileLocks(Path(locks)) if locks else None)
    start.wait(60)
    for batch in range(6):
        keys = [(f"k{batch}-{number}", value) for number in range(20)]
        lake.insert_absent(THINGS, things(*keys))


@pytest.mark.parametrize("has_locks", [True, False], ids=["locks", "no locks"])
def test_two_processes_that_insert_the_same_keys_leave_each_once(tmp_path, has_locks):
    locks = str(tmp_path / "locks") if has_locks else None
    start = PROCESSES.Barrier(2)
    running = [
        PROCESSES.Process(target=insert_keys, args=(str(tmp_path / "lake"), locks, start, value))
        for value in (1, 2)
    ]
    for process in running:
        process.start()
    for process in running:
        process.join(100)
    assert [process.exitcode for process in running] == [0, 0]
    names = lake_at(tmp_path / "lake").read(THINGS).collect()["name"]
    assert (names.len(), names.n_unique()) == (120, 120)


class Interrupted(pl.DataFrame):
    """Rows that somebody gets in the way of, between reading the table and committing."""

    meanwhile: Callable[[], object] = staticmethod(lambda: None)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        self.meanwhile()
        return super().__arrow_c_stream__(requested_schema)


def interrupted(rows: pl.DataFrame, meanwhile: Callable[[], object]) -> pl.DataFrame:
    frame = Interrupted(rows)
    frame.meanwhile = meanwhile
    return frame


def test_rows_are_stamped_again_for_each_attempt(tmp_path):
    lake, rival = lake_at(tmp_path), lake_at(tmp_path)
    lake.insert_absent(THINGS, things(("old", 1)))
    attempts: list[int] = []

    def restamp(given: pl.DataFrame) -> pl.DataFrame:
        attempts.append(len(attempts))
        stamped = given.with_columns(amount=pl.lit(len(attempts), pl.Int64))
        is_first = len(attempts) == 1
        return interrupted(
            stamped,
            lambda: rival.insert_absent(THINGS, things(("a", 50), ("b", 9))) if is_first else None,
        )

    lake.insert_absent(THINGS, things(("a", 0), ("c", 0)), restamp=restamp)
    assert len(attempts) == 2
    assert values(lake) == {"old": 1, "a": 50, "b": 9, "c": 2}


def test_a_writer_that_always_loses_gives_up_and_names_the_table(tmp_path):
    lake, rival = lake_at(tmp_path), lake_at(tmp_path)
    lake.insert_absent(THINGS, things(("old", 0)))
    attempts: list[int] = []

    def restamp(given: pl.DataFrame) -> pl.DataFrame:
        attempts.append(len(attempts))
        return interrupted(
            given,
            lambda: rival.merge(THINGS, things(("old", len(attempts))), update=DIFFERS),
        )

    no_pauses = stamina.set_testing(True, attempts=COMMIT_ATTEMPTS + 1, cap=True)
    with no_pauses, pytest.raises(LakeConflictError, match=f"things: {COMMIT_ATTEMPTS} attempts"):
        lake.insert_absent(THINGS, things(("a", 0)), restamp=restamp)
    assert len(attempts) == COMMIT_ATTEMPTS
    assert values(lake) == {"old": COMMIT_ATTEMPTS}


def age_tombstones(lake: Lake, table: Table, *, days: int = 20) -> None:
    """Date back when files were taken out of the table, so that a vacuum may delete them."""
    long_ago = int((time.time() - days * 86_400) * 1000)
    for entry in Path(lake.uri(table), "_delta_log").glob("*.json"):
        actions = [json.loads(line) for line in entry.read_text().splitlines()]
        for removed in (action["remove"] for action in actions if "remove" in action):
            removed["deletionTimestamp"] = long_ago
        entry.write_text("".join(json.dumps(action) + "\n" for action in actions))


def test_a_vacuum_keeps_young_files_and_those_of_kept_versions(lake):
    for value in range(4):
        lake.replace(THINGS, things(("a", value)), where={})
    kept, gone = lake.version(THINGS) - 1, lake.version(THINGS) - 2
    assert lake.vacuum(THINGS) == []
    age_tombstones(lake, THINGS)
    assert len(lake.vacuum(THINGS, keep_versions=[kept, kept])) == 2
    assert lake.read(THINGS, version=kept).collect()["amount"].to_list() == [2]
    assert not Path(lake.files(THINGS, version=gone)[0]).exists()


def test_a_vacuum_deletes_old_files_that_no_commit_names(lake):
    lake.replace(THINGS, things(("a", 1)), where={})
    old, young = (Path(lake.uri(THINGS), f"part-{age}.parquet") for age in ("old", "young"))
    for orphan in (old, young):
        orphan.write_bytes(b"a writer was killed before its commit")
    long_ago = time.time() - 20 * 86_400
    os.utime(old, (long_ago, long_ago))
    lake.vacuum(THINGS)
    assert (old.exists(), young.exists()) == (False, True)
    assert values(lake) == {"a": 1}


def test_a_vacuum_deletes_nothing_while_a_kept_version_cannot_be_asked(lake):
    for value in range(4):
        lake.replace(THINGS, things(("a", value)), where={})
    files = sorted(Path(lake.uri(THINGS)).glob("*.parquet"))
    age_tombstones(lake, THINGS)
    forget(lake, THINGS)
    assert lake.vacuum(THINGS, keep_versions=[1]) == []
    assert sorted(Path(lake.uri(THINGS)).glob("*.parquet")) == files


NAMES = st.sampled_from(["a", "b", "it's", "\\"])
PARTS = {"a": "x", "b": "x", "it's": "y", "\\": "z's"}
BATCHES = st.dictionaries(NAMES, st.none() | st.integers(0, 3), max_size=4)
STEPS = st.tuples(st.sampled_from(["insert", "merge", "replace", "compact"]), BATCHES)


@examples(
    0.6,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, min_size=1, max_size=6))
def test_any_sequence_of_writes_equals_that_on_a_dict(tmp_path_factory, steps):
    lake = lake_at(tmp_path_factory.mktemp("lake"))
    model: dict[str, int | None] = {}
    for step, batch in steps:
        apply(lake, step, batch)
        model = modelled(model, step, batch)
    assert values(lake, PARTED) == model


def apply(lake: Lake, step: str, batch: dict[str, int | None]) -> None:
    given = things(*((name, value, "", PARTS[name]) for name, value in batch.items()))
    writes = {
        "insert": lambda: lake.insert_absent(PARTED, given),
        "merge": lambda: lake.merge(PARTED, given, update=DIFFERS),
        "replace": lambda: lake.replace(PARTED, given, where={"part": given["part"].to_list()}),
        "compact": lambda: lake.compact(PARTED),
    }
    writes[step]()


def modelled(
    model: dict[str, int | None], step: str, batch: dict[str, int | None]
) -> dict[str, int | None]:
    replaced = {PARTS[name] for name in batch}
    outcomes = {
        "insert": batch | model,
        "merge": model | batch,
        "replace": {key: one for key, one in model.items() if PARTS[key] not in replaced} | batch,
        "compact": model,
    }
    return outcomes[step]


KNOWN = Table(name="known", schema=Known)


@pytest.mark.parametrize(
    ("minute", "seen"),
    [
        pytest.param(0, [], id="before anything was known"),
        pytest.param(1, ["a"], id="at the very moment"),
        pytest.param(3, ["a", "b"], id="after all"),
    ],
)
def test_a_table_is_read_as_it_was_known(lake, minute, seen):
    moments = [datetime(2025, 5, 14, 12, at, tzinfo=UTC) for at in (1, 2)]
    lake.insert_absent(KNOWN, pl.DataFrame({"name": ["a", "b"], "known_at": moments}))
    found = lake.read_as_known(KNOWN, datetime(2025, 5, 14, 12, minute, tzinfo=UTC))
    assert sorted(found.collect()["name"]) == seen


def test_columns_of_another_version_are_named_with_a_remedy(lake):
    lake.insert_absent(THINGS, things(("a", 1)))
    changed = Table(name=THINGS.name, schema=Known)
    row = pl.DataFrame({"name": ["a"], "known_at": [datetime(2025, 5, 14, tzinfo=UTC)]})
    with pytest.raises(StoreError, match=r"not those of its contract.*lake migrate"):
        lake.replace(changed, row, where={})
