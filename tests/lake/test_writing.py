"""Who may write at the same time: landings, a derivation, scores; and locks that were lost.

Belongs here: the order of locks, what a derivation sees of what lands meanwhile, fencing.
Does not belong here: locks by themselves (``test_locks``), what is derived.
"""

import random
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from itertools import product
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from layers_pipeline.errors import LockLostError, LockTimeoutError
from layers_pipeline.lake import catalog
from layers_pipeline.lake.locks import FileLocks, Locks, PostgresLocks
from layers_pipeline.lake.store import Lake
from layers_pipeline.lake.writing import LANDING, ORDER, TABLE, Writing
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.stores import Stores
from tests.worlds.data_builders import (
    capture,
    hours,
    land_reading,
    later,
    make_stores,
    rows_of,
)

SOON = 0.3


def lock_names() -> list[str]:
    return [f"{name}one" if name.endswith("-") else name for name in ORDER]


def test_locks_are_taken_in_their_order_only(tmp_path):
    writing = Writing(FileLocks(tmp_path, timeout_s=SOON))
    for first, second in product(lock_names(), repeat=2):
        is_later = lock_names().index(second) > lock_names().index(first)
        with writing.lock(first):
            if is_later:
                with writing.lock(second):
                    pass
            else:
                with pytest.raises(RuntimeError, match="not to be taken within"), \
                        writing.lock(second):  # fmt: skip
                    pass


def test_two_tables_are_never_locked_at_once(tmp_path):
    writing = Writing(FileLocks(tmp_path, timeout_s=SOON))
    for kind in (LANDING, TABLE):
        with writing.lock(f"{kind}a"), pytest.raises(RuntimeError), writing.lock(f"{kind}b"):
            pass


def test_what_is_landed_is_what_nothing_here_is_derived_to():
    names = {table.name for table in catalog.LANDED}
    assert {
        "raw_tiktok__responses",
        "account_listings",
        "ads_readings",
        "stg_import__captures",
    } <= names
    assert not [table for table in catalog.TABLES if table.group == "facts" and table in names]
    assert "stg_tiktok__posts" not in names


class Two:
    """Two processes' views of one lake; what one holds, the other waits for but shortly."""

    def __init__(self, home: Path) -> None:
        self.one = make_stores(home, now=hours(0))
        self.other = Lake(
            self.one.settings.lake_location,
            locks=FileLocks(self.one.settings.locks_location, timeout_s=SOON),
        )


@pytest.fixture
def two(tmp_path) -> Two:
    return Two(tmp_path / "home")


@pytest.mark.parametrize(
    ("mine", "others", "may"),
    [
        ("landing", "landing", True),
        ("landing", "deriving", False),
        ("landing", "scoring", True),
        ("landing", "write_lock", False),
        ("deriving", "landing", True),
        ("deriving", "deriving", False),
        ("deriving", "scoring", True),
        ("deriving", "write_lock", False),
        ("scoring", "landing", True),
        ("scoring", "deriving", True),
        ("scoring", "scoring", False),
        ("scoring", "write_lock", False),
        ("write_lock", "landing", False),
        ("write_lock", "deriving", False),
        ("write_lock", "scoring", False),
        ("write_lock", "write_lock", False),
    ],
)
def test_who_may_write_beside_whom(two, mine, others, may):
    def take() -> bool:
        try:
            with getattr(two.other, others)():
                return True
        except LockTimeoutError:
            return False

    with getattr(two.one.lake, mine)(), ThreadPoolExecutor(1) as elsewhere:
        assert elsewhere.submit(take).result() is may
    assert take()


WITHIN = {
    ("landing", "landing"): False,
    ("landing", "deriving"): False,
    ("landing", "scoring"): False,
    ("landing", "write_lock"): False,
    ("deriving", "landing"): True,
    ("deriving", "deriving"): True,
    ("deriving", "scoring"): False,
    ("deriving", "write_lock"): True,
    ("scoring", "landing"): True,
    ("scoring", "deriving"): True,
    ("scoring", "scoring"): True,
    ("scoring", "write_lock"): True,
    ("write_lock", "landing"): True,
    ("write_lock", "deriving"): True,
    ("write_lock", "scoring"): True,
    ("write_lock", "write_lock"): True,
}
"""What may be taken within what, by one thread."""


@pytest.mark.parametrize(("first", "second"), WITHIN, ids=str)
def test_what_is_taken_within_what(two, first, second):
    """All else is refused at once, so that two who take both never wait for each other."""
    lake = two.one.lake
    with getattr(lake, first)():
        if WITHIN[first, second]:
            with getattr(lake, second)():
                pass
            return
        with pytest.raises(RuntimeError, match="not to be taken within"), getattr(lake, second)():
            pass


def test_every_order_of_roles_comes_to_an_end(two):
    """Each pair that may be taken within each other is, by several at once, again and again."""
    pairs = [pair for pair, may in WITHIN.items() if may]

    def work(number: int) -> int:
        lake = Lake(
            two.one.settings.lake_location,
            locks=FileLocks(two.one.settings.locks_location, timeout_s=60),
        )
        for first, second in random.Random(number).sample(pairs, len(pairs)):
            with getattr(lake, first)(), getattr(lake, second)(), lake.lock(f"{TABLE}any"):
                pass
        return len(pairs)

    with ThreadPoolExecutor(4) as several:
        assert sum(several.map(work, range(8))) == 8 * len(pairs)


def test_a_derivation_goes_by_the_scores_of_its_beginning(two):
    lake, scores = two.one.lake, catalog.ORGANIC_SCORES
    two.other.ensure(scores)
    with lake.deriving():
        before = lake.version(scores)
        with two.other.scoring():
            two.other.record_marks(scores, {"of a tick": 1})
        assert lake.version(scores) == before
        assert lake.watermark(scores, "of a tick") == -1
    assert lake.version(scores) == before + 1
    with lake.scoring(), lake.deriving():
        lake.record_marks(scores, {"of a tick": 2})
        assert lake.watermark(scores, "of a tick") == 2


def test_rows_of_one_table_land_one_after_the_other_if_that_is_asked_for(two):
    imported, reports = catalog.STG_IMPORT__CAPTURES, catalog.STG_IMPORT__AD_METRICS
    with two.one.lake.landing(imported):
        with pytest.raises(LockTimeoutError), two.other.landing(imported):
            pass
        with two.other.landing(reports):
            pass


def read_account(stores: Stores, name: str, *posts: str) -> None:
    """A full reading of an Instagram account that shows some posts."""
    rows = [
        capture(post, platform="instagram", account_key="eve", captured_at=stores.clock.now(),
                likes=len(name))
        for post in posts
    ]  # fmt: skip
    land_reading(stores, name, rows, account="eve")


def test_what_lands_while_somebody_derives_is_left_to_the_next_time(two, tmp_path):
    read_account(two.one, "first", "p", "q")
    lake, seen = two.one.lake, catalog.PLATFORM_POSTS
    with lake.deriving(), ThreadPoolExecutor(1) as elsewhere:
        before = {table.name: lake.version(table) for table in catalog.LANDED}
        second = elsewhere.submit(read_account, later(two.one, hours(1)), "second", "p", "r")
        second.result()
        assert {table.name: lake.version(table) for table in catalog.LANDED} == before
        bring_up_to_date(two.one)
        assert rows_of(two.one, seen)["platform_post_id"].sort().to_list() == ["p", "q"]
    bring_up_to_date(later(two.one, hours(2)))
    assert rows_of(two.one, seen)["platform_post_id"].sort().to_list() == ["p", "q", "r"]

    apart = make_stores(tmp_path / "apart", now=hours(0))
    read_account(apart, "first", "p", "q")
    bring_up_to_date(apart)
    read_account(later(apart, hours(1)), "second", "p", "r")
    bring_up_to_date(later(apart, hours(2)))
    for table in (seen, catalog.PLATFORM_POST_METRICS, catalog.POST_ABSENCES):
        assert_frame_equal(rows_of(two.one, table), rows_of(apart, table), check_row_order=False)


def test_a_derivation_waits_for_rows_that_land_together(two):
    with ThreadPoolExecutor(1) as elsewhere:
        with two.one.lake.landing():
            derived = elsewhere.submit(two.one.lake.deriving().__enter__)
            with pytest.raises(TimeoutError):
                derived.result(SOON)
        derived.result(30)


@pytest.fixture(params=["files", "postgres"])
def lost_while_held(request, tmp_path) -> tuple[Locks, Callable[[], None]]:
    """Locks, and what makes their holder lose all of them without knowing."""
    if request.param == "files":
        folder = tmp_path / "locks"
        return FileLocks(folder, timeout_s=SOON), partial(shutil.rmtree, folder)
    url = request.getfixturevalue("postgres_url").replace("postgresql://", "postgresql+psycopg2://")

    def end_every_session() -> None:
        with create_engine(url, isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(
                text(
                    "select pg_terminate_backend(pid) from pg_locks "
                    "where locktype = 'advisory' and pid <> pg_backend_pid()"
                )
            )

    return PostgresLocks(url, timeout_s=SOON), end_every_session


def test_whoever_lost_a_lock_commits_nothing(tmp_path, lost_while_held):
    locks, lose = lost_while_held
    late, next_one = (Lake(str(tmp_path / "lake"), locks=locks) for _ in range(2))
    files = catalog.IMPORT_FILES

    def note(lake: Lake, name: str) -> None:
        row = dict.fromkeys(files.columns) | {
            "import_id": name, "file_id": name, "file_name": name, "rows_read": 1,
            "rows_quarantined": 0, "imported_at": hours(0),
        }  # fmt: skip
        lake.insert_absent(files, pl.DataFrame([row], schema=dict(files.empty().schema)))

    with ExitStack() as held:
        held.enter_context(late.write_lock())
        note(late, "in time")
        lose()
        with next_one.write_lock():
            note(next_one, "next")
        with pytest.raises(LockLostError, match="Nothing was committed"):
            note(late, "late")
        # An ended session may let go of its lock with an error.
        with suppress(SQLAlchemyError):
            held.close()
    names = next_one.read(files).collect()["file_name"].sort().to_list()
    assert names == ["in time", "next"]
