"""A table's log after upkeep: short, and readable wherever somebody still reads.

Belongs here: shortening by itself, over a real table of Delta.
Does not belong here: which versions upkeep keeps (``test_publication``).
"""

import os
import shutil
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from layers_pipeline.errors import NotFoundError
from layers_pipeline.lake.commits import CHECKPOINT_EVERY
from layers_pipeline.lake.log import shorten_log
from layers_pipeline.lake.store import Lake
from tests.lake.test_store import THINGS, lake_at, rows, things

HOURS_S = 7_200
A_DAY = 2 * CHECKPOINT_EVERY + 5


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return lake_at(tmp_path / "lake")


def log_of(lake: Lake) -> list[str]:
    folder = lake.log_folder(THINGS)
    assert folder is not None
    return sorted(path.name for path in folder.glob("0*"))


def write(lake: Lake, *names: str) -> None:
    """One commit for each name."""
    for name in names:
        lake.insert_absent(THINGS, things((name, 1)))


def live_a_day(lake: Lake) -> None:
    """Many commits, each with a mark."""
    for _ in range(A_DAY):
        lake.record_marks(THINGS, {"source": lake.version(THINGS)})


def grow_old(lake: Lake) -> None:
    folder = lake.log_folder(THINGS)
    assert folder is not None
    for path in folder.iterdir():
        at = path.stat().st_mtime - HOURS_S
        os.utime(path, (at, at))


def test_the_log_does_not_grow_from_day_to_day(lake: Lake):
    write(lake, "a")
    lengths = []
    for _ in range(4):
        live_a_day(lake)
        shorten_log(lake, THINGS, keep=())
        lengths.append(len(log_of(lake)))
        grow_old(lake)
    assert max(lengths) <= A_DAY + CHECKPOINT_EVERY + 5
    assert lake.version(THINGS) >= 4 * A_DAY
    assert [row[0] for row in rows(lake)] == ["a"]
    assert lake.watermark(THINGS, "source") == lake.version(THINGS) - 1


def test_a_kept_version_is_read_as_it_was_and_what_came_after_it_is_found(lake: Lake):
    write(lake, "a", "b")
    kept = lake.version(THINGS)
    live_a_day(lake)
    grow_old(lake)
    for name in ("c", "d"):
        shorten_log(lake, THINGS, keep=[kept, 10_000])
        read = lake.read(THINGS, version=kept).collect()["name"].sort().to_list()
        assert read == ["a", "b"]
        assert len(log_of(lake)) < A_DAY / 2
        write(lake, name)
        grow_old(lake)
    assert sorted(lake.added_since(THINGS, kept).collect()["name"].to_list()) == ["c", "d"]
    with pytest.raises(NotFoundError, match="was cleaned away"):
        lake.read(THINGS, version=kept + 1)


def test_every_version_of_the_last_hour_stays(lake: Lake):
    write(lake, "a")
    live_a_day(lake)
    grow_old(lake)
    first = lake.version(THINGS)
    write(lake, "c", "d")
    shorten_log(lake, THINGS, keep=())
    heights = [lake.read(THINGS, version=at).collect().height for at in range(first, first + 3)]
    assert heights == [1, 2, 3]


def test_a_table_of_an_older_version_of_the_package_is_checkpointed_as_often_as_new_ones(
    lake: Lake,
):
    DeltaTable.create(
        lake.uri(THINGS),
        schema=THINGS.empty().to_arrow().schema,
        configuration={"delta.logRetentionDuration": "interval 8 days"},
    )
    shorten_log(lake, THINGS, keep=())
    configured = lake.ensure(THINGS).metadata().configuration
    assert configured["delta.checkpointInterval"] == str(CHECKPOINT_EVERY)
    at = lake.version(THINGS)
    shorten_log(lake, THINGS, keep=())
    assert lake.version(THINGS) == at


def test_writes_of_others_are_seen_at_once_and_a_table_made_anew_is_another_one(tmp_path: Path):
    one, other = lake_at(tmp_path / "lake"), lake_at(tmp_path / "lake")
    one.insert_absent(THINGS, things(("a", 1)))
    pinned = one.read(THINGS)
    assert one.version(THINGS) == 1
    other.insert_absent(THINGS, things(("b", 1)))
    assert [row[0] for row in rows(one)] == ["a", "b"]
    assert pinned.select(pl.len()).collect().item() == 1
    shutil.rmtree(one.uri(THINGS))
    assert one.version(THINGS) == -1
    other.insert_absent(THINGS, things(("c", 1)))
    assert [row[0] for row in rows(one)] == ["c"]
