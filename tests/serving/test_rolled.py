"""Rolled months: fewer files, the same rows, and never those of files that are other ones by now.

Belongs here: which files a generation reads of history, making rolled ones, their end.
Does not belong here: parts of marts from one publication to the next (``test_mart_days``).
"""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.serving import generations
from layers_pipeline.serving.pinned import Pinned
from tests.worlds.data_builders import AS_OF

METRICS = catalog.PLATFORM_POST_METRICS
DAYS = [date(2025, 3, day) for day in (30, 31)]
DAYS += [date(2025, 4, day) for day in (6, 7, 8)]
DAYS += [date(2025, 5, day) for day in (1, 2, 3)]


class History:
    """A table of snapshots with a file per day of three months, and its generations."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: list[Path] = []
        for number, day in enumerate(DAYS):
            self.add(day, views=number)

    def add(self, day: date, *, views: int, name: str = "part") -> Path:
        """A file of a day, in which each of two posts was looked at."""
        at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        looks = pl.DataFrame(
            [
                {"platform": "tiktok", "platform_post_id": post, "captured_at": at, "views": views}
                for post in ("q", "p")
            ]
        )
        path = self.folder / f"captured_on={day}" / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        whole = pl.concat([METRICS.empty(), looks], how="diagonal_relaxed")
        whole.select(METRICS.stored_columns).write_parquet(path)
        if path not in self.files:
            self.files.append(path)
        return path

    def publish(
        self, *, rolls: bool = False, at: datetime = AS_OF, kept: int = 9
    ) -> generations.Generation:
        pinned = [
            Pinned(table=table, version=0, files=self._files() if table is METRICS else ())
            for table in (*catalog.PUBLISHED, *catalog.STAGED_TABLES)
        ]
        serve = self.folder / "serve"
        return generations.publish(serve, pinned=pinned, at=at, kept=kept, rolls=rolls)

    def _files(self) -> tuple[str, ...]:
        return tuple(map(str, self.files))

    def rolled(self) -> set[Path]:
        """The rolled files that lie there."""
        return set((self.folder / "serve/rolled").glob("*/*"))


@pytest.fixture
def history(tmp_path) -> History:
    return History(tmp_path)


def read_by(generation: generations.Generation) -> list[str]:
    """Months and days of the files that a generation reads."""
    with duckdb.connect(str(generation.path), read_only=True) as connection:
        asked = f"select sql from duckdb_views() where view_name = '{METRICS.name}'"
        ((sql,),) = connection.sql(asked).fetchall()
    return re.findall(r"/(?:captured_on=)?(\d{4}-\d{2}(?:-\d{2})?)[-/][^/]*\.parquet", sql)


def rows(generation: generations.Generation) -> list[tuple]:
    question = f"select platform_post_id, captured_at::varchar, views from {METRICS.name}"
    with duckdb.connect(str(generation.path), read_only=True) as connection:
        return connection.sql(f"{question} order by all").fetchall()


def test_months_that_are_over_are_read_from_one_file_each(history):
    plain, rolled = history.publish(), history.publish(rolls=True)

    assert len(read_by(plain)) == len(DAYS)
    assert read_by(rolled) == ["2025-03", "2025-04", "2025-05-01", "2025-05-02", "2025-05-03"]
    assert rows(rolled) == rows(plain)


def test_a_rolled_month_lies_in_the_order_of_posts(history):
    history.publish(rolls=True)

    (april,) = (path for path in history.rolled() if path.name.startswith("2025-04"))
    assert pl.read_parquet(april)["platform_post_id"].is_sorted()


@pytest.mark.parametrize(
    ("at", "months"),
    [
        pytest.param(datetime(2025, 5, 2, 12, tzinfo=UTC), {"2025-03"}, id="some zone is in it"),
        pytest.param(datetime(2025, 5, 3, 1, tzinfo=UTC), {"2025-03", "2025-04"}, id="all left it"),
    ],
)
def test_a_month_is_over_when_every_zone_has_left_it(history, at, months):
    history.publish(rolls=True, at=at)

    assert {path.name[:7] for path in history.rolled()} == months


def test_every_publication_reads_what_upkeep_has_rolled(history):
    history.publish(rolls=True)
    before = history.rolled()

    assert read_by(history.publish())[:2] == ["2025-03", "2025-04"]
    assert history.rolled() == before


@pytest.mark.parametrize("name", ["late", "part"])
def test_a_month_that_changed_is_read_from_its_own_files_until_it_is_rolled_anew(history, name):
    history.publish(rolls=True)
    history.add(date(2025, 4, 7), views=999, name=name)

    changed = history.publish()
    assert len(read_by(changed)) == 7 + (name == "late")
    assert sum(row[2] == 999 for row in rows(changed)) == 2
    again = history.publish(rolls=True)
    assert read_by(again)[:2] == ["2025-03", "2025-04"]
    assert rows(again) == rows(changed)


def test_rolled_files_go_with_the_last_generation_that_reads_them(history):
    older = history.publish(rolls=True)
    before = history.rolled()
    history.add(date(2025, 4, 7), views=999)
    history.publish(rolls=True)
    assert history.rolled() > before
    assert len(rows(older)) == 16

    newest = history.publish(kept=1)
    assert len(history.rolled()) == len(before)
    assert len(rows(newest)) == 16


def test_nothing_goes_while_a_generation_does_not_tell_what_it_reads(history):
    history.publish(rolls=True)
    before = history.rolled()
    (history.folder / "serve/rolled/000001.json").write_text("[", encoding="utf-8")
    history.add(date(2025, 4, 7), views=999)

    history.publish()

    assert history.rolled() == before
