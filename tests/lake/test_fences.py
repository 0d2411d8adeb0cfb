"""Commits that others overtake: late ones are made anew, or refused; compactions lose no row.

Belongs here: every kind of commit after every other from one version, locks lost on the way,
rows that land beside a compaction.
Does not belong here: roles and their order (``test_writing``), locks themselves (``test_locks``).
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from itertools import count, product
from multiprocessing import get_context
from pathlib import Path
from shutil import copytree

import polars as pl
import pytest

from layers_pipeline.errors import LockLostError
from layers_pipeline.lake.locks import FileLocks, Held
from layers_pipeline.lake.store import Lake
from layers_pipeline.lake.table import Table
from tests.lake.test_store import DIFFERS, PARTED, THINGS, lake_at, things, values

PROCESSES = get_context("forkserver")
LANDINGS = 30
BATCH = "0" * 32


class Overtaken:
    """Locks whose holder is asked for them just as somebody else commits."""

    def __init__(self, other: Callable[[], object], *, nth: int = 1, lost: bool = False) -> None:
        self._asked, self._other, self._nth, self._lost = count(1), other, nth, lost

    def hold(self, name: str, *, shared: bool = False) -> AbstractContextManager[Held]:
        return nullcontext(self)

    def require(self) -> None:
        number = next(self._asked)
        if number == self._nth:
            self._other()
        if self._lost and number > self._nth:
            raise LockLostError("lock 'table': lost. Nothing was committed.")


@pytest.fixture(scope="module")
def stocked(tmp_path_factory) -> Path:
    """A lake of two tables, each of four rows in files of their own."""
    place = tmp_path_factory.mktemp("stocked")
    for table, (name, part) in product((THINGS, PARTED), ("ax", "bx", "cy", "dy")):
        lake_at(place).insert_absent(table, things((name, 1, "", part)))
    return place


def replaced(lake: Lake, table: Table, amount: int) -> None:
    """The partition x replaced by rows that were written ahead."""
    ahead = lake.replacement(table, "part", batch=BATCH)
    ahead.add("x", things(("a", amount, "", "x")))
    ahead.commit()


COMMITS = {
    "append": lambda lake, table, amount: lake.append(
        table, things((f"new{amount}", amount, "", "x")), restamp=lambda rows: rows
    ),
    "insert": lambda lake, table, amount: lake.insert_absent(
        table, things(("e", amount, "", "x"), ("a", amount, "", "x"))
    ),
    "merge": lambda lake, table, amount: lake.merge(
        table, things(("b", amount, "", "x"), ("f", amount, "", "y")), update=DIFFERS
    ),
    "replace": lambda lake, table, amount: lake.replace(
        table, things(("g", amount, "", "x")), where={"part": ["x"]} if table.partition_by else {}
    ),
    "written ahead": replaced,
    "compact": lambda lake, table, amount: lake.compact(table),
}
"""By what it does: a commit of rows that say a number."""


def rows(lake: Lake, table: Table) -> list[tuple]:
    return sorted(lake.read(table).collect().rows())


PAIRS = [
    *(
        (PARTED, *pair)
        for pair in product(("append", "replace", "written ahead", "compact"), COMMITS)
    ),
    *((THINGS, *pair) for pair in product(("append", "replace", "compact"), repeat=2)),
]
"""Of a table that is not divided, what differs there. Who inserts or merges first has appended or
replaced."""


@pytest.mark.parametrize(("table", "first", "second"), PAIRS)
def test_whoever_is_overtaken_commits_over_what_is_there_then_or_not_at_all(
    tmp_path, stocked, table, first, second
):
    apart, between, lost = (
        copytree(stocked, tmp_path / name) for name in ("apart", "between", "lost")
    )
    COMMITS[first](lake_at(apart), table, 2)
    expected_if_lost = rows(lake_at(apart), table)
    COMMITS[second](lake_at(apart), table, 3)

    def overtake(place: Path) -> Callable[[], object]:
        return lambda: COMMITS[first](lake_at(place), table, 2)

    COMMITS[second](lake_at(between, locks=Overtaken(overtake(between))), table, 3)
    assert rows(lake_at(between), table) == rows(lake_at(apart), table)
    with pytest.raises(LockLostError):
        COMMITS[second](lake_at(lost, locks=Overtaken(overtake(lost), lost=True)), table, 3)
    assert rows(lake_at(lost), table) == expected_if_lost


@pytest.mark.parametrize("first", COMMITS)
def test_a_compaction_that_is_overtaken_once_its_files_are_written_is_made_anew(
    tmp_path, stocked, first
):
    apart, between = (copytree(stocked, tmp_path / name) for name in ("apart", "between"))
    COMMITS[first](lake_at(apart), PARTED, 2)
    late = Overtaken(lambda: COMMITS[first](lake_at(between), PARTED, 2), nth=2)
    lake_at(between, locks=late).compact(PARTED)
    assert rows(lake_at(between), PARTED) == rows(lake_at(apart), PARTED)
    assert len(lake_at(between).files(PARTED)) == 2


def land(home: Path, table: Table, number: int) -> None:
    """Append rows, one file after the other, as a process of its own."""
    lake = lake_at(home / "lake", locks=FileLocks(home / "locks"))
    for place in range(LANDINGS):
        row = things((f"{number}-{place}", place, "", "xy"[place % 2]))
        lake.append(table, row, restamp=lambda rows: rows)


@pytest.mark.parametrize("table", [THINGS, PARTED], ids=lambda table: table.name)
def test_rows_that_land_beside_a_compaction_are_there_once(tmp_path, stocked, table):
    place = copytree(stocked, tmp_path / "lake")
    lake = lake_at(place, locks=FileLocks(tmp_path / "locks"))
    landing = [PROCESSES.Process(target=land, args=(tmp_path, table, n)) for n in range(2)]
    for process in landing:
        process.start()
    compacted = 0
    while any(process.is_alive() for process in landing):
        before = lake.version(table)
        compacted += (lake.compact(table) or 0) > before
    assert [process.exitcode for process in landing] == [0, 0]
    wanted = {f"{number}-{place}": place for number in range(2) for place in range(LANDINGS)}
    found = lake.read(table).collect()
    assert found.height == len(wanted) + 4
    assert values(lake, table) == wanted | dict.fromkeys("abcd", 1)
    assert compacted > 3
    lake.compact(table)
    assert len(lake.files(table)) == (2 if table.partition_by else 1)


def test_a_table_is_compacted_at_one_version_only(tmp_path, stocked):
    lake = lake_at(copytree(stocked, tmp_path / "lake"))
    before = lake.version(PARTED)
    lake.insert_absent(PARTED, things(("e", 1, "", "x")))
    assert lake.compact(PARTED, at=before) is None
    assert lake.version(PARTED) == before + 1
    assert lake.compact(PARTED, at=before + 1) == before + 2
    assert lake.rows_by_file(PARTED).keys() == {
        uri.rsplit("/", 1)[-1] for uri in lake.files(PARTED)
    }
    assert sum(lake.rows_by_file(PARTED).values()) == 5
    assert pl.read_parquet(lake.files(PARTED)[0])["name"].is_sorted()
