"""Replay (R12): everything after the raw tables is a function of them, so making it again is safe.

Belongs here: replays of a lake that lived with all three sources, of its faults and its spans.
Does not belong here: how one row is read (``tests.transforms``).
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace as changed
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table, differ
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.ingest.scrapes import collect_scrapes, submit_scrapes
from layers_pipeline.steps.maintain.replay import Replayed, replay
from layers_pipeline.steps.platforms import STAGED_SOURCES
from layers_pipeline.steps.score.scoring import copy_current_eligibility
from layers_pipeline.steps.stores import Stores
from sandbox import Deletion, Item
from tests.steps.derive.history_world import killed_after
from tests.steps.ingest.clockwork import ITEMS, START, Clockwork, deployment
from tests.worlds.data_builders import (
    capture,
    everything,
    import_rows,
    make_stores,
    remove,
    rows_of,
    score,
)

HOUR = timedelta(hours=1)
HOURS = (0, 1, 2, 3, 25, 26, 27, 28)
"""When everybody is read, over two days."""
END = START + 40 * HOUR
TICKS = (START + 4 * HOUR, START + 32 * HOUR)
STAGED_TABLES = tuple(source.staged for source in STAGED_SOURCES)
DERIVED = (
    catalog.PLATFORM_POST_METRICS,
    catalog.PLATFORM_POSTS,
    catalog.PLATFORM_ACCOUNT_METRICS,
    catalog.PLATFORM_POST_METRICS_LATEST,
    catalog.POST_ABSENCES,
    catalog.CONTENT_CONTAINERS,
    catalog.ADS_CONTENT,
)
SCORED = (
    catalog.UGC_POOL_PERCENTILES,
    catalog.ORGANIC_SCORES,
    catalog.AD_ELIGIBILITY,
    catalog.AD_ELIGIBILITY_CURRENT,
)


def items() -> Iterator[Item]:
    """Items of which one is deleted for good and one for a day; the first of each account stays."""
    gone = (Deletion(begins=START + HOUR / 2),)
    away = (Deletion(begins=START + HOUR / 2, ends=START + 26 * HOUR + HOUR / 2),)
    for number, item in enumerate(ITEMS):
        absences = {1: gone, 2: away}.get(number % 6, ())
        yield item if item.media_type == "story" else changed(item, deleted=absences)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a deployment that has lived for two days: derived now and then, and scored."""
    folder = tmp_path_factory.mktemp("replay")
    with deployment(folder / "home", items=tuple(items())) as clockwork:
        for hour in HOURS:
            look(clockwork, hour)
        clockwork.served.world.clock.set(END)
        stores = clockwork.stores
        import_rows(stores, folder, [imported("75", views=90), imported("76", views=400)])
        score_again(stores)
    return folder / "home"


def imported(post: str, *, views: int) -> dict:
    at = START - 24 * HOUR
    return capture(post, captured_at=at, published_at=at - HOUR, views=views)


def look(clockwork: Clockwork, hour: int) -> None:
    """Everybody is read at every depth; every second time what landed is derived."""
    minute = hour * 60
    clockwork.set(minute)
    life, stores = clockwork.life, clockwork.stores
    submit_scrapes(stores, worker=life.name("ask"))
    for seconds, depth in enumerate(("quick", "full", "posts"), start=1):
        clockwork.set(minute + seconds / 60)
        life.sync(depth)
    clockwork.set(minute + 4)
    worker = life.name("collect")
    collect_scrapes(stores, worker=worker, run_id=worker)
    if hour % 2:
        life.derive()


def score_again(stores: Stores) -> None:
    """As a scoring run does: the ticks, then what follows from scores."""
    score(stores, TICKS)
    bring_up_to_date(stores)
    copy_current_eligibility(stores)


@pytest.fixture
def stores(lived: Path, tmp_path: Path) -> Iterator[Stores]:
    """A copy of the lake that has lived, some time later."""
    shutil.copytree(lived, tmp_path / "home")
    opened = make_stores(tmp_path / "home", now=END + HOUR)
    yield opened
    opened.operations.close()


@pytest.fixture(scope="module")
def rows(lived: Path) -> dict[str, list[dict]]:
    """Every row of every table of the lake that has lived."""
    opened = make_stores(lived, now=END)
    found = everything(opened)
    opened.operations.close()
    return found


def replay_all(stores: Stores, *, start: datetime = START, end: datetime = END) -> Replayed:
    return replay(stores, start=start, end=end)


def differing(stores: Stores, rows: dict[str, list[dict]]) -> list[str]:
    """Tables that do not hold these rows."""
    return [name for name, held in everything(stores).items() if held != rows[name]]


# --- what was lived through


def test_the_stretch_of_life_has_all_that_a_replay_could_get_wrong(rows):
    absences = rows["post_absences"]
    assert {row["source"] for row in rows["platform_post_metrics"]} == {
        "instagram_graph",
        "tiktok_business",
        "sift",
        "import",
    }
    assert {absence["returned_at"] is None for absence in absences} == {True, False}
    assert any(row["deleted_at"] for row in rows["platform_posts"])
    assert all(rows[table.name] for table in (*STAGED_TABLES, *DERIVED, *SCORED))
    assert rows["quarantine"] == []


# --- replaying what was read rightly


def test_replaying_everything_changes_no_row_of_any_table(stores, rows):
    done = replay_all(stores)
    assert (done.changed, done.read) == (0, landed(rows))
    assert differing(stores, rows) == []


def test_how_many_captures_a_replay_holds_changes_no_row(stores, rows):
    few = stores.settings.model_copy(update={"derive_rows": 7})
    replay_all(changed(stores, settings=few))
    assert differing(stores, rows) == []


def test_a_replay_of_a_span_in_which_nothing_landed_makes_nothing_again(stores):
    before = [stores.lake.version(table) for table in (*STAGED_TABLES, *DERIVED)]
    done = replay_all(stores, start=END, end=END + HOUR)
    assert done.read == 0
    assert [stores.lake.version(table) for table in (*STAGED_TABLES, *DERIVED)] == before


def landed(rows: dict[str, list[dict]]) -> int:
    return sum(len(rows[source.raw.name]) for source in STAGED_SOURCES)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param(START + 24 * HOUR, END, id="the second day"),
        pytest.param(END, END + HOUR, id="nothing landed"),
    ],
)
def test_replaying_any_span_changes_no_row(stores, rows, start, end):
    replay_all(stores, start=start, end=end)
    assert differing(stores, rows) == []


def test_after_a_replay_deriving_and_scoring_go_on_as_before(stores, rows):
    replay_all(stores)
    score_again(stores)
    assert differing(stores, rows) == []


def test_without_any_table_but_the_raw_ones_a_replay_gives_the_same_rows(stores, rows):
    remove(stores, *STAGED_TABLES, *DERIVED)
    replay_all(stores)
    made = [table.name for table in DERIVED if table is not catalog.ADS_CONTENT]
    held = everything(stores)
    assert [name for name in made if held[name] != rows[name]] == []


def test_scores_that_are_made_again_after_a_replay_are_the_same(stores, rows):
    remove(stores, *STAGED_TABLES, *DERIVED, *SCORED)
    replay_all(stores)
    score_again(stores)
    assert differing(stores, rows) == []


def test_a_table_that_lost_its_rows_gets_them_back(stores, rows):
    stores.lake.replace(
        catalog.PLATFORM_POST_METRICS, catalog.PLATFORM_POST_METRICS.empty(), where={}
    )
    replay_all(stores)
    assert differing(stores, rows) == []


@pytest.mark.parametrize("commits", [2, 4, 5], ids="killed after {} commits".format)
def test_a_replay_that_was_killed_is_healed_by_the_next_derivation(stores, rows, commits):
    killed_after(commits, lambda: replay_all(stores), stores)
    bring_up_to_date(stores)
    assert differing(stores, rows) == []


# --- mending a fault of parsing


def misread(stores: Stores, table: Table) -> None:
    """The table's rows of one commit were read wrongly, and everything was derived from that."""
    staged = stores.lake.read(table).collect()
    wrong = staged.filter(pl.col("known_at") == staged["known_at"].min()).with_columns(
        views=pl.col("views").fill_null(0) + 1_000_000, caption=pl.lit("misread")
    )
    remove(stores, *DERIVED)
    columns = ("views", "caption")
    stores.lake.merge(table, wrong, update=differ(columns), columns=columns)
    bring_up_to_date(stores)


def overlook(stores: Stores, table: Table) -> None:
    """The table's rows of one commit were never staged, and the others were derived."""
    staged = stores.lake.read(table).collect()
    left = staged.filter(pl.col("known_at") != staged["known_at"].min())
    remove(stores, *DERIVED)
    stores.lake.replace(table, left, where={})
    bring_up_to_date(stores)


@pytest.mark.parametrize("table", STAGED_TABLES, ids=lambda table: table.name)
def test_a_row_that_was_read_wrongly_is_mended_by_a_replay_of_its_span(stores, rows, table):
    misread(stores, table)
    spoilt = differing(stores, rows)
    done = replay_first_moment(stores, rows, table)
    score_again(stores)
    assert {table.name, "platform_post_metrics", "platform_posts"} <= set(spoilt)
    assert done.changed > 0
    assert differing(stores, rows) == []


@pytest.mark.parametrize("table", STAGED_TABLES, ids=lambda table: table.name)
def test_a_row_that_was_overlooked_is_mended_by_a_replay_of_its_span(stores, rows, table):
    """But for when containers were made: they are inserted once, and stay (R11)."""
    overlook(stores, table)
    spoilt = differing(stores, rows)
    done = replay_first_moment(stores, rows, table)
    score_again(stores)
    assert {table.name, "platform_post_metrics", "platform_posts"} <= set(spoilt)
    assert done.changed > 0
    assert set(differing(stores, rows)) <= {"content_containers", "ads_content"}
    containers = rows_of(stores, catalog.CONTENT_CONTAINERS)["container_id"].to_list()
    assert containers == [row["container_id"] for row in rows["content_containers"]]


def replay_first_moment(stores: Stores, rows: dict[str, list[dict]], table: Table) -> Replayed:
    """Replay the moment of the table's first commit, and no more."""
    first = min(row["known_at"] for row in rows[table.name])
    return replay_all(stores, start=first, end=first + timedelta(microseconds=1))


def test_a_replay_of_another_span_leaves_the_fault_alone(stores, rows):
    misread(stores, catalog.STG_SIFT__POSTS)
    replay_all(stores, start=START + 20 * HOUR)
    assert catalog.STG_SIFT__POSTS.name in differing(stores, rows)


def test_a_mended_value_stands_at_its_own_time_of_knowledge(stores, rows):
    before = known_views(rows_of(stores, catalog.PLATFORM_POST_METRICS))
    misread(stores, catalog.STG_INSTAGRAM__POSTS)
    spoilt = known_views(rows_of(stores, catalog.PLATFORM_POST_METRICS))
    replay_all(stores)
    assert spoilt != before
    assert known_views(rows_of(stores, catalog.PLATFORM_POST_METRICS)) == before


def known_views(snapshots: pl.DataFrame) -> Sequence[tuple]:
    return sorted(snapshots.select("known_at", "platform_post_id", "views").rows())


# --- spans


@pytest.mark.parametrize("end", [START, START - HOUR], ids=["empty", "backwards"])
def test_an_empty_span_is_refused(stores, rows, end):
    with pytest.raises(InputRefusedError, match="Give a later end"):
        replay_all(stores, start=START, end=end)
    assert differing(stores, rows) == []
